"""Forms of the sources room."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rongmei.sources.models import Source


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A source's settings; the action checks and keeps them."""

    # Intranet names have no dot, which URLField would refuse; the action checks addresses.
    url = forms.CharField(label=_("地址"), max_length=1000)
    home_url = forms.CharField(label=_("网站首页"), max_length=1000, required=False)
    options = forms.JSONField(
        label=_("取数规则"),
        required=False,
        help_text=_(
            "JSON 对象。网页列表用 links、match;热榜用 items、title、url、heat。订阅源留空。"
        ),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    class Meta:
        model = Source
        fields = [
            "name", "url", "home_url", "kind", "media_class", "region", "language", "tier",
            "min_interval", "max_interval", "full_text", "shared", "enabled", "options",
        ]  # fmt: skip
        field_classes = {"url": forms.CharField, "home_url": forms.CharField}
        widgets = {"language": forms.TextInput(attrs={"size": 6})}

    def clean_options(self) -> dict[str, Any]:
        """An empty box is no rule."""
        given = self.cleaned_data.get("options")
        if given in (None, ""):
            return {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_("取数规则要写成 JSON 对象。"))
        return given


class NewSourceForm(SourceForm):
    """A new source: for which unit, and what the site offers."""

    unit_id = forms.TypedChoiceField(label=_("单位"), coerce=uuid.UUID)
    internal = forms.BooleanField(
        label=_("在内网"), required=False, help_text=_("只有系统管理员可以允许访问内网地址。")
    )

    class Meta(SourceForm.Meta):
        fields = ["name", "url", "kind", "media_class", "region", "language", "options"]

    def __init__(
        self,
        *args: Any,
        units: Iterable[tuple[uuid.UUID, str]],
        may_be_internal: bool,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.fields["unit_id"].choices = list(units)  # type: ignore[attr-defined]
        if not may_be_internal:
            del self.fields["internal"]


class AddressForm(forms.Form):
    """A bare site address to look for sources at."""

    address = forms.CharField(
        label=_("网站地址"),
        max_length=1000,
        help_text=_("写网站首页或订阅源的地址，例如 news.example.com。"),
        widget=forms.TextInput(
            attrs={"autofocus": True, "inputmode": "url", "autocomplete": "off"}
        ),
    )
    internal = forms.BooleanField(label=_("在内网"), required=False)

    def __init__(self, *args: Any, may_be_internal: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not may_be_internal:
            del self.fields["internal"]
