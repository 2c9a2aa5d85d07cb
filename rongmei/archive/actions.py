"""Verbs of the archive: keep what came, once, with its versions."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive.enriching import Name
from rongmei.archive.events import DocumentsStored
from rongmei.archive.identity import SourceFacts
from rongmei.archive.models import Change, Document, DocumentVersion, HotSighting, Term, Upkeep
from rongmei.archive.types import Findings
from rongmei.archive.warc import Answer
from rongmei.kernel import audit, db, events, rows
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.kernel.ids import uuid7
from rongmei.network import policy
from rongmei.sources.selectors import media_classes
from rongmei.sources.types import HotEntry, Item

if TYPE_CHECKING:
    from rongmei.network.models import Member

_CLASSES = frozenset(str(one) for one in media_classes())
BATCH = 200
MAX_TITLE, MAX_URL = 500, 1000
# Below this many characters, the same words twice may be two things (天气预报).
TELLING = 20


@dataclass(frozen=True)
class Arrived:
    """An item ready to be kept under `identity`.

    `entry_hash` is of what the source itself gave, before the full text was fetched from the
    article's page: it tells whether the source changed its words. Empty: ask the page again.
    """

    item: Item
    identity: str
    entry_hash: str
    answers: tuple[Answer, ...] = ()
    """What servers gave that it was read from, to be kept as a snapshot."""


@dataclass(frozen=True)
class Stored:
    """What became of a batch of items."""

    new: int = 0
    changed: int = 0
    known: int = 0
    same: tuple[str, ...] = ()
    """Identities left out because the source has given the very same text before."""
    touched: tuple[tuple[str, uuid.UUID, int], ...] = ()
    """Identity, id and version of what is new or changed."""


def note_changes(ids: Iterable[uuid.UUID], *, deleted: bool = False) -> None:
    """Append to the change sequence that the index follows; in the documents' own write."""
    db.serialise()
    rows.insert_values(Change, [{"document_id": one, "deleted": deleted} for one in ids])


def documents_store(arrived: Sequence[Arrived], *, source: SourceFacts, at: datetime) -> Stored:
    """Keep the items of one fetch; at most 200 (`BATCH`), in the caller's write.

    An item known under its identity is a new version when its source gives other words, and
    nothing at all when it gives the same. A document follows the source that gave it first: a feed
    and a sitemap that tell one article each in their own way would make versions without end.
    """
    # Before looking what is there: nobody else may keep the same item between look and write.
    db.serialise()
    by_identity = {one.identity: one for one in arrived}
    known = _known(list(by_identity))
    unknown = [one for identity, one in by_identity.items() if identity not in known]
    same = _said_before(unknown, source)
    fresh = [_document(one, source, at) for one in unknown if one.identity not in same]
    changed = [
        document
        for identity, document in known.items()
        if document.source_id in {None, source.id}
        and _replace_text(document, by_identity[identity], at)
    ]
    rows.insert_values(Document, fresh)
    stored = [(str(one["identity"]), one["id"], 1) for one in fresh]
    stored += [(one.identity, one.pk, one.version) for one in changed]
    touched = [pk for _identity, pk, _version in stored]
    if touched:
        note_changes(touched)
        events.publish(
            DocumentsStored(
                subject_id=source.id, unit_id=source.unit_id,
                document_ids=[str(one) for one in touched], new=len(fresh),
            )
        )  # fmt: skip
    return Stored(len(fresh), len(changed), len(known) - len(changed), tuple(same), tuple(stored))


def _known(identities: Sequence[str]) -> dict[str, Document]:
    """Of these identities, the documents there are already."""
    ids = [pk for (pk,) in rows.matching(Document, ("id",), column="identity", among=identities)]
    if not ids:
        return {}
    return {
        one.identity: one
        for one in Document.objects.filter(pk__in=ids).only(
            "id", "identity", "source_id", "title", "body", "content_hash", "entry_hash",
            "version", "fetched_at",
        )
    }  # fmt: skip


def _said_before(arrived: Sequence[Arrived], source: SourceFacts) -> set[str]:
    """Of these, the ones whose very text the source has given already, under another address.

    In a file that brings items of many media, each medium is a source of its own: what two of them
    carried word for word are two documents.
    """
    told = {
        one.identity: (one.item.content_hash, one.item.carrier[:80])
        for one in arrived
        if len(one.item.body) >= TELLING
    }
    if not told:
        return set()
    # The source is looked at here and not asked for: SQLite would then go by the source, and read
    # all that it ever gave to find these.
    said = rows.matching(
        Document, ("content_hash", "source_name", "source_id"),
        column="content_hash", among=[digest for digest, _carrier in told.values()],
    )  # fmt: skip
    held = {(digest, name) for digest, name, owner in said if owner == source.id}
    # Whoever carries only its own is one medium, by whatever name it went when it said so.
    held |= {(digest, "") for digest, _name in held}
    # The same twice in one batch counts too.
    found = set()
    for identity, key in told.items():
        if key in held:
            found.add(identity)
        held.add(key)
    return found


