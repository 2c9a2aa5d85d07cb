"""Reads of the monitoring room. Topics hold shared documents only, so they are the whole node's."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from rongmei.archive import selectors as archive
from rongmei.kernel import plugins
from rongmei.kernel.errors import NotFound
from rongmei.monitoring import clusters, copies, families
from rongmei.monitoring.hooks import TopicAction
from rongmei.monitoring.models import (
    Fingerprint,
    Reprint,
    ReprintFamily,
    Topic,
    TopicDocument,
    TopicMark,
    Watch,
)
from rongmei.monitoring.types import ReprintFound
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.archive.models import Document, HotSighting
    from rongmei.network.models import Member


def topics_visible_to(member: Member) -> QuerySet[Topic]:
    """Topics that two sources or more tell of; `state` is what the member's own unit made of each."""
    if not policy.anywhere(member, "monitoring.view"):
        return Topic.objects.none()
    mark = TopicMark.objects.filter(topic=OuterRef("pk"), unit=member.unit_id).values("state")[:1]
    rows = Topic.objects.filter(document_count__gte=2, source_count__gte=2)
    return rows.annotate(state=Coalesce(Subquery(mark), Value(TopicMark.State.OPEN.value)))


def topic_for(member: Member, topic_id: uuid.UUID) -> Topic:
    """One topic, or NotFound."""
    found = topics_visible_to(member).filter(pk=topic_id).first()
    if found is None:
        raise NotFound
    return found


def hot_now(member: Member, limit: int = 5) -> list[Topic]:
    """The hottest topics that the member's unit has not dismissed."""
    rows = topics_visible_to(member).exclude(pk__in=_dismissed(member))
    since = timezone.now() - clusters.WINDOW
    return list(rows.filter(last_at__gte=since).order_by("-heat", "id")[:limit])


def _dismissed(member: Member) -> QuerySet[TopicMark, Any]:
    rows = TopicMark.objects.filter(unit=member.unit_id, state=TopicMark.State.DISMISSED)
    return rows.values("topic")


def counted_at() -> datetime | None:
    """When heat was last counted: the time of the topics' figures."""
    return Topic.objects.order_by("-updated_at").values_list("updated_at", flat=True).first()


def marks_of(member: Member, topic: Topic) -> list[TopicMark]:
    """What the units in the member's reach made of a topic, newest first."""
    units = policy.units_for(member, "monitoring.view")
    rows = TopicMark.objects.filter(topic=topic, unit__in=units).select_related("unit")
    return list(rows.order_by("-updated_at"))


def topic_actions(member: Member) -> list[TopicAction]:
    """What the member may do with a topic, by the rooms above."""
    offered = [one for some in plugins.manager.hook.register_topic_actions() for one in some]
    allowed = [one for one in offered if policy.anywhere(member, one.permission)]
    return sorted(allowed, key=lambda one: one.order)


@dataclass(frozen=True)
class Line:
    """A document in a topic: its tier (1 is the highest) and the family it belongs to."""

    document: Document
    tier: int
    family_id: uuid.UUID | None
    similarity: float
    ours: bool


@dataclass(frozen=True)
class Group:
    """Documents of a topic with the same text, the first one before its reprints."""

    first: Line
    rest: list[Line]
    family_id: uuid.UUID | None

    @property
    def size(self) -> int:
        """How many documents."""
        return 1 + len(self.rest)


def lines_of(member: Member, topic: Topic, limit: int = 300) -> list[Line]:
    """The documents of a topic that the member may see, earliest first."""
    visible = archive.documents_visible_to(member).values("pk")
    rows = (
        TopicDocument.objects.filter(topic=topic, document__in=visible)
        .select_related("document__source")
        .defer("document__body")
        .order_by("published_at", "document_id")[:limit]
    )
    entries = list(rows)
    prints = {
        row.document_id: row
        for row in Fingerprint.objects.filter(
            document__in=[one.document_id for one in entries]
        ).only("document_id", "family_id", "similarity")
    }
    return [_line(one.document, prints.get(one.document_id)) for one in entries]


