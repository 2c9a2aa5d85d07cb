"""Verbs of the impact room: counting reads, taking snapshots, telling the story's home."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.db.models import F, Q
from django.utils import timezone

from rongmei.channels import selectors as channels
from rongmei.impact import readers, spool
from rongmei.impact.events import Read
from rongmei.impact.models import ReadCount, ReaderSeen, Spooled
from rongmei.impact.types import SAME_READ
from rongmei.kernel import db, events

_BATCH = 200


def read_note(*, slug: str, ip: str, user_agent: str) -> bool:
    """Note that somebody reads the page `slug`; touches no table (the day's salt is kept in memory).

    The address is hashed with today's salt at once and kept nowhere. Programs are left out.
    """
    if readers.is_program(user_agent):
        return False
    now = timezone.now()
    return spool.note(slug, readers.token_for(ip, user_agent, timezone.localdate(now)), now)


def read_count(*, publication_id: uuid.UUID, reader_token: str, at: datetime | None = None) -> None:
    """Count one read of a publication."""
    with db.write():
        _count([(publication_id, reader_token, at or timezone.now())])


def _count(reads: Iterable[tuple[uuid.UUID, str, datetime]]) -> int:
    """Add these reads to the hourly counts; inside a write. Return how many were reads indeed."""
    listed = list(reads)
    seen = _seen(listed)
    added: dict[tuple[uuid.UUID, datetime], list[int]] = defaultdict(lambda: [0, 0])
    fresh: dict[tuple[uuid.UUID, str, object], ReaderSeen] = {}
    again: dict[int, ReaderSeen] = {}
    for publication_id, token, at in listed:
        key = (publication_id, token, timezone.localdate(at))
        known = seen.get(key)
        if known is not None and at - known.read_at < SAME_READ:
            continue
        count = added[publication_id, at.replace(minute=0, second=0, microsecond=0)]
        count[0] += 1
        if known is None:
            count[1] += 1
            known = ReaderSeen(publication_id=publication_id, token=token, day=key[2], read_at=at)
            seen[key] = fresh[key] = known
        else:
            known.read_at = at
            if known.pk:
                again[known.pk] = known
    ReaderSeen.objects.bulk_create(fresh.values())
    ReaderSeen.objects.bulk_update(again.values(), ["read_at"])
    _add(added)
    return sum(count[0] for count in added.values())


def _seen(
    reads: list[tuple[uuid.UUID, str, datetime]],
) -> dict[tuple[uuid.UUID, str, object], ReaderSeen]:
    rows = ReaderSeen.objects.filter(
        publication__in={one[0] for one in reads},
        token__in={one[1] for one in reads},
        day__in={timezone.localdate(one[2]) for one in reads},
    )
    return {(row.publication_id, row.token, row.day): row for row in rows}


def _add(added: dict[tuple[uuid.UUID, datetime], list[int]]) -> None:
    by_publication: dict[uuid.UUID, int] = defaultdict(int)
    for (publication_id, hour), (reads, new) in added.items():
        row, made = ReadCount.objects.get_or_create(
            publication_id=publication_id, hour=hour, defaults={"reads": reads, "readers": new}
        )
        if not made:
            ReadCount.objects.filter(pk=row.pk).update(
                reads=F("reads") + reads, readers=F("readers") + new
            )
        by_publication[publication_id] += reads
    if by_publication:
        events.publish(
            *(Read(subject_id=one, reads=reads) for one, reads in by_publication.items())
        )


def reads_store() -> int:
    """Count what the spool holds; return how many lines were read. Each line counts once."""
    done = 0
    for path in spool.take():
        done += _store_file(path)
    return done


def _store_file(path: Path) -> int:
    held = Spooled.objects.filter(name=path.name).first()
    begun = held.lines if held else 0
    lines = spool.read(path, skip=begun)
    done = 0
    while batch := list(islice(lines, _BATCH)):
        known = channels.published_ids_by_slug({line.slug for line in batch if line.slug})
        with db.write():
            # Another worker may have come first: only the one that moves the mark counts.
            Spooled.objects.get_or_create(name=path.name)
            moved = Spooled.objects.filter(name=path.name, lines=begun + done).update(
                lines=begun + done + len(batch)
            )
            if not moved:
                return done
            _count((known[line.slug], line.token, line.at) for line in batch if line.slug in known)
        done += len(batch)
    path.unlink(missing_ok=True)
    return done


def forget() -> int:
    """Remove yesterday's tokens and salts, and the marks of spool files that are gone."""
    before = timezone.localdate(timezone.now() - timedelta(hours=1))
    with db.write():
        gone, _each = ReaderSeen.objects.filter(day__lt=before).delete()
        # Gone files only: a mark must outlive its file.
        held = {path.name for path in spool.folder().glob("*.taken")}
        old = Q(at__lt=timezone.now() - timedelta(days=1)) & ~Q(name__in=held)
        Spooled.objects.filter(old).delete()
    return gone + readers.forget_old_salts()
