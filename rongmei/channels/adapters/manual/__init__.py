"""Platforms without an interface: the text is prepared here and posted by hand."""
