"""Whether rows, index and snapshots agree, and what to do where they do not."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import F, Max

from rongmei.archive import snapshots
from rongmei.archive.errors import ArchiveError, IndexMissing
from rongmei.archive.index import IndexReader
from rongmei.archive.indexing import search_index
from rongmei.archive.models import Change, Document, Snapshot

SAMPLE = 200
NAMED = 20
_PIECE = 500
Say = Callable[[int, int], None]


@dataclass(frozen=True)
class Verdict:
    """What was compared, how many differ, and the first of each kind by name.

    `missing` are documents that the index lacks, `surplus` ids in the index without a document,
    `broken` snapshots whose bytes are not there or have another digest. `behind` changes are not
    indexed yet, which is no difference.
    """

    documents: int
    indexed: int
    behind: int
    needs_rebuild: bool
    snapshots: int
    checked_documents: int
    checked_snapshots: int
    missing: tuple[str, ...]
    surplus: tuple[str, ...]
    broken: tuple[str, ...]
    missing_count: int
    surplus_count: int
    broken_count: int

    @property
    def index_ok(self) -> bool:
        """Whether everything that was committed can be found, and nothing else."""
        return not (self.missing_count or self.surplus_count or self.needs_rebuild)

    @property
    def ok(self) -> bool:
        """Whether all three agree."""
        return self.index_ok and not self.broken_count

    def facts(self) -> dict[str, Any]:
        """As plain data."""
        return {"ok": self.ok, "index_ok": self.index_ok, **asdict(self)}


def verify(*, full: bool = False, say: Say | None = None) -> Verdict:
    """Compare counts, ids both ways and digests: of the newest `SAMPLE`, or of all."""
    documents, held = Document.objects.count(), Snapshot.objects.count()
    wanted = documents if full else min(documents, SAMPLE)
    looked = held if full else min(held, SAMPLE)
    steps = _Steps(wanted + looked, say)
    try:
        reader: IndexReader | None = search_index().reader()
        info = reader.info() if reader else None
    except IndexMissing:
        reader = info = None
    # Read before the rows: what is stored from now on is not indexed yet, and is no difference.
    committed = info.committed_seq if info else 0
    missing = list(_not_indexed(reader, _documents(wanted, full), steps))
    surplus = (
        list(_not_kept(reader))
        if reader and (full or (info and info.documents > documents))
        else []
    )
    waiting = set(Change.objects.filter(seq__gt=committed).values_list("document_id", flat=True))
    missing = [one for one in missing if one not in waiting]
    surplus = [one for one in surplus if one not in waiting]
    broken = list(_broken(_snapshots(looked, full), steps))
    short = _short_segments()
    broken += [f"{name}: {why}" for name, why in short.items()]
    return Verdict(
        documents=documents, indexed=info.documents if info else 0, behind=len(waiting),
        needs_rebuild=info.needs_rebuild if info else False, snapshots=held,
        checked_documents=wanted, checked_snapshots=looked,
        missing=tuple(map(str, missing[:NAMED])), surplus=tuple(map(str, surplus[:NAMED])),
        broken=tuple(broken[:NAMED]), missing_count=len(missing), surplus_count=len(surplus),
        broken_count=len(broken),
    )  # fmt: skip


class _Steps:
    """Counts what is done, and says so now and then."""

    def __init__(self, total: int, say: Say | None) -> None:
        self.total, self.done, self._say = total, 0, say

    def more(self, number: int) -> None:
        self.done += number
        if self._say is not None:
            self._say(self.done, self.total)


def _documents(wanted: int, full: bool) -> Iterator[list[uuid.UUID]]:
    rows = Document.objects.order_by("-pk").values_list("pk", flat=True)
    if not full:
        yield list(rows[:wanted])
        return
    last: uuid.UUID | None = None
    while piece := list((rows.filter(pk__lt=last) if last else rows)[:_PIECE]):
        yield piece
        last = piece[-1]


def _not_indexed(
    reader: IndexReader | None, pieces: Iterable[list[uuid.UUID]], steps: _Steps
) -> Iterator[uuid.UUID]:
    for piece in pieces:
        yield from (pk for pk in piece if reader is None or reader.get(str(pk), None) is None)
        steps.more(len(piece))


def _not_kept(reader: IndexReader) -> Iterator[uuid.UUID]:
    ids = [uuid.UUID(one) for one in reader.ids()]
    for start in range(0, len(ids), _PIECE):
        piece = ids[start : start + _PIECE]
        yield from set(piece) - set(
            Document.objects.filter(pk__in=piece).values_list("pk", flat=True)
        )


def _snapshots(wanted: int, full: bool) -> Iterator[list[Snapshot]]:
    rows = Snapshot.objects.select_related("same_as").order_by("-pk")
    if not full:
        yield list(rows[:wanted])
        return
    last: uuid.UUID | None = None
    while piece := list((rows.filter(pk__lt=last) if last else rows)[:_PIECE]):
        yield piece
        last = piece[-1].pk


def _broken(pieces: Iterable[list[Snapshot]], steps: _Steps) -> Iterator[str]:
    for piece in pieces:
        for row in piece:
            try:
                kept = snapshots.opened(row)
            except ArchiveError as error:
                yield f"{row.pk} {row.segment}@{row.offset}: {error.details.get('cause', error)}"
                continue
            if kept.digest != row.sha256:
                yield f"{row.pk} {row.segment}@{row.offset}: sha256 {kept.digest}"
        steps.more(len(piece))


def _short_segments() -> dict[str, str]:
    """Segments that rows point to and that are gone, or shorter than that."""
    rows = Snapshot.objects.values("segment").annotate(end=Max(F("offset") + F("length")))
    # No segment is rewritten between the look at the rows and the look at the files.
    with snapshots.folder().standing():
        ends = list(rows.values_list("segment", "end"))
        there = snapshots.folder().segments()
    return {name: f"{there.get(name, 0)} < {end}" for name, end in ends if there.get(name, 0) < end}
