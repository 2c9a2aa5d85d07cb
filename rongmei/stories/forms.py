"""Forms of the desk's story pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rongmei.stories.templates_of_text import TEMPLATES


class WordForm(forms.Form):
    """A Word document, and what the story that is made of it begins with."""

    file = forms.FileField(
        label=_("Word 文档"), help_text=_(".docx，不超过 30 MB。选好后先看内容，再建稿。"),
        widget=forms.FileInput({"accept": ".docx"}),
    )  # fmt: skip
    title = forms.CharField(
        label=_("主题"), max_length=80, required=False, help_text=_("不填则用文档的标题。")
    )
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=_("单位"), empty_label=None
    )
    task = forms.UUIDField(required=False, widget=forms.HiddenInput())
    seen = forms.CharField(required=False, max_length=64)

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if len(units) == 1:
            self.fields["unit"].initial = units[0].pk
            self.fields["unit"].widget = forms.HiddenInput()


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