def _line(document: Document, row: Fingerprint | None) -> Line:
    return Line(
        document=document,
        tier=document.source.tier if document.source else 3,
        family_id=row.family_id if row else None,
        similarity=row.similarity if row else 0.0,
        ours=families.is_ours(document) or document.media_class == "company",
    )


def groups_of(lines: Iterable[Line]) -> list[Group]:
    """The lines by reprint family, in the order of their first."""
    found: dict[uuid.UUID, list[Line]] = {}
    for line in lines:
        found.setdefault(line.family_id or line.document.pk, []).append(line)
    return [Group(some[0], some[1:], some[0].family_id) for some in found.values()]


def families_visible_to(member: Member) -> QuerySet[ReprintFamily]:
    """Families of which the member may see at least one document, newest first."""
    visible = archive.documents_visible_to(member).values("pk")
    inside = Fingerprint.objects.filter(document__in=visible, family__isnull=False).values("family")
    rows = ReprintFamily.objects.filter(pk__in=inside, size__gte=2)
    return rows if policy.anywhere(member, "monitoring.view") else rows.none()


def family_for(member: Member, family_id: uuid.UUID) -> ReprintFamily:
    """One family, or NotFound."""
    found = families_visible_to(member).filter(pk=family_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True)
class Copy:
    """A member of a family beside its origin: how alike, and the sentences that stand in both."""

    line: Line
    similarity: float
    evidence: list[str]
    sentences: int

    @property
    def percent(self) -> int:
        """The likeness in whole per cent."""
        return round(self.similarity * 100)


def copies_of(member: Member, family: ReprintFamily, limit: int = 100) -> list[Copy]:
    """The family's documents that the member may see, earliest first, with evidence."""
    visible = archive.documents_visible_to(member).values("pk")
    rows = (
        Fingerprint.objects.filter(family=family, document__in=visible)
        .select_related("document__source")
        .order_by("published_at", "document_id")[:limit]
    )
    found = list(rows)
    if not found:
        return []
    origin = next((one for one in found if one.document_id == family.origin_id), found[0])
    ordered = [origin, *(one for one in found if one is not origin)]
    first = copies.shingles(origin.document.body)
    return [
        Copy(
            _line(one.document, one),
            1.0 if one is origin else copies.likeness(first, copies.shingles(one.document.body)).shown,
            [] if one is origin else copies.evidence(origin.document.body, one.document.body, 20),
            len(copies.sentences(one.document.body)),
        )
        for one in ordered
    ]  # fmt: skip


def reprints_of(subject_id: uuid.UUID) -> list[ReprintFound]:
    """Documents found to carry the watched text, newest first."""
    rows = Reprint.objects.filter(watch__subject_id=subject_id).select_related("document")
    return [
        ReprintFound(
            row.document_id, row.document.title, row.document.source_name, row.document.url,
            row.document.published_at, row.similarity,
        )
        for row in rows.defer("document__body").order_by("-document__published_at")
    ]  # fmt: skip


