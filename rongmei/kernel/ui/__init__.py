"""The Python side of the design system: words, shapes and charts the template tags draw."""
