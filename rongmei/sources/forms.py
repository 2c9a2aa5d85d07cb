"""Forms of the sources room."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from django import forms
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

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

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        handed = {Source.Kind.DROP.value, Source.Kind.MAIL.value}
        if self.instance.kind in handed:
            # What has no pages has no rules for reading them.
            for name in {"home_url", "kind", "full_text", "options"} & set(self.fields):
                del self.fields[name]
            if self.instance.kind == Source.Kind.DROP:
                self.fields.pop("url", None)
        elif "kind" in self.fields:
            choices = [one for one in Source.Kind.choices if one[0] not in handed]
            self.fields["kind"].choices = choices  # type: ignore[attr-defined] # a choice field

    def clean_options(self) -> dict[str, Any]:
        """An empty box is no rule."""
        given = self.cleaned_data.get("options")
        if given in (None, ""):
            return {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_("取数规则要写成 JSON 对象。"))
        return given


class OfUnit(forms.ModelForm):  # type: ignore[type-arg]
    """A form for a new source: of which unit, and whether it may be inside.

    `units` are those the member may add to; who may not allow the inside is not asked about it.
    """

    unit_id = forms.TypedChoiceField(label=_("单位"), coerce=uuid.UUID)

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
            self.fields.pop("internal", None)


class NewSourceForm(OfUnit, SourceForm):
    """A new source: for which unit, and what the site offers."""

    internal = forms.BooleanField(
        label=_("在内网"), required=False, help_text=_("只有系统管理员可以允许访问内网地址。")
    )

    class Meta(SourceForm.Meta):
        fields = ["name", "url", "kind", "media_class", "region", "language", "options"]


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


class DropForm(OfUnit):
    """A new place for files: whose, and how what comes there counts."""

    class Meta:
        model = Source
        fields = ["name", "media_class", "region", "language"]

    @override
    def clean(self) -> dict[str, Any]:
        """What makes it a source of its kind."""
        given: dict[str, Any] = super().clean() or {}
        return {
            **given, "kind": Source.Kind.DROP.value, "url": "", "full_text": False,
            "min_interval": 10, "max_interval": 60,
        }  # fmt: skip


class MailForm(DropForm):
    """A mailbox to which units send their stories."""

    host = forms.CharField(
        label=_("收信服务器（IMAP）"), max_length=200, help_text=_("例如 imap.example.com")
    )
    port = forms.IntegerField(label=_("端口"), min_value=1, max_value=65_535, initial=993)
    user = forms.CharField(label=_("用户名"), max_length=200)
    secret = forms.CharField(
        label=_("密码或授权码"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("只用来收信，保存后不再显示。多数邮箱要用“授权码”。"),
    )
    folder = forms.RegexField(
        r"^[\x21-\x7e ]+$", label=_("文件夹"), max_length=100, initial="INBOX",
        help_text=_("用英文名。邮件只读不动，仍是未读状态。"),
    )  # fmt: skip
    internal = forms.BooleanField(
        label=_("在内网"), required=False, help_text=_("只有系统管理员可以允许访问内网地址。")
    )

    @override
    def clean(self) -> dict[str, Any]:
        """The address is put together from its parts."""
        given = super().clean()
        parts = {
            name: str(given.pop(name, "") or "") for name in ("host", "port", "user", "folder")
        }
        scheme = "imap" if parts["port"] == "143" else "imaps"
        user, folder = quote(parts["user"], safe=""), quote(parts["folder"])
        url = f"{scheme}://{user}@{parts['host']}:{parts['port']}/{folder}"
        return {
            **given, "kind": Source.Kind.MAIL.value, "url": url,
            "min_interval": 60, "max_interval": 900,
        }  # fmt: skip


WAYS = {"files": DropForm, "mail": MailForm}
