"""Which documents carry the same text: candidates by bands, proof by shingles, families as rows.

Computing and writing are apart: `plan()` reads and compares, `save()` only writes.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db.models import Count

from rongmei.archive import actions as archive_actions
from rongmei.archive import selectors as archive
from rongmei.kernel import db
from rongmei.monitoring import copies
from rongmei.monitoring.models import Band, Fingerprint, Reprint, ReprintFamily, Watch, WatchBand

if TYPE_CHECKING:
    from rongmei.archive.models import Document

OURS: Final = frozenset({"story", "publication"})
# A title of a few characters (图集, 快讯) is no identity.
SHORTEST_TITLE: Final = 8
CANDIDATES, HASHES_A_QUERY = 24, 500


@dataclass(eq=False)
class Print:
    """A document made ready for comparing."""

    document: Document
    sketch: copies.Sketch
    bands: list[int]
    row: Fingerprint
    best: float = 0.0
    hits: list[tuple[Watch, float]] = field(default_factory=list)

    @property
    def is_short(self) -> bool:
        """Whether it is compared by its title."""
        return self.sketch.is_short

    def same_as(self, other: Document, sketch: copies.Sketch) -> float | None:
        """How alike, if it is a copy; else 0; None when only the bodies can tell."""
        if self.is_short:
            mine, theirs = copies.title_key(self.document.title), copies.title_key(other.title)
            return float(mine == theirs)
        return _shown(copies.judged(self.sketch, sketch))


@dataclass
class Plan:
    """What is to be written for a batch."""

    prints: list[Print] = field(default_factory=list)
    families: dict[uuid.UUID, ReprintFamily] = field(default_factory=dict)
    joined: dict[int, Fingerprint] = field(default_factory=dict)
    merged: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)


@dataclass
class _Stored:
    """What the rows hold that shares a band with a batch."""

    prints: dict[int, list[int]]
    rows: dict[int, Fingerprint]
    watches: dict[int, list[Watch]]
    bodies: dict[uuid.UUID, Document] = field(default_factory=dict)


def _shown(found: copies.Likeness | None) -> float | None:
    if found is None:
        return None
    return found.shown if found.is_copy else 0.0


def grams(document: Document) -> frozenset[int]:
    """The document's shingles, remembered."""
    return copies.shingles_kept(document.content_hash, document.body)


def is_ours(document: Document) -> bool:
    """Whether the document is our own word (a story, a publication, something with a subject)."""
    return document.kind in OURS or document.subject_id is not None


def prints_of(documents: Sequence[Document]) -> list[Print]:
    """The fingerprints of documents, without those that have nothing to compare by."""
    found = copies.sketches([one.body for one in documents])
    return [
        _print(document, sketch)
        for document, sketch in zip(documents, found, strict=True)
        if not sketch.is_short or len(copies.letters(document.title)) >= SHORTEST_TITLE
    ]


def _print(document: Document, sketch: copies.Sketch) -> Print:
    # Titles meet in one band of their own, apart from those of bodies.
    bands = [copies.title_band(document.title)] if sketch.is_short else sketch.bands
    row = Fingerprint(
        document_id=document.pk, content_hash=document.content_hash, minhash=sketch.minima,
        letters=sketch.letters, published_at=document.published_at,
    )  # fmt: skip
    return Print(document, sketch, bands, row)


def bands_of(row: Fingerprint, title: str) -> list[int]:
    """The bands that a fingerprint was stored under."""
    sketch = sketch_of(row)
    return [copies.title_band(title)] if sketch.is_short else sketch.bands


def sketch_of(row: Fingerprint) -> copies.Sketch:
    """The sketch that a fingerprint holds."""
    return copies.Sketch(row.letters, bytes(row.minhash))


