"""Forms of the exemplars room."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ExemplarForm(forms.Form):
    """A recommendation."""

    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=_("推荐单位"), empty_label=None
    )
    name = forms.CharField(label=_("姓名或集体名称"), max_length=80)
    deeds = forms.CharField(label=_("事迹材料"), widget=forms.Textarea({"rows": 6}))
    consent_note = forms.CharField(
        label=_("本人知情同意"),
        max_length=300,
        required=False,
        help_text=_("何时、以何种方式征得本人同意。没有同意不能发准宣证。"),
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class ClearanceForm(forms.Form):
    """A clearance."""

    scope = forms.ChoiceField(
        label=_("范围"), choices=[("internal", _("内部")), ("public", _("公开"))]
    )
    valid_until = forms.DateField(label=_("有效期至"), widget=forms.DateInput({"type": "date"}))
    wording = forms.CharField(
        label=_("核定表述"), widget=forms.Textarea({"rows": 3}), required=False
    )
