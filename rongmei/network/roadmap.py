"""The construction road map (时间表、路线图): what each unit planned, reached, and can be seen to do.

Plans and dates are written by whoever manages the unit; facts come from the rooms by hook, so that
a step that happened and was never put on record shows, and one on record without a trace does too.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rongmei.kernel import plugins
from rongmei.network.hooks import RoadFact
from rongmei.network.models import Member, Peer, RoadStep, Unit
from rongmei.network.types import Milestone, PeerState

STEPS = list(Milestone)
State = Literal["done", "now", "late", "next"]


@dataclass(frozen=True)
class Fact:
    """A fact of a unit with its time; None where it has not happened."""

    label: str
    at: datetime | None
    milestone: str


@dataclass(frozen=True)
class Step:
    """A milestone of one unit. `proof` is the earliest fact that speaks for a step not on record."""

    milestone: Milestone
    label: str
    state: State
    planned_on: date | None
    reached_on: date | None
    note: str
    proof: Fact | None = None


@dataclass(frozen=True)
class Road:
    """The road of one unit."""

    unit: Unit
    depth: int
    steps: list[Step]
    facts: list[Fact]

    @property
    def at(self) -> int:
        """How many steps are reached."""
        return sum(one.state == "done" for one in self.steps)

    @property
    def late(self) -> bool:
        """Whether the next step is past its date."""
        return any(one.state == "late" for one in self.steps)


def facts_known() -> list[RoadFact]:
    """The facts that the rooms offer, in order."""
    offered = [one for some in plugins.manager.hook.register_road_facts() for one in some]
    return sorted(offered, key=lambda one: one.order)


def first_accounts(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each unit got its first account."""
    rows = Member.objects.filter(unit__in=unit_ids).values_list("unit")
    return dict(rows.annotate(at=Min("date_joined")))


def first_joined(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When the node of each unit elsewhere was joined to this one."""
    joined = (PeerState.ACTIVE, PeerState.PAUSED)
    rows = Peer.objects.filter(node__units__in=unit_ids, state__in=joined)
    return dict(rows.values_list("node__units").annotate(at=Min("created_at")))


BUILT_IN = [
    RoadFact("account", _("首个账号"), 10, first_accounts, Milestone.SET_UP.value),
    RoadFact("joined", _("节点互联"), 20, first_joined, Milestone.CONNECTED.value),
]


def roads(listed: Iterable[tuple[int, Unit]]) -> list[Road]:
    """The roads of these (depth, unit), in their order, with a fixed number of queries."""
    found = list(listed)
    ids = [unit.pk for _depth, unit in found]
    rows: dict[uuid.UUID, dict[str, RoadStep]] = {}
    for row in RoadStep.objects.filter(unit__in=ids):
        rows.setdefault(row.unit_id, {})[row.milestone] = row
    known = [(one, one.read(ids)) for one in facts_known()]
    today = timezone.localdate()
    return [
        _road(
            unit, depth, rows.get(unit.pk, {}), today,
            [Fact(str(one.label), times.get(unit.pk), one.milestone) for one, times in known],
        )
        for depth, unit in found
    ]  # fmt: skip


def road(unit: Unit) -> Road:
    """The road of one unit."""
    return roads([(0, unit)])[0]


def _road(
    unit: Unit, depth: int, rows: dict[str, RoadStep], today: date, facts: list[Fact]
) -> Road:
    at, steps = STEPS.index(Milestone(unit.milestone)), []
    for number, milestone in enumerate(STEPS):
        row = rows.get(milestone) or RoadStep(milestone=milestone)
        reached = row.reached_on or (unit.milestone_on if number == at else None)
        planned = row.planned_on or (unit.milestone_due if number == at + 1 else None)
        state: State = "done" if number <= at else "now" if number == at + 1 else "next"
        if state != "done" and planned is not None and planned < today:
            state = "late"
        happened = [one for one in facts if one.milestone == milestone and one.at]
        proof = min(happened, key=lambda one: one.at or timezone.now()) if happened else None
        steps.append(
            Step(
                milestone, str(milestone.label), state, planned, reached, row.note,
                None if state == "done" else proof,
            )
        )  # fmt: skip
    return Road(unit, depth, steps, facts)