def _document(arrived: Arrived, source: SourceFacts, at: datetime) -> dict[str, Any]:
    """The values of a new document's row; making an object of each costs more than storing it."""
    item = arrived.item
    # A time the source did not give is the time we saw it, as is one in the future.
    published = min(item.published_at, at) if item.published_at else at
    return {
        "id": uuid7(),
        "identity": arrived.identity,
        "unit_id": source.unit_id,
        "shared": source.shared,
        "source_id": source.id,
        "source_name": (item.carrier or source.name)[:80],
        "origin": item.medium if item.medium not in {source.name, item.carrier} else "",
        "media_class": item.media_class if item.media_class in _CLASSES else source.media_class,
        "region": item.region or source.region,
        # zh and zh-cn are one language to whoever narrows a search.
        "language": (item.language or source.language).split("-")[0][:12],
        "title": item.title[:MAX_TITLE],
        "summary": item.summary,
        "body": item.body,
        "authors": "、".join(item.authors)[:200],
        "url": item.url[:MAX_URL],
        "image_url": next((one for one in item.images if len(one) <= MAX_URL), ""),
        "tags": list(item.tags),
        "content_hash": item.content_hash,
        "entry_hash": arrived.entry_hash,
        "body_length": len(item.body),
        "published_at": published,
        "fetched_at": at,
    }


def _replace_text(document: Document, arrived: Arrived, at: datetime) -> bool:
    item = arrived.item
    if item.content_hash == document.content_hash or not item.body:
        if arrived.entry_hash != document.entry_hash:
            # The source gave other words for the same article: remembered, or it is asked for ever.
            Document.objects.filter(pk=document.pk).update(entry_hash=arrived.entry_hash)
        return False
    _keep_version(document)
    document.title, document.body = item.title[:MAX_TITLE], item.body
    document.summary = item.summary
    document.content_hash, document.entry_hash = item.content_hash, arrived.entry_hash
    document.body_length, document.fetched_at = len(item.body), at
    document.version += 1
    document.enriched_by = ""
    document.save(
        update_fields=[
            "enriched_by", "title", "body", "summary", "content_hash", "entry_hash", "body_length",
            "fetched_at", "version", "updated_at",
        ]
    )  # fmt: skip
    return True


def _keep_version(document: Document) -> None:
    """Keep what a document says now, before it changes."""
    DocumentVersion.objects.get_or_create(
        document=document, version=document.version,
        defaults={
            "title": document.title, "body": document.body,
            "content_hash": document.content_hash, "fetched_at": document.fetched_at,
        },
    )  # fmt: skip


def document_keep(
    *,
    kind: str,
    identity: str,
    unit_id: uuid.UUID,
    title: str,
    body: str,
    source_name: str,
    published_at: datetime,
    url: str = "",
    summary: str = "",
    language: str = "zh",
    region: str = "",
    tags: Sequence[str] = (),
    authors: str = "",
    subject_id: uuid.UUID | None = None,
    shared: bool = True,
    media_class: str = "company",
    image_url: str = "",
) -> Document:
    """Keep something of our own (a signed story, a publication); in the caller's write.

    Called again with the same `identity` it becomes the next version of the same document.
    """
    name = hashlib.sha256(f"{kind}:{identity}".encode()).hexdigest()
    digest = hashlib.sha256(f"{title}\n{body}".encode()).hexdigest()
    now = timezone.now()
    document = Document.objects.filter(identity=name).first()
    if document is None:
        document = Document(identity=name, kind=kind, unit_id=unit_id)
    elif document.content_hash != digest:
        _keep_version(document)
        document.version += 1
    fields: dict[str, Any] = {
        "title": title[:MAX_TITLE], "body": body, "summary": summary, "source_name": source_name[:80],
        "published_at": published_at, "fetched_at": now, "url": url[:MAX_URL], "language": language,
        "region": region, "tags": list(tags), "authors": authors[:200], "subject_id": subject_id,
        "shared": shared, "media_class": media_class, "image_url": image_url[:MAX_URL],
        "content_hash": digest, "entry_hash": digest, "body_length": len(body),
        "enriched_by": "",
    }  # fmt: skip
    for field, value in fields.items():
        setattr(document, field, value)
    document.save()
    note_changes([document.pk])
    stored = DocumentsStored(unit_id=unit_id, document_ids=[str(document.pk)], new=1)
    events.publish(stored)
    return document


def families_assign(
    assigned: Mapping[uuid.UUID, uuid.UUID | None],
    *,
    merged: Mapping[uuid.UUID, uuid.UUID] = MappingProxyType({}),
) -> None:
    """Note which documents carry the same text, and which families became one; in the caller's write.

    `assigned` maps a document to its family (None: it left it), `merged` a family to the one it went
    into. The index follows; documents that are gone by now are passed over.
    """
    members: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for document_id, family_id in assigned.items():
        members.setdefault(family_id, []).append(document_id)
    moved = Document.objects.filter(family_id__in=list(merged))
    touched = dict.fromkeys([*assigned, *(moved.values_list("pk", flat=True) if merged else ())])
    for younger, elder in merged.items():
        Document.objects.filter(family_id=younger).update(family_id=elder)
    for family_id, ids in members.items():
        Document.objects.filter(pk__in=ids).update(family_id=family_id)
    if touched:
        note_changes(touched)


