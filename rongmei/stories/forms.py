"""Forms of the desk's story pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rongmei.stories.templates_of_text import TEMPLATES


class NewStoryForm(forms.Form):
    """What a story begins with."""

    title = forms.CharField(
        label=_("主题"), max_length=80, help_text=_("先写个工作标题，之后可以改。")
    )
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=_("单位"), empty_label=None
    )
    template = forms.ChoiceField(label=_("体裁"), required=False)
    task = forms.UUIDField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        kinds: Any = [
            ("", _("空白稿")),
            *((key, name) for key, (name, _blocks) in TEMPLATES.items()),
        ]
        self.fields["template"].choices = kinds  # type: ignore[attr-defined]
        if len(units) == 1:
            self.fields["unit"].initial = units[0].pk
            self.fields["unit"].widget = forms.HiddenInput()
