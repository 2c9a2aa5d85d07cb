"""What was found, over time: the columns of the chart above the hits, and the days they stand for.

The chart shows the whole of a search, with the days asked for marked in it, so that other days can
be chosen from where one is. Columns are plain links; a script makes a stretch of them of a drag.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from django.utils.translation import gettext as _

from rongmei.archive import dates, selectors
from rongmei.archive.errors import IndexMissing
from rongmei.archive.indexing import search_index
from rongmei.archive.query import Query
from rongmei.archive.query_days import days_of, stem_of, without_days
from rongmei.archive.types import SearchRequest
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

Step = Literal["day", "week", "month"]
STEPS: Final[tuple[Step, ...]] = ("day", "week", "month")
# More columns than this cannot be told apart, nor hit with a finger.
MOST: Final = 120
# Up to so many days are shown as days, up to so many as weeks.
DAYS, WEEKS = 62, 400
TZ_OFFSET: Final = SearchRequest().tz_offset
# A share of the chart's height, in the units of its drawing.
HEIGHT: Final = 100
LEAST: Final = 4


@dataclass(frozen=True)
class Column:
    """A day, week or month: how many documents, which days, and where it stands in the drawing."""

    first: date
    last: date
    count: int
    x: int
    height: int
    label: str
    query: str
    chosen: bool

    @property
    def y(self) -> int:
        """Where its top is, from above."""
        return HEIGHT - self.height


@dataclass(frozen=True)
class Timeline:
    """The chart of a search. `left_out` documents lie before the first column."""

    step: Step
    columns: tuple[Column, ...]
    top: int
    left_out: int
    first: date | None
    last: date | None
    whole: str

    @property
    def narrowed(self) -> bool:
        """Whether the search itself is limited to days."""
        return self.first is not None or self.last is not None

    @property
    def width(self) -> int:
        """Of the drawing: ten for a column."""
        return 10 * len(self.columns)


def counted(member: Member, query: str | Query) -> tuple[tuple[int, int], ...]:
    """How many documents of each day the member may find; empty days are left out."""
    policy.require(member, "archive.view")
    request = SearchRequest(
        query=selectors.understood(query, member), scope=selectors.scope_of(member), limit=0,
        histogram="day",
    )  # fmt: skip
    try:
        return search_index().reader().search(request).histogram
    except IndexMissing:
        return ()


def asked_days(typed: str, now: datetime) -> tuple[date | None, date | None]:
    """The first and the last day that the typed words are limited to; None where they are not."""
    first: date | None = None
    last: date | None = None
    for one in days_of(typed):
        start, end = dates.period(one.value, now=int(now.timestamp()), tz_offset=TZ_OFFSET)
        if one.name != "before":
            low = day_of(start)
            first = low if first is None else max(first, low)
        if one.name != "after":
            high = day_of((start if one.name == "before" else end) - 1)
            last = high if last is None else min(last, high)
    return first, last


def limited(typed: str, first: date | None, last: date | None) -> str:
    """The typed words, limited to the days from `first` to `last`, or no longer limited."""
    if first and last and first > last:
        first, last = last, first
    if first is None and last is None:
        return without_days(typed)
    return f"{stem_of(typed)} {_condition(first, last)}".strip()


def _condition(first: date | None, last: date | None) -> str:
    if first and first == last:
        return f"date:{first}"
    parts = [f"after:{first}"] if first else []
    if last:
        parts.append(f"before:{last + timedelta(days=1)}")
    return " ".join(parts)


def drawn(
    counts: Sequence[tuple[int, int]],
    typed: str,
    *,
    step: str,
    days: tuple[date | None, date | None],
    least: int = 1,
) -> Timeline | None:
    """The chart of counts by day, `least` columns wide; None where there is nothing to draw."""
    if not counts:
        return None
    by_day = {day_of(start): count for start, count in counts}
    first, last = min(by_day), max(by_day)
    size = _step(step, (last - first).days + 1)
    held: dict[date, int] = {}
    for day, count in by_day.items():
        start = _start(day, size)
        held[start] = held.get(start, 0) + count
    starts = _every(_start(first, size), last, size)
    while len(starts) < least:
        # Two columns would be two walls: what lies before shows that there was nothing.
        starts.insert(0, _start(starts[0] - timedelta(days=1), size))
    shown = _window(starts, days, size)
    top = max(held.get(start, 0) for start in shown)
    stem = stem_of(typed)
    columns = tuple(
        _column(at, start, held.get(start, 0), top, size, stem, days)
        for at, start in enumerate(shown)
    )
    left_out = sum(count for start, count in held.items() if start < shown[0])
    return Timeline(size, columns, top, left_out, *days, without_days(typed))


def _step(asked: str, days: int) -> Step:
    for one in STEPS:
        if one == asked:
            return one
    return "day" if days <= DAYS else "week" if days <= WEEKS else "month"


def day_of(seconds: int) -> date:
    """The day, where the house is, of a moment in seconds since 1970."""
    return datetime.fromtimestamp(seconds + TZ_OFFSET, UTC).date()


def _start(day: date, step: Step) -> date:
    if step == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if step == "week" else day


def _after(start: date, step: Step) -> date:
    if step == "month":
        return (start + timedelta(days=31)).replace(day=1)
    return start + timedelta(days=7 if step == "week" else 1)


def _every(first: date, last: date, step: Step) -> list[date]:
    found = [first]
    while (following := _after(found[-1], step)) <= last:
        found.append(following)
    return found


def _window(starts: list[date], days: tuple[date | None, date | None], step: Step) -> list[date]:
    """As many columns as can be shown: the newest, or those round the days that were asked for."""
    if len(starts) <= MOST:
        return starts
    end = len(starts)
    anchor = days[1] or days[0]
    if anchor is not None:
        before = sum(start <= anchor for start in starts)
        end = min(len(starts), max(MOST, before + MOST // 4))
    return starts[end - MOST : end]


def _column(
    at: int, start: date, count: int, top: int, step: Step, stem: str,
    days: tuple[date | None, date | None],
) -> Column:  # fmt: skip
    last = _after(start, step) - timedelta(days=1)
    height = max(LEAST, round(count / top * HEIGHT)) if count and top else 0
    inside = any(days) and (days[0] or start) <= last and start <= (days[1] or last)
    return Column(
        start, last, count, at * 10, height, _named(start, last, step),
        f"{stem} {_condition(start, last)}".strip(), bool(inside),
    )  # fmt: skip


def _named(start: date, last: date, step: Step) -> str:
    if step == "day":
        return f"{start:%Y-%m-%d}"
    if step == "month":
        return f"{start:%Y-%m}"
    return _("%(first)s 至 %(last)s") % {"first": f"{start:%Y-%m-%d}", "last": f"{last:%m-%d}"}