def documents_enrich(found: Sequence[tuple[Document, Findings]], *, version: str) -> None:
    """Note what enrichers found in documents, one write a batch; the index hears of what it shows.

    A region or language that the source gave stays; one found before gives way to what is found now.
    A document that changed or went meanwhile is left for the next time.
    """
    told = []
    with db.write():
        db.serialise()
        hashes = dict(
            Document.objects.filter(pk__in=[row.pk for row, _f in found]).values_list(
                "pk", "content_hash"
            )
        )
        held = [(row, one) for row, one in found if hashes.get(row.pk) == row.content_hash]
        for row, one in held:
            before = (row.region, row.language, row.entity_names)
            if not row.region or row.region == row.enriched.get("region"):
                row.region = one.region
            # Sources are Chinese unless somebody says otherwise; letters say otherwise.
            if one.language and (not row.language or {row.language, one.language} == {"zh", "en"}):
                row.language = one.language
            row.enriched = asdict(one)
            row.enriched_by = version
            if before != (row.region, row.language, row.entity_names):
                told.append(row.pk)
        Document.objects.bulk_update(
            [row for row, _f in held], ["region", "language", "enriched", "enriched_by"]
        )
        if told:
            note_changes(told)


def term_add(*, by: Member, kind: str, name: str, variants: Sequence[str] = ()) -> Term:
    """Put a name into the node's dictionary; documents are looked at again in the background."""
    policy.require(by, "archive.manage_terms")
    if kind not in Term.Kind.values or not name.strip():
        raise BadInput(_("请写名称并选类型，没有保存。"))
    with db.write():
        if Term.objects.filter(name=name.strip()[:60]).exists():
            raise BadInput(_("词表里已有这个名称，没有重复添加。"))
        term = Term.objects.create(
            kind=kind, name=name.strip()[:60], by_name=by.name[:40],
            variants=[one.strip()[:60] for one in variants if one.strip()][:20],
        )  # fmt: skip
        audit.record(by, "term.added", term, kind=kind)
    return term


def terms_import(*, by: Member, names: Sequence[Name]) -> int:
    """Put many names into the dictionary at once; those it has already are left as they are."""
    policy.require(by, "archive.manage_terms")
    with db.write():
        known = set(Term.objects.values_list("name", flat=True))
        fresh = {one.name[:60]: one for one in names if one.name[:60] not in known}
        Term.objects.bulk_create(
            Term(
                kind=one.kind, name=name, variants=[v[:60] for v in one.variants][:20],
                by_name=by.name[:40],
            )
            for name, one in fresh.items()
        )  # fmt: skip
        audit.record(by, "terms.imported", count=len(fresh))
    return len(fresh)


def term_remove(*, by: Member, term_id: uuid.UUID) -> None:
    """Take a name out of the dictionary."""
    policy.require(by, "archive.manage_terms")
    with db.write():
        term = Term.objects.select_for_update().filter(pk=term_id).first()
        if term is None:
            raise NotFound
        audit.record(by, "term.removed", term, kind=term.kind)
        term.delete()


def hot_list_store(entries: Sequence[HotEntry], *, source: SourceFacts, at: datetime) -> int:
    """Keep what a hot list showed at a time; in the caller's write. Returns how many are new to it."""
    last = HotSighting.objects.filter(source_id=source.id).order_by("-seen_at").first()
    before: set[str] = set()
    if last is not None:
        rows = HotSighting.objects.filter(source_id=source.id, seen_at=last.seen_at)
        before = set(rows.values_list("title", flat=True))
    kept = [
        HotSighting(
            source_id=source.id, seen_at=at, rank=one.rank, title=one.title[:300],
            url=one.url[:MAX_URL], heat=int(one.heat) if one.heat is not None else None,
        )
        for one in entries
    ]  # fmt: skip
    HotSighting.objects.bulk_create(kept)
    return len({one.title for one in kept} - before)


def upkeep_ask(*, by: Member, kind: str) -> Upkeep:
    """Have the archive verified, or its index made anew, in the background; once at a time."""
    policy.require(by, "archive.manage")
    if kind not in Upkeep.Kind.values:
        raise BadInput(_("没有这种维护，未做任何改动。"))
    with db.write():
        db.serialise()
        job = Upkeep.objects.filter(kind=kind, state__in=("waiting", "running")).first()
        if job is None:
            job = Upkeep.objects.create(kind=kind, by_name=str(by)[:40])
            audit.record(by, "archive.upkeep_asked", job, kind=kind)
    return job
