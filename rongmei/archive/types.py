"""The shapes that go into and come out of the search index."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from rongmei.archive.errors import SearchRequestInvalid
from rongmei.archive.query import Query

PUBLIC = "public"
"""In `IndexDocument.visible_to`: everybody may see it."""

FACET_FIELDS = (
    "source",
    "source_id",
    "unit_id",
    "kind",
    "region",
    "language",
    "channel_class",
    "tags",
    "family_id",
)
MAX_LIMIT = 200
MAX_OFFSET = 10_000
MAX_FACET_VALUES = 200

Interval: TypeAlias = Literal["hour", "day", "week", "month"]


@dataclass(frozen=True, slots=True)
class IndexDocument:
    """What the index knows of one archive document. Times are whole seconds since 1970, UTC."""

    id: str
    title: str
    body: str
    summary: str = ""
    source: str = ""
    source_id: str = ""
    unit_id: str = ""
    visible_to: tuple[str, ...] = ()
    """Ids of the units that may see it, or PUBLIC. Empty: only a search without scope finds it."""
    kind: str = ""
    region: str = ""
    language: str = ""
    channel_class: str = ""
    tags: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    """Which of `query.HAS` it has."""
    url: str = ""
    published_at: int = 0
    fetched_at: int = 0
    family_id: str | None = None
    seq: int = 0
    """The archive's change number; of two published in the same second the higher comes first."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A facet that narrows its own search: what was chosen in it, and the query without that.

    It is counted for the query without, or nothing but what was chosen would ever be offered; what
    was chosen is always among the values given.
    """

    values: tuple[str, ...]
    without: Query


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """One search. Raises SearchRequestInvalid (400) where it exceeds what one answer can hold."""

    query: Query | str = ""
    scope: frozenset[str] | None = frozenset()
    """Unit ids whose documents may be seen, besides public ones. None: everything."""
    sort: Literal["relevant", "newest"] = "relevant"
    offset: int = 0
    limit: int = 20
    facets: tuple[str, ...] = ()
    facet_values: int = 20
    chosen: Mapping[str, Chosen] = field(default_factory=dict)
    histogram: Interval | None = None
    tz_offset: int = 28_800
    """The reader's distance from UTC in seconds; days and months are cut there."""
    now: int | None = None
    """The time that "today" and "7d" count from; None: the clock."""
    highlight: bool = False

    def __post_init__(self) -> None:
        within = (
            0 <= self.offset <= MAX_OFFSET
            and 0 <= self.limit <= MAX_LIMIT
            and 1 <= self.facet_values <= MAX_FACET_VALUES
            and abs(self.tz_offset) <= 64_800
            and set(self.facets) <= set(FACET_FIELDS)
        )
        if not within:
            raise SearchRequestInvalid(
                offset=self.offset, limit=self.limit, facets=self.facets, tz_offset=self.tz_offset
            )


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found. The `*_html` are escaped, with <mark>, and empty unless asked for."""

    id: str
    score: float
    published_at: int
    source: str = ""
    source_id: str = ""
    unit_id: str = ""
    kind: str = ""
    region: str = ""
    language: str = ""
    channel_class: str = ""
    tags: tuple[str, ...] = ()
    family_id: str | None = None
    title_html: str = ""
    snippet_html: str = ""


@dataclass(frozen=True, slots=True)
class SearchResult:
    """An answer. All of it comes from one commit of the index, `index_seq`."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """Field → (value, documents), most first, then by value."""
    histogram: tuple[tuple[int, int], ...] = ()
    """(start of the interval in seconds since 1970, documents), in order; empty intervals left out.

    Weeks start on Monday.
    """
    took_ms: float = 0.0
    index_seq: int = 0


@dataclass(frozen=True, slots=True)
class HitText:
    """The text of one hit as its record has it now, for highlighting."""

    title: str
    body: str


TextSource: TypeAlias = Callable[[Sequence[str]], Mapping[str, HitText]]
"""Gives the texts of the ids asked for; an id may be missing, the hit then has no highlights."""


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """The state of an index as a reader sees it."""

    documents: int
    committed_seq: int
    analyser: str
    """The fingerprint of the analyser it was written with."""
    needs_rebuild: bool
    """Written by another version than the present one: some words may not be found."""
    other_terms: bool
    """The node's terms are not those it cuts words by: everything is found, but as it was then."""


@dataclass(frozen=True)
class Text:
    """What an enricher looks at."""

    title: str
    body: str


@dataclass(frozen=True)
class Findings:
    """What enrichers found; empty means nothing, not "none". Entities are (kind, name)."""

    language: str = ""
    script: str = ""
    region: str = ""
    entities: tuple[tuple[str, str], ...] = ()
    keywords: tuple[str, ...] = ()

    def with_more(self, other: Findings) -> Findings:
        """Both; what was found first stays where there is room for one."""
        return Findings(
            self.language or other.language,
            self.script or other.script,
            self.region or other.region,
            tuple(dict.fromkeys((*self.entities, *other.entities))),
            tuple(dict.fromkeys((*self.keywords, *other.keywords))),
        )
