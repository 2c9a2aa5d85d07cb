"""/api/v1/archive: search, suggestions, one document, exports."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import FileResponse, HttpRequest
from ninja import Query as Params
from ninja import Router, Schema, Status
from pydantic import Field

from rongmei.archive import actions, exports, selectors, suggesting
from rongmei.archive.models import Document, ExportJob, Term
from rongmei.archive.searching import MAX_CHIPS, Asked
from rongmei.archive.views_exports import file_answer
from rongmei.network import policy
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
    """A search in the query language, and what was chosen in facets: one value of each is enough.

    A facet in which something was chosen still counts what was not.
    """

    q: str = Field("", max_length=2000)
    source: list[str] = Field([], max_length=MAX_CHIPS)
    kind: list[str] = Field([], max_length=MAX_CHIPS)
    media_class: list[str] = Field([], max_length=MAX_CHIPS)
    region: list[str] = Field([], max_length=MAX_CHIPS)
    language: list[str] = Field([], max_length=MAX_CHIPS)
    tag: list[str] = Field([], max_length=MAX_CHIPS)
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
    """What to export, and as `csv`, `jsonl`, `ninjs` or `parquet`.

    `columns` are names of the table's columns, `most` takes the newest so many; left out, all.
    """

    q: str = Field("", max_length=2000)
    format: str = Field("jsonl", pattern="^(csv|jsonl|ninjs|parquet)$")
    columns: list[str] = Field([], max_length=40)
    most: int = Field(0, ge=0)


class ExportOut(Schema):
    """An export: `done` of `total` documents are in the file; `left_out` went out of reach."""

    id: uuid.UUID
    query: str
    form: str
    columns: list[str]
    most: int
    state: str
    total: int
    done: int
    left_out: int
    size: int
    error: str
    created_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None


class OfferOut(Schema):
    """`insert` takes the place of the characters from `start` to `end` of what was typed."""

    kind: str
    label: str
    insert: str
    start: int
    end: int
    note: str
    count: int | None


class SuggestOut(Schema):
    """What to offer, the most useful first."""

    items: list[OfferOut]


@router.get("/search", response=SearchOut)
def archive_search(request: HttpRequest, asked: Params[SearchIn]) -> dict[str, Any]:
    """Search what the member may see; 400 names the character that is wrong."""
    sort: selectors.Sort = "relevant" if asked.sort == "relevant" else "newest"
    both = Asked(
        asked.q,
        {
            "source": tuple(asked.source), "kind": tuple(asked.kind),
            "class": tuple(asked.media_class), "region": tuple(asked.region),
            "lang": tuple(asked.language), "tag": tuple(asked.tag),
        },
    )  # fmt: skip
    found = selectors.find(
        member_of(request), both.query(), sort=sort,
        offset=asked.offset, limit=asked.limit, facets=asked.facets,
        one_each=asked.one_each, chosen=both.chosen(),
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
    policy.require(member_of(request), "archive.view")
    return list(selectors.terms(member_of(request), words=q[:60], kind=kind))


@router.post("/terms", response=TermOut)
def archive_term_add(request: HttpRequest, body: TermIn) -> Term:
    """Add a name; documents are looked at again in the background."""
    return actions.term_add(
        by=member_of(request), kind=body.kind, name=body.name, variants=body.variants
    )


@router.get("/suggest", response=SuggestOut)
def archive_suggest(request: HttpRequest, q: str = "", at: int = -1) -> dict[str, Any]:
    """Fields, values, words and saved searches for what stands before the caret at `at`."""
    typed = q[: suggesting.MAX_TYPED]
    offers = suggesting.offers_for(member_of(request), typed, at if at >= 0 else len(typed))
    return {"items": offers}


@router.post("/exports", response={202: ExportOut})
def archive_export(request: HttpRequest, body: ExportIn) -> Status[ExportJob]:
    """Have everything found put into a file, newest first; leaves an audit line."""
    job = exports.export_ask(
        by=member_of(request), query=body.q, form=body.format, columns=body.columns, most=body.most
    )
    return Status(202, job)


@router.get("/exports", response=list[ExportOut])
def archive_exports(request: HttpRequest) -> Any:
    """The member's own exports, newest first; at most 100."""
    policy.require(member_of(request), "archive.export")
    return exports.exports_of(member_of(request))[:100]


@router.get("/exports/{export_id}", response=ExportOut)
def archive_export_one(request: HttpRequest, export_id: uuid.UUID) -> ExportJob:
    """How far one of the member's exports is."""
    return exports.export_of(member_of(request), export_id)


@router.delete("/exports/{export_id}", response=ExportOut)
def archive_export_cancel(request: HttpRequest, export_id: uuid.UUID) -> ExportJob:
    """Stop an export that is not finished, or delete the file of one that is."""
    return exports.export_cancel(by=member_of(request), export_id=export_id)


@router.get("/exports/{export_id}/file")
def archive_export_file(request: HttpRequest, export_id: uuid.UUID) -> FileResponse:
    """The file of a finished export; 409 while there is none."""
    return file_answer(member_of(request), export_id)
