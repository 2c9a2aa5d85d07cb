"""Forms of the system pages and of one's own settings."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime, time
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from typing_extensions import override

from rongmei.network import selectors
from rongmei.network.actions.roles import SHAREABLE
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Member, NoticeRoute, Unit
from rongmei.network.types import Role

if TYPE_CHECKING:
    _MemberBase = forms.ModelForm[Member]
    _UnitBase = forms.ModelForm[Unit]
    _RouteBase = forms.ModelForm[NoticeRoute]
else:
    # Django's own classes cannot be subscripted at run time.
    _MemberBase = _UnitBase = _RouteBase = forms.ModelForm


class DateInput(forms.DateInput):
    """A date with the browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class TimeInput(forms.TimeInput):
    """A time of day with the browser's own clock."""

    input_type = "time"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%H:%M", **kwargs)


class UnitChoice(forms.TypedChoiceField):
    """Units as an indented tree, filled by `show`; the cleaned value is the unit's id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=uuid.UUID, empty_value=None, choices=[], **kwargs)

    def show(self, reach: Iterable[uuid.UUID] | None) -> None:
        """Offer the units in `reach` (all, with None)."""
        listed = selectors.units_below_in_order(reach)
        rows = [(str(unit.pk), "　" * depth + unit.label) for depth, unit in listed]
        self.choices = [("", "—"), *rows] if len(rows) != 1 or not self.required else rows


class ProfileForm(_MemberBase):
    """One's own settings."""

    class Meta:
        model = Member
        fields = (
            "name", "name_en", "email", "phone", "language",
            "quiet_from", "quiet_until", "notify_mail",
        )  # fmt: skip
        widgets = {
            "language": forms.Select(
                choices=[("", _("跟随浏览器")), ("zh-hans", "简体中文"), ("en", "English")]
            ),
            "quiet_from": TimeInput(),
            "quiet_until": TimeInput(),
        }
        help_texts = {
            "quiet_from": _("这段时间里不急的通知先存着，结束后再发；可以跨过零点。"),
            "notify_mail": _("通知同时发到上面的邮箱。"),
        }

    @override
    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if bool(data.get("quiet_from")) != bool(data.get("quiet_until")):
            self.add_error("quiet_until", _("开始和结束要么都填，要么都不填。"))
        if data.get("notify_mail") and not data.get("email"):
            self.add_error("email", _("要收邮件通知，先填邮箱。"))
        return data


class TokenForm(forms.Form):
    """A new token for /api/v1/."""

    name = forms.CharField(
        label=_("用途"), max_length=60, help_text=_("写明哪个程序用它，以后好认。")
    )
    days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        choices=[(30, _("30 天")), (90, _("90 天")), (180, _("180 天")), (365, _("365 天"))],
        initial=90,
    )
    writable = forms.BooleanField(
        label=_("允许写入"),
        required=False,
        help_text=_("不勾选时只能读取。写入的内容与你本人操作等效，同样留痕。"),
    )


