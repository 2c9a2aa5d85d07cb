"""The field of a data table: rows of cells, sent as lines with tabs between.

That is what a spreadsheet puts on the clipboard, and what stays usable when the script that draws
the grid (`cells.js`) does not run.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from typing_extensions import override

from rongmei.kernel.errors import BadInput
from rongmei.stories import kinds


class CellsInput(forms.Textarea):
    """A text area that `cells.js` draws as a grid."""

    template_name = "stories/cells.html"


class CellsField(forms.CharField):
    """Lines with tabs as a list of rows, and back."""

    widget = CellsInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    @override
    def prepare_value(self, value: Any) -> Any:
        """Rows as lines."""
        if not isinstance(value, list):
            return value
        return "\n".join("\t".join(map(str, row)) for row in value)

    @override
    def to_python(self, value: Any) -> list[list[str]]:  # type: ignore[override] # rows, not one text
        """The rows, all of one length."""
        rows = value if isinstance(value, list) else _rows(super().to_python(value) or "")
        try:
            return kinds.grid(rows)
        except BadInput as error:
            raise ValidationError(error.message) from error

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether a cell differs."""
        return self.to_python(initial or []) != self.to_python(data)


def _rows(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.replace("\r\n", "\n").split("\n")]
