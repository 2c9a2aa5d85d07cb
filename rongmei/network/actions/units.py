"""Verbs on units: add, change, close; the construction road map."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils import timezone

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.network import policy, selectors
from rongmei.network.actions.members import local_unit
from rongmei.network.errors import CodeTaken, RoadOutOfOrder, UnitCircle, UnitInUse
from rongmei.network.events import UnitAdded, UnitChanged
from rongmei.network.models import Member, RoadStep, Unit
from rongmei.network.types import Milestone

_FIELDS: Final = frozenset(
    {
        "name", "name_en", "short_name", "kind", "parent_id", "region", "capabilities", "order",
    }
)  # fmt: skip


def _clean(unit: Unit) -> None:
    try:
        unit.clean_fields(exclude={"parent", "node"})
    except ValidationError as error:
        words = "; ".join(" ".join(texts) for texts in error.message_dict.values())
        raise BadInput(words) from error


def _known(fields: Mapping[str, Any]) -> None:
    unknown = set(fields) - _FIELDS
    if unknown:
        raise BadInput(f"unknown fields: {sorted(unknown)}")


def unit_add(*, by: Member, parent_id: uuid.UUID, code: str, fields: Mapping[str, Any]) -> Unit:
    """Make a unit on this node, below `parent_id`; `fields` are those of `unit_change`."""
    _known(fields)
    with db.write():
        policy.require(by, "network.manage_units", parent_id)
        if Unit.objects.filter(code=code).exists():
            raise CodeTaken
        given = {name: value for name, value in fields.items() if name != "parent_id"}
        unit = Unit(code=code, parent_id=parent_id, node=selectors.this_node(), **given)
        _clean(unit)
        unit.save(force_insert=True)
        audit.record(by, "unit.added", unit, code=code, parent=parent_id)
        events.publish(UnitAdded(subject_id=unit.pk, unit_id=unit.pk))
    policy.forget(by)
    return unit


def unit_change(*, by: Member, unit_id: uuid.UUID, fields: Mapping[str, Any]) -> Unit:
    """Change a unit of this node; moving it asks for the right over its new parent too."""
    _known(fields)
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.manage_units", unit)
        parent = fields.get("parent_id", unit.parent_id)
        if parent != unit.parent_id:
            _check_move(by, unit, parent)
        changed = [name for name, value in fields.items() if getattr(unit, name) != value]
        for name in changed:
            setattr(unit, name, fields[name])
        if changed:
            _clean(unit)
            unit.save(update_fields=[*(name.removesuffix("_id") for name in changed), "updated_at"])
            audit.record(by, "unit.changed", unit, fields=changed)
            events.publish(
                UnitChanged(subject_id=unit.pk, unit_id=unit.pk, fields=",".join(changed))
            )
    policy.forget(by)
    return unit


def _check_move(by: Member, unit: Unit, parent: uuid.UUID | None) -> None:
    if parent is None or parent in policy.tree().below(unit.pk):
        raise UnitCircle
    policy.require(by, "network.manage_units", parent)
    if unit.parent_id is not None:
        policy.require(by, "network.manage_units", unit.parent_id)


def unit_close(*, by: Member, unit_id: uuid.UUID, reason: str) -> Unit:
    """Take a unit out of use once nobody works in it; its records stay."""
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.manage_units", unit)
        if (
            unit.children.filter(is_active=True).exists()
            or unit.members.filter(is_active=True).exists()
        ):
            raise UnitInUse
        unit.is_active = False
        unit.save(update_fields=["is_active", "updated_at"])
        audit.record(by, "unit.closed", unit, reason=reason)
        events.publish(UnitChanged(subject_id=unit.pk, unit_id=unit.pk, fields="is_active"))
    return unit


@dataclass(frozen=True)
class Milepost:
    """What is put on record for one milestone."""

    planned_on: date | None = None
    reached_on: date | None = None
    note: str = ""


def road_set(*, by: Member, unit_id: uuid.UUID, steps: Mapping[Milestone, Milepost]) -> Unit:
    """Write down the unit's road map: all milestones, in order; RoadOutOfOrder when they are not."""
    given = [(one, steps.get(one, Milepost())) for one in Milestone]
    _in_order(given)
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.manage_units", unit)
        before = {row.milestone: row for row in RoadStep.objects.filter(unit=unit)}
        changed = []
        for milestone, post in given:
            row = before.get(milestone) or RoadStep(unit=unit, milestone=milestone)
            told = (post.planned_on, post.reached_on, post.note.strip()[:200])
            if told != (row.planned_on, row.reached_on, row.note):
                row.planned_on, row.reached_on, row.note = told
                row.save()
                changed.append(str(milestone))
        _sum_up(unit, given)
        if changed:
            audit.record(by, "unit.road_set", unit, fields=changed)
            events.publish(UnitChanged(subject_id=unit.pk, unit_id=unit.pk, fields="road"))
    return unit


def _in_order(given: list[tuple[Milestone, Milepost]]) -> None:
    open_before = False
    for _milestone, post in given[1:]:
        if post.reached_on and (open_before or post.reached_on > timezone.localdate()):
            raise RoadOutOfOrder
        open_before = open_before or post.reached_on is None
    for name in ("planned_on", "reached_on"):
        days = [day for _one, post in given if (day := getattr(post, name)) is not None]
        if days != sorted(days):
            raise RoadOutOfOrder


def _sum_up(unit: Unit, given: list[tuple[Milestone, Milepost]]) -> None:
    """The unit's own columns: the last milestone reached, and when the next is due."""
    at = max((n for n, (_one, post) in enumerate(given) if post.reached_on), default=0)
    unit.milestone, unit.milestone_on = given[at][0], given[at][1].reached_on
    unit.milestone_due = given[at + 1][1].planned_on if at + 1 < len(given) else None
    unit.save(update_fields=["milestone", "milestone_on", "milestone_due", "updated_at"])