def plan(documents: Sequence[Document]) -> Plan:
    """Compare new documents with those of the last fortnight, with each other, and with watches."""
    prints = prints_of(documents)
    stored = _stored(prints)
    near = {id(one): _candidates(one, stored) for one in prints}
    doubtful = {
        row.document_id
        for one in prints
        for row in near[id(one)]
        if one.same_as(row.document, sketch_of(row)) is None
    }
    stored.bodies = archive.documents_by_ids(doubtful) if doubtful else {}
    made = Plan()
    fresh: copies.Finder[Print] = copies.Finder()
    for one in sorted(prints, key=lambda p: p.document.published_at):
        others = [(row, row.document) for row in near[id(one)]]
        others += [(two.row, two.document) for two in fresh.candidates(one.bands, CANDIDATES)]
        _place(one, made, others, stored)
        one.hits = _watched(one, stored)
        fresh.add(one.bands, one)
        made.prints.append(one)
    return made


def _stored(prints: Sequence[Print]) -> _Stored:
    wanted = list({number for one in prints for number in one.bands})
    by_hash: dict[int, list[int]] = defaultdict(list)
    watched: dict[int, list[uuid.UUID]] = defaultdict(list)
    for at in range(0, len(wanted), HASHES_A_QUERY):
        part = wanted[at : at + HASHES_A_QUERY]
        for number, print_id in Band.objects.filter(hash__in=part).values_list("hash", "print_id"):
            by_hash[number].append(print_id)
        rows = WatchBand.objects.filter(hash__in=part).values_list("hash", "watch_id")
        for number, watch_id in rows:
            watched[number].append(watch_id)
    watches = Watch.objects.in_bulk({pk for ids in watched.values() for pk in ids})
    return _Stored(
        by_hash,
        _rows({print_id for ids in by_hash.values() for print_id in ids}),
        {number: [watches[pk] for pk in ids if pk in watches] for number, ids in watched.items()},
    )


def _rows(ids: set[int]) -> dict[int, Fingerprint]:
    """Fingerprints with their documents, without the bodies: most pairs are judged by minima."""
    wanted, found = list(ids), {}
    for at in range(0, len(wanted), HASHES_A_QUERY):
        rows = Fingerprint.objects.filter(pk__in=wanted[at : at + HASHES_A_QUERY])
        rows = rows.select_related("document", "family")
        found.update({one.pk: one for one in rows.defer("document__body", "document__summary")})
    return found


def _candidates(one: Print, stored: _Stored) -> list[Fingerprint]:
    shared: Counter[int] = Counter()
    for number in one.bands:
        shared.update(stored.prints.get(number, ()))
    rows = (stored.rows.get(pk) for pk, _n in shared.most_common(CANDIDATES))
    # The same document in an earlier version is no reprint of itself.
    return [row for row in rows if row is not None and row.document_id != one.document.pk]


def _alike(one: Print, row: Fingerprint, document: Document, stored: _Stored) -> float:
    found = one.same_as(document, sketch_of(row))
    if found is None:
        whole = stored.bodies.get(document.pk, document)
        found = _shown(copies.likeness(grams(one.document), grams(whole)))
    return found or 0.0


def _place(
    one: Print, made: Plan, candidates: list[tuple[Fingerprint, Document]], stored: _Stored
) -> None:
    for row, document in candidates:
        alike = _alike(one, row, document, stored)
        if not alike:
            continue
        one.best = max(one.best, alike)
        family = _family_of(row, document, made)
        if one.row.family_id is None:
            one.row.family = family
        elif one.row.family_id != family.pk:
            _merge(made, one.row, family)
    if one.row.family_id is not None:
        one.row.similarity = one.best
        family = made.families[one.row.family_id]
        family.size += 1
        _stretch(family, one.document)


def _family_of(row: Fingerprint, document: Document, made: Plan) -> ReprintFamily:
    while row.family_id in made.merged:
        row.family_id = made.merged[row.family_id]
    if row.family_id is None:
        family = ReprintFamily(
            origin_id=document.pk,
            size=1,
            first_at=document.published_at,
            last_at=document.published_at,
        )
        made.families[family.pk] = family
        row.family = family
        if row.pk is not None:
            made.joined[row.pk] = row
        return family
    if row.family_id not in made.families:
        made.families[row.family_id] = row.family or ReprintFamily.objects.get(pk=row.family_id)
    return made.families[row.family_id]


