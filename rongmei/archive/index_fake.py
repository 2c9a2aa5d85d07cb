"""A search index in memory: every question is answered by looking at every document.

It says in the plainest words what the port means. Tests of upper rooms may use it, and the engines
are tested against it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from typing_extensions import override

from rongmei.archive.analysis import BREAK, Analyser, Piece, default_analyser, fold, units
from rongmei.archive.dates import interval_start, period
from rongmei.archive.errors import IndexBusy, IndexMissing, IndexReplaced, IndexWriteFailed
from rongmei.archive.highlight import highlight_terms, mark_hits
from rongmei.archive.index import IndexReader, IndexWriter, SearchIndex, most_and_kept
from rongmei.archive.index_terms import (
    CONTAINS_FIELDS,
    body_texts,
    document_keys,
    facet_values,
    field_key,
    suggestions,
)
from rongmei.archive.query import (
    And,
    AnyOf,
    Everything,
    Field,
    Not,
    Or,
    Phrase,
    Query,
    When,
    Word,
    parse,
)
from rongmei.archive.types import (
    PUBLIC,
    Hit,
    IndexDocument,
    IndexInfo,
    SearchRequest,
    SearchResult,
    TextSource,
)


class _View:
    """A document as the matcher looks at it."""

    def __init__(self, document: IndexDocument, analyser: Analyser) -> None:
        summary, body = body_texts(document)
        self.document = document
        self.keys = document_keys(document)
        self.units = {
            "title": units(document.title),
            "body": [*units(summary), BREAK, *units(body)],
            "source": units(document.source),
            "region": units(document.region),
        }
        self.words = {
            "title": analyser.words(fold(document.title)),
            "body": analyser.words(fold(summary)) + analyser.words(fold(body)),
        }

    def found(self, piece: Piece, part: str) -> int:
        """How often a piece stands in a part of the document."""
        if piece.is_word:
            return self.words[part].count(piece.text)
        wanted, there = list(piece.units), self.units[part]
        starts = range(len(there) - len(wanted) + 1) if wanted else ()
        return sum(there[start : start + len(wanted)] == wanted for start in starts)


@dataclass
class _Matcher:
    """Whether and how well a document matches: 0 is not at all."""

    analyser: Analyser
    now: int
    tz_offset: int

    def score(self, query: Query, view: _View) -> float:
        match query:
            case Everything():
                return 1.0
            case Word(text):
                return self._all(self.analyser.pieces(text), view, ("title", "body"))
            case Phrase(text):
                return self._all([_exactly(text)], view, ("title", "body"))
            case Field():
                return self._field(query, view)
            case AnyOf(name, values):
                return float(not set(facet_values(view.document, name)).isdisjoint(values))
            case When(name, value):
                return float(self._when(name, value, view.document))
            case Not(child):
                return float(not self.score(child, view))
            case And(children):
                scores = [self.score(child, view) for child in children]
                return sum(scores) if all(scores) else 0.0
            case Or(children):
                return sum(self.score(child, view) for child in children)

    def _all(self, pieces: Sequence[Piece], view: _View, parts: tuple[str, ...]) -> float:
        weight = {"title": 3.0}
        scores = [
            sum(weight.get(part, 1.0) * view.found(piece, part) for part in parts)
            for piece in pieces
        ]
        return sum(scores) if scores and all(scores) else 0.0

    def _field(self, query: Field, view: _View) -> float:
        if query.name == "title":
            exact = [_exactly(query.value)]
            pieces = exact if query.exact else self.analyser.pieces(query.value)
            return self._all(pieces, view, ("title",))
        if query.name in CONTAINS_FIELDS and not query.exact:
            return float(view.found(_exactly(query.value), query.name) > 0)
        return float(field_key(query) in view.keys)

    def _when(self, name: str, value: str, document: IndexDocument) -> bool:
        start, end = period(value, now=self.now, tz_offset=self.tz_offset)
        at = document.fetched_at if name == "collected" else document.published_at
        if name == "after":
            return at >= start
        if name == "before":
            return at < start
        return start <= at < end


def _exactly(text: str) -> Piece:
    return Piece(tuple(units(text)), is_word=False)


def _visible(document: IndexDocument, scope: frozenset[str] | None) -> bool:
    return scope is None or not {PUBLIC, *scope}.isdisjoint(document.visible_to)


@dataclass
class _Store:
    """What a commit made visible. A rebuild puts another store in its place."""

    views: dict[str, _View] = field(default_factory=dict)
    seq: int = 0


class FakeIndex(SearchIndex):
    """The port, in memory, with the same rules about one writer and commits as a real engine."""

    def __init__(self, analyser: Analyser | None = None) -> None:
        self.analyser = analyser or default_analyser()
        self.store: _Store | None = None
        self.has_writer = False

    @override
    def reader(self) -> IndexReader:
        if self.store is None:
            raise IndexMissing
        return FakeReader(self)

    @override
    def writer(self) -> IndexWriter:
        if self.has_writer:
            raise IndexBusy
        self.store = self.store or _Store()
        self.has_writer = True
        return FakeWriter(self, self.store)

    @override
    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        fresh = _Store()
        writer = FakeWriter(self, fresh, rebuilding=True)
        yield writer
        if writer.is_dirty or not writer.has_committed:
            raise IndexWriteFailed
        self.store = fresh


class FakeWriter(IndexWriter):
    """Collects changes and applies them to its store when committed."""

    def __init__(self, index: FakeIndex, store: _Store, *, rebuilding: bool = False) -> None:
        self._index = index
        self._store = store
        self._rebuilding = rebuilding
        self._changes: list[tuple[str, _View | None]] = []
        self.has_committed = False

    @property
    def is_dirty(self) -> bool:
        """Whether something waits for a commit."""
        return bool(self._changes)

    @override
    def add(self, batch: Iterable[IndexDocument]) -> None:
        self._changes += [(d.id, _View(d, self._index.analyser)) for d in batch]

    @override
    def delete(self, ids: Iterable[str]) -> None:
        self._changes += [(document_id, None) for document_id in ids]

    @override
    def commit(self, seq: int) -> None:
        if not self._rebuilding and self._index.store is not self._store:
            raise IndexReplaced
        if seq < self._store.seq:
            raise ValueError(f"commit {seq} after {self._store.seq}")
        for document_id, view in self._changes:
            self._store.views.pop(document_id, None)
            if view is not None:
                self._store.views[document_id] = view
        self._store.seq = seq
        self._changes = []
        self.has_committed = True

    @override
    def committed_seq(self) -> int:
        return self._store.seq

    @override
    def rollback(self) -> None:
        self._changes = []

    @override
    def close(self) -> None:
        self._changes = []
        if not self._rebuilding:
            self._index.has_writer = False

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(self, *exc_info: object) -> None:
        self.close()


class FakeReader(IndexReader):
    """Looks at every committed document."""

    def __init__(self, index: FakeIndex) -> None:
        self._index = index

    @property
    @override
    def analyser(self) -> Analyser:
        return self._index.analyser

    def _store(self) -> _Store:
        if self._index.store is None:
            raise IndexMissing
        return self._index.store

    def _matching(self, request: SearchRequest) -> list[tuple[float, IndexDocument]]:
        now = int(time.time()) if request.now is None else request.now
        matcher = _Matcher(self._index.analyser, now, request.tz_offset)
        query = parse(request.query) if isinstance(request.query, str) else request.query
        found = [
            (matcher.score(query, view), view.document)
            for view in self._store().views.values()
            if _visible(view.document, request.scope)
        ]
        return [(score, document) for score, document in found if score]

    @override
    def search(self, request: SearchRequest, texts: TextSource | None = None) -> SearchResult:
        started = time.perf_counter()
        found = self._matching(request)
        found.sort(key=lambda pair: (pair[1].published_at, pair[1].seq), reverse=True)
        if request.sort == "relevant":
            found.sort(key=lambda pair: -pair[0])
        page = found[request.offset : request.offset + request.limit]
        hits = tuple(_hit(score, document) for score, document in page)
        if request.highlight and texts is not None:
            query = parse(request.query) if isinstance(request.query, str) else request.query
            hits = mark_hits(hits, highlight_terms(query, self._index.analyser), texts)
        documents = [document for _score, document in found]
        return SearchResult(
            total=len(found),
            hits=hits,
            facets={
                name: self._apart(name, request)
                if name in request.chosen
                else _facet(documents, name, request)
                for name in request.facets
            },
            histogram=_histogram(documents, request),
            took_ms=(time.perf_counter() - started) * 1000,
            index_seq=self._store().seq,
        )

    def _apart(self, name: str, request: SearchRequest) -> tuple[tuple[str, int], ...]:
        chosen = request.chosen[name]
        found = self._matching(replace(request, query=chosen.without))
        return _facet((document for _score, document in found), name, request, chosen.values)

    @override
    def get(self, document_id: str, scope: frozenset[str] | None) -> Hit | None:
        view = self._store().views.get(document_id)
        return _hit(0.0, view.document) if view and _visible(view.document, scope) else None

    @override
    def count(self, query: Query | str, scope: frozenset[str] | None) -> int:
        return len(self._matching(SearchRequest(query=query, scope=scope)))

    @override
    def walk(self, request: SearchRequest, most: int) -> tuple[int, Iterator[str]]:
        found = [document for _score, document in self._matching(request)]
        found.sort(key=lambda one: (one.published_at, one.seq), reverse=True)
        return len(found), iter([one.id for one in found[:most]])

    @override
    def suggest(
        self, prefix: str, scope: frozenset[str] | None, limit: int = 10
    ) -> tuple[tuple[str, int], ...]:
        start = fold(prefix).strip()
        counted = Counter(
            text
            for view in self._store().views.values()
            if start and _visible(view.document, scope)
            for text in suggestions(view.document, self._index.analyser)
            if fold(text).startswith(start)
        )
        return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:limit])

    @override
    def info(self) -> IndexInfo:
        store = self._store()
        analyser = self._index.analyser.fingerprint
        return IndexInfo(
            len(store.views), store.seq, analyser, needs_rebuild=False, other_terms=False
        )

    @override
    def ids(self) -> list[str]:
        return list(self._store().views)


def _hit(score: float, document: IndexDocument) -> Hit:
    return Hit(
        id=document.id,
        score=score,
        published_at=document.published_at,
        source=document.source,
        source_id=document.source_id,
        unit_id=document.unit_id,
        kind=document.kind,
        region=document.region,
        language=document.language,
        channel_class=document.channel_class,
        tags=facet_values(document, "tags"),
        family_id=document.family_id,
    )


def _facet(
    documents: Iterable[IndexDocument],
    name: str,
    request: SearchRequest,
    kept: Sequence[str] = (),
) -> tuple[tuple[str, int], ...]:
    counted: Counter[str] = Counter()
    for document in documents:
        counted.update(facet_values(document, name))
    return most_and_kept(counted.items(), request.facet_values, kept)


def _histogram(
    documents: Iterable[IndexDocument], request: SearchRequest
) -> tuple[tuple[int, int], ...]:
    if request.histogram is None:
        return ()
    return tuple(
        sorted(
            Counter(
                interval_start(d.published_at, request.histogram, tz_offset=request.tz_offset)
                for d in documents
            ).items()
        )
    )
