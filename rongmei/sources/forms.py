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

MEGABYTE = 1_000_000
RULES_OF = {
    "hotlist": ("items", "row", "title", "url", "heat", "rank", "link"),
    "page": ("links", "match"),
}
RULES = tuple(name for names in RULES_OF.values() for name in names)
DEFAULT_CLASS: str = Source._meta.get_field("media_class").default
RULE_FIELDS = tuple(f"rule_{name}" for name in RULES)


def _rule(label: Any, example: str, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, required=False, max_length=300, help_text=help_text,
        widget=forms.TextInput(
            attrs={"placeholder": example, "spellcheck": "false", "autocomplete": "off"}
        ),
    )  # fmt: skip


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A source's settings; the action checks and keeps them."""

    field_order = (
        "name", "url", "home_url", "kind", "media_class", "region", "language", "tier", "groups",
        "min_interval", "max_interval", "max_items_day", "max_mb_day",
    )  # fmt: skip

    # Intranet names have no dot, which URLField would refuse; the action checks addresses.
    url = forms.CharField(label=_("地址"), max_length=1000)
    home_url = forms.CharField(label=_("网站首页"), max_length=1000, required=False)
    groups = forms.TypedMultipleChoiceField(
        label=_("分组"), coerce=uuid.UUID, required=False, widget=forms.CheckboxSelectMultiple
    )
    max_mb_day = forms.IntegerField(
        label=_("每日流量上限（MB）"), required=False, min_value=0, max_value=1_000_000,
        help_text=_("0 为不限；到了上限，其余的明天再取。"),
    )  # fmt: skip
    rule_items = _rule(_("列表的位置"), "data.list", _("JSON：从最外层走到列表的路径。"))
    rule_row = _rule(_("一行的选择器"), "table.hot tr", _("网页：每一条所在的元素。"))
    rule_title = _rule(_("标题"), "title")
    rule_url = _rule(_("链接"), "url", _("网页取属性写 a@href。"))
    rule_heat = _rule(_("热度"), "heat")
    rule_rank = _rule(_("名次"), "rank", _("不写就按先后。"))
    rule_link = _rule(
        _("链接的写法"),
        "https://example.com/s?q={title}",
        _("对方不给链接时用，可含 {title}、{url}。"),
    )
    rule_links = _rule(
        _("文章链接的选择器"), "ul.news a", _("列表页才写；写了就逐篇读链接指向的文章。")
    )
    rule_match = _rule(_("地址要像"), "*/2026/*", _("只读地址合这个样子的链接，* 代表任何字。"))
    options = forms.JSONField(
        label=_("其他取数规则"),
        required=False,
        help_text=_("JSON 对象，一般不用写。上面没有的规则写在这里。"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    class Meta:
        model = Source
        fields = [
            "name", "url", "home_url", "kind", "media_class", "region", "language", "tier",
            "min_interval", "max_interval", "max_items_day", "follow_moves", "full_text", "shared",
            "enabled", "options",
        ]  # fmt: skip
        field_classes = {"url": forms.CharField, "home_url": forms.CharField}
        widgets = {"language": forms.TextInput(attrs={"size": 6})}

    def __init__(
        self, *args: Any, groups: Iterable[tuple[uuid.UUID, str]] = (), **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._offer_groups(list(groups))
        self._spread_rules()
        self.initial["max_mb_day"] = -(-self.instance.max_bytes_day // MEGABYTE)
        if "max_items_day" in self.fields:
            self.fields["max_items_day"].required = False
        handed = {Source.Kind.DROP.value, Source.Kind.MAIL.value}
        if self.instance.kind in handed:
            # What has no pages has no rules for reading them.
            pages = {"home_url", "kind", "full_text", "options", "follow_moves", *RULE_FIELDS}
            for name in pages & set(self.fields):
                del self.fields[name]
            if self.instance.kind == Source.Kind.DROP:
                self.fields.pop("url", None)
        elif "kind" in self.fields:
            choices = [one for one in Source.Kind.choices if one[0] not in handed]
            self.fields["kind"].choices = choices  # type: ignore[attr-defined] # a choice field

    def clean_max_items_day(self) -> int:
        """Left empty it stays as it is, as the limit in MB does."""
        given: int | None = self.cleaned_data.get("max_items_day")
        return self.instance.max_items_day if given is None else given

    def _offer_groups(self, groups: list[tuple[uuid.UUID, str]]) -> None:
        if not groups:
            del self.fields["groups"]
            return
        self.fields["groups"].choices = groups  # type: ignore[attr-defined] # a choice field
        if not self.instance._state.adding:
            self.initial["groups"] = [one.pk for one in self.instance.groups.all()]

    def _spread_rules(self) -> None:
        """Every rule that has a box of its own goes there; what is left is shown as JSON."""
        held = dict(self.initial.get("options") or {})
        for name in RULES:
            if isinstance(held.get(name), str):
                self.initial[f"rule_{name}"] = held.pop(name)
        self.initial["options"] = held

    def rules_of(self, kind: str) -> list[forms.BoundField]:
        """The boxes of one kind's rules, in the order in which they are thought of."""
        return [self[f"rule_{name}"] for name in RULES_OF[kind] if f"rule_{name}" in self.fields]

    @property
    def hotlist_rules(self) -> list[forms.BoundField]:
        """The mapping of a hot list."""
        return self.rules_of("hotlist")

    @property
    def page_rules(self) -> list[forms.BoundField]:
        """What of a page is a list of articles."""
        return self.rules_of("page")

    @property
    def plain_fields(self) -> list[forms.BoundField]:
        """The fields that are no rules."""
        return [one for one in self if one.name not in {*RULE_FIELDS, "options"}]

    def blame(self, rule: str, words: str) -> None:
        """Put the words of a trial at the box whose rule was wrong; above the form if none is."""
        given = {name: self.cleaned_data.get(f"rule_{name}", "") for name in RULES}
        at = rule if rule in RULES else next((n for n, v in given.items() if v == rule), "")
        self.add_error(f"rule_{at}" if f"rule_{at}" in self.fields else None, words)

    def clean_options(self) -> dict[str, Any]:
        """An empty box is no rule."""
        given = self.cleaned_data.get("options")
        if given in (None, ""):
            return {}
        if not isinstance(given, dict):
            raise forms.ValidationError(_("取数规则要写成 JSON 对象。"))
        return given

    @override
    def clean(self) -> dict[str, Any]:
        """The rules' boxes and the JSON beside them are one thing; megabytes are bytes."""
        given: dict[str, Any] = super().clean() or {}
        filled = {
            name: given.get(f"rule_{name}") for name in RULES_OF.get(given.get("kind", ""), ())
        }
        if "options" in given:
            own = {name: text for name, text in filled.items() if text}
            given["options"] = {**given["options"], **own}
        return given

    def wanted(self) -> dict[str, Any]:
        """What the actions are to keep."""
        kept = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in RULE_FIELDS and name != "max_mb_day"
        }
        if self.cleaned_data.get("max_mb_day") is not None:
            kept["max_bytes_day"] = self.cleaned_data["max_mb_day"] * MEGABYTE
        return kept


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
