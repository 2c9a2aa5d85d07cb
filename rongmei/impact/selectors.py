"""Reads of the impact room: totals, series, snapshots, and the figures of a day."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from rongmei.channels import selectors as channels
from rongmei.impact.models import MetricSnapshot, ReadCount, Reported
from rongmei.impact.types import MARKS, Today, Totals
from rongmei.kernel.ui.shapes import Step
from rongmei.monitoring import selectors as monitoring
from rongmei.monitoring.types import ReprintFound
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.channels.models import Publication
    from rongmei.network.models import Member


def publications_visible_to(member: Member) -> QuerySet[Publication]:
    """Publications that have been public, whose figures the member may see, newest first."""
    rows = channels.publications_visible_to(member, "impact.view")
    return rows.filter(public_at__isnull=False).order_by("-published_at", "-id")


def publication_for(member: Member, publication_id: uuid.UUID) -> Publication:
    """One of them, or NotFound."""
    return channels.publication_for(member, publication_id, "impact.view")


def _counted(ids: list[uuid.UUID]) -> dict[uuid.UUID, tuple[int, int]]:
    rows = ReadCount.objects.filter(publication__in=ids).values("publication_id")
    summed = rows.annotate(a=Sum("reads"), b=Sum("readers"))
    return {row["publication_id"]: (row["a"], row["b"]) for row in summed}


def totals(publication_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Totals]:
    """Figures as they stand now, by publication (three to four queries, however many there are).

    Our own are counted; those of another node's publications are what it last told us, and unknown
    until then.
    """
    ids = list(publication_ids)
    ours = channels.homes(ids)
    local = [one for one, home in ours.items() if home is None]
    away = [one for one, home in ours.items() if home is not None]
    counted = _counted(local)
    reprints = monitoring.reprint_counts(local) if local else {}
    found = {
        one: Totals(*counted.get(one, (0, 0)), reprints.get(one, 0)) for one in local
    }  # fmt: skip
    heard = {row.pk: row for row in Reported.objects.filter(pk__in=away)} if away else {}
    for one in away:
        row = heard.get(one)
        found[one] = Totals(row.reads, row.readers, row.reprints) if row else Totals()
    return found


def hourly(
    publication_ids: Iterable[uuid.UUID], *, hours: int = 48, until: datetime | None = None
) -> dict[uuid.UUID, list[int]]:
    """Reads by hour up to now, oldest first, by publication."""
    ids = list(publication_ids)
    last = (until or timezone.now()).replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=hours - 1)
    series = {one: [0] * hours for one in ids}
    rows = ReadCount.objects.filter(publication__in=ids, hour__gte=first, hour__lte=last)
    for publication_id, hour, reads in rows.values_list("publication_id", "hour", "reads"):
        series[publication_id][round((hour - first).total_seconds() / 3600)] += reads
    return series


def read_rows(publication_id: uuid.UUID) -> QuerySet[ReadCount]:
    """The hourly rows that a publication's reads are the sum of, newest first."""
    return ReadCount.objects.filter(publication=publication_id).order_by("-hour")


def reprints(publication_id: uuid.UUID) -> list[ReprintFound]:
    """The documents that a publication's reprints are the count of."""
    return monitoring.reprints_of(publication_id)


def heard_at(publication_id: uuid.UUID) -> datetime | None:
    """When the figures of another node's publication were last told to us."""
    return Reported.objects.filter(pk=publication_id).values_list("at", flat=True).first()


def snapshots(publication_id: uuid.UUID) -> list[tuple[str, dict[str, MetricSnapshot]]]:
    """(mark, metric → snapshot) for every mark in order; missing ones are missing."""
    held: dict[str, dict[str, MetricSnapshot]] = {mark: {} for mark in MARKS}
    for row in MetricSnapshot.objects.filter(publication=publication_id):
        held.setdefault(row.mark, {})[row.metric] = row
    return list(held.items())


def figures_at(publication: Publication, moment: datetime) -> tuple[int, int]:
    """Reads and readers in the hours that had ended by `moment` (to the hour)."""
    rows = ReadCount.objects.filter(
        publication=publication, hour__lte=moment - timedelta(hours=1)
    ).aggregate(a=Sum("reads"), b=Sum("readers"))
    return rows["a"] or 0, rows["b"] or 0


def today_figures(member: Member) -> Today:
    """Publications and reads of the last 24 hours, of the units whose effect the member may see."""
    units = policy.units_for(member, "impact.view")
    counted = channels.figures(units)
    rows = publications_visible_to(member)
    ids = list(rows.filter(home=None).values_list("id", flat=True)[:5000])
    last = timezone.now().replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=23)
    hours = [0] * 24
    readers = 0
    found = (
        ReadCount.objects.filter(publication__in=ids, hour__gte=first)
        .values("hour")
        .annotate(a=Sum("reads"), b=Sum("readers"))
    )
    for row in found:
        at = round((row["hour"] - first).total_seconds() / 3600)
        if 0 <= at < len(hours):
            hours[at] += row["a"]
            readers += row["b"]
    return Today(
        publications=rows.filter(published_at__gte=timezone.now() - timedelta(days=1)).count(),
        publications_all=counted["all"], reads=sum(hours),
        readers=readers, hourly=hours,
    )  # fmt: skip


def most_read(limit: int = 5, *, days: int = 7) -> list[uuid.UUID]:
    """Ids of the live publications that were read most in the last days, most first."""
    since = timezone.now() - timedelta(days=days)
    live = channels.live_publications().values("pk")
    rows = (
        ReadCount.objects.filter(hour__gte=since, publication__in=live)
        .values("publication_id")
        .annotate(n=Sum("reads"))
        .order_by("-n", "-publication_id")[:limit]
    )
    return [row["publication_id"] for row in rows]


def fates(story_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[Step]]:
    """How far these stories went, as a stop of a courier strip: reads and reprints so far."""
    carried = channels.publications_of_stories(story_ids)
    by_story: dict[uuid.UUID, list[Totals]] = defaultdict(list)
    for publication, figures in totals(carried).items():
        by_story[carried[publication]].append(figures)
    found: dict[uuid.UUID, list[Step]] = {}
    for story, rows in by_story.items():
        note = _("阅读 %(reads)d · 转载 %(reprints)d") % {
            "reads": sum(one.reads or 0 for one in rows),
            "reprints": sum(one.reprints or 0 for one in rows),
        }
        found[story] = [Step(pgettext("fate", "传播"), "done", _("至今"), note=note)]
    return found
