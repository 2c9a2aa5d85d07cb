"""The upload form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rongmei.assets.models import Aigc


class PictureForm(forms.Form):
    """Files with what a desk must know of them; `units` are those one may upload for."""

    file = forms.FileField(label=_("文件"))
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=_("所属单位"), empty_label=None
    )
    title = forms.CharField(label=_("名称"), max_length=255, required=False)
    caption = forms.CharField(
        label=_("说明"),
        max_length=300,
        required=False,
        widget=forms.Textarea({"rows": 3}),
        help_text=_("何时、何地、何人、何事；文件自带的说明会自动填入。"),
    )
    credit = forms.CharField(label=_("作者/署名"), max_length=80, required=False)
    source = forms.CharField(label=_("来源"), max_length=120, required=False)
    rights = forms.CharField(
        label=_("权利说明"),
        max_length=200,
        required=False,
        help_text=_("如：本单位职务作品；拍摄对象已知情同意。"),
    )
    aigc = forms.ChoiceField(
        label=_("生成合成标识"),
        choices=Aigc.choices,
        required=False,
        help_text=_("用人工智能生成或合成的内容必须标明。"),
    )

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        field.queryset = units  # type: ignore[attr-defined]
        if units and len(units) == 1:
            field.initial = units[0].pk
            field.widget = forms.HiddenInput()
