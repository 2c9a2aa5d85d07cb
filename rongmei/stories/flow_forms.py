"""Forms of the flow designer and of lending a seat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from rongmei.stories import flows
from rongmei.stories.flows import Flow

if TYPE_CHECKING:
    from rongmei.network.models import Unit

ROWS = 6
STAGES: Any = [("first", _("初审")), ("second", _("复审")), ("final", _("终审"))]
DOES: Any = [("both", _("审校合一")), ("review", _("只审")), ("proof", _("只校"))]


class FlowForm(forms.Form):
    """A version as a whole."""

    name = forms.CharField(label=_("流程名称"), max_length=40)
    unit: forms.ModelChoiceField[Any] = forms.ModelChoiceField(
        queryset=None, label=_("单位"), empty_label=None
    )
    category = forms.CharField(
        label=_("栏目"), max_length=40, required=False,
        help_text=_("只用于这个栏目的稿件；不填则用于本单位及下级单位的所有稿件。"),
    )  # fmt: skip
    share = forms.DecimalField(
        label=_("改动超过百分之几退回上一环节"),
        min_value=0,
        max_value=10,
        decimal_places=1,
        initial=5,
    )
    public = forms.BooleanField(
        label=_("公开发布的稿件"), required=False, initial=True,
        help_text=_("内部稿件可以少于三审三校，但不能推送和发布。"),
    )  # fmt: skip

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]


class StepForm(forms.Form):
    """One step; a row without a name is left out."""

    name = forms.CharField(label=_("环节名称"), max_length=20, required=False)
    stage = forms.ChoiceField(label=_("属于"), choices=STAGES)
    does = forms.ChoiceField(label=_("做什么"), choices=DOES)
    unit = forms.ChoiceField(label=_("由谁审签"), required=False)
    people = forms.MultipleChoiceField(
        label=_("指定的人"), required=False, widget=forms.CheckboxSelectMultiple
    )
    beside = forms.BooleanField(label=_("与上一环节并行"), required=False)
    hours = forms.IntegerField(
        label=_("时限（小时）"), min_value=0, max_value=flows.MOST_HOURS, required=False
    )

    def __init__(
        self, *args: Any, reviewers: Any = (), above: Sequence[Unit] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        higher = [(str(one.pk), one.label) for one in above]
        self.fields["unit"].choices = [("", _("本单位")), *higher]  # type: ignore[attr-defined]
        choices = [(str(one.pk), one.label) for one in reviewers]
        self.fields["people"].choices = choices  # type: ignore[attr-defined]


Steps = formset_factory(StepForm, extra=0, max_num=flows.MOST_STEPS)


def initial_of(flow: Flow) -> list[dict[str, Any]]:
    """The rows of a flow, with empty ones to fill."""
    rows: list[dict[str, Any]] = []
    for n, one in enumerate(flow.steps):
        before = flow.steps[n - 1] if n else None
        rows.append(
            {
                "name": one.label, "stage": one.stage, "does": one.does, "people": list(one.people),
                "unit": one.unit,
                "beside": bool(before and one.group and before.group == one.group),
                "hours": one.hours or None,
            }
        )  # fmt: skip
    return [*rows, *({} for _n in range(max(0, ROWS - len(rows))))]


def content_of(form: FlowForm, steps: BaseFormSet[StepForm]) -> dict[str, Any]:
    """What was filled in, as a flow's JSON."""
    rows = [one.cleaned_data for one in steps if one.cleaned_data.get("name", "").strip()]
    made: list[dict[str, Any]] = []
    for n, one in enumerate(rows, 1):
        if one["beside"] and made:
            made[-1]["group"] = made[-1]["group"] or n
        made.append(
            {
                "key": "final" if n == len(rows) else f"s{n}", "name": one["name"],
                "stage": one["stage"], "does": one["does"], "people": one["people"],
                "unit": one["unit"],
                "group": made[-1]["group"] if one["beside"] and made else 0,
                "hours": one["hours"] or 0,
            }
        )  # fmt: skip
    said = form.cleaned_data
    return {"steps": made, "public": said["public"], "share": float(said["share"]) / 100}


class DelegationForm(forms.Form):
    """Which seat, to whom, until when, why."""

    seat = forms.ChoiceField(label=_("把哪个环节委托出去"))
    to = forms.ChoiceField(label=_("委托给"))
    ends_at = forms.DateTimeField(
        label=_("到什么时候"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    reason = forms.CharField(label=_("原因"), max_length=200)

    def __init__(self, *args: Any, seats: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["seat"].choices = seats  # type: ignore[attr-defined]
        self.fields["to"].choices = people  # type: ignore[attr-defined]
