"""The search index inside the program: tantivy, in one folder, no service needed.

One process writes, any number read. A commit of tantivy is atomic and carries no payload, so the
committed sequence number is a document of its own, replaced in the same commit.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import tantivy
from typing_extensions import override

from rongmei.archive.analysis import Analyser, analyser_with, fingerprint_of, fold
from rongmei.archive.dates import interval_start
from rongmei.archive.engines.generations import Generation, Generations
from rongmei.archive.engines.tantivy_query import (
    META_ID,
    SUGGEST_SEPARATOR,
    Compiler,
    meta_document,
    register_tokenizer,
    schema,
    tantivy_document,
)
from rongmei.archive.errors import (
    ArchiveError,
    IndexCorrupt,
    IndexMissing,
    IndexOutdated,
    IndexReplaced,
    IndexWriteFailed,
    SearchRequestInvalid,
)
from rongmei.archive.highlight import highlight_terms, mark_hits
from rongmei.archive.index import (
    IndexReader,
    IndexWriter,
    SearchIndex,
    batches,
    most_and_kept,
)
from rongmei.archive.query import Query, parse
from rongmei.archive.types import (
    Hit,
    IndexDocument,
    IndexInfo,
    SearchRequest,
    SearchResult,
    TextSource,
)

# What the binding raises when the index below it does not behave.
_ENGINE_ERRORS = (ValueError, OSError, RuntimeError)
_SUGGESTIONS_LOOKED_AT = 2_000
# Each segment hands in this many values; a field with more could be counted short.
_SEGMENT_VALUES = 20_000
_HISTOGRAM = "histogram of published_at"
_OPEN_ATTEMPTS = 5
_PART = 50


class TantivyIndex(SearchIndex):
    """The index under a folder. `heap_bytes` is what the writer may hold before it spills.

    `terms` says which terms of the node's own a new index is to cut words by. An index is read and
    written with those it was made with, which it carries, so that whatever the terms are by now it
    finds what it holds.
    """

    def __init__(
        self,
        root: Path,
        terms: Callable[[], Collection[str]] = tuple,
        *,
        heap_bytes: int = 64_000_000,
        threads: int = 1,
    ) -> None:
        self.terms = terms
        self.generations = Generations(root)
        self._heap_bytes = heap_bytes
        self._threads = threads
        # One for all: opening the folder takes ten times as long as a search in it.
        self._reader = TantivyReader(self)

    @override
    def reader(self) -> IndexReader:
        self._reader.refresh()
        return self._reader

    @override
    def writer(self) -> IndexWriter:
        with ExitStack() as held:
            held.enter_context(self.generations.locked("writer"))
            try:
                generation = self.generations.current()
            except IndexMissing:
                generation = self._first_generation()
            return self._writer_of(generation, held)

    def _first_generation(self) -> Generation:
        # A rebuild deletes folders that are not current, so this one must not be halfway then.
        with self.generations.locked("rebuild"):
            generation = self._new_generation()
            _create_index(generation)
            self.generations.make_current(generation)
        return generation

    def _new_generation(self) -> Generation:
        terms = tuple(sorted(self.terms()))
        return self.generations.create(fingerprint_of(terms), terms)

    def _writer_of(self, generation: Generation, held: ExitStack) -> TantivyWriter:
        """A writer that keeps what is held until it is closed."""
        index = _open_index(generation)
        try:
            engine = index.writer(self._heap_bytes, self._threads)
        except _ENGINE_ERRORS as error:
            raise IndexWriteFailed(cause=str(error)) from error
        return TantivyWriter(self, generation, index, engine, held.pop_all())

    @override
    @contextmanager
    def rebuild(self) -> Iterator[IndexWriter]:
        with self.generations.locked("rebuild"):
            self._drop_unfinished()
            generation = self._new_generation()
            try:
                _create_index(generation)
                with self._writer_of(generation, ExitStack()) as writer:
                    writer.is_rebuilding = True
                    yield writer
                    if writer.is_dirty or not writer.has_committed:
                        raise IndexWriteFailed
                self.generations.make_current(generation)
            finally:
                self._drop_unfinished()

    def _drop_unfinished(self) -> None:
        """Delete the folders that are not current, unless it is unclear which one is."""
        try:
            self.generations.remove_others(self.generations.current())
        except IndexMissing:
            self.generations.remove_others(None)
        except (IndexCorrupt, IndexOutdated):
            return


def _create_index(generation: Generation) -> None:
    try:
        tantivy.Index(schema(), str(generation.path), reuse=False)
    except _ENGINE_ERRORS as error:
        raise IndexWriteFailed(path=str(generation.path), cause=str(error)) from error


def _open_index(generation: Generation) -> tantivy.Index:
    try:
        index = tantivy.Index.open(str(generation.path))
        register_tokenizer(index)
        index.config_reader("manual", 0)
        index.reload()
    except _ENGINE_ERRORS as error:
        raise IndexCorrupt(path=str(generation.path), cause=str(error)) from error
    return index


def _sequence(index: tantivy.Index, searcher: tantivy.Searcher) -> int:
    """The number stored with the commit that the searcher sees."""
    meta = tantivy.Query.term_query(index.schema, "id", META_ID, "basic")
    found = searcher.search(meta, 1).hits
    if not found:
        return 0
    return int(searcher.fast_field_values("seq", [found[0][1]])[0] or 0)


class TantivyWriter(IndexWriter):
    """The one writer of one folder."""

    def __init__(
        self,
        owner: TantivyIndex,
        generation: Generation,
        index: tantivy.Index,
        engine: tantivy.IndexWriter,
        held: ExitStack,
    ) -> None:
        self._owner = owner
        self._generation = generation
        self._analyser = analyser_with(generation.terms)
        self._engine = engine
        self._held = held
        self._seq = _sequence(index, index.searcher())
        self.is_rebuilding = False
        self.is_dirty = False
        self.has_committed = False

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._refuse_if_replaced()
        try:
            yield
        except _ENGINE_ERRORS as error:
            self._refuse_if_replaced()
            raise IndexWriteFailed(cause=str(error)) from error

    def _refuse_if_replaced(self) -> None:
        if not self.is_rebuilding and self._owner.generations.marker() != self._generation.marker:
            raise IndexReplaced

    @override
    def add(self, batch: Iterable[IndexDocument]) -> None:
        # In parts, so that the engine's own thread works while the next part is prepared.
        for part in batches(batch, _PART):
            self.put([(one.id, tantivy_document(one, self._analyser)) for one in part])

    def put(self, rows: Iterable[tuple[str, tantivy.Document]]) -> None:
        """Add documents that are prepared already, each under its id."""
        self.is_dirty = True
        with self._writing():
            for document_id, row in rows:
                self._engine.delete_documents_by_term("id", document_id)
                self._engine.add_document(row)

    @override
    def delete(self, ids: Iterable[str]) -> None:
        self.is_dirty = True
        with self._writing():
            for document_id in ids:
                self._engine.delete_documents_by_term("id", document_id)

    @override
    def commit(self, seq: int) -> None:
        if seq < self._seq:
            raise ValueError(f"commit {seq} after {self._seq}")
        with self._writing():
            self._engine.delete_documents_by_term("id", META_ID)
            self._engine.add_document(meta_document(seq))
            self._engine.commit()
        self._seq = seq
        self.is_dirty, self.has_committed = False, True

    @override
    def committed_seq(self) -> int:
        return self._seq

    @override
    def rollback(self) -> None:
        with self._writing():
            self._engine.rollback()
        self.is_dirty = False

    @override
    def close(self) -> None:
        # Merges under way are finished; where the folder is gone there is nothing to finish.
        with self._held, suppress(*_ENGINE_ERRORS):
            if self.is_dirty:
                self._engine.rollback()
                self.is_dirty = False
            self._engine.wait_merging_threads()

    @override
    def __enter__(self) -> Self:
        return self

    @override
    def __exit__(self, *exc_info: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One commit, opened."""

    generation: Generation
    manifest: bytes
    index: tantivy.Index
    searcher: tantivy.Searcher
    seq: int


