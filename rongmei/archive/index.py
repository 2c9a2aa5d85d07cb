"""The port of the search index: what any engine must do.

Engines: `engines.tantivy_engine.TantivyIndex` (embedded) and `index_fake.FakeIndex` (in memory,
simple and obviously right); one contract test suite runs on both. The index holds nothing that the
database does not: whatever happens to it, `rebuild` makes it anew.

One process writes. It follows the archive's change sequence: `add` and `delete` a batch, then
`commit(seq)` stores the batch together with the last sequence number it covers. After any crash
the index is as of its last commit and `committed_seq()` says where to go on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, Self

from rongmei.archive.analysis import Analyser
from rongmei.archive.query import Query
from rongmei.archive.types import (
    Hit,
    IndexDocument,
    IndexInfo,
    SearchRequest,
    SearchResult,
    TextSource,
)


class IndexReader(Protocol):
    """Reads the last commit; every call looks for a newer one first. Safe to share by threads.

    `scope` is always a set of unit ids (public documents come in addition) or None for everything.
    What is out of scope is never counted, listed, suggested or found by id. Raises IndexMissing,
    IndexOutdated or IndexCorrupt (503).
    """

    @property
    def analyser(self) -> Analyser:
        """What this index cuts its words by."""

    def search(self, request: SearchRequest, texts: TextSource | None = None) -> SearchResult:
        """Find, count, group; `texts` is asked for the hits' texts if highlights are wanted."""

    def get(self, document_id: str, scope: frozenset[str] | None) -> Hit | None:
        """The document with this id, or None if there is none in scope."""

    def count(self, query: Query | str, scope: frozenset[str] | None) -> int:
        """How many documents match."""

    def walk(self, request: SearchRequest, most: int) -> tuple[int, Iterator[str]]:
        """How many match, and the ids of the newest `most` of them in order, of one commit.

        For taking out what is more than pages can hold: only the request's query, scope and time
        count. Ids are read as they are asked for.
        """

    def suggest(
        self, prefix: str, scope: frozenset[str] | None, limit: int = 10
    ) -> tuple[tuple[str, int], ...]:
        """Sources, regions, tags and title words that start so: (text, documents), most first."""

    def info(self) -> IndexInfo:
        """The state of the index."""

    def ids(self) -> Iterable[str]:
        """The id of every document in it, in no order, as of one commit; for comparing."""


class IndexWriter(Protocol):
    """Writes batches; nothing is seen by readers before `commit`.

    Raises IndexReplaced when the index was rebuilt meanwhile and IndexWriteFailed when the disk
    refuses; in both cases the last commit stands and the writer is to be closed.
    """

    def add(self, batch: Iterable[IndexDocument]) -> None:
        """Add documents; one with the id of an earlier one takes its place."""

    def delete(self, ids: Iterable[str]) -> None:
        """Remove documents; unknown ids are no error."""

    def commit(self, seq: int) -> None:
        """Make the batch visible and lasting together with `seq`, which never goes back."""

    def committed_seq(self) -> int:
        """The number given to the last commit, 0 before the first."""

    def rollback(self) -> None:
        """Forget everything since the last commit."""

    def close(self) -> None:
        """Give the writer's place free; what was not committed is forgotten."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class SearchIndex(Protocol):
    """One index, wherever it is kept."""

    def reader(self) -> IndexReader:
        """A reader; raises IndexMissing where nothing was ever written."""

    def writer(self) -> IndexWriter:
        """The writer; raises IndexBusy while another process or thread has it."""

    def rebuild(self) -> AbstractContextManager[IndexWriter]:
        """A writer into a new, empty index, which replaces the old one when the block ends well.

        The old one serves readers and its writer until then. An exception, or leaving with
        something uncommitted, throws the new one away.
        """


def most_and_kept(
    counted: Iterable[tuple[str, int]], most: int, kept: Collection[str]
) -> tuple[tuple[str, int], ...]:
    """The most frequent values of a facet in order, and after them what must not be missing."""
    ordered = sorted(counted, key=lambda item: (-item[1], item[0]))
    return (*ordered[:most], *(item for item in ordered[most:] if item[0] in kept))


def batches(documents: Iterable[IndexDocument], size: int) -> Iterable[Sequence[IndexDocument]]:
    """The documents in lists of at most `size`."""
    batch: list[IndexDocument] = []
    for document in documents:
        batch.append(document)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
