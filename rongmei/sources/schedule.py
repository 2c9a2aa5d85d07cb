"""When to ask a source again, as pure functions.

The figures are those Media Cloud's rss-fetcher settled on over some 180,000 feeds: polling grows
rarer while at least two thirds of what comes is known already, and denser when less than a third
is; a source that keeps failing is not forgotten but asked ever more seldom.
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from rongmei.kernel.http_errors import Kind
from rongmei.sources.types import Hints

MIN_INTERVAL = timedelta(minutes=10)
DEFAULT_INTERVAL = timedelta(hours=6)
MAX_INTERVAL = timedelta(hours=24)
MAX_UNDEAD_INTERVAL = timedelta(days=30)
STEP = timedelta(minutes=60)
FINE_STEP = timedelta(minutes=10)
LENGTHEN_FROM = 0.67
SHORTEN_BELOW = 0.33
UNDEAD_FROM = 30.0
RECENT = timedelta(days=31)
WEIGHTS: dict[Kind, float] = {"hard": 1.0, "soft": 0.5, "temporary": 0.25}
_RETRY: dict[Kind, timedelta] = {
    "hard": timedelta(hours=1),
    "soft": timedelta(minutes=30),
    "temporary": timedelta(minutes=10),
}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How often at most and at least one source may be asked; set per source."""

    minimum: timedelta = MIN_INTERVAL
    maximum: timedelta = MAX_INTERVAL


@dataclass(frozen=True, slots=True)
class PollState:
    """What has to be remembered of a source to know when to ask again.

    ``failures`` grows by the weight of each failure and returns to 0 at the first success.
    """

    interval: timedelta = DEFAULT_INTERVAL
    failures: float = 0.0
    last_new_at: datetime | None = None
    next_at: datetime | None = None
    # Which rule set `next_at`, and the share of known entries it went by; for people to read.
    rule: str = "first"
    known: float | None = None

    @property
    def undead(self) -> bool:
        """Whether the source has failed so long that it is only looked in on."""
        return self.failures >= UNDEAD_FROM


def after_success(
    state: PollState,
    *,
    now: datetime,
    items: int,
    known: int,
    bounds: Bounds | None = None,
    hints: Hints | None = None,
) -> PollState:
    """The state after a fetch that brought ``items`` entries, ``known`` of them not new.

    An unchanged answer (304, or the same bytes) counts as all known: pass ``items=0``. A feed's
    own wish for fewer visits is honoured up to the source's longest interval.
    """
    limits = bounds or Bounds()
    share = known / items if items else 1.0
    last_new = now if items > known else state.last_new_at
    lively = last_new is not None and now - last_new <= RECENT
    step = FINE_STEP if lively else STEP
    interval = state.interval
    if share >= LENGTHEN_FROM:
        interval += step
    elif share < SHORTEN_BELOW:
        interval -= step
    rule = "adaptive" if items else "unchanged"
    interval = clamp(interval, limits)
    wait, hints = interval, hints or Hints()
    asked = timedelta(seconds=min(hints.every_seconds or 0, limits.maximum.total_seconds()))
    if asked > interval:
        wait, rule = asked, "hint"
    next_at = after_skipped(now + wait, hints)
    if next_at != now + wait:
        rule = "skip"
    return PollState(interval, 0.0, last_new, next_at, rule, share)


def after_skipped(at: datetime, hints: Hints) -> datetime:
    """The first moment from ``at`` on that the feed does not ask to be left alone in.

    A feed that asks never to be visited is not taken at its word.
    """
    moment = at.astimezone(UTC)
    for _ in range(8 * 24):
        if moment.weekday() not in hints.skip_days and moment.hour not in hints.skip_hours:
            return at if moment == at else moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def after_failure(
    state: PollState,
    *,
    now: datetime,
    kind: Kind,
    retry_after: float | None = None,
    bounds: Bounds | None = None,
) -> PollState:
    """The state after a failure; ``retry_after`` (seconds) is honoured when it asks for longer.

    Early failures are retried soon and then with doubled waits up to the source's longest
    interval; from 30 points on the wait grows by a day a point, up to thirty days.
    """
    limits = bounds or Bounds()
    failures = state.failures + WEIGHTS[kind]
    rule = "retry"
    if failures >= UNDEAD_FROM:
        rule = "undead"
        wait = min(MAX_INTERVAL + timedelta(days=failures - UNDEAD_FROM), MAX_UNDEAD_INTERVAL)
    else:
        wait = min(_RETRY[kind] * 2 ** min(failures, 20), max(limits.maximum, limits.minimum))
    if retry_after is not None and timedelta(seconds=retry_after) > wait:
        wait, rule = timedelta(seconds=retry_after), "retry_after"
    wait = max(wait, limits.minimum)
    return replace(state, failures=failures, next_at=now + wait, rule=rule, known=None)


def clamp(interval: timedelta, bounds: Bounds) -> timedelta:
    """``interval`` within ``bounds``; the minimum wins if they cross."""
    return max(min(interval, bounds.maximum), bounds.minimum)


def spread(state: PollState, *, chance: random.Random, share: float = 0.1) -> PollState:
    """Move the next poll later by up to ``share`` of its interval, so that sources added together
    do not call together for ever."""
    if state.next_at is None:
        return state
    return replace(state, next_at=state.next_at + state.interval * share * chance.random())


RHYTHM_KEPT = 60
RHYTHM_GRAIN = timedelta(hours=6)
RHYTHM_FROM = 8
SHORTEST_SILENCE = timedelta(hours=12)
LONGEST_SILENCE = timedelta(days=60)


def rhythm_after(rhythm: Sequence[int], now: datetime) -> list[int]:
    """The rhythm with another arrival: at most one in six hours is kept, and sixty in all.

    So it covers weeks even of a lively source, weekends and their silence among them.
    """
    at = int(now.timestamp())
    if rhythm and at - rhythm[-1] < RHYTHM_GRAIN.total_seconds():
        return list(rhythm)
    return [*rhythm, at][-RHYTHM_KEPT:]


def silence_limit(rhythm: Sequence[int]) -> timedelta | None:
    """How long a source of this rhythm may bring nothing before it has gone quiet.

    Of the gaps between its arrivals: three times the median, or one and a half times the second
    longest, whichever is longer, between twelve hours and sixty days. The median does not see
    outliers; the second longest gap knows weekends and holidays but forgives one long outage.
    None with fewer than eight gaps: too little is known of it.
    """
    gaps = sorted(after - before for before, after in pairwise(rhythm))
    if len(gaps) < RHYTHM_FROM:
        return None
    limit = timedelta(seconds=max(3 * statistics.median(gaps), 1.5 * gaps[-2]))
    return max(min(limit, LONGEST_SILENCE), SHORTEST_SILENCE)
