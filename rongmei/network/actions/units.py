"""Verbs on units: add, change, close; the construction road map."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.network import policy, selectors
from rongmei.network.actions.members import local_unit
from rongmei.network.errors import CodeTaken, UnitCircle, UnitInUse
from rongmei.network.events import UnitAdded, UnitChanged
from rongmei.network.models import Member, Unit
from rongmei.network.types import Milestone

_FIELDS: Final = frozenset(
    {
        "name", "name_en", "short_name", "kind", "parent_id", "region", "capabilities",
        "milestone", "milestone_on", "milestone_due", "order",
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
        unit.milestone = unit.milestone or Milestone.PLANNED
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
