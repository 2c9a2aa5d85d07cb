"""Reads of the archive: documents in reach, and finding them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from django.db.models import Count, Q, QuerySet

from rongmei.archive.diffing import Piece, differences
from rongmei.archive.errors import IndexMissing
from rongmei.archive.highlight import highlight_terms, mark_hits
from rongmei.archive.hooks import DocumentAction
from rongmei.archive.index import IndexReader
from rongmei.archive.indexing import behind, search_index
from rongmei.archive.models import Document, HotSighting, Snapshot, Term, Upkeep
from rongmei.archive.query import Query, parse
from rongmei.archive.searching import resolved
from rongmei.archive.types import (
    MAX_FACET_VALUES,
    MAX_LIMIT,
    Chosen,
    Hit,
    HitText,
    Interval,
    SearchRequest,
    SearchResult,
    TextSource,
)
from rongmei.kernel import plugins
from rongmei.kernel.errors import NotFound
from rongmei.kernel.rows import matching
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

FACETS = ("source", "kind", "channel_class", "region", "language", "tags")
Sort = Literal["relevant", "newest"]
# How many hits are looked through for one of each family; a page of 20 needs 200 as a rule.
COLLAPSED = 2_000


@dataclass(frozen=True)
class Found:
    """One document found: its row, and its title and passage with <mark> (already escaped)."""

    document: Document
    title_html: str
    snippet_html: str
    score: float
    carriers: int = 0
    """How many other media, within the reader's reach, carry the same text."""


@dataclass(frozen=True)
class VersionStep:
    """A version and what it changed against the one before."""

    version: int
    at: datetime
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class SearchPage:
    """An answer to a query: rows in order, counts, and how long it took in milliseconds."""

    total: int
    hits: list[Found]
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    histogram: tuple[tuple[int, int], ...]
    took_ms: float


def documents_visible_to(member: Member) -> QuerySet[Document]:
    """Shared documents, and those of the units in reach."""
    units = policy.units_for(member, "archive.view")
    if not units:
        return Document.objects.none()
    return Document.objects.filter(Q(shared=True) | Q(unit__in=units))


def document_for(member: Member, document_id: uuid.UUID) -> Document:
    """One document in reach; NotFound otherwise."""
    found = documents_visible_to(member).filter(pk=document_id).select_related("unit").first()
    if found is None:
        raise NotFound
    return found


def known_entries(identities: Sequence[str], source_id: uuid.UUID) -> dict[str, str | None]:
    """Of these identities, those the archive has, with the hash this source gave last.

    None for what came from another source: only its own can say that it changed.
    """
    wanted = ("identity", "entry_hash", "source_id")
    return {
        identity: entry_hash if owner in {None, source_id} else None
        for identity, entry_hash, owner in matching(
            Document, wanted, column="identity", among=identities
        )
    }


def known_words(source_id: uuid.UUID, entry_hashes: Sequence[str]) -> set[str]:
    """Of these hashes, those under which the source has given something already.

    Finds articles again that come under a new address each time.
    """
    found = matching(
        Document, ("entry_hash",), column="entry_hash", among=entry_hashes, source_id=source_id
    )
    return {entry_hash for (entry_hash,) in found}


def scope_of(member: Member, permission: str = "archive.view") -> frozenset[str]:
    """Ids of units whose documents the member may find, besides shared ones."""
    return frozenset(str(unit) for unit in policy.units_for(member, permission))


def find(
    member: Member,
    query: str | Query,
    *,
    sort: Sort = "newest",
    offset: int = 0,
    limit: int = 20,
    facets: bool = True,
    highlight: bool = True,
    interval: Interval = "day",
    one_each: bool = False,
    chosen: Mapping[str, Chosen] = MappingProxyType({}),
) -> SearchPage:
    """Search what the member may see. Raises QueryError, which points at the character.

    `chosen` says which facets narrow the query, so that they go on counting what was not chosen.
    `one_each` shows one document of every reprint family, the first in order; `total` still counts
    them all.
    """
    policy.require(member, "archive.view")
    request = SearchRequest(
        query=understood(query, member), scope=scope_of(member), sort=sort, offset=offset, limit=limit,
        facets=FACETS if facets else (), histogram=interval if facets else None, highlight=highlight,
        chosen={
            name: replace(one, without=understood(one.without, member))
            for name, one in chosen.items()
        },
    )  # fmt: skip
    # Rows are asked for within the reader's reach, though the index was too: what was made private
    # a moment ago may not be in the index yet.
    return _answer(request, documents_visible_to(member), one_each=one_each)


