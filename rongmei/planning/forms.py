"""Forms of the planning pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from rongmei.planning.models import Genre, PitchKind

if TYPE_CHECKING:
    from rongmei.network.models import Member, Unit


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class PitchForm(forms.Form):
    """A story idea."""

    title = forms.CharField(label=_("标题"), min_length=2, max_length=120)
    news_point = forms.CharField(
        label=_("新闻点"), max_length=300, required=False, help_text=_("一句话说清新在哪里")
    )
    kind = forms.ChoiceField(label=_("类型"), choices=PitchKind.choices, initial=PitchKind.REGULAR)
    unit_id = forms.TypedChoiceField(label=_("单位"))
    angle = forms.CharField(
        label=_("角度与要求"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    place = forms.CharField(label=_("地点"), max_length=80, required=False)
    due_at = forms.DateTimeField(label=_("完成时限"), required=False, widget=_moment())
    expected = forms.CharField(label=_("预期效果"), max_length=200, required=False)

    def __init__(self, *args: Any, units: Iterable[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(unit.pk), unit.label) for unit in units]
        self.fields["unit_id"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["unit_id"].widget = forms.HiddenInput()
            self.fields["unit_id"].initial = choices[0][0]


class TaskForm(forms.Form):
    """Work for a unit."""

    to_unit_ids = forms.TypedMultipleChoiceField(
        label=_("承接单位"), coerce=uuid.UUID, widget=forms.CheckboxSelectMultiple,
        help_text=_("可以选多个，每个单位各得一个任务。"),
    )  # fmt: skip
    genres = forms.MultipleChoiceField(
        label=_("形式"), choices=Genre.choices, initial=[Genre.TEXT],
        widget=forms.CheckboxSelectMultiple, help_text=_("每种形式各成一个任务。"),
    )  # fmt: skip
    title = forms.CharField(label=_("标题"), min_length=2, max_length=120)
    brief = forms.CharField(
        label=_("要求"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    length = forms.IntegerField(
        label=_("字数/时长"), required=False, min_value=1, max_value=100_000
    )
    due_at = forms.DateTimeField(label=_("截止"), widget=_moment())
    urgent = forms.BooleanField(label=_("突发"), required=False)

    def __init__(self, *args: Any, units: Iterable[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nobody is chosen beforehand: a task must not go to the first unit of the list by mistake.
        choices = [(str(unit.pk), unit.label) for unit in units]
        self.fields["to_unit_ids"].choices = choices  # type: ignore[attr-defined]


class AnswerForm(forms.Form):
    """Yes or no, for whom, and why not."""

    accept = forms.TypedChoiceField(choices=[("1", "1"), ("0", "0")], coerce=lambda one: one == "1")
    reason = forms.CharField(required=False, max_length=300)
    assignee_id = forms.TypedChoiceField(required=False, empty_value=None)

    def __init__(self, *args: Any, writers: Iterable[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "—"), *((str(one.pk), one.label) for one in writers)]
        self.fields["assignee_id"].choices = choices  # type: ignore[attr-defined]
