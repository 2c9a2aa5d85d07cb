"""The fields of the tantivy index, and queries on them.

All text comes cut from `analysis`, joined by spaces; tantivy only splits at spaces. Words carry
frequencies only, units carry positions for phrases. Exact conditions go to one field, `keys`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import tantivy

from rongmei.archive.analysis import BREAK, Analyser, Piece, fold, spaced_units, units
from rongmei.archive.dates import period
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
)
from rongmei.archive.types import FACET_FIELDS, PUBLIC, IndexDocument

META_ID = "_meta"
TITLE_WEIGHT = 3.0
SUGGEST_SEPARATOR = "\x01"
_SPACED = "spaced"
# A set of terms costs 0.35 ms to prepare; up to here alternatives are faster.
_MANY_UNITS = 64
_TIES = 1 << 20
_FARTHEST = 1 << 42


def schema() -> tantivy.Schema:
    """The fields. A change here needs another `generations.FORMAT`."""
    builder = tantivy.SchemaBuilder()
    for name in ("id", *FACET_FIELDS):
        builder.add_text_field(
            name, stored=True, fast=name != "id", tokenizer_name="raw", index_option="basic"
        )
    for name in ("live", "visible", "keys", "suggest"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("title_words", "body_words"):
        builder.add_text_field(name, tokenizer_name=_SPACED, index_option="freq")
    for name in ("title_units", "body_units", "source_units", "region_units"):
        builder.add_text_field(name, tokenizer_name=_SPACED, index_option="position")
    builder.add_integer_field("published_at", stored=True, indexed=True, fast=True)
    builder.add_integer_field("fetched_at", indexed=True, fast=True)
    builder.add_integer_field("newest", fast=True)
    builder.add_integer_field("seq", fast=True)
    return builder.build()


def register_tokenizer(index: tantivy.Index) -> None:
    """Tell an opened index how its text is split; needed for writing."""
    splitter = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_SPACED, splitter)


def tantivy_document(document: IndexDocument, analyser: Analyser) -> tantivy.Document:
    """One archive document as the index keeps it."""
    title = fold(document.title)
    summary, body = (fold(text) for text in body_texts(document))
    row = tantivy.Document()
    row.add_text("id", document.id)
    row.add_text("live", "1")
    for name in FACET_FIELDS:
        for text in facet_values(document, name):
            row.add_text(name, text)
    for name, texts in (
        ("visible", document.visible_to),
        ("keys", document_keys(document)),
        ("suggest", (_suggestion(text) for text in suggestions(document, analyser))),
    ):
        for text in texts:
            row.add_text(name, text)
    row.add_text("title_words", analyser.spaced_words(title))
    row.add_text("title_units", spaced_units(title))
    row.add_text("body_words", analyser.spaced_words(f"{summary}\n{body}"))
    opening = f"{spaced_units(summary)} {BREAK} " if summary else ""
    row.add_text("body_units", f"{opening}{spaced_units(body)}")
    row.add_text("source_units", _name_units(document.source))
    row.add_text("region_units", _name_units(document.region))
    published = max(-_FARTHEST, min(document.published_at, _FARTHEST))
    row.add_integer("published_at", published)
    row.add_integer("fetched_at", document.fetched_at)
    # One number orders by time and, within a second, by change number.
    row.add_integer("newest", published * _TIES + document.seq % _TIES)
    return row


@lru_cache(maxsize=4096)
def _name_units(name: str) -> str:
    """Of a name that many documents have."""
    return " ".join(units(name))


def _suggestion(text: str) -> str:
    """Found by its folded form, shown in its own."""
    return f"{fold(text)}{SUGGEST_SEPARATOR}{text}"


def meta_document(seq: int) -> tantivy.Document:
    """The row that carries the committed sequence number; it has no `live`, so nothing finds it."""
    row = tantivy.Document()
    row.add_text("id", META_ID)
    row.add_integer("seq", seq)
    return row


@dataclass(frozen=True, slots=True)
class Compiler:
    """Turns nodes of the query language into tantivy queries."""

    schema: tantivy.Schema
    analyser: Analyser
    now: int
    tz_offset: int

    def scoped(self, query: Query, scope: frozenset[str] | None) -> tantivy.Query:
        """The query, restricted to what the scope may see; the restriction does not score."""
        compiled = self.compile(query)
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, compiled), (tantivy.Occur.Must, self.visible(scope))]
        )

    def visible(self, scope: frozenset[str] | None) -> tantivy.Query:
        """Every document in scope."""
        if scope is None:
            return self._silent(self._term("live", "1"))
        units_seen = sorted({PUBLIC, *scope})
        if len(units_seen) > _MANY_UNITS:
            return self._silent(tantivy.Query.term_set_query(self.schema, "visible", units_seen))
        return self._silent(_any([self._term("visible", unit) for unit in units_seen]))

    def compile(self, query: Query) -> tantivy.Query:
        """One node."""
        match query:
            case Everything():
                return self._silent(self._term("live", "1"))
            case Word(text):
                return self._every(self.analyser.pieces(text), ("title", "body"))
            case Phrase(text):
                return self._every([_exactly(text)], ("title", "body"))
            case Field():
                return self._field(query)
            case AnyOf(name, values):
                return self._silent(
                    tantivy.Query.term_set_query(self.schema, name, list(values))
                    if values
                    else tantivy.Query.empty_query()
                )
            case When(name, value):
                return self._when(name, value)
            case Not():
                return self._all_of([query])
            case And(children):
                return self._all_of(children)
            case Or(children):
                return _any([self.compile(child) for child in children])

    def _all_of(self, children: Sequence[Query]) -> tantivy.Query:
        """All must hold. Excluding alone finds nothing in tantivy, so then everything goes first."""
        clauses = []
        for child in children:
            if isinstance(child, Not):
                clauses.append((tantivy.Occur.MustNot, self.compile(child.child)))
            else:
                clauses.append((tantivy.Occur.Must, self.compile(child)))
        if all(isinstance(child, Not) for child in children):
            clauses.insert(0, (tantivy.Occur.Must, self.compile(Everything())))
        return tantivy.Query.boolean_query(clauses)

    def _every(self, pieces: Iterable[Piece], parts: Sequence[str]) -> tantivy.Query:
        """Every piece in one of the parts; nothing where there is no piece."""
        found = [
            _any([self._weighted(part, self._piece(piece, part)) for part in parts])
            for piece in pieces
            if piece.units
        ]
        if not found:
            return tantivy.Query.empty_query()
        if len(found) == 1:
            return found[0]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in found])

    def _piece(self, piece: Piece, part: str) -> tantivy.Query:
        if piece.is_word:
            return self._term(f"{part}_words", piece.text, "freq")
        if len(piece.units) == 1:
            return self._term(f"{part}_units", piece.units[0], "freq")
        return tantivy.Query.phrase_query(self.schema, f"{part}_units", list(piece.units))

    def _weighted(self, part: str, query: tantivy.Query) -> tantivy.Query:
        return tantivy.Query.boost_query(query, TITLE_WEIGHT) if part == "title" else query

    def _field(self, query: Field) -> tantivy.Query:
        if query.name == "title":
            exact = [_exactly(query.value)]
            return self._every(
                exact if query.exact else self.analyser.pieces(query.value), ("title",)
            )
        if query.name in CONTAINS_FIELDS and not query.exact:
            return self._silent(self._every([_exactly(query.value)], (query.name,)))
        return self._silent(self._term("keys", field_key(query)))

    def _when(self, name: str, value: str) -> tantivy.Query:
        start, end = period(value, now=self.now, tz_offset=self.tz_offset)
        lower = None if name == "before" else start
        upper = {"after": None, "before": start}.get(name, end)
        within = tantivy.Query.range_query(
            self.schema,
            "fetched_at" if name == "collected" else "published_at",
            tantivy.FieldType.Integer,
            lower_bound=lower,
            upper_bound=upper,
            include_upper=upper is None,  # the binding refuses to exclude a bound that is not there
        )
        return self._silent(within)

    def _term(self, name: str, value: str, index_option: str = "basic") -> tantivy.Query:
        return tantivy.Query.term_query(self.schema, name, value, index_option)

    @staticmethod
    def _silent(query: tantivy.Query) -> tantivy.Query:
        """A condition that says nothing about how well a document fits."""
        return tantivy.Query.const_score_query(query, 0.0)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query:
    if len(queries) == 1:
        return queries[0]
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _exactly(text: str) -> Piece:
    return Piece(tuple(units(text)), is_word=False)
