"""Reads of the sources room."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.network.selectors import unit_labels
from rongmei.sources.models import FetchLog, FetchState, Source
from rongmei.sources.opml import Outline
from rongmei.sources.types import SourceSpec

# The preset's name of a unit's own source for files handed over by people.
HAND_IN: Final = "hand-in"
# Once in a day the whole answer is asked for, in case the ETag lies.
FULL_EVERY: Final = timedelta(hours=24)
UNLIMITED: Final = 1_000_000_000

if TYPE_CHECKING:
    from datetime import datetime

    from rongmei.network.models import Member


def sources_visible_to(member: Member) -> QuerySet[Source]:
    """Sources of the units in reach, with how they stand."""
    units = policy.units_for(member, "sources.view")
    return Source.objects.filter(unit__in=units).select_related("unit", "state")


@dataclass(frozen=True)
class SourceFilter:
    """What a list of sources is narrowed to; empty means all."""

    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    text: str = ""
    sort: str = ""


STATES: Final = {
    "on": Q(enabled=True),
    "failing": Q(enabled=True, state__failures__gt=0),
    "fine": Q(enabled=True, state__failures=0, state__last_ok_at__isnull=False),
    "waiting": Q(enabled=True, state__last_try_at__isnull=True),
    "off": Q(enabled=False),
}
SORTS: Final = {
    "name": "name", "ok": "state__last_ok_at", "new": "state__last_new_at",
    "due": "state__due_at", "items": "state__items_new",
}  # fmt: skip


def sources_listed(member: Member, chosen: SourceFilter) -> QuerySet[Source]:
    """Sources in reach narrowed and in order: the failing first unless another order is asked."""
    rows = sources_visible_to(member)
    states = [STATES[one] for one in chosen.states if one in STATES]
    if states:
        rows = rows.filter(reduce(or_, states))
    if chosen.kinds:
        rows = rows.filter(kind__in=chosen.kinds)
    if chosen.classes:
        rows = rows.filter(media_class__in=chosen.classes)
    if chosen.regions:
        rows = rows.filter(region__in=chosen.regions)
    if chosen.text:
        rows = rows.filter(Q(name__icontains=chosen.text) | Q(url__icontains=chosen.text))
    field = SORTS.get(chosen.sort.removeprefix("-"))
    if field:
        order = F(field).desc(nulls_last=True) if chosen.sort.startswith("-") else F(field).asc()
        return rows.order_by(order, "name")
    return rows.order_by("-enabled", "-state__failures", "state__due_at", "name")


def filter_choices(member: Member) -> dict[str, list[tuple[str, object, int]]]:
    """For each filter its values in reach: (value, label, how many)."""
    rows = sources_visible_to(member).order_by()
    counts = rows.aggregate(**{name: Count("pk", filter=rule) for name, rule in STATES.items()})
    labels = {
        "on": _("启用"), "failing": _("读取失败"), "fine": _("正常"), "waiting": _("等待首次读取"), "off": _("已停用"),
    }  # fmt: skip
    kinds = dict(rows.values_list("kind").annotate(n=Count("pk")))
    classes = dict(rows.values_list("media_class").annotate(n=Count("pk")))
    regions = dict(rows.exclude(region="").values_list("region").annotate(n=Count("pk")))
    return {
        "state": [(name, labels[name], counts[name]) for name in STATES if counts[name]],
        "kind": [(k.value, k.label, kinds[k.value]) for k in Source.Kind if k.value in kinds],
        "class": [
            (c.value, c.label, classes[c.value]) for c in Source.MediaClass if c.value in classes
        ],
        "region": [(name, name, n) for name, n in sorted(regions.items())],
    }


def units_to_manage(member: Member) -> list[tuple[uuid.UUID, str]]:
    """Units for which the member may add sources, one's own first."""
    labels = unit_labels(policy.units_for(member, "sources.manage"))
    return sorted(labels.items(), key=lambda pair: (pair[0] != member.unit_id, pair[1]))


def presets_of(unit_id: uuid.UUID) -> dict[str, Source]:
    """Sources of a unit that were made from presets, by the preset's key."""
    rows = Source.objects.filter(unit_id=unit_id).exclude(preset="")
    return {one.preset: one for one in rows}


def node_counts() -> tuple[int, int]:
    """Enabled and failing sources of the node, for its figures."""
    found = Source.objects.filter(enabled=True).aggregate(
        all=Count("pk"), failing=Count("pk", filter=Q(state__failures__gt=0))
    )
    return found["all"], found["failing"]


