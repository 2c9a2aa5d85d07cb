"""Fields of the editor for what stands beside the text, written as people write it."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.errors import BadInput
from rongmei.stories import particulars, subjects
from rongmei.stories.editor.fields import WordsField

_BLANKS = re.compile("[\\s,\uff0c]+")
_COLON = re.compile("[:\uff1a]")


class _Lines(forms.CharField):
    """Lines that stand for JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea({"rows": 2}), **kwargs)

    def lines(self, value: Any) -> str:
        """The value as people write it."""
        raise NotImplementedError

    def parsed(self, lines: list[str]) -> Any:
        """What the lines say; BadInput when they say nothing that is known."""
        raise NotImplementedError

    @override
    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else self.lines(value or self.parsed([]))

    @override
    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self.parsed([line.strip() for line in value.splitlines() if line.strip()])
        except BadInput as error:
            raise ValidationError(error.message) from error

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True


class CreditsField(_Lines):
    """A person a line: name, role, share."""

    @override
    def lines(self, value: Any) -> str:
        rows = [(one["name"], particulars.ROLES[one["role"]], one["share"] or "") for one in value]
        return "\n".join(" ".join(str(part) for part in row if part != "") for row in rows)

    @override
    def parsed(self, lines: list[str]) -> Any:
        by_label = {str(label): key for key, label in particulars.ROLES.items()}
        found = []
        for line in lines:
            words = [one for one in _BLANKS.split(line) if one]
            share = words.pop() if words[-1].removesuffix("%").isdigit() else ""
            role = words.pop() if len(words) > 1 else ""
            found.append(
                {
                    "name": " ".join(words),
                    "role": by_label.get(role, role or "text"),
                    "share": share,
                }
            )
        return particulars.credits_of(found)


class ChannelTitlesField(_Lines):
    """A channel and its title a line."""

    @override
    def lines(self, value: Any) -> str:
        labels = particulars.channels_known()
        return "\n".join(f"{labels.get(key, key)}：{title}" for key, title in value.items())

    @override
    def parsed(self, lines: list[str]) -> Any:
        labels = particulars.channels_known()
        by_label = {label: key for key, label in labels.items()}
        found = {}
        for line in lines:
            name, *title = _COLON.split(line, maxsplit=1)
            if not title:
                raise BadInput(_("每行写“渠道：标题”，没有保存。"))
            found[by_label.get(name.strip(), name.strip())] = title[0]
        return particulars.channel_titles_of(found)


class SubjectsField(WordsField):
    """Subjects by their names or codes."""

    @override
    def prepare_value(self, value: Any) -> Any:
        return "、".join(subjects.names(value)) if isinstance(value, list) else value

    @override
    def to_python(self, value: Any) -> list[str]:  # type: ignore[override] # words, not one text
        if isinstance(value, list):
            return value
        try:
            return subjects.codes(super().to_python(value))
        except BadInput as error:
            raise ValidationError(error.message) from error

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.prepare_value(initial or []) != data)
