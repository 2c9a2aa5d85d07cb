"""Form fields of the editor."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from typing_extensions import override

_BETWEEN = re.compile("[,\uff0c\u3001;\uff1b\\s]+")


class WordsField(forms.CharField):
    """Words with 、, commas or blanks between, as a list."""

    @override
    def prepare_value(self, value: Any) -> Any:
        """A list as people write it."""
        return "、".join(value) if isinstance(value, list) else value

    @override
    def to_python(self, value: Any) -> list[str]:  # type: ignore[override] # words, not one text
        """The words, without empty ones."""
        if isinstance(value, list):
            return value
        return [word for word in _BETWEEN.split(super().to_python(value) or "") if word]

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether the words differ, however they are separated."""
        return self.to_python(initial) != self.to_python(data)