def understood(query: str | Query, member: Member | None) -> Query:
    """What was asked, with the names of units, classes and groups as the index knows them."""
    return resolved(parse(query) if isinstance(query, str) else query, member)


def find_everything(query: str, *, sort: Sort = "newest", limit: int = 20) -> SearchPage:
    """Search the whole archive, for the operator at the command line."""
    request = SearchRequest(query=understood(query, None), scope=None, sort=sort, limit=limit)
    return _answer(request, Document.objects.all())


def _answer(
    request: SearchRequest, reach: QuerySet[Document], *, one_each: bool = False
) -> SearchPage:
    rows: dict[str, Document] = {}

    def texts(ids: Sequence[str]) -> dict[str, HitText]:
        found = reach.in_bulk([uuid.UUID(one) for one in ids])
        rows.update({str(pk): row for pk, row in found.items()})
        return {pk: HitText(row.title, row.body) for pk, row in rows.items()}

    try:
        reader = search_index().reader()
        if one_each:
            result = _one_each(reader, request, texts)
        else:
            result = reader.search(request, texts)
    except IndexMissing:
        # Nothing was ever indexed: an empty archive, not a fault.
        return SearchPage(0, [], {}, (), 0.0)
    if not request.highlight:
        texts([hit.id for hit in result.hits])
    carriers = _carriers(reach, rows.values())
    hits = [
        Found(rows[hit.id], hit.title_html, hit.snippet_html, hit.score, carriers.get(hit.id, 0))
        for hit in result.hits
        if hit.id in rows
    ]
    return SearchPage(result.total, hits, result.facets, result.histogram, result.took_ms)


def _one_each(reader: IndexReader, request: SearchRequest, texts: TextSource) -> SearchResult:
    """The page of an answer that leaves out all but the first of a family.

    The engine does not group, so hits are read from the beginning, 200 at a time, until the page is
    full; after `COLLAPSED` hits it is what was found until then.
    """
    seen: set[str] = set()
    kept: list[Hit] = []
    wanted = request.offset + request.limit
    first: SearchResult | None = None
    for at in range(0, COLLAPSED, MAX_LIMIT):
        more: dict[str, Any] = {} if first is None else {"facets": (), "histogram": None}
        part = replace(request, offset=at, limit=MAX_LIMIT, highlight=False, **more)
        result = reader.search(part)
        first = first or result
        for hit in result.hits:
            if hit.family_id is None or hit.family_id not in seen:
                kept.append(hit)
                seen.add(hit.family_id or "")
        if len(kept) >= wanted or len(result.hits) < MAX_LIMIT:
            break
    assert first is not None
    page = tuple(kept[request.offset : wanted])
    if request.highlight:
        query = parse(request.query) if isinstance(request.query, str) else request.query
        page = mark_hits(page, highlight_terms(query, reader.analyser), texts)
    return replace(first, hits=page)


def _carriers(reach: QuerySet[Document], rows: Iterable[Document]) -> dict[str, int]:
    """Document id → how many media besides its own carry its text; one query for a page."""
    families = {row.family_id for row in rows if row.family_id}
    if not families:
        return {}
    counted = reach.filter(family_id__in=families).values_list("family_id").order_by()
    media = dict(counted.annotate(n=Count("source_name", distinct=True)))
    return {str(row.pk): media.get(row.family_id, 1) - 1 for row in rows if row.family_id}


def carriers_of(member: Member, document: Document) -> int:
    """How many other media carry a document's text, within the member's reach."""
    return _carriers(documents_visible_to(member), [document]).get(str(document.pk), 0)


def suggest(member: Member, prefix: str, limit: int = 8) -> list[tuple[str, int]]:
    """Names and words that start so, with how many documents in reach have them."""
    policy.require(member, "archive.view")
    try:
        return list(search_index().reader().suggest(prefix, scope_of(member), limit))
    except IndexMissing:
        return []


def facet_of(member: Member, name: str) -> list[tuple[str, int]]:
    """The values of one facet over everything in reach, most first; at most 200."""
    policy.require(member, "archive.view")
    request = SearchRequest(
        scope=scope_of(member), limit=0, facets=(name,), facet_values=MAX_FACET_VALUES
    )
    try:
        return list(search_index().reader().search(request).facets.get(name, ()))
    except IndexMissing:
        return []


