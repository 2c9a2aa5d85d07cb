"""Units: the tree with its road map, one unit, add, change, close."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network import policy, previews, roadmap, selectors
from rongmei.network.actions import units
from rongmei.network.forms import ReasonForm, UnitForm
from rongmei.network.guard import MemberRequest, page
from rongmei.network.models import Unit
from rongmei.network.types import Milestone, UnitKind

_STEPS = list(Milestone.values)


def strip_of(road: roadmap.Road) -> list[dict[str, Any]]:
    """The unit's road map as steps of a strip: reached, next with its due date, later."""
    steps: list[dict[str, Any]] = []
    for one in road.steps:
        note = one.reached_on.isoformat() if one.reached_on else ""
        if one.state != "done" and one.planned_on:
            note = _("计划 %(day)s") % {"day": one.planned_on.isoformat()}
        state = "failed" if one.state == "late" else one.state
        steps.append({"label": one.label, "state": state, "note": note})
    return steps


@page("network.view")
@require_safe
def unit_list(request: MemberRequest) -> HttpResponse:
    """All units as a tree, with how far each has come."""
    counts = selectors.members_by_unit()
    today = timezone.localdate()
    manages = policy.units_for(request.user, "network.manage_units")
    kinds = set(request.GET.getlist("kind"))
    rows: list[dict[str, Any]] = []
    tally: Counter[str] = Counter()
    for depth, unit in selectors.units_below_in_order():
        tally[unit.kind] += 1
        if kinds and unit.kind not in kinds:
            continue
        at = _STEPS.index(unit.milestone)
        rows.append(
            {
                "unit": unit,
                "depth": 0 if kinds else depth,
                "members": counts.get(unit.pk, 0),
                "at": at + 1,
                "of": len(_STEPS),
                "late": at + 1 < len(_STEPS)
                and unit.milestone_due is not None
                and unit.milestone_due < today,
            }
        )
    shown = {
        "rows": rows,
        "kinds": [(kind.value, kind.label, tally[kind.value]) for kind in UnitKind],
        "may_add": bool(manages),
        "reached": [
            (step.label, sum(_STEPS.index(row["unit"].milestone) >= number for row in rows))
            for number, step in enumerate(Milestone)
        ],
    }
    return render(request, "network/units.html", shown)


@page("network.view")
@require_safe
def unit_page(request: MemberRequest, unit_id: uuid.UUID) -> HttpResponse:
    """One unit: where it stands, its units below, how many people."""
    unit = selectors.unit_even_closed(unit_id)
    children = list(selectors.units().filter(parent=unit))
    road = roadmap.road(unit)
    shown = {
        "unit": unit,
        "steps": strip_of(road),
        "road": road,
        "children": children,
        "add_child": f"{reverse('network:unit_add')}?parent={unit.pk}",
        "people": unit.members.filter(is_active=True).count(),
        "may_change": unit.node.is_self
        and policy.allows(request.user, "network.manage_units", unit),
        "may_see_people": unit.pk
        in policy.units_for(request.user, "network.manage_members")
        | policy.units_for(request.user, "network.grant_roles"),
    }
    return render(request, "network/unit.html", shown)


def _fields(form: UnitForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "code"}


@page("network.manage_units")
def unit_add(request: MemberRequest) -> HttpResponse:
    """Make a unit."""
    reach = policy.units_for(request.user, "network.manage_units")
    initial = {"parent_id": request.GET.get("parent", "")}
    form = UnitForm(request.POST or None, initial=initial, reach=reach, instance=Unit())
    if request.method == "POST" and form.is_valid():
        try:
            unit = units.unit_add(
                by=request.user,
                parent_id=form.cleaned_data["parent_id"],
                code=form.cleaned_data["code"],
                fields=_fields(form),
            )
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已新建单位“%(name)s”") % {"name": unit.name})
            return redirect("network:unit", unit.pk)
    return render(
        request,
        "network/unit_form.html",
        {"form": form, "unit": None},
        status=422 if form.errors else 200,
    )


@page("network.manage_units")
def unit_change(request: MemberRequest, unit_id: uuid.UUID) -> HttpResponse:
    """Change a unit; a move is first shown with what it opens and shuts, then made."""
    unit = selectors.unit_even_closed(unit_id)
    policy.require(request.user, "network.manage_units", unit)
    reach = policy.units_for(request.user, "network.manage_units")
    form = UnitForm(request.POST or None, instance=unit, reach=reach)
    before = unit.parent_id
    changes = None
    if request.method == "POST" and form.is_valid():
        fields = _fields(form)
        fields["parent_id"] = fields["parent_id"] or before
        moves = fields["parent_id"] != before
        if moves and request.POST.get("confirm") != "1":
            changes = previews.unit_move(unit.pk, fields["parent_id"])
        else:
            try:
                units.unit_change(by=request.user, unit_id=unit_id, fields=fields)
            except RongmeiError as error:
                form.add_error(None, words_at_form(error))
            else:
                messages.success(request, _("已保存"))
                return redirect("network:unit", unit_id)
    shown = {"form": form, "unit": unit, "changes": changes}
    return render(request, "network/unit_form.html", shown, status=422 if form.errors else 200)


@page("network.manage_units")
def unit_close(request: MemberRequest, unit_id: uuid.UUID) -> HttpResponse:
    """Take a unit out of use, with a reason."""
    unit = selectors.unit_even_closed(unit_id)
    policy.require(request.user, "network.manage_units", unit)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        units.unit_close(by=request.user, unit_id=unit_id, reason=form.cleaned_data["reason"])
        messages.success(request, _("已停用，它的资料仍可查"))
        return redirect("network:units")
    shown = {
        "form": form,
        "heading": _("停用单位：%(name)s") % {"name": unit.label},
        "words": _("停用后不再出现在列表里，也不能再建人员。已有资料、记录和审计都保留。"),
        "act": _("停用单位"),
        "back": unit_id,
    }
    return render(request, "network/reason.html", shown, status=422 if form.errors else 200)
