"""Reads of the exemplars room, and the gate that stories ask."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.exemplars.models import Clearance, Exemplar
from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.network import selectors as network


def exemplars_visible_to(member: Any) -> QuerySet[Exemplar]:
    """Exemplars of the units in reach with their clearances, newest first."""
    clearances = Prefetch("clearances", Clearance.objects.order_by("-id"))
    units = policy.units_for(member, "exemplars.view")
    rows = Exemplar.objects.filter(unit__in=units).select_related("unit")
    return rows.prefetch_related(clearances).order_by("-id")


def exemplar_for_update(member: Any, exemplar_id: uuid.UUID) -> Exemplar:
    """One exemplar, locked."""
    units = policy.units_for(member, "exemplars.view")
    found = Exemplar.objects.select_for_update().filter(pk=exemplar_id, unit__in=units).first()
    if found is None:
        raise NotFound
    return found


def clearance_for_update(member: Any, clearance_id: uuid.UUID) -> Clearance:
    """One clearance, locked."""
    units = policy.units_for(member, "exemplars.view")
    rows = Clearance.objects.select_for_update(of=("self",)).select_related("exemplar")
    found = rows.filter(pk=clearance_id, unit__in=units).first()
    if found is None:
        raise NotFound
    return found


def may_clear(member: Any) -> bool:
    """Whether the member plans at HQ, and so may issue and suspend clearances."""
    hq = network.headquarters()
    return hq is not None and policy.allows(member, "exemplars.manage", hq.pk)


def clearance_problems(
    *, unit_id: uuid.UUID, features_exemplar: bool, text: str, public: bool
) -> list[str]:
    """Why this text may not hold anybody up as a model; empty when it may.

    A text flagged as featuring an exemplar needs the name of one with a clearance that is valid
    today, not suspended and, for `public` news, of public scope. A text that is not flagged but
    names a suspended exemplar of the unit is stopped as well.
    """
    named = [one for one in _with_clearances(unit_id) if one.name in text]
    suspended = [one for one in named if one.state == Exemplar.State.SUSPENDED]
    problems = [_("“%(name)s”的宣传已中止，不能报道。") % {"name": one.name} for one in suspended]
    if not features_exemplar or problems:
        return problems
    today = timezone.localdate()
    for one in named:
        for clearance in one.clearances.all():
            valid = clearance.suspended_at is None and clearance.valid_until >= today
            if valid and (not public or clearance.scope == "public"):
                return []
    if named:
        names = "、".join(one.name for one in named)
        return [
            _("“%(name)s”没有可用于公开报道的有效准宣证。请先向总部策划申请。") % {"name": names}
        ]
    return [_("稿件标明涉先进典型，但正文没有出现已推荐典型的姓名。请核对姓名，或先推荐典型。")]


def _with_clearances(unit_id: uuid.UUID) -> QuerySet[Exemplar]:
    above = policy.tree().above(unit_id)
    return Exemplar.objects.filter(unit__in=[unit_id, *above]).prefetch_related("clearances")
