"""/api/v1/archive: search, one document, export."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Query as Params
from ninja import Router, Schema
from pydantic import Field

from rongmei.archive import actions, exporting, selectors
from rongmei.archive.models import Document, Term
from rongmei.archive.query import parse
from rongmei.network.tokens import member_of

router = Router(tags=["archive"])


class HitOut(Schema):
    """A document found. The `_html` are escaped and hold nothing but <mark>."""

    id: uuid.UUID
    title: str
    title_html: str
    snippet_html: str
    source_name: str
    kind: str
    media_class: str
    region: str
    language: str
    url: str
    published_at: datetime
    score: float
    family_id: uuid.UUID | None
    carriers: int


class FacetOut(Schema):
    """A value and how many of the documents found have it."""

    value: str
    count: int


class SearchOut(Schema):
    """An answer; `histogram` holds (start of the day in seconds since 1970, documents)."""

    total: int
    took_ms: float
    items: list[HitOut]
    facets: dict[str, list[FacetOut]]
    histogram: list[tuple[int, int]]


class SearchIn(Schema):
    """A search in the query language."""

    q: str = Field("", max_length=2000)
    sort: str = Field("newest", pattern="^(newest|relevant)$")
    offset: int = Field(0, ge=0, le=10_000)
    limit: int = Field(20, ge=1, le=200)
    facets: bool = False
    one_each: bool = False


class VersionOut(Schema):
    """An earlier text of a document."""

    version: int
    title: str
    body: str
    fetched_at: datetime


class EntityOut(Schema):
    """A name of the dictionary that a document holds: organisation, person, place or term."""

    kind: str
    name: str


class TermOut(Schema):
    """A name of the node's dictionary."""

    id: uuid.UUID
    kind: str
    name: str
    variants: list[str]


class TermIn(Schema):
    """A name to be added."""

    kind: str = Field(pattern="^(organisation|person|place|term)$")
    name: str = Field(min_length=1, max_length=60)
    variants: list[str] = Field([], max_length=20)


class DocumentOut(Schema):
    """A document with its text and earlier versions."""

    id: uuid.UUID
    unit_id: uuid.UUID
    kind: str
    title: str
    summary: str
    body: str
    authors: str
    source_id: uuid.UUID | None
    source_name: str
    origin: str
    media_class: str
    region: str
    language: str
    url: str
    image_url: str
    tags: list[str]
    family_id: uuid.UUID | None
    script: str
    entities: list[EntityOut]
    keywords: list[str]
    published_at: datetime
    fetched_at: datetime
    version: int
    versions: list[VersionOut]

    @staticmethod
    def resolve_script(document: Document) -> str:
        return str(document.enriched.get("script", ""))

    @staticmethod
    def resolve_entities(document: Document) -> list[dict[str, str]]:
        found = document.enriched.get("entities", ())
        return [{"kind": kind, "name": name} for kind, name in found]

    @staticmethod
    def resolve_keywords(document: Document) -> list[str]:
        return list(document.enriched.get("keywords", ()))

    @staticmethod
    def resolve_versions(document: Document) -> list[Any]:
        return list(document.versions.order_by("-version"))


class ExportIn(Schema):
    """What to export, and as `csv` or `jsonl`."""

    q: str = Field("", max_length=2000)
    format: str = Field("jsonl", pattern="^(csv|jsonl)$")


@router.get("/search", response=SearchOut)
def archive_search(request: HttpRequest, asked: Params[SearchIn]) -> dict[str, Any]:
    """Search what the member may see; 400 names the character that is wrong."""
    sort: selectors.Sort = "relevant" if asked.sort == "relevant" else "newest"
    found = selectors.find(
        member_of(request), asked.q, sort=sort,
        offset=asked.offset, limit=asked.limit, facets=asked.facets,
        one_each=asked.one_each,
    )  # fmt: skip
    items = [
        {
            "title_html": one.title_html, "snippet_html": one.snippet_html, "score": one.score,
            "carriers": one.carriers, **{name: getattr(one.document, name) for name in _SHOWN},
        }
        for one in found.hits
    ]  # fmt: skip
    facets = {
        name: [{"value": value, "count": n} for value, n in counts]
        for name, counts in found.facets.items()
    }
    return {
        "total": found.total, "took_ms": found.took_ms, "items": items, "facets": facets,
        "histogram": list(found.histogram),
    }  # fmt: skip


_SHOWN = (
    "id", "title", "source_name", "kind", "media_class", "region", "language", "url",
    "published_at", "family_id",
)  # fmt: skip


@router.get("/documents/{document_id}", response=DocumentOut)
def archive_document(request: HttpRequest, document_id: uuid.UUID) -> Document:
    """One document with its versions."""
    return selectors.document_for(member_of(request), document_id)


@router.get("/terms", response=list[TermOut])
def archive_terms(request: HttpRequest, q: str = "", kind: str = "") -> list[Term]:
    """The node's own dictionary, at most 500 names."""
    return list(selectors.terms(member_of(request), words=q[:60], kind=kind))


@router.post("/terms", response=TermOut)
def archive_term_add(request: HttpRequest, body: TermIn) -> Term:
    """Add a name; documents are looked at again in the background."""
    return actions.term_add(
        by=member_of(request), kind=body.kind, name=body.name, variants=body.variants
    )


@router.post("/export")
def archive_export(request: HttpRequest, body: ExportIn) -> StreamingHttpResponse:
    """At most 10,000 documents found, newest first, as a stream; leaves an audit line."""
    member = member_of(request)
    query = parse(body.q)
    actions.export_noted(by=member, query=body.q, form=body.format, total=-1)
    rows = exporting.documents(member, query)
    write = exporting.as_jsonl if body.format == "jsonl" else exporting.as_csv
    return StreamingHttpResponse(write(rows), content_type=exporting.FORMATS[body.format])
