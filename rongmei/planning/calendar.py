"""The plan by days: what is due when, in a day, a week, a month or a year, of the units in reach."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.functions import RowNumber, TruncDate
from django.utils import timezone

from rongmei.network import policy
from rongmei.planning import selectors
from rongmei.planning.models import Pitch, PitchKind, PitchState, Task, TaskState

if TYPE_CHECKING:
    from rongmei.network.models import Member

Span = Literal["day", "week", "month", "year"]
SPANS: Final = ("day", "week", "month", "year")
# What a day of the month shows; the rest is a number that leads to the day.
SHOWN: Final = {"day": 200, "week": 40, "month": 6}
_NO_PLAN: Final = (PitchState.DRAFT, PitchState.REJECTED, PitchState.CANCELLED)
_OVER: Final = (TaskState.DONE, TaskState.DECLINED, TaskState.CANCELLED)


@dataclass(frozen=True)
class Entry:
    """One thing due: a pitch or a task. `movable` when it may be moved on this node by its planner."""

    kind: str
    pk: uuid.UUID
    title: str
    unit: str
    due_at: datetime
    label: str
    sign: str
    urgent: bool
    movable: bool


@dataclass
class Day:
    """A day with what is due on it, as much as is shown, and how much there is in all."""

    day: date
    inside: bool = True
    entries: list[Entry] = field(default_factory=list)
    total: int = 0

    @property
    def more(self) -> int:
        """How many are not shown."""
        return self.total - len(self.entries)


@dataclass(frozen=True)
class Month:
    """A month of the year in numbers."""

    first: date
    pitches: int
    tasks: int
    done: int

    @property
    def percent(self) -> int:
        """How much of the month's tasks is done, 0 to 100."""
        return round(100 * self.done / self.tasks) if self.tasks else 0


def days_of(span: str, day: date) -> list[date]:
    """The days a page shows: one, Monday to Sunday, or whole weeks around the month."""
    if span == "day":
        return [day]
    first = day.replace(day=1) if span == "month" else day
    start = first - timedelta(days=first.weekday())
    if span == "week":
        return [start + timedelta(days=n) for n in range(7)]
    following = (first + timedelta(days=31)).replace(day=1)
    weeks = -(-(following - start).days // 7)
    return [start + timedelta(days=n) for n in range(7 * weeks)]


def shifted(span: str, day: date, steps: int) -> date:
    """The same page that many spans later, or earlier."""
    if span in {"day", "week"}:
        return day + timedelta(days=steps * (7 if span == "week" else 1))
    months = day.year * 12 + day.month - 1 + steps * (12 if span == "year" else 1)
    return date(months // 12, months % 12 + 1, 1)


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _between(rows: QuerySet[Any], days: Sequence[date]) -> QuerySet[Any]:
    return rows.filter(due_at__gte=_start(days[0]), due_at__lt=_start(days[-1] + timedelta(days=1)))


def _pitches(member: Member, unit: str) -> QuerySet[Pitch]:
    rows = selectors.pitches_visible_to(member).exclude(state__in=_NO_PLAN)
    return rows.filter(unit__code=unit) if unit else rows


def _tasks(member: Member, unit: str) -> QuerySet[Task]:
    rows = selectors.tasks_visible_to(member).exclude(state=TaskState.CANCELLED)
    return rows.filter(to_unit__code=unit) if unit else rows


def _first_of_each_day(rows: QuerySet[Any], most: int) -> QuerySet[Any]:
    """At most so many rows of each day, by time (one query, however many there are)."""
    day = TruncDate("due_at")
    order = Window(RowNumber(), partition_by=[day], order_by=[F("due_at"), F("id")])
    first: QuerySet[Any] = rows.order_by("due_at", "id").annotate(at=order).filter(at__lte=most)
    return first


def plan(member: Member, span: str, day: date, *, what: str = "", unit: str = "") -> list[Day]:
    """The days of a page with what is due on them; four queries at most.

    `what` is "pitch" or "task" for one of them alone; `unit` is the code of the unit that leads or
    takes the work.
    """
    days = days_of(span, day)
    found = {one: Day(one, inside=span != "month" or one.month == day.month) for one in days}
    most = SHOWN[span]
    if what != "task":
        rows = _between(_pitches(member, unit), days)
        deciding = policy.units_for(member, "planning.decide")
        _put(found, rows, most, lambda one: _of_pitch(one, deciding))
    if what != "pitch":
        rows = _between(_tasks(member, unit), days)
        giving = policy.units_for(member, "planning.dispatch")
        _put(found, rows, most, lambda one: _of_task(one, giving))
    for one in found.values():
        one.entries = sorted(one.entries, key=lambda entry: (entry.due_at, entry.kind))[:most]
    return list(found.values())


def _put(found: dict[date, Day], rows: QuerySet[Any], most: int, entry: Any) -> None:
    counted = rows.order_by().values(on=TruncDate("due_at")).annotate(n=Count("pk"))
    for one in counted:
        found[one["on"]].total += one["n"]
    for row in _first_of_each_day(rows, most):
        found[timezone.localdate(row.due_at)].entries.append(entry(row))


def _of_pitch(one: Pitch, deciding: Iterable[uuid.UUID]) -> Entry:
    ended = one.state == PitchState.DONE
    return Entry(
        "pitch", one.pk, one.title, one.unit.short_label, one.due_at or timezone.now(),
        str(PitchState(one.state).label), "done" if ended else "", one.kind == PitchKind.BREAKING,
        movable=one.home is None and not ended and one.unit_id in deciding,
    )  # fmt: skip


def _of_task(one: Any, giving: Iterable[uuid.UUID]) -> Entry:
    over = one.stage in _OVER
    late = not over and one.due_at < timezone.now()
    return Entry(
        "task", one.pk, one.title, one.to_unit.short_label, one.due_at,
        str(TaskState(one.stage).label), "done" if over else "failed" if late else "", one.urgent,
        movable=one.home is None and not over and one.unit_id in giving,
    )  # fmt: skip


def year(member: Member, year_: int, *, unit: str = "") -> list[Month]:
    """The twelve months in numbers; two queries."""
    firsts = [date(year_, n, 1) for n in range(1, 13)]
    days = [firsts[0], date(year_, 12, 31)]
    within = [Q(due_at__gte=_start(one), due_at__lt=_start(shifted("month", one, 1))) for one in firsts]  # fmt: skip
    pitches = _between(_pitches(member, unit), days).aggregate(
        **{f"m{n}": Count("pk", filter=one) for n, one in enumerate(within)}
    )
    tasks = _between(_tasks(member, unit), days)
    done = Q(**{"stage": TaskState.DONE})
    counted: Counter[str] = Counter(
        tasks.order_by().aggregate(
            **{f"m{n}": Count("pk", filter=one) for n, one in enumerate(within)},
            **{f"d{n}": Count("pk", filter=one & done) for n, one in enumerate(within)},
        )
    )
    return [
        Month(one, pitches[f"m{n}"], counted[f"m{n}"], counted[f"d{n}"])
        for n, one in enumerate(firsts)
    ]
