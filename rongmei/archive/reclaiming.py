"""Giving back the space of dropped snapshots: segments with much that nobody claims are rewritten.

What rows still claim is copied into a new segment, the rows are pointed there, and only then the
old file is removed. Killed at any moment, every row points to bytes that are there: what was copied
for nothing is claimed by nobody, and goes the next time.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Sum
from django.utils import timezone

from rongmei.archive import snapshots
from rongmei.archive.errors import SnapshotGone
from rongmei.archive.models import Snapshot
from rongmei.archive.vault import Folder, Span, Vault
from rongmei.kernel import db

# A segment that was written to a moment ago may hold answers whose rows are still to come.
QUIET_SECONDS: Final = 86_400
WORTH_BYTES: Final = 64 * 1024
WORTH_SHARE: Final = 0.25
_PIECE: Final = 200


@dataclass(frozen=True)
class Reclaimed:
    """What was given back, and whether nothing is left to be."""

    bytes: int = 0
    segments: int = 0
    finished: bool = True


def reclaim(*, seconds: float = 3.0, at: datetime | None = None) -> Reclaimed:
    """Rewrite segments until the time is up; leaves them alone while they are copied."""
    folder = snapshots.folder()
    freed = count = 0
    until = time.monotonic() + seconds
    for name in wasteful(at or timezone.now()):
        if time.monotonic() >= until:
            return Reclaimed(freed, count, finished=False)
        with folder.alone() as mine:
            if not mine:
                return Reclaimed(freed, count, finished=False)
            freed += _rewrite(folder, name)
        count += 1
    return Reclaimed(freed, count)


def wasteful(at: datetime) -> list[str]:
    """Closed segments of which enough is claimed by no row, those with most of it first."""
    folder = snapshots.folder()
    open_ = set(folder.left_open())
    claimed = dict(Snapshot.objects.values_list("segment").annotate(n=Sum("length")))
    found = []
    for name, size in folder.segments().items():
        waste = size - claimed.get(name, 0)
        # The head of a segment belongs to no row, and is not worth a copy.
        worth = name not in claimed or waste >= max(WORTH_BYTES, size * WORTH_SHARE)
        if name not in open_ and worth and _is_quiet(folder, name, at):
            found.append((waste, name))
    return [name for _waste, name in sorted(found, reverse=True)]


def _is_quiet(folder: Folder, name: str, at: datetime) -> bool:
    try:
        return at.timestamp() - folder.path_of(name).stat().st_mtime >= QUIET_SECONDS
    except (SnapshotGone, FileNotFoundError):
        return False


def _rewrite(folder: Folder, name: str) -> int:
    """Move what is claimed elsewhere and remove the file; how many bytes that gave back."""
    rows = list(Snapshot.objects.filter(segment=name).order_by("offset"))
    size, moved = folder.path_of(name).stat().st_size, 0
    vault = Vault(folder.root)
    try:
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            # A span that cannot be read stays where it is, as evidence for verifying.
            raws = [folder.read(Span(name, row.offset, row.length)) for row in piece]
            spans = vault.append_raw(raws)
            moved += sum(span.length for span in spans)
            _point(piece, spans)
    except SnapshotGone:
        return -moved
    finally:
        vault.close()
    if Snapshot.objects.filter(segment=name).exists():
        return -moved
    path = folder.closed_path(name)
    path.unlink()
    _sync(path.parent)
    return size - moved


def _point(rows: list[Snapshot], spans: list[Span]) -> None:
    for row, span in zip(rows, spans, strict=True):
        row.segment, row.offset = span.segment, span.offset
    with db.write():
        Snapshot.objects.bulk_update(rows, ["segment", "offset"])


def _sync(folder: os.PathLike[str]) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