def documents_by_ids(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Document]:
    """Rows by id, for rooms that keep only the ids; the caller answers for the scope."""
    return Document.objects.in_bulk(list(ids))


def hot_lists_now(limit: int = 20) -> list[HotSighting]:
    """The newest sighting of every hot list, best rank first."""
    newest: dict[uuid.UUID, list[HotSighting]] = {}
    rows = HotSighting.objects.select_related("source").order_by("-seen_at", "rank")[: limit * 10]
    for row in rows:
        kept = newest.setdefault(row.source_id, [])
        if not kept or kept[0].seen_at == row.seen_at:
            kept.append(row)
    return [row for kept in newest.values() for row in kept[:limit]]


def document_count() -> float:
    """How many documents the node keeps."""
    return float(Document.objects.count())


def versions_between(document: Document) -> list[VersionStep]:
    """The versions of a document, newest first, each with what changed against the one before."""
    texts = [
        (one.version, one.fetched_at, one.title, one.body)
        for one in document.versions.order_by("version")
    ]
    texts.append((document.version, document.fetched_at, document.title, document.body))
    steps = []
    for before, after in pairwise(texts):
        old, new = f"{before[2]}\n\n{before[3]}", f"{after[2]}\n\n{after[3]}"
        steps.append(VersionStep(after[0], after[1], tuple(differences(old, new))))
    return steps[::-1]


def document_actions(member: Member) -> list[DocumentAction]:
    """What rooms above offer this member to do with a document."""
    found = [one for some in plugins.manager.hook.register_document_actions() for one in some]
    allowed = [one for one in found if policy.anywhere(member, one.permission)]
    return sorted(allowed, key=lambda one: one.order)


def hot_list_before(source_id: uuid.UUID, seen_at: datetime) -> dict[str, int]:
    """Title → rank of the sighting of a hot list before the one at `seen_at`; empty without one."""
    rows = HotSighting.objects.filter(source=source_id, seen_at__lt=seen_at)
    before = rows.order_by("-seen_at").values_list("seen_at", flat=True).first()
    if before is None:
        return {}
    return dict(rows.filter(seen_at=before).order_by("-rank").values_list("title", "rank"))


def collected_since(member: Member, since: datetime) -> list[datetime]:
    """When each document that the member may see came in, since a time; oldest first."""
    rows = documents_visible_to(member).filter(fetched_at__gte=since).order_by("fetched_at")
    return list(rows.values_list("fetched_at", flat=True)[:100_000])


@dataclass(frozen=True)
class ArchiveState:
    """What the page of the archive's state shows."""

    documents: int
    snapshots: int
    behind: int
    jobs: list[Upkeep]

    @property
    def open(self) -> bool:
        """Whether something is being done."""
        return any(job.is_open for job in self.jobs)


def archive_state() -> ArchiveState:
    """Counts, and the latest pieces of upkeep, newest first."""
    return ArchiveState(
        Document.objects.count(), Snapshot.objects.count(), int(behind()),
        list(Upkeep.objects.order_by("-pk")[:10]),
    )  # fmt: skip


def terms(
    member: Member, *, words: str = "", kind: str = "", limit: int | None = 500
) -> QuerySet[Term]:
    """The node's own names, by kind and name."""
    rows = Term.objects.all() if policy.anywhere(member, "archive.view") else Term.objects.none()
    if words:
        rows = rows.filter(Q(name__icontains=words) | Q(variants__icontains=words))
    if kind:
        rows = rows.filter(kind=kind)
    return rows.order_by("kind", "name")[:limit]


def term_counts(member: Member) -> dict[str, int]:
    """How many names of each kind the node has of its own."""
    rows = terms(member, limit=None).order_by().values_list("kind")
    return dict(rows.annotate(n=Count("id")))


def entities_of(document: Document) -> list[tuple[str, list[str]]]:
    """What the dictionary found in a document, by kind; kinds without any are left out."""
    kinds: dict[str, list[str]] = {}
    for kind, name in document.enriched.get("entities", ()):
        kinds.setdefault(kind, []).append(name)
    return [(str(label), kinds[kind]) for kind, label in Term.Kind.choices if kind in kinds]
