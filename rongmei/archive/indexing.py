"""The index process: the one writer of the search index, following the change sequence.

The last sequence number is stored in the index's own commit, so that after any crash it goes on
from there; a rebuild is the same walk from zero into a new folder.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections
from django.db.models import Exists, OuterRef

from rongmei.archive.analysis import Analyser, default_analyser, fold, is_word_like
from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.errors import (
    ArchiveError,
    IndexBusy,
    IndexCorrupt,
    IndexMissing,
    IndexOutdated,
    IndexReplaced,
    IndexWriteFailed,
)
from rongmei.archive.index import IndexWriter, SearchIndex
from rongmei.archive.models import Change, Document, SnapshotUse, Term
from rongmei.archive.types import PUBLIC, IndexDocument
from rongmei.kernel import db, events

log = logging.getLogger(__name__)
BATCH = 1_000
# At least this long from one commit to the next, unless a whole batch is waiting: a commit costs
# the same for one document as for fifty. An item is still found well within two seconds.
RHYTHM = 0.4


def index_folder() -> Path:
    """Where this node's index lives."""
    return Path(settings.RONGMEI_NODE.data) / "index"


@cache
def search_index() -> SearchIndex:
    """The node's index; one object a process."""
    return TantivyIndex(index_folder(), terms=own_terms)


def own_terms() -> frozenset[str]:
    """The terms of the node's dictionary, folded, that words are to be cut by.

    Only terms: a person's or a place's name is found by its characters, and a list that changes
    every day would have the index made anew as often.
    """
    rows = Term.objects.filter(kind=Term.Kind.TERM).values_list("name", "variants")
    written = (text for name, variants in rows for text in (name, *variants))
    return frozenset(fold(one).strip() for one in written if is_word_like(one))


def terms_wait() -> bool:
    """Whether the node's terms are to be words of the search only from the next rebuild on."""
    try:
        return search_index().reader().info().other_terms
    except ArchiveError:
        return False


def analyser() -> Analyser:
    """What the node's index cuts words by now."""
    try:
        return search_index().reader().analyser
    except IndexMissing:
        return default_analyser()


_INDEXED = (
    "id", "title", "body", "summary", "source_name", "source_id", "unit_id", "shared", "kind",
    "region", "language", "media_class", "tags", "url", "published_at", "fetched_at", "family_id",
    "enriched", "image_url", "version",
)  # fmt: skip


def as_indexed(document: Any, seq: int, *, has_snapshot: bool = False) -> IndexDocument:
    """What the index knows of a document, or of a row with its fields (`_INDEXED`).

    Not shared, it is found by who may see its own unit's documents: a reader's scope already holds
    every unit below and every grant, so the units above are not named here.
    """
    return IndexDocument(
        id=str(document.id),
        title=document.title,
        body=document.body,
        summary=document.summary,
        source=document.source_name,
        source_id=str(document.source_id or ""),
        unit_id=str(document.unit_id),
        visible_to=(PUBLIC,) if document.shared else (str(document.unit_id),),
        kind=document.kind,
        region=document.region,
        language=document.language,
        channel_class=document.media_class,
        tags=tuple(dict.fromkeys((*map(str, document.tags), *names_of(document.enriched)))),
        has=_features(document, has_snapshot),
        url=document.url,
        published_at=int(document.published_at.timestamp()),
        fetched_at=int(document.fetched_at.timestamp()),
        family_id=str(document.family_id) if document.family_id else None,
        seq=seq,
    )


def _features(document: Any, has_snapshot: bool) -> tuple[str, ...]:
    told = {
        "snapshot": has_snapshot,
        "image": bool(document.image_url),
        "versions": document.version > 1,
    }
    return tuple(name for name, there in told.items() if there)


def names_of(enriched: Mapping[str, Any]) -> list[str]:
    """What the dictionary found in a document: searched and counted like its tags."""
    return [str(name) for _kind, name in enriched.get("entities", ())]


def changes_after(seq: int, limit: int = BATCH) -> list[tuple[int, uuid.UUID]]:
    """The next changes in order: their number and their document."""
    rows = Change.objects.filter(seq__gt=seq).order_by("seq")
    return list(rows.values_list("seq", "document_id")[:limit])


def documents_of(changes: list[tuple[int, uuid.UUID]]) -> list[IndexDocument]:
    """The documents of these changes that there still are, as they stand now."""
    last = {document_id: seq for seq, document_id in changes}
    # Plain rows: making a whole Document of each costs more than reading it.
    uses = SnapshotUse.objects.filter(document_id=OuterRef("pk"))
    asked = Document.objects.filter(pk__in=list(last)).annotate(kept=Exists(uses))
    rows = asked.values_list(*_INDEXED, "kept", named=True)
    return [as_indexed(row, last[row.id], has_snapshot=row.kept) for row in rows]


def with_snapshot(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, those that have the answer of a server they came in."""
    uses = SnapshotUse.objects.filter(document_id__in=list(ids))
    return set(uses.values_list("document_id", flat=True))


def apply(writer: IndexWriter, changes: list[tuple[int, uuid.UUID]]) -> None:
    """Bring the documents of these changes into the index as they stand now; commit."""
    found = documents_of(changes)
    writer.add(found)
    gone = {str(document_id) for _seq, document_id in changes} - {one.id for one in found}
    writer.delete(gone)
    writer.commit(changes[-1][0])


def follow_once(writer: IndexWriter) -> int:
    """Index the next batch; return how many changes it held."""
    changes = changes_after(writer.committed_seq())
    if changes:
        apply(writer, changes)
    return len(changes)


def rebuild(say: Callable[[int], None] | None = None) -> int:
    """Make the index anew beside the old one, which serves until the new one takes its place.

    `say` is told after each batch how many changes are done; returns how many there were.
    """
    done = 0
    with search_index().rebuild() as writer:
        while batch := changes_after(writer.committed_seq()):
            apply(writer, batch)
            done += len(batch)
            if say is not None:
                say(done)
    return done


def behind() -> float:
    """How many changes the index has not taken in yet."""
    try:
        committed = search_index().reader().info().committed_seq
    except ArchiveError:
        committed = 0
    return float(Change.objects.filter(seq__gt=committed).count())


def _follow(stop: threading.Event) -> None:
    with search_index().writer() as writer:
        while not stop.is_set():
            mark, started = db.data_version(), time.monotonic()
            done = follow_once(writer)
            if not done:
                events.wait_for_change(0.5, since=mark, step=0.1)
                close_old_connections()
            elif done < BATCH:
                stop.wait(max(0.0, RHYTHM - (time.monotonic() - started)))


def _is_outdated() -> bool:
    try:
        return search_index().reader().info().needs_rebuild
    except IndexMissing:
        return False
    except (IndexCorrupt, IndexOutdated):
        return True


def run(stop: threading.Event) -> None:
    """The index process, until `stop` is set. A broken or outdated index is made anew."""
    while not stop.is_set():
        try:
            if _is_outdated():
                log.warning("the index is broken or from another version; making it anew")
                rebuild()
            _follow(stop)
        except IndexReplaced:
            log.info("the index was made anew; going on with it")
        except (IndexBusy, IndexWriteFailed) as error:
            log.warning("%s", error)
            stop.wait(2.0)
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            connections.close_all()
            stop.wait(1.0)
    connections.close_all()
