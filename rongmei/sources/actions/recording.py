"""How fetches came out: claimed, held, recorded in batches; when to ask again, and why.

A batch of outcomes costs the same few queries whether it has one source in it or a hundred.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from rongmei.kernel import audit, db, rows
from rongmei.sources.collectors.urls import host_of
from rongmei.sources.models import FetchLog, FetchState, Source
from rongmei.sources.schedule import (
    Bounds,
    PollState,
    after_failure,
    after_success,
    rhythm_after,
    silence_limit,
)
from rongmei.sources.types import FetchOutcome, Hints

if TYPE_CHECKING:
    from rongmei.kernel.http_errors import Kind

# A killed fetch is taken up again when its lease ends; a living one renews it.
LEASE: Final = timedelta(seconds=60)
LOG_KEPT: Final = 200
# The log of a source is cut once in so many attempts, so that cutting costs next to nothing.
CUT_EVERY: Final = 25
SAMPLE_BYTES: Final = 64_000
TROUBLE_KEPT: Final = 500
# A permanent redirect is believed when it was met so often in a row.
MOVES_BELIEVED: Final = 5
# The whole state, and of the source what its pace is made of.
_LOOKED_AT: Final = [
    *(one.name for one in FetchState._meta.concrete_fields),
    *(
        f"source__{name}"
        for name in (
            "unit", "home", "url", "internal", "follow_moves", "min_interval", "max_interval",
            "max_items_day", "max_bytes_day",
        )
    ),
]  # fmt: skip
HEADERS_KEPT: Final = 40
# How many times the wanted number of due rows is looked at for a good mixture of hosts.
_LOOK_AHEAD: Final = 10


@dataclass(frozen=True)
class Outcome:
    """How one attempt at a source came out. `failure` is None when it went well."""

    outcome: FetchOutcome
    message: str = ""
    http_status: int | None = None
    received: int = 0
    took_ms: int = 0
    items_seen: int = 0
    items_new: int = 0
    failure: Kind | None = None
    retry_after: float | None = None
    etag: str = ""
    last_modified: str = ""
    body_hash: str = ""
    moved_to: str = ""
    sample: bytes = b""
    left: int = 0
    cursor: str = ""
    parts: Mapping[str, list[str]] = field(default_factory=dict)
    trouble: Mapping[str, float] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    # None when the answer was not read: then what it asked for before still holds.
    hints: Hints | None = None


def sources_claim(
    *,
    limit: int,
    only: Iterable[uuid.UUID] | None = None,
    busy: Mapping[str, int] | None = None,
    per_host: int = 0,
) -> list[Source]:
    """Take due sources for fetching; each is ours until its lease ends. No person does this.

    With `only`, those sources, due or not. With `per_host`, no more of one host than that, counting
    those that are `busy` already: the sources of one slow host must not take every place.
    """
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    wanted = Q(due_at__lte=now, source__enabled=True) if only is None else Q(pk__in=list(only))
    with db.write():
        due = FetchState.objects.filter(free, wanted).order_by("due_at")
        if per_host:
            due = due.filter(pk__in=_of_many_hosts(due, limit, busy or {}, per_host))
        if db.is_postgresql():
            due = due.select_for_update(of=("self",), skip_locked=True)
        states = list(due.select_related("source")[:limit])
        FetchState.objects.filter(pk__in=[one.pk for one in states]).update(
            leased_until=now + LEASE
        )
    return [one.source for one in states]


def _of_many_hosts(
    due: QuerySet[FetchState], limit: int, busy: Mapping[str, int], per_host: int
) -> list[uuid.UUID]:
    """Ids of the rows to take, longest due first, with a place for each host."""
    full = [host for host, count in busy.items() if host and count >= per_host]
    taken = Counter(busy)
    found: list[uuid.UUID] = []
    looked = due.exclude(source__host__in=full).values_list("pk", "source__host")
    for pk, host in looked[: limit * _LOOK_AHEAD]:
        if len(found) == limit:
            break
        if not host or taken[host] < per_host:
            taken[host] += 1
            found.append(pk)
    return found


def sources_hold(source_ids: Iterable[uuid.UUID]) -> None:
    """Renew the leases of what is still being fetched.

    What was recorded in the meantime has no lease any more, and must not be held up by a new one.
    """
    with db.write():
        FetchState.objects.filter(pk__in=list(source_ids), leased_until__isnull=False).update(
            leased_until=timezone.now() + LEASE
        )


def sources_release(source_ids: Iterable[uuid.UUID]) -> None:
    """Give back what was claimed and not finished, so that the next process takes it at once."""
    with db.write():
        FetchState.objects.filter(pk__in=list(source_ids)).update(leased_until=None)


def sources_take_over() -> int:
    """Free what a killed collect process held, as the next one starts; how many there were.

    Only where there can be one such process, on SQLite: elsewhere they wait for their leases' end.
    """
    if db.is_postgresql():
        return 0
    with db.write():
        return FetchState.objects.exclude(leased_until=None).update(leased_until=None)


def fetch_recorded(source: Source, outcome: Outcome) -> None:
    """Note how a fetch came out and when to ask again; in the write of the last items, or alone."""
    fetches_recorded([(source, outcome)])


def fetches_recorded(done: Sequence[tuple[Source, Outcome]]) -> None:
    """Note how fetches came out and when to ask again, in one write of a few queries.

    Each `source` is as it was when it was claimed. Of two outcomes of one source the later counts
    last, as if they had been recorded one after the other.
    """
    now = timezone.now()
    with db.write():
        # The pace as it is now: it may have been changed while the fetch went on.
        kept = FetchState.objects.select_for_update(of=("self",)).select_related("source")
        kept = kept.filter(pk__in=[source.pk for source, _ in done]).only(*_LOOKED_AT)
        states = {one.pk: one for one in kept}
        logs, moved = [], []
        for source, outcome in done:
            state = states.get(source.pk)
            if state is None:
                continue
            before = state.outcome
            _note(state, source.state.due_at, outcome, now)
            if outcome.failure is not None or outcome.items_new or outcome.outcome != before:
                logs.append(_log_row(source, outcome))
            if outcome.failure is None and _is_to_move(state):
                moved.append(state)
        rows.put(list(states.values()))
        _keep_logs(logs)
        _cut_logs([pk for pk, state in states.items() if state.polls % CUT_EVERY == 0])
        for state in moved:
            _move(state, now)


def _note(state: FetchState, claimed_due: datetime, outcome: Outcome, now: datetime) -> None:
    """Move a state by one outcome; nothing is written."""
    asked_again = state.due_at > claimed_due
    if outcome.hints is not None:
        wish = outcome.hints
        state.hints = [wish.every_seconds, sorted(wish.skip_hours), sorted(wish.skip_days)]
    poll = _poll_after(state.source, state, outcome, now)
    state.interval = max(1, int(poll.interval.total_seconds()))
    state.failures = poll.failures
    _use_quota(state, outcome, now)
    # Somebody changed the source, or asked for it, while it was being fetched: it stays due.
    if not asked_again:
        state.due_at, state.why = _next_due(state, poll, outcome, now)
    state.leased_until = None
    state.outcome, state.message = outcome.outcome, outcome.message[:500]
    state.http_status, state.last_try_at = outcome.http_status, now
    state.polls += 1
    if outcome.failure is not None:
        state.failing_since = state.failing_since or now
        return
    state.failing_since = None
    state.last_ok_at = now
    state.cursor = outcome.cursor or state.cursor
    state.left, state.trouble = outcome.left, _bounded(outcome.trouble)
    state.unchanged += outcome.outcome == FetchOutcome.NOT_MODIFIED
    _notice_move(state, outcome)
    if not asked_again:
        _remember_answer(state, outcome, now)
    state.items_seen += outcome.items_seen
    state.items_new += outcome.items_new
    if outcome.items_new:
        state.last_new_at, state.quiet_since = now, None
        state.rhythm = rhythm_after(state.rhythm, now)
    elif state.quiet_since is None and _is_quiet(state, now):
        state.quiet_since = now


def _is_quiet(state: FetchState, now: datetime) -> bool:
    limit = silence_limit(state.rhythm)
    return limit is not None and state.last_new_at is not None and now - state.last_new_at > limit


def _notice_move(state: FetchState, outcome: Outcome) -> None:
    said = outcome.moved_to[:1000]
    state.moved_seen = 0 if not said else min(state.moved_seen * (said == state.moved_to) + 1, 999)
    state.moved_to = said


def _is_to_move(state: FetchState) -> bool:
    source = state.source
    return (
        state.moved_seen >= MOVES_BELIEVED
        and source.follow_moves
        and not source.is_replica
        # Leave to be on a private network was given for one host, by a person.
        and not source.internal
    )


def _move(state: FetchState, now: datetime) -> None:
    """Take over the address that the other side has named often enough."""
    source, new = state.source, state.moved_to
    taken = Source.objects.filter(unit_id=source.unit_id, url=new).exclude(pk=source.pk)
    if taken.exists():
        return
    was, source.url, source.host = source.url, new, host_of(new)
    source.moved_from, source.moved_at = was, now
    source.save(update_fields=["url", "host", "moved_from", "moved_at", "updated_at"])
    FetchState.objects.filter(pk=state.pk).update(moved_to="", moved_seen=0)
    audit.record(None, "source.moved", source, was=was, now=new, seen=state.moved_seen)


def _remember_answer(state: FetchState, outcome: Outcome, now: datetime) -> None:
    """Keep what makes the next fetch cheap, unless this one left something to be fetched."""
    whole = outcome.left == 0
    if outcome.http_status != 304:
        same_tag = outcome.etag == state.etag and outcome.last_modified == state.last_modified
        if same_tag and (state.etag or state.last_modified) and outcome.items_new:
            # It would have answered 304 to a question that had an answer.
            state.etag_lies = True
        state.full_at = now
    state.etag = outcome.etag[:300] if whole else ""
    state.last_modified = outcome.last_modified[:80] if whole else ""
    state.body_hash = outcome.body_hash if whole else ""
    state.parts = dict(outcome.parts) if whole else {}


def _bounded(trouble: Mapping[str, float]) -> dict[str, float]:
    return dict(list(trouble.items())[-TROUBLE_KEPT:])


def _use_quota(state: FetchState, outcome: Outcome, now: datetime) -> None:
    """Count what today has used, and note until when nothing more may come."""
    today = timezone.localdate(now)
    if state.day != today:
        state.day, state.day_items, state.day_bytes = today, 0, 0
    state.day_items += outcome.items_new
    state.day_bytes += outcome.received
    source = state.source
    items_full = source.max_items_day and state.day_items >= source.max_items_day
    bytes_full = source.max_bytes_day and state.day_bytes >= source.max_bytes_day
    state.quota_until = _tomorrow(now) if items_full or bytes_full else None


def _tomorrow(now: datetime) -> datetime:
    day = timezone.localdate(now) + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time.min))


def _next_due(
    state: FetchState, poll: PollState, outcome: Outcome, now: datetime
) -> tuple[datetime, dict[str, Any]]:
    """When to ask again, and the rule that says so with its figures."""
    if state.quota_until is not None:
        return state.quota_until, {"rule": "quota"}
    if outcome.left:
        return now + timedelta(seconds=state.source.min_interval), {
            "rule": "left", "left": outcome.left,
        }  # fmt: skip
    due = poll.next_at or now
    why: dict[str, Any] = {"rule": poll.rule, "seconds": int((due - now).total_seconds())}
    if poll.known is not None:
        why["known"] = round(poll.known, 2)
    return due, why


def _poll_after(source: Source, state: FetchState, outcome: Outcome, now: datetime) -> PollState:
    bounds = Bounds(timedelta(seconds=source.min_interval), timedelta(seconds=source.max_interval))
    before = PollState(
        interval=timedelta(seconds=state.interval),
        failures=state.failures,
        last_new_at=state.last_new_at,
    )
    if outcome.failure is None:
        return after_success(
            before, now=now, items=outcome.items_seen,
            known=outcome.items_seen - outcome.items_new, bounds=bounds,
            hints=_hints(state.hints),
        )  # fmt: skip
    return after_failure(
        before, now=now, kind=outcome.failure, retry_after=outcome.retry_after, bounds=bounds
    )


def _hints(kept: Sequence[Any]) -> Hints:
    if len(kept) != 3:
        return Hints()
    return Hints(kept[0], frozenset(kept[1]), frozenset(kept[2]))


def _log_row(source: Source, outcome: Outcome) -> FetchLog:
    headers = dict(list(outcome.headers.items())[:HEADERS_KEPT])
    return FetchLog(
        source=source,
        outcome=outcome.outcome,
        message=outcome.message[:500],
        http_status=outcome.http_status,
        bytes=outcome.received,
        took_ms=outcome.took_ms,
        items_seen=outcome.items_seen,
        items_new=outcome.items_new,
        sample=outcome.sample[:SAMPLE_BYTES],
        headers={name[:80]: value[:500] for name, value in headers.items()},
    )


def _keep_logs(logs: Sequence[FetchLog]) -> None:
    """Write the lines; only the newest failure of a source keeps the raw answer."""
    if fresh := [one.source_id for one in logs if one.sample or one.headers]:
        held = FetchLog.objects.filter(source__in=fresh).exclude(sample=b"", headers={})
        held.update(sample=b"", headers={})
    rows.insert(logs)


def _cut_logs(source_ids: Sequence[uuid.UUID]) -> None:
    """Forget all but the newest lines of these sources."""
    if not source_ids:
        return
    place = Window(RowNumber(), partition_by=F("source_id"), order_by=F("id").desc())
    placed = FetchLog.objects.filter(source__in=source_ids).order_by().annotate(place=place)
    FetchLog.objects.filter(
        pk__in=list(placed.filter(place__gt=LOG_KEPT).values_list("pk", flat=True)[:500])
    ).delete()
