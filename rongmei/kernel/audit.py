"""The append-only audit chain: every write leaves a line, and every line seals the one before.

The hash is SHA-256 over a canonical JSON of the entry and the previous hash, so that a changed,
removed or inserted row is found and named by `verify()`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import orjson
from django.utils import timezone

from rongmei.kernel import context, db
from rongmei.kernel.models import AuditEntry

GENESIS = "0" * 64


class Actor(Protocol):
    """Whoever acts: a member, or a stand-in for the system."""

    @property
    def pk(self) -> Any: ...


@dataclass(frozen=True)
class Verdict:
    """What verification found. `broken` names the first entry that does not hold."""

    entries: int
    head: str
    broken: int | None = None
    reason: str = ""

    @property
    def ok(self) -> bool:
        return self.broken is None


def _digest(entry: AuditEntry) -> str:
    at = entry.at.astimezone(timezone.get_fixed_timezone(0)).isoformat(timespec="microseconds")
    body = orjson.dumps(
        {
            "seq": entry.seq,
            "at": at,
            "actor_id": str(entry.actor_id or ""),
            "actor": entry.actor,
            "action": entry.action,
            "subject_type": entry.subject_type,
            "subject_id": entry.subject_id,
            "subject": entry.subject,
            "unit_id": str(entry.unit_id or ""),
            "ip": entry.ip,
            "detail": entry.detail,
            "previous": entry.previous,
        },
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(body).hexdigest()


def record(
    by: Actor | None,
    action: str,
    subject: Any = None,
    *,
    unit_id: uuid.UUID | None = None,
    **detail: Any,
) -> AuditEntry:
    """Add a line: `by` did `action` to `subject`. Only inside a write.

    `detail` must be JSON-able (ids and times are turned into text); never put secrets or the
    opinions of a countersign in it.
    """
    if not db.in_write():
        raise RuntimeError("audit.record() outside kernel.db.write()")
    db.serialise()
    now = context.current()
    last = AuditEntry.objects.order_by("-seq").only("seq", "hash").first()
    entry = AuditEntry(
        seq=(last.seq if last else 0) + 1,
        at=timezone.now(),
        actor_id=by.pk if by is not None else now.actor_id,
        actor=str(by if by is not None else now.actor)[:120],
        action=action,
        subject_type=subject._meta.label_lower[:40] if subject is not None else "",
        subject_id=str(subject.pk) if subject is not None else "",
        subject=str(subject)[:200] if subject is not None else "",
        unit_id=unit_id or getattr(subject, "unit_id", None),
        ip=now.ip,
        detail=orjson.loads(orjson.dumps(detail, default=str)),
        previous=last.hash if last else GENESIS,
    )
    entry.hash = _digest(entry)
    entry.save(force_insert=True)
    return entry


def details(action: str, subject_id: uuid.UUID) -> list[dict[str, Any]]:
    """What the lines of one action on one subject say, oldest first."""
    rows = AuditEntry.objects.filter(subject_id=str(subject_id), action=action).order_by("seq")
    return list(rows.values_list("detail", flat=True))


def _entries(batch: int = 2000) -> Iterator[AuditEntry]:
    yield from AuditEntry.objects.order_by("seq").iterator(chunk_size=batch)


def verify() -> Verdict:
    """Walk the whole chain; name the first entry that was changed, removed or put in."""
    previous, count = GENESIS, 0
    for entry in _entries():
        count += 1
        if entry.seq != count:
            return Verdict(count - 1, previous, count, "missing")
        if entry.previous != previous:
            return Verdict(count - 1, previous, entry.seq, "unlinked")
        if _digest(entry) != entry.hash:
            return Verdict(count - 1, previous, entry.seq, "changed")
        previous = entry.hash
    return Verdict(count, previous)


def head() -> tuple[int, str, datetime | None]:
    """Number, hash and time of the newest entry: what peers exchange."""
    last = AuditEntry.objects.order_by("-seq").first()
    return (last.seq, last.hash, last.at) if last else (0, GENESIS, None)
