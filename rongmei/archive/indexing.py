"""The index process: the one writer of the search index, following the change sequence.

The last sequence number is stored in the index's own commit, so that after any crash it goes on
from there; a rebuild is the same walk from zero into a new folder.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.errors import IndexBusy
from rongmei.archive.index import IndexWriter, SearchIndex
from rongmei.archive.models import Change, Document
from rongmei.archive.types import PUBLIC, IndexDocument
from rongmei.kernel import events
from rongmei.network import policy

log = logging.getLogger(__name__)
BATCH = 500


def index_folder() -> Path:
    """Where this node's index lives."""
    return Path(settings.RONGMEI_NODE.data) / "index"


@cache
def search_index() -> SearchIndex:
    """The node's index; one object a process."""
    return TantivyIndex(index_folder())


def as_indexed(
    document: Document, above: dict[uuid.UUID, list[uuid.UUID]], seq: int
) -> IndexDocument:
    """What the index knows of a document. `above` holds the units above each unit."""
    owners = [document.unit_id, *above.get(document.unit_id, [])]
    return IndexDocument(
        id=str(document.pk),
        title=document.title,
        body=document.body,
        summary=document.summary,
        source=document.source_name,
        source_id=str(document.source_id or ""),
        unit_id=str(document.unit_id),
        visible_to=(PUBLIC,) if document.shared else tuple(str(one) for one in owners),
        kind=document.kind,
        region=document.region,
        language=document.language,
        channel_class=document.media_class,
        tags=tuple(str(tag) for tag in document.tags),
        url=document.url,
        published_at=int(document.published_at.timestamp()),
        fetched_at=int(document.fetched_at.timestamp()),
        seq=seq,
    )


def changes_after(seq: int, limit: int = BATCH) -> list[Change]:
    """The next changes in order."""
    return list(Change.objects.filter(seq__gt=seq).order_by("seq")[:limit])


def apply(writer: IndexWriter, changes: list[Change]) -> None:
    """Bring the documents of these changes into the index as they stand now; commit."""
    last = {change.document_id: change for change in changes}
    rows = Document.objects.in_bulk(list(last))
    units = policy.tree()
    above = {unit: units.above(unit) for unit in units.parents}
    writer.add(as_indexed(row, above, last[pk].seq) for pk, row in rows.items())
    writer.delete(str(pk) for pk in last if pk not in rows)
    writer.commit(changes[-1].seq)


def follow_once(writer: IndexWriter) -> int:
    """Index the next batch; return how many changes it held."""
    changes = changes_after(writer.committed_seq())
    if changes:
        apply(writer, changes)
    return len(changes)


def rebuild() -> int:
    """Make the index anew beside the old one, which serves until the new one takes its place."""
    done = 0
    with search_index().rebuild() as writer:
        for changes in _walk():
            apply(writer, changes)
            done += len(changes)
    return done


def _walk() -> Iterator[list[Change]]:
    seq = 0
    while changes := changes_after(seq, 2000):
        yield changes
        seq = changes[-1].seq


def run(stop: threading.Event) -> None:
    """The index process, until `stop` is set."""
    while not stop.is_set():
        try:
            with search_index().writer() as writer:
                while not stop.is_set():
                    if not follow_once(writer):
                        close_old_connections()
                        events.wait_for_change(1.0, step=0.1)
        except IndexBusy:
            log.warning("another process writes the index; waiting")
            stop.wait(2.0)
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            connections.close_all()
            stop.wait(1.0)