def _merge(made: Plan, row: Fingerprint, other: ReprintFamily) -> None:
    """A text that is a copy of two families makes them one: the elder stays."""
    mine = made.families[row.family_id]  # type: ignore[index] # asked by the caller
    elder, younger = sorted((mine, other), key=lambda one: (one.first_at, one.pk))
    elder.size += younger.size
    elder.last_at = max(elder.last_at, younger.last_at)
    made.merged[younger.pk] = elder.pk
    made.families.pop(younger.pk)
    for one in made.prints:
        if one.row.family_id == younger.pk:
            one.row.family = elder
    for joined in made.joined.values():
        if joined.family_id == younger.pk:
            joined.family = elder
    row.family = elder


def _stretch(family: ReprintFamily, document: Document) -> None:
    if document.published_at < family.first_at:
        family.first_at, family.origin_id = document.published_at, document.pk
    family.last_at = max(family.last_at, document.published_at)


def _watched(one: Print, stored: _Stored) -> list[tuple[Watch, float]]:
    if one.is_short or is_ours(one.document):
        return []
    near = {w.pk: w for number in one.bands for w in stored.watches.get(number, ())}
    return [(watch, alike) for watch in near.values() if (alike := reprint_of(watch, one.document))]


def reprint_of(watch: Watch, document: Document) -> float:
    """How much the document carries of the watched text; 0 when it is no reprint."""
    if document.published_at < watch.since or document.pk == watch.own_document_id:
        return 0.0
    found = copies.likeness(
        copies.shingles_kept(f"watch:{watch.pk}:{watch.updated_at}", watch.body), grams(document)
    )
    return found.shown if found.is_carried else 0.0


def save(made: Plan) -> list[Reprint]:
    """Write a plan, inside the caller's write; return the reprints of ours that are new."""
    # A document that came again with other words is compared anew; its old bands lead nowhere.
    Fingerprint.objects.filter(document__in=[one.document.pk for one in made.prints]).delete()
    for family in made.families.values():
        family.save()
    for younger, elder in made.merged.items():
        Fingerprint.objects.filter(family=younger).update(family=elder)
        ReprintFamily.objects.filter(pk=younger).delete()
    for row in made.joined.values():
        Fingerprint.objects.filter(pk=row.pk).update(family=row.family_id)
    Fingerprint.objects.bulk_create([one.row for one in made.prints])
    Band.objects.bulk_create(
        Band(hash=number, print_id=one.row.pk) for one in made.prints for number in one.bands
    )
    _count(made.families)
    _tell_archive(made)
    return reprints_save(
        (watch, one.document, alike) for one in made.prints for watch, alike in one.hits
    )


def _count(families: Iterable[uuid.UUID]) -> None:
    """Counted, not added up: a document that came again must not count twice."""
    rows = Fingerprint.objects.filter(family__in=list(families)).values_list("family")
    for family_id, size in rows.annotate(n=Count("id")).order_by():
        ReprintFamily.objects.filter(pk=family_id).update(size=size)


def recount(family_ids: Sequence[uuid.UUID]) -> None:
    """After documents went: how many each family still has; without any it goes too."""
    with db.write():
        db.serialise()
        _count(family_ids)
        ReprintFamily.objects.filter(pk__in=family_ids, members=None).delete()


def _tell_archive(made: Plan) -> None:
    """The archive keeps each document's family, so that people can search and count by it."""
    assigned = {
        one.document.pk: one.row.family_id
        for one in made.prints
        if one.row.family_id != one.document.family_id
    }
    assigned |= {row.document_id: row.family_id for row in made.joined.values()}
    archive_actions.families_assign(assigned, merged=made.merged)


def reprints_save(found: Iterable[tuple[Watch, Document, float]]) -> list[Reprint]:
    """Note reprints of watched texts with their evidence, once each; inside the caller's write."""
    new = []
    for watch, document, alike in found:
        row, made = Reprint.objects.update_or_create(
            watch=watch, document=document,
            defaults={
                "similarity": alike, "evidence": copies.evidence(watch.body, document.body),
            },
        )  # fmt: skip
        if made:
            new.append(row)
    return new
