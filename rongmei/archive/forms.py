"""Forms of keeping: a rule of retention, a legal hold, a reason."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rongmei.archive.models import Document, RetentionRule
from rongmei.archive.retention import MAX_DAYS, MIN_DAYS
from rongmei.network import selectors as network
from rongmei.sources.selectors import media_classes


class DateInput(forms.DateInput):
    """A date with the browser's own calendar."""

    input_type = "date"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%d", **kwargs)


class RuleForm(forms.Form):
    """A rule to be proposed."""

    kind = forms.ChoiceField(label=_("资料类型"), required=False)
    media_class = forms.ChoiceField(label=_("媒体类别"), required=False)
    unit_id = forms.TypedChoiceField(
        label=_("所属单位"), required=False, coerce=uuid.UUID, empty_value=None
    )
    keep = forms.ChoiceField(label=_("保留多久"), choices=RetentionRule.Keep.choices)
    days = forms.IntegerField(
        label=_("天数"), required=False, min_value=MIN_DAYS, max_value=MAX_DAYS,
        help_text=_("选“按天数”时填写，至少 60 天；从最近一次采到正文那天算起。"),
    )  # fmt: skip
    effective_on = forms.DateField(label=_("生效日期"), widget=DateInput())
    reason = forms.CharField(
        label=_("依据与理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        every = ("", _("全部"))
        self.fields["kind"].choices = [every, *Document.Kind.choices]  # type: ignore[attr-defined]
        self.fields["media_class"].choices = [every, *media_classes().items()]  # type: ignore[attr-defined]
        units = [
            (str(unit.pk), "　" * depth + unit.label)
            for depth, unit in network.units_below_in_order()
        ]
        self.fields["unit_id"].choices = [every, *units]  # type: ignore[attr-defined]
        self.fields["effective_on"].initial = timezone.localdate()


class HoldForm(forms.Form):
    """A hold to be placed, on one of three things."""

    name = forms.CharField(label=_("事由名称"), max_length=80)
    reason = forms.CharField(
        label=_("理由与依据"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
    documents = forms.CharField(
        label=_("指定资料"), required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("资料页的地址或编号，一行一个。"),
    )  # fmt: skip
    query = forms.CharField(
        label=_("检索式"), required=False, max_length=500,
        help_text=_("保全现在检索到的资料，最多 10,000 篇；以后新来的不算在内。"),
    )  # fmt: skip
    source = forms.CharField(
        label=_("整个信源"), required=False, max_length=500,
        help_text=_("信源的名称、地址或编号；以后采到的也一并保全。"),
    )  # fmt: skip


class LiftForm(forms.Form):
    """Why a hold is to be lifted."""

    reason = forms.CharField(
        label=_("解除的理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )
