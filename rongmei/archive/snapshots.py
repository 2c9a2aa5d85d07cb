"""Snapshots of documents: which answers are kept, the rows that say where, and reading them back."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F, Max

from rongmei.archive import warc
from rongmei.archive.errors import SnapshotGone
from rongmei.archive.models import Document, Snapshot, SnapshotUse
from rongmei.archive.vault import Folder, Span
from rongmei.archive.warc import Answer, Kept, Original
from rongmei.kernel import rows
from rongmei.kernel.errors import NotFound
from rongmei.kernel.ids import uuid7

_URL = 1000


@dataclass(frozen=True)
class Held:
    """An answer that is on the disk, and the row it gets once something refers to it."""

    answer: Answer
    span: Span
    same_as: uuid.UUID | None = None
    id: uuid.UUID = field(default_factory=uuid7)


@dataclass(frozen=True)
class Earlier:
    """The snapshot that has a body already."""

    id: uuid.UUID
    original: Original


def folder_path() -> Path:
    """Where this node's segments lie."""
    return Path(settings.RONGMEI_NODE.data) / "snapshots"


@cache
def folder() -> Folder:
    """This node's segments, to read."""
    return Folder(folder_path())


def wanted(media_class: str) -> bool:
    """Whether answers of sources of this class are kept: the setting RONGMEI_SNAPSHOTS."""
    said: str = settings.RONGMEI_NODE.snapshots
    return said == "all" or media_class in {one.strip() for one in said.split(",")}


def earlier(digests: Iterable[str]) -> dict[str, Earlier]:
    """Of these bodies, by digest, those that are kept already."""
    wanted = ("id", "sha256", "url", "fetched_at", "same_as_id")
    known = rows.matching(Snapshot, wanted, column="sha256", among=list(digests))
    return {
        digest: Earlier(pk, Original(url, at)) for pk, digest, url, at, same in known if not same
    }


def claimed_ends(segments: Sequence[str]) -> dict[str, int]:
    """How far rows reach in these segments."""
    written = Snapshot.objects.filter(segment__in=segments).values("segment")
    found = written.annotate(end=Max(F("offset") + F("length"))).values_list("segment", "end")
    return dict(found)


def note(held: Mapping[str, Sequence[Held]], stored: Iterable[tuple[str, uuid.UUID, int]]) -> None:
    """Say which snapshots the documents that were stored came with; in their own write.

    `held` has the answers by the identity of the item, `stored` identity, id and version.
    """
    uses = [
        (one, document_id, version)
        for identity, document_id, version in stored
        for one in held.get(identity, ())
    ]
    gone = _gone({one.same_as for one, _document, _version in uses})
    uses = [one for one in uses if one[0].same_as not in gone]
    answers = {one.id: one for one, _document, _version in uses}
    # The body of a feed has its row since the first batch that it brought something in.
    rows.insert_values(Snapshot, [_row(one) for one in answers.values()], unless_there=True)
    rows.insert_values(
        SnapshotUse,
        [
            {"document_id": document_id, "version": version, "snapshot_id": one.id}
            for one, document_id, version in uses
        ],
    )


def _gone(same_as: set[uuid.UUID | None]) -> set[uuid.UUID]:
    """Of the earlier snapshots that were pointed to, those that were removed since the look."""
    asked = {one for one in same_as if one is not None}
    if not asked:
        return set()
    return asked - set(Snapshot.objects.filter(pk__in=asked).values_list("pk", flat=True))


def _row(held: Held) -> dict[str, Any]:
    answer = held.answer
    return {
        "id": held.id,
        "segment": held.span.segment,
        "offset": held.span.offset,
        "length": held.span.length,
        "sha256": answer.sha256,
        "url": answer.url[:_URL],
        "size": len(answer.body),
        "fetched_at": answer.at,
        "media_type": answer.headers.get("content-type", "").split(";")[0].strip()[:100],
        "same_as_id": held.same_as,
    }


def of_document(document: Document) -> list[SnapshotUse]:
    """The snapshots a document's versions came with, newest first."""
    uses = document.snapshot_uses.select_related("snapshot")
    return list(uses.order_by("-version", "-snapshot__fetched_at", "-pk"))


def one_of(document: Document, snapshot_id: uuid.UUID) -> Snapshot:
    """One snapshot of a document; NotFound for any other."""
    found = (
        Snapshot.objects.filter(pk=snapshot_id, uses__document=document)
        .select_related("same_as")
        .first()
    )
    if found is None:
        raise NotFound
    return found


def span_of(snapshot: Snapshot) -> bytes:
    """The WARC records of a snapshot, as they lie in the segment."""
    try:
        return folder().read(Span(snapshot.segment, snapshot.offset, snapshot.length))
    except SnapshotGone:
        # Its segment may have been rewritten since the row was read.
        now = Snapshot.objects.filter(pk=snapshot.pk).first()
        if now is None or (now.segment, now.offset) == (snapshot.segment, snapshot.offset):
            raise
        return folder().read(Span(now.segment, now.offset, now.length))


def opened(snapshot: Snapshot) -> Kept:
    """The answer of a snapshot; a repeated one is read where its body is.

    Raises SnapshotGone, or SnapshotBroken where a digest is not right.
    """
    return warc.read(span_of(snapshot.same_as or snapshot))
