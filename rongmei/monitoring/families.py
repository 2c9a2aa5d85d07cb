"""Which documents carry the same text: candidates by bands, proof by shingles, families as rows.

Computing and writing are apart: `plan()` reads and compares, `save()` only writes.
"""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from rongmei.monitoring import copies
from rongmei.monitoring.models import Band, Fingerprint, Reprint, ReprintFamily, Watch

if TYPE_CHECKING:
    from rongmei.archive.models import Document

OURS: Final = frozenset({"story", "publication"})
# A title of a few characters (图集, 快讯) is no identity.
SHORTEST_TITLE: Final = 8
CANDIDATES, HASHES_A_QUERY = 24, 500


@dataclass
class Print:
    """A document made ready for comparing."""

    document: Document
    minima: tuple[int, ...]
    bands: list[int]
    is_short: bool
    row: Fingerprint
    best: float = 0.0
    hits: list[tuple[Watch, float]] = field(default_factory=list)

    def same_as(self, other: Document) -> float:
        """How alike, if it is a copy; else 0."""
        if self.is_short:
            return (
                1.0
                if copies.title_key(self.document.title) == copies.title_key(other.title)
                else 0.0
            )
        found = copies.likeness(grams(self.document), grams(other))
        return found.shown if found.is_copy else 0.0


@dataclass
class Plan:
    """What is to be written for a batch."""

    prints: list[Print] = field(default_factory=list)
    families: dict[uuid.UUID, ReprintFamily] = field(default_factory=dict)
    joined: dict[int, Fingerprint] = field(default_factory=dict)
    merged: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)


def grams(document: Document) -> frozenset[str]:
    """The document's shingles, remembered."""
    return copies.shingles_kept(document.content_hash, document.body)


def is_ours(document: Document) -> bool:
    """Whether the document is our own word (a story, a publication, something with a subject)."""
    return document.kind in OURS or document.subject_id is not None


def print_of(document: Document) -> Print | None:
    """The fingerprint of a document; None when there is nothing to compare by."""
    found = grams(document)
    is_short = len(copies.core(document.body)) < copies.SHORT
    if is_short:
        if len(copies.letters(document.title)) < SHORTEST_TITLE:
            return None
        # Titles meet in one band of their own, apart from those of bodies.
        minima: tuple[int, ...] = ()
        bands = [int(copies.title_key(document.title)[:15], 16)]
    else:
        minima = copies.minhash(found)
        bands = copies.bands(minima)
    row = Fingerprint(
        document_id=document.pk, content_hash=document.content_hash, minhash=copies.pack(minima),
        published_at=document.published_at,
    )  # fmt: skip
    return Print(document, minima, bands, is_short, row)


def _rows_with(hashes: Iterable[int]) -> list[Band]:
    wanted = list(set(hashes))
    found: list[Band] = []
    for at in range(0, len(wanted), HASHES_A_QUERY):
        part = wanted[at : at + HASHES_A_QUERY]
        found.extend(
            Band.objects.filter(hash__in=part).only("hash", "fingerprint_id", "watch_id").order_by()
        )
    return found


def plan(documents: Sequence[Document]) -> Plan:
    """Compare new documents with those of the last fortnight, with each other, and with watches."""
    prints = [one for one in map(print_of, documents) if one is not None]
    by_hash: dict[int, list[Band]] = defaultdict(list)
    for row in _rows_with(number for one in prints for number in one.bands):
        by_hash[row.hash].append(row)
    wanted = {row.fingerprint_id for rows in by_hash.values() for row in rows if row.fingerprint_id}
    known = {
        row.pk: row
        for row in Fingerprint.objects.filter(pk__in=wanted).select_related("document", "family")
    }
    watches = Watch.objects.in_bulk(
        {row.watch_id for rows in by_hash.values() for row in rows if row.watch_id}
    )
    made = Plan()
    fresh: dict[int, list[Print]] = defaultdict(list)
    for one in sorted(prints, key=lambda p: p.document.published_at):
        _place(one, made, _candidates(one, by_hash, known, fresh))
        one.hits = _watched(one, by_hash, watches)
        for number in one.bands:
            fresh[number].append(one)
        made.prints.append(one)
    return made


def _candidates(
    one: Print,
    by_hash: dict[int, list[Band]],
    known: dict[int, Fingerprint],
    fresh: dict[int, list[Print]],
) -> list[tuple[Fingerprint, Document]]:
    stored: Counter[int] = Counter()
    new: Counter[int] = Counter()
    beside = {id(other): other for number in one.bands for other in fresh[number]}
    for number in one.bands:
        stored.update(row.fingerprint_id for row in by_hash[number] if row.fingerprint_id)
        new.update(id(other) for other in fresh[number])
    found = [
        (known[pk], known[pk].document) for pk, _n in stored.most_common(CANDIDATES) if pk in known
    ]
    found += [(beside[key].row, beside[key].document) for key, _n in new.most_common(CANDIDATES)]
    # The same document in an earlier version is no reprint of itself.
    return [pair for pair in found if pair[1].pk != one.document.pk]


def _place(one: Print, made: Plan, candidates: list[tuple[Fingerprint, Document]]) -> None:
    for row, document in candidates:
        alike = one.same_as(document)
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


def _watched(
    one: Print, by_hash: dict[int, list[Band]], watches: dict[uuid.UUID, Watch]
) -> list[tuple[Watch, float]]:
    if one.is_short or is_ours(one.document):
        return []
    ids = {row.watch_id for number in one.bands for row in by_hash[number] if row.watch_id}
    return [
        (watch, alike)
        for watch in (watches[pk] for pk in ids if pk in watches)
        if (alike := reprint_of(watch, one.document))
    ]


def reprint_of(watch: Watch, document: Document) -> float:
    """How much the document carries of the watched text; 0 when it is no reprint."""
    if document.published_at < watch.since or document.pk == watch.own_document_id:
        return 0.0
    found = copies.likeness(
        copies.shingles_kept(f"watch:{watch.pk}:{watch.updated_at}", watch.body), grams(document)
    )
    return found.shown if found.is_copy else 0.0


def save(made: Plan) -> list[Reprint]:
    """Write a plan, inside the caller's write; return the reprints of ours that are new."""
    # A document that came again with other words is compared anew.
    Fingerprint.objects.filter(document__in=[one.document.pk for one in made.prints]).delete()
    for family in made.families.values():
        family.save()
    for younger, elder in made.merged.items():
        Fingerprint.objects.filter(family=younger).update(family=elder)
        ReprintFamily.objects.filter(pk=younger).delete()
    for row in made.joined.values():
        Fingerprint.objects.filter(pk=row.pk).update(family=row.family_id)
    rows = [one.row for one in made.prints]
    Fingerprint.objects.bulk_create(rows)
    Band.objects.bulk_create(
        (Band(hash=number, fingerprint=one.row) for one in made.prints for number in one.bands),
        batch_size=500,
    )
    for family_id in made.families:
        # Counted, not added up: a document that came again must not count twice.
        size = Fingerprint.objects.filter(family=family_id).count()
        ReprintFamily.objects.filter(pk=family_id).update(size=size)
    return reprints_save(
        (watch, one.document, alike) for one in made.prints for watch, alike in one.hits
    )


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