def reprint_counts(subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many reprints each subject has; subjects without any are left out."""
    rows = Reprint.objects.filter(watch__subject_id__in=list(subject_ids))
    return dict(rows.values_list("watch__subject_id").annotate(n=Count("id")))


def reprints_found(member: Member, since: datetime) -> QuerySet[Reprint]:
    """Reprints of words of units in reach that were found since a time, newest first."""
    units = policy.units_for(member, "monitoring.view")
    visible = archive.documents_visible_to(member).values("pk")
    rows = Reprint.objects.filter(watch__unit__in=units, document__in=visible, found_at__gte=since)
    return rows.select_related("watch", "document").defer("document__body").order_by("-found_at")


def watch_for(member: Member, subject_id: uuid.UUID) -> Watch:
    """A watch of a unit in reach, or NotFound."""
    units = policy.units_for(member, "monitoring.view")
    found = (
        Watch.objects.filter(subject_id=subject_id, unit__in=units).select_related("unit").first()
    )
    if found is None:
        raise NotFound
    return found


def reprint_rows(member: Member, watch: Watch) -> list[Reprint]:
    """The reprints of a watched text that the member may see, with evidence, newest first."""
    visible = archive.documents_visible_to(member).values("pk")
    rows = Reprint.objects.filter(watch=watch, document__in=visible).select_related("document")
    return list(rows.defer("document__body").order_by("-document__published_at")[:300])


@dataclass(frozen=True)
class HotLine:
    """A line of a hot list: its place now, before (None: it was not there), and its topic if known."""

    row: HotSighting
    before: int | None

    @property
    def moved(self) -> str:
        """`new`, `up`, `down` or `same`."""
        if self.before is None:
            return "new"
        if self.before == self.row.rank:
            return "same"
        return "up" if self.before > self.row.rank else "down"

    @property
    def places(self) -> int:
        """By how many places it moved."""
        return abs((self.before or self.row.rank) - self.row.rank)


def hot_lists(member: Member, limit: int = 30) -> list[tuple[str, datetime, list[HotLine]]]:
    """(name, time, lines) of every hot list as it stands, with movement since the sighting before."""
    if not policy.anywhere(member, "monitoring.view"):
        return []
    now: dict[uuid.UUID, list[HotSighting]] = {}
    for row in archive.hot_lists_now(limit):
        now.setdefault(row.source_id, []).append(row)
    found = []
    for rows in now.values():
        source = rows[0].source
        if source is None or not (source.shared or policy.allows(member, "sources.view", source)):
            continue
        before = archive.hot_list_before(rows[0].source_id, rows[0].seen_at)
        lines = [HotLine(row, before.get(row.title) if before else row.rank) for row in rows]
        found.append((source.name, rows[0].seen_at, lines))
    return found


def topics_listed(
    member: Member, *, states: Sequence[str], regions: Sequence[str], hours: int, words: str = ""
) -> QuerySet[Topic]:
    """Topics for the list: of the last `hours`, hottest first; without `states` the dismissed are out."""
    rows = topics_visible_to(member).filter(last_at__gte=timezone.now() - timedelta(hours=hours))
    if regions:
        rows = rows.filter(region__in=regions)
    if words:
        rows = rows.filter(Q(title__icontains=words) | Q(keywords__icontains=words))
    marks = TopicMark.objects.filter(unit=member.unit_id)
    wanted = Q(pk__in=marks.filter(state__in=states).values("topic"))
    if TopicMark.State.OPEN in states:
        wanted |= ~Q(pk__in=marks.exclude(state=TopicMark.State.OPEN).values("topic"))
    rows = rows.filter(wanted) if states else rows.exclude(pk__in=_dismissed(member))
    return rows.order_by("-heat", "id")


def region_counts(member: Member) -> list[tuple[str, int]]:
    """Regions of the topics in the window, most first."""
    since = timezone.now() - clusters.WINDOW
    rows = topics_visible_to(member).filter(last_at__gte=since).exclude(region="")
    return list(rows.values_list("region").annotate(n=Count("id")).order_by("-n", "region")[:12])


def search_topics(member: Member, words: str, limit: int = 5) -> list[Topic]:
    """Topics whose headline or keywords hold the words."""
    rows = topics_visible_to(member).filter(
        Q(title__icontains=words) | Q(keywords__icontains=words)
    )
    return list(rows.order_by("-heat")[:limit])


def documents_of_watches(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, our own watched texts and those found to carry one."""
    own = Watch.objects.filter(own_document_id__in=ids).values_list("own_document_id", flat=True)
    proofs = Reprint.objects.filter(document__in=ids).values_list("document_id", flat=True)
    return {one for one in own if one} | set(proofs)


def documents_families_begin_with(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, the origins of families that others are still in."""
    others = Fingerprint.objects.filter(family=OuterRef("pk")).exclude(
        document=OuterRef("origin_id")
    )
    rows = ReprintFamily.objects.filter(Exists(others), origin__in=ids)
    return {one for one in rows.values_list("origin_id", flat=True) if one}


def documents_of_marked_topics(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, those of hot topics that some unit pitched or dismissed."""
    rows = TopicDocument.objects.filter(document__in=ids, topic__marks__isnull=False)
    return set(rows.values_list("document_id", flat=True))