class TantivyReader(IndexReader):
    """Reads the newest commit. Looking for a newer one costs two small file reads."""

    def __init__(self, owner: TantivyIndex) -> None:
        self._owner = owner
        self._lock = threading.Lock()
        self._snapshot: _Snapshot | None = None

    def refresh(self) -> None:
        """Open the newest commit; raises what is wrong with it."""
        self._newest()

    def _newest(self) -> _Snapshot:
        for _attempt in range(_OPEN_ATTEMPTS):
            generation = self._owner.generations.current()
            try:
                return self._snapshot_of(generation)
            except (FileNotFoundError, IndexCorrupt) as error:
                # Unless a rebuild has put another folder in place meanwhile, the index is broken.
                if self._owner.generations.marker() == generation.marker:
                    raise IndexCorrupt(path=str(generation.path), cause=str(error)) from error
        raise IndexCorrupt(path=str(self._owner.generations.root))

    def _snapshot_of(self, generation: Generation) -> _Snapshot:
        manifest = (generation.path / "meta.json").read_bytes()
        known = self._snapshot
        if known and known.generation == generation and known.manifest == manifest:
            return known
        with self._lock, _reading():
            if known and known.generation == generation:
                index = known.index
                index.reload()
            else:
                index = _open_index(generation)
            searcher = index.searcher()
            seq = _sequence(index, searcher)
            self._snapshot = _Snapshot(generation, manifest, index, searcher, seq)
            return self._snapshot

    def _compiler(self, snapshot: _Snapshot, request: SearchRequest) -> Compiler:
        now = int(time.time()) if request.now is None else request.now
        analyser = analyser_with(snapshot.generation.terms)
        return Compiler(snapshot.index.schema, analyser, now, request.tz_offset)

    @property
    @override
    def analyser(self) -> Analyser:
        return analyser_with(self._newest().generation.terms)

    @override
    def search(self, request: SearchRequest, texts: TextSource | None = None) -> SearchResult:
        started = time.perf_counter()
        query = parse(request.query) if isinstance(request.query, str) else request.query
        snapshot = self._newest()
        with _reading():
            compiled = self._compiler(snapshot, request).scoped(query, request.scope)
            total, hits = _page(snapshot.searcher, compiled, request)
            facets, histogram = _grouped(snapshot.searcher, compiled, request)
            for name, chosen in request.chosen.items():
                if name in request.facets:
                    apart = self._compiler(snapshot, request).scoped(chosen.without, request.scope)
                    facets[name] = _apart(snapshot.searcher, apart, name, request)
        if request.highlight and texts is not None:
            analyser = analyser_with(snapshot.generation.terms)
            hits = mark_hits(hits, highlight_terms(query, analyser), texts)
        return SearchResult(
            total=total,
            hits=hits,
            facets=facets,
            histogram=histogram,
            took_ms=(time.perf_counter() - started) * 1000,
            index_seq=snapshot.seq,
        )

    @override
    def get(self, document_id: str, scope: frozenset[str] | None) -> Hit | None:
        snapshot = self._newest()
        with _reading():
            visible = self._compiler(snapshot, SearchRequest()).visible(scope)
            wanted = tantivy.Query.term_query(snapshot.index.schema, "id", document_id, "basic")
            found = snapshot.searcher.search(wanted.and_must_match(visible), 1).hits
            return _hit(snapshot.searcher, found[0][1], 0.0) if found else None

    @override
    def count(self, query: Query | str, scope: frozenset[str] | None) -> int:
        return self.search(SearchRequest(query=query, scope=scope, limit=0)).total

    @override
    def walk(self, request: SearchRequest, most: int) -> tuple[int, Iterator[str]]:
        query = parse(request.query) if isinstance(request.query, str) else request.query
        snapshot = self._newest()
        with _reading():
            compiled = self._compiler(snapshot, request).scoped(query, request.scope)
            found: Any = snapshot.searcher.search(compiled, max(most, 1), order_by_field="newest")
        return int(found.count), _ids(snapshot.searcher, found.hits[:most])

    @override
    def suggest(
        self, prefix: str, scope: frozenset[str] | None, limit: int = 10
    ) -> tuple[tuple[str, int], ...]:
        start = fold(prefix).strip()
        if not start:
            return ()
        snapshot = self._newest()
        with _reading():
            visible = self._compiler(snapshot, SearchRequest()).visible(scope)
            found = snapshot.searcher.terms_with_prefix(
                "suggest", start, visible, _SUGGESTIONS_LOOKED_AT
            )
        named = [(term.split(SUGGEST_SEPARATOR, 1)[1], count) for term, count in found if count]
        return tuple(sorted(named, key=lambda item: (-item[1], item[0]))[:limit])

    @override
    def info(self) -> IndexInfo:
        snapshot = self._newest()
        made = snapshot.generation
        return IndexInfo(
            documents=self.count("", None),
            committed_seq=snapshot.seq,
            analyser=made.analyser,
            needs_rebuild=made.analyser != fingerprint_of(made.terms),
            other_terms=set(made.terms) != set(self._owner.terms()),
        )

    @override
    def ids(self) -> Iterator[str]:
        searcher = self._newest().searcher
        with _reading():
            found = searcher.search(tantivy.Query.all_query(), max(1, searcher.num_docs)).hits
            for _score, address in found:
                name = str(searcher.doc(address).to_dict()["id"][0])
                if name != META_ID:
                    yield name


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except ArchiveError:
        raise
    except _ENGINE_ERRORS as error:
        raise IndexCorrupt(cause=str(error)) from error