class UnitForm(_UnitBase):
    """A unit's particulars and its place in the tree."""

    parent_id = UnitChoice(label=_("上级单位"), required=False)

    class Meta:
        model = Unit
        fields = (
            "code", "name", "name_en", "short_name", "kind", "region", "order",
        )  # fmt: skip
        labels = {"order": _("排序")}
        help_texts = {"code": _("小写字母、数字和连字符；定了就不再改。")}

    def __init__(self, *args: Any, reach: Iterable[uuid.UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parent = self.fields["parent_id"]
        assert isinstance(parent, UnitChoice)
        parent.show(reach)
        if self.instance.parent_id:
            self.initial["parent_id"] = str(self.instance.parent_id)
        if not self.instance._state.adding:
            del self.fields["code"]
        if self.instance._state.adding:
            parent.required = True
        self.order_fields(["code", "name", "short_name", "name_en", "kind", "parent_id", "region"])


class MilepostForm(forms.Form):
    """One milestone of a unit's road map: planned, reached, a remark."""

    planned_on = forms.DateField(label=_("计划日期"), required=False, widget=DateInput())
    reached_on = forms.DateField(label=_("达到日期"), required=False, widget=DateInput())
    note = forms.CharField(label=_("备注"), max_length=200, required=False)


class MemberForm(forms.Form):
    """A new account, or its particulars."""

    username = forms.CharField(
        label=_("账号"), max_length=40, help_text=_("小写字母、数字和 . _ -;定了就不再改。")
    )
    name = forms.CharField(label=_("姓名"), max_length=40)
    name_en = forms.CharField(label=_("英文名"), max_length=80, required=False)
    unit_id = UnitChoice(label=_("所属单位"))
    email = forms.EmailField(label=_("邮箱"), required=False)
    phone = forms.CharField(label=_("手机"), max_length=20, required=False)

    def __init__(self, *args: Any, reach: Iterable[uuid.UUID], new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit_id"]
        assert isinstance(field, UnitChoice)
        field.show(reach)
        if not new:
            del self.fields["username"]


class ReasonForm(forms.Form):
    """A reason for what cannot be undone."""

    reason = forms.CharField(label=_("原因"), max_length=200)


class EndDateForm(forms.Form):
    """Something with a last day; the cleaned `ends_at` is the end of that day here."""

    ends_on = forms.DateField(label=_("到期日"), required=False, widget=DateInput())

    def ends_at(self) -> datetime | None:
        """The last second of the chosen day in the node's time zone."""
        day = self.cleaned_data.get("ends_on")
        return timezone.make_aware(datetime.combine(day, time(23, 59, 59))) if day else None


class RoleForm(EndDateForm):
    """A role for a member at a unit."""

    role = forms.ChoiceField(label=_("角色"), choices=Role.choices)
    unit_id = UnitChoice(label=_("在哪个单位"))

    def __init__(self, *args: Any, reach: Iterable[uuid.UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit_id"]
        assert isinstance(field, UnitChoice)
        field.show(reach)
        self.fields["ends_on"].help_text = _("不填表示长期。")
        self.order_fields(["role", "unit_id", "ends_on"])


class GrantForm(EndDateForm):
    """One unit lets another do something with its records."""

    unit_id = UnitChoice(label=_("谁的资料"))
    to_unit_id = UnitChoice(label=_("共享给"))
    permission = forms.ChoiceField(label=_("可以做什么"))
    reason = forms.CharField(label=_("理由"), max_length=200)

    def __init__(self, *args: Any, reach: Iterable[uuid.UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, units in (("unit_id", reach), ("to_unit_id", None)):
            field = self.fields[name]
            assert isinstance(field, UnitChoice)
            field.show(units)
        choice = self.fields["permission"]
        assert isinstance(choice, forms.ChoiceField)
        choice.choices = [(name, PERMISSIONS[name]) for name in SHAREABLE]
        choice.help_text = _("对方单位里本来就有这项权限的人，才能因此看到或操作你的资料。")
        self.fields["ends_on"].required = True
        self.order_fields(["unit_id", "to_unit_id", "permission", "reason", "ends_on"])


class RouteForm(_RouteBase):
    """Where a unit's notices also go."""

    unit_id = UnitChoice(label=_("哪个单位的通知"))

    class Meta:
        model = NoticeRoute
        fields = ("name", "kind", "url", "secret", "internal", "is_active")
        labels = {
            "name": _("名称"), "kind": _("类型"), "url": _("地址"), "secret": _("签名密钥"),
            "internal": _("地址在内网"), "is_active": _("启用"),
        }  # fmt: skip
        help_texts = {
            "url": _("从群设置里复制的机器人地址，或接收程序的地址。"),
            "secret": _(
                "钉钉、飞书的“加签”密钥，或 Webhook 的共享密钥。保存后不再显示；留空则不变。"
            ),
            "internal": _("需要“允许信源访问内网地址”的权限。"),
        }
        field_classes = {"url": partial(forms.URLField, assume_scheme="https")}
        widgets = {"secret": forms.PasswordInput(attrs={"autocomplete": "off"})}

    def __init__(self, *args: Any, reach: Iterable[uuid.UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit_id"]
        assert isinstance(field, UnitChoice)
        field.show(reach)
        if not self.instance._state.adding:
            del self.fields["unit_id"]
        self.order_fields(["unit_id", "name", "kind", "url", "secret", "internal", "is_active"])


class AuditForm(forms.Form):
    """What to look for in the audit log."""

    person = forms.CharField(label=pgettext_lazy("one", "人员"), required=False)
    action = forms.CharField(label=_("动作"), required=False)
    subject = forms.CharField(label=_("对象"), required=False)
    ip = forms.CharField(label=_("地址"), required=False)
    unit = UnitChoice(label=_("单位"), required=False)
    since = forms.DateField(label=_("从"), required=False, widget=DateInput())
    until = forms.DateField(label=_("到"), required=False, widget=DateInput())

    def __init__(self, *args: Any, reach: Iterable[uuid.UUID], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, UnitChoice)
        field.show(reach)


class SheetForm(forms.Form):
    """An Excel sheet of units and people."""

    sheet = forms.FileField(label=_("表格文件"), help_text=_("按模板填好的 .xlsx,不超过 5 MB。"))
