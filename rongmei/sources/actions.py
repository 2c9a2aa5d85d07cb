"""Verbs of the sources room: what is watched, and how each fetch came out."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, Conflict, NotFound
from rongmei.network import policy
from rongmei.sources.models import FetchLog, FetchState, Source
from rongmei.sources.schedule import Bounds, PollState, after_failure, after_success
from rongmei.sources.types import FetchOutcome

if TYPE_CHECKING:
    from rongmei.kernel.http_errors import Kind
    from rongmei.network.models import Member

LEASE = timedelta(minutes=5)
LOG_KEPT = 200
SAMPLE_BYTES = 64_000
EDITABLE = (
    "name", "url", "home_url", "kind", "media_class", "tier", "region", "language", "options",
    "full_text", "shared", "enabled", "min_interval", "max_interval",
)  # fmt: skip


@dataclass(frozen=True)
class Outcome:
    """How one attempt at a source came out. `failure` is None when it went well."""

    outcome: FetchOutcome
    message: str = ""
    http_status: int | None = None
    bytes: int = 0
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


def source_add(*, by: Member, unit_id: uuid.UUID, name: str, url: str, **fields: Any) -> Source:
    """Watch a new source for the unit; it is fetched at once."""
    policy.require(by, "sources.manage", unit_id)
    if not url.startswith(("http://", "https://")):
        raise BadInput(_("地址要以 http:// 或 https:// 开头,信源没有添加。"))
    chosen = {key: value for key, value in fields.items() if key in EDITABLE or key == "preset"}
    with db.write():
        if Source.objects.filter(unit_id=unit_id, url=url).exists():
            raise Conflict(_("本单位已经有这个地址的信源,没有重复添加。"))
        source = Source.objects.create(unit_id=unit_id, name=name[:80], url=url, **chosen)
        FetchState.objects.create(source=source, interval=source.min_interval)
        audit.record(by, "source.added", source, url=url, kind=source.kind)
    return source


def _locked(source_id: uuid.UUID) -> Source:
    source = Source.objects.select_for_update(of=("self",)).filter(pk=source_id).first()
    if source is None:
        raise NotFound
    return source


def source_change(*, by: Member, source_id: uuid.UUID, **fields: Any) -> Source:
    """Change named fields of a source; a new address is fetched at once."""
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.manage", source)
        changed = {
            key: value
            for key, value in fields.items()
            if key in EDITABLE and getattr(source, key) != value
        }
        for key, value in changed.items():
            setattr(source, key, value)
        try:
            source.save()
        except IntegrityError as error:
            raise Conflict(_("本单位已经有这个地址的信源,修改没有保存。")) from error
        if {"url", "kind", "options", "enabled"} & set(changed):
            FetchState.objects.filter(source=source).update(
                due_at=timezone.now(), etag="", last_modified="", body_hash="", failures=0
            )
        audit.record(by, "source.changed", source, fields=sorted(changed))
    return source


def source_mark_internal(*, by: Member, source_id: uuid.UUID, internal: bool) -> Source:
    """Let a source be on a private network, or no longer; only the system administrator may."""
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.mark_internal", source)
        source.internal = internal
        source.save(update_fields=["internal", "updated_at"])
        FetchState.objects.filter(source=source).update(due_at=timezone.now(), failures=0)
        audit.record(by, "source.marked_internal", source, internal=internal)
    return source


def source_fetch_now(*, by: Member, source_id: uuid.UUID) -> None:
    """Put the source at the head of the queue."""
    with db.write():
        source = _locked(source_id)
        policy.require(by, "sources.manage", source)
        FetchState.objects.filter(source=source).update(due_at=timezone.now(), leased_until=None)
        audit.record(by, "source.fetch_asked", source)


def sources_claim(*, limit: int) -> list[Source]:
    """Take due sources for fetching; each is ours until its lease ends. No person does this."""
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    with db.write():
        rows = FetchState.objects.filter(free, due_at__lte=now, source__enabled=True)
        if db.is_postgresql():
            rows = rows.select_for_update(of=("self",), skip_locked=True)
        states = list(rows.select_related("source").order_by("due_at")[:limit])
        FetchState.objects.filter(pk__in=[one.pk for one in states]).update(
            leased_until=now + LEASE
        )
    return [one.source for one in states]


def fetch_recorded(source: Source, outcome: Outcome) -> None:
    """Note how a fetch came out and when to ask again; in the write of the last items, or alone."""
    now = timezone.now()
    with db.write():
        state = FetchState.objects.select_for_update().get(pk=source.pk)
        poll = _poll_after(source, state, outcome, now)
        state.interval = max(1, int(poll.interval.total_seconds()))
        state.failures = poll.failures
        state.due_at = poll.next_at or now
        state.leased_until = None
        state.outcome, state.message = outcome.outcome, outcome.message[:500]
        state.http_status, state.last_try_at = outcome.http_status, now
        if outcome.failure is None:
            state.last_ok_at = now
            state.etag, state.last_modified = outcome.etag[:300], outcome.last_modified[:80]
            state.body_hash, state.moved_to = outcome.body_hash, outcome.moved_to[:1000]
            state.items_seen += outcome.items_seen
            state.items_new += outcome.items_new
            state.last_new_at = now if outcome.items_new else state.last_new_at
        state.save()
        if outcome.failure is not None or outcome.items_new:
            _log(source, outcome)


def _poll_after(source: Source, state: FetchState, outcome: Outcome, now: datetime) -> PollState:
    bounds = Bounds(timedelta(seconds=source.min_interval), timedelta(seconds=source.max_interval))
    before = PollState(
        interval=timedelta(seconds=state.interval),
        failures=state.failures,
        last_new_at=state.last_new_at,
    )
    if outcome.failure is None:
        known = outcome.items_seen - outcome.items_new
        return after_success(before, now=now, items=outcome.items_seen, known=known, bounds=bounds)
    return after_failure(
        before, now=now, kind=outcome.failure, retry_after=outcome.retry_after, bounds=bounds
    )


def _log(source: Source, outcome: Outcome) -> None:
    FetchLog.objects.create(
        source=source,
        outcome=outcome.outcome,
        message=outcome.message[:500],
        http_status=outcome.http_status,
        bytes=outcome.bytes,
        took_ms=outcome.took_ms,
        items_seen=outcome.items_seen,
        items_new=outcome.items_new,
        sample=outcome.sample[:SAMPLE_BYTES],
    )
    old = source.log.values_list("pk", flat=True)[LOG_KEPT : LOG_KEPT + 50]
    FetchLog.objects.filter(pk__in=list(old)).delete()
