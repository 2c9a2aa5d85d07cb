"""How a unit's reviewing goes: load, turnaround, returns, and what had to be put right afterwards.

Made for talking with people about their work: every number has its stories beside it, times are
medians beside the unit's own, and only errors of fact, name, figure, picture or wording count as
errors; a correction because things moved on is nobody's.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Final

from django.db.models import Count, Min
from django.utils import timezone

from rongmei.network import policy
from rongmei.stories import causes
from rongmei.stories import policy as rules
from rongmei.stories.models import Amendment, Signature, Story

MAY: Final = "stories.review_final"
PERIODS: Final = (7, 30, 90)
MOST: Final = 20_000
SHOWN: Final = 12


def middle(spans: Iterable[timedelta]) -> timedelta:
    """The median of lengths of time."""
    return timedelta(seconds=median(one.total_seconds() for one in spans))


@dataclass
class Reviewer:
    """What one person signed in the period. `errors` are stories that had to be put right."""

    person_id: uuid.UUID
    name: str
    passed: int = 0
    returned: int = 0
    edited: int = 0
    took: dict[str, list[timedelta]] = field(default_factory=lambda: defaultdict(list))
    errors: dict[uuid.UUID, str] = field(default_factory=dict)

    @property
    def turnaround(self) -> list[tuple[str, timedelta, int]]:
        """Median time at each step, and of how many."""
        return [(step, middle(spans), len(spans)) for step, spans in self.took.items()]

    @property
    def error_rate(self) -> float | None:
        """Of what they passed, the share that had to be put right; None when they passed nothing."""
        return len(self.errors) / self.passed if self.passed else None


@dataclass(frozen=True)
class Team:
    """A unit's reviewing over some days. `waiting` is (state, how many, the oldest since)."""

    days: int
    reviewers: tuple[Reviewer, ...]
    turnaround: tuple[tuple[str, timedelta, int], ...]
    waiting: tuple[tuple[str, int, datetime | None], ...]
    returns: tuple[Signature, ...]
    amendments: tuple[tuple[Amendment, str], ...]
    causes: tuple[tuple[str, int], ...]
    whole: bool


def of(member: Any, days: int) -> Team:
    """The reviewing of the units whose stories the member signs off."""
    days = days if days in PERIODS else PERIODS[1]
    units = policy.units_for(member, MAY)
    since = timezone.now() - timedelta(days=days)
    rows = Signature.objects.filter(unit__in=units, signed_at__gte=since, home=None)
    newest = list(rows.select_related("story").defer("story__body", "story__body_text")
                  .order_by("-signed_at", "-id")[:MOST])  # fmt: skip
    amended = Amendment.objects.filter(unit__in=units, happened_at__gte=since)
    mishaps = list(amended.select_related("story").defer("story__body", "story__body_text"))
    people = _people(newest, mishaps)
    returned = [one for one in newest if one.verdict == Signature.Verdict.RETURNED]
    spans = defaultdict(list)
    for one in people:
        for step, took in one.took.items():
            spans[step].extend(took)
    counted = Counter(one.cause for one in mishaps)
    return Team(
        days=days, reviewers=tuple(people),
        turnaround=tuple((step, middle(took), len(took)) for step, took in spans.items()),
        waiting=_waiting(units), returns=tuple(returned[:SHOWN]),
        amendments=tuple((one, causes.words_of(one.cause)) for one in mishaps[:SHOWN]),
        causes=tuple((causes.words_of(code), n) for code, n in counted.most_common()),
        whole=len(newest) < MOST,
    )  # fmt: skip


def _people(newest: list[Signature], mishaps: Iterable[Amendment]) -> list[Reviewer]:
    """Everybody who signed, by how much they signed."""
    wrong = {
        (one.story_id, one.round): one.story.title
        for one in mishaps
        if one.cause not in causes.NOBODYS_ERROR
    }
    found: dict[uuid.UUID, Reviewer] = {}
    before: dict[tuple[uuid.UUID, int], datetime] = {}
    for one in reversed(newest):
        person = found.setdefault(one.person_id, Reviewer(one.person_id, one.person_name))
        place = (one.story_id, one.round)
        # When an earlier round began is not known any more.
        begun = one.story.submitted_at if one.round == one.story.round else None
        at = before.get(place, begun)
        if at is not None and at <= one.signed_at:
            person.took[one.get_step_display()].append(one.signed_at - at)
        before[place] = one.signed_at
        person.edited += one.edited
        if one.verdict == Signature.Verdict.RETURNED:
            person.returned += 1
            continue
        person.passed += 1
        if place in wrong:
            person.errors[one.story_id] = wrong[place]
    return sorted(found.values(), key=lambda one: (-(one.passed + one.returned), one.name))


def _waiting(units: Iterable[uuid.UUID]) -> tuple[tuple[str, int, datetime | None], ...]:
    """How many stories wait at each stage now, and since when the oldest does."""
    rows = Story.objects.filter(unit__in=units, state__in=rules.IN_REVIEW, home=None).order_by()
    counted = rows.values_list("state").annotate(n=Count("pk"), at=Min("submitted_at"))
    found = {state: (n, at) for state, n, at in counted}
    return tuple((step.value, *found.get(step.value, (0, None))) for step in rules.ORDER)