def _page(
    searcher: tantivy.Searcher, query: tantivy.Query, request: SearchRequest
) -> tuple[int, tuple[Hit, ...]]:
    order = "newest" if request.sort == "newest" else None
    # The engine panics at a limit of 0.
    # Any: the binding's types lack `count`.
    found: Any = searcher.search(
        query, max(request.limit, 1), offset=request.offset, order_by_field=order
    )
    hits = tuple(
        _hit(searcher, address, 0.0 if order else float(score))
        for score, address in found.hits[: request.limit]
    )
    return int(found.count), hits


def _ids(
    searcher: tantivy.Searcher, hits: Sequence[tuple[Any, tantivy.DocAddress]]
) -> Iterator[str]:
    for _score, address in hits:
        with _reading():
            yield str(searcher.doc(address)["id"][0])


def _hit(searcher: tantivy.Searcher, address: tantivy.DocAddress, score: float) -> Hit:
    stored = searcher.doc(address).to_dict()

    def first(name: str) -> str:
        return str(stored.get(name, ("",))[0])

    return Hit(
        id=first("id"),
        score=score,
        published_at=int(stored["published_at"][0]),
        source=first("source"),
        source_id=first("source_id"),
        unit_id=first("unit_id"),
        kind=first("kind"),
        region=first("region"),
        language=first("language"),
        channel_class=first("channel_class"),
        tags=tuple(stored.get("tags", ())),
        family_id=first("family_id") or None,
    )


