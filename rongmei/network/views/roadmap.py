"""建设路线图: how far each unit has come, and putting a unit's milestones on record."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network import policy, roadmap, selectors
from rongmei.network.actions import units
from rongmei.network.forms import MilepostForm
from rongmei.network.guard import MemberRequest, page
from rongmei.network.types import UnitKind


@page("network.view")
@require_safe
def road_list(request: MemberRequest) -> HttpResponse:
    """Every unit with the dates of its milestones; `kind`, `late`, and `at` (a step) narrow it."""
    roads = selectors.roads()
    kinds, late = set(request.GET.getlist("kind")), "late" in request.GET.getlist("state")
    step = request.GET.get("step", "")
    shown = [
        one
        for one in roads
        if (not kinds or one.unit.kind in kinds)
        and (not late or one.late)
        and (step not in roadmap.STEPS or one.at > roadmap.STEPS.index(step))  # type: ignore[arg-type]
    ]
    manages = policy.units_for(request.user, "network.manage_units")
    context = {
        "roads": shown,
        "flat": bool(kinds or late or step),
        "step": step,
        "reached": [
            (one.value, one.label, sum(road.at > number for road in roads))
            for number, one in enumerate(roadmap.STEPS)
        ],
        "late": sum(one.late for one in roads),
        "kinds": [
            (kind.value, kind.label, sum(one.unit.kind == kind for one in roads))
            for kind in UnitKind
        ],
        "steps": [one.label for one in roadmap.STEPS],
        "manages": manages,
    }
    return render(request, "network/roadmap.html", context)


@page("network.manage_units")
def road_change(request: MemberRequest, unit_id: uuid.UUID) -> HttpResponse:
    """Put the milestones of a unit of this node on record."""
    unit = selectors.unit_even_closed(unit_id)
    policy.require(request.user, "network.manage_units", unit)
    road = roadmap.road(unit)
    forms = [
        (
            step,
            MilepostForm(
                request.POST or None,
                prefix=step.milestone.value,
                initial={
                    "planned_on": step.planned_on, "reached_on": step.reached_on, "note": step.note,
                },
            ),
        )
        for step in road.steps
    ]  # fmt: skip
    error = ""
    if request.method == "POST" and all(form.is_valid() for _step, form in forms):
        given = {step.milestone: units.Milepost(**form.cleaned_data) for step, form in forms}
        try:
            units.road_set(by=request.user, unit_id=unit_id, steps=given)
        except RongmeiError as found:
            error = words_at_form(found)
        else:
            messages.success(request, _("已保存"))
            return redirect("network:unit", unit_id)
    bad = bool(error) or any(form.errors for _step, form in forms)
    context = {"unit": unit, "forms": forms, "error": error, "road": road}
    return render(request, "network/road_form.html", context, status=422 if bad else 200)