def source_for(member: Member, source_id: uuid.UUID) -> Source:
    """One source in reach; NotFound otherwise."""
    found = sources_visible_to(member).filter(pk=source_id).first()
    if found is None:
        raise NotFound
    return found


def hand_in_of(member: Member) -> Source | None:
    """The source of the member's own unit that takes files from people, if there is one yet."""
    rows = sources_visible_to(member).filter(unit_id=member.unit_id, preset=HAND_IN)
    return rows.first()


def drop_source(source_id: uuid.UUID) -> Source | None:
    """An enabled source that takes pushed files; its key is what admits the caller."""
    return Source.objects.filter(pk=source_id, kind=Source.Kind.DROP, enabled=True).first()


def log_of(source: Source, limit: int = 50) -> list[FetchLog]:
    """The last attempts at a source, newest first, without the raw samples."""
    return list(source.log.defer("sample")[:limit])


def last_failure(source: Source) -> FetchLog | None:
    """The newest failed attempt that kept a raw sample."""
    return source.log.exclude(sample=b"").first()


def spec_of(source: Source) -> SourceSpec:
    """How to read a source, for the collectors."""
    return SourceSpec(
        kind=source.kind,  # type: ignore[arg-type] # choices are the same words
        url=source.url,
        options=source.options,
        encoding=str(source.options.get("encoding", "")),
        language=source.language,
        internal=source.internal,
        fetch_full_text=source.full_text,
    )


def validators_of(state: FetchState, now: datetime) -> tuple[str, str]:
    """ETag and Last-Modified to ask with; none once a day, and none where the ETag was found to lie.

    A server that answers 304 to a changed page would otherwise hide its news for ever.
    """
    if state.etag_lies or state.full_at is None or now - state.full_at > FULL_EVERY:
        return "", ""
    return state.etag, state.last_modified


def allowance_of(source: Source, now: datetime) -> int:
    """How many new items the source may still bring today."""
    if not source.max_items_day:
        return UNLIMITED
    used = source.state.day_items if source.state.day == timezone.localdate(now) else 0
    return max(0, source.max_items_day - used)


def due_states(now: datetime, limit: int) -> list[FetchState]:
    """Sources whose time has come and which nobody is fetching, longest due first."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    rows = FetchState.objects.filter(free, due_at__lte=now, source__enabled=True)
    return list(rows.select_related("source").order_by("due_at")[:limit])


def next_due() -> datetime | None:
    """When the next enabled source is due; None when there is none."""
    rows = FetchState.objects.filter(source__enabled=True).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()


def failing_count(member: Member) -> int:
    """How many sources in reach failed at their last try."""
    rows = sources_visible_to(member).filter(enabled=True, state__failures__gt=0)
    return rows.count()


def overview(member: Member) -> dict[str, int]:
    """Counts for the head of the list: all, enabled, failing, quiet for a day."""
    day_ago = timezone.now() - timedelta(days=1)
    found = sources_visible_to(member).aggregate(
        n_all=Count("pk"),
        n_enabled=Count("pk", filter=Q(enabled=True)),
        n_failing=Count("pk", filter=STATES["failing"]),
        n_quiet=Count("pk", filter=Q(enabled=True, state__last_new_at__lt=day_ago)),
    )
    return {name.removeprefix("n_"): count for name, count in found.items()}


def outlines(member: Member) -> list[Outline]:
    """What is fetched from the net and in reach, with its groups, for an OPML file."""
    rows = sources_visible_to(member).filter(kind__in=("feed", "page", "sitemap"))
    return [
        Outline(
            one.name, one.url, one.home_url, tuple(group.name for group in one.groups.all()),
            one.kind, one.media_class, one.region, one.language, one.tier,
        )
        for one in rows.prefetch_related("groups")
    ]  # fmt: skip


def media_classes() -> dict[str, object]:
    """Kinds of media with their names for people."""
    return {one.value: one.label for one in Source.MediaClass}


def named(text: str) -> list[Source]:
    """Sources with this id, name or address, for the operator at the command line."""
    rule = Q(name=text) | Q(url=text)
    with contextlib.suppress(ValueError):
        rule |= Q(pk=uuid.UUID(text))
    return list(Source.objects.filter(rule).select_related("state"))