def _grouped(
    searcher: tantivy.Searcher, query: tantivy.Query, request: SearchRequest
) -> tuple[dict[str, tuple[tuple[str, int], ...]], tuple[tuple[int, int], ...]]:
    """Facets and histogram in one pass."""
    counted = [name for name in request.facets if name not in request.chosen]
    wanted = {name: _terms(name) for name in counted}
    if request.histogram is not None:
        seconds = 3_600 if request.histogram == "hour" else 86_400
        wanted[_HISTOGRAM] = {
            "histogram": {
                "field": "published_at",
                "interval": seconds,
                "offset": -request.tz_offset % seconds,
                "min_doc_count": 1,
            }
        }
    if not wanted:
        return {}, ()
    try:
        answer = searcher.aggregate(query, wanted)
    except ValueError as error:
        if "bucket" in str(error).lower():
            raise SearchRequestInvalid(cause=str(error)) from error
        raise
    facets = {name: _values(answer[name]["buckets"], request.facet_values) for name in counted}
    return facets, _intervals(answer.get(_HISTOGRAM, {}).get("buckets", ()), request)


def _terms(name: str) -> dict[str, Any]:
    return {"terms": {"field": name, "size": _SEGMENT_VALUES, "segment_size": _SEGMENT_VALUES}}


def _apart(
    searcher: tantivy.Searcher, query: tantivy.Query, name: str, request: SearchRequest
) -> tuple[tuple[str, int], ...]:
    """A facet counted for another query than the rest."""
    answer = searcher.aggregate(query, {name: _terms(name)})
    kept = frozenset(request.chosen[name].values)
    return _values(answer[name]["buckets"], request.facet_values, kept)


def _values(
    buckets: Iterable[dict[str, Any]], most: int, kept: frozenset[str] = frozenset()
) -> tuple[tuple[str, int], ...]:
    counted = [(str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets]
    return most_and_kept(counted, most, kept)


def _intervals(
    buckets: Sequence[dict[str, Any]], request: SearchRequest
) -> tuple[tuple[int, int], ...]:
    """Hours and days as they are; weeks and months, which the engine has not, from days."""
    counted: Counter[int] = Counter()
    for bucket in buckets:
        start = interval_start(
            int(bucket["key"]), request.histogram or "day", tz_offset=request.tz_offset
        )
        counted[start] += int(bucket["doc_count"])
    return tuple(sorted(counted.items()))
