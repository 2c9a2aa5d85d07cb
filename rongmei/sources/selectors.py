"""Reads of the sources room."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Case, CharField, Count, F, Q, QuerySet, TextChoices, Value, When
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import NotFound
from rongmei.kernel.ui.words import span_words
from rongmei.network import policy
from rongmei.network.selectors import unit_labels
from rongmei.sources.models import FetchLog, FetchState, PushMark, Source, SourceGroup
from rongmei.sources.opml import Outline
from rongmei.sources.schedule import UNDEAD_FROM
from rongmei.sources.types import SourceSpec

# The preset's name of a unit's own source for files handed over by people.
HAND_IN: Final = "hand-in"
# Once in a day the whole answer is asked for, in case the ETag lies.
FULL_EVERY: Final = timedelta(hours=24)
UNLIMITED: Final = 1_000_000_000
KEY_BEFORE_GOOD: Final = timedelta(hours=24)

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
    tiers: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    text: str = ""
    sort: str = ""


# How a source stands, the first that holds: every source is in exactly one of them.
STANDING: Final = Case(
    When(enabled=False, then=Value("paused")),
    When(state__failures__gte=UNDEAD_FROM, then=Value("undead")),
    When(state__failures__gt=0, then=Value("failing")),
    When(state__quota_until__gt=Now(), then=Value("over_quota")),
    When(state__quiet_since__isnull=False, then=Value("quiet")),
    When(state__last_try_at__isnull=True, then=Value("waiting")),
    default=Value("ok"),
    output_field=CharField(),
)
STANDINGS: Final = {
    "failing": _("读取失败"), "undead": _("久未恢复"), "quiet": _("久无新内容"),
    "over_quota": _("今日已满"), "waiting": _("等待首次读取"), "ok": _("正常"), "paused": _("已停用"),
}  # fmt: skip
STATES: Final = {
    "on": Q(enabled=True),
    "failing": Q(enabled=True, state__failures__gt=0),
    "fine": Q(enabled=True, state__failures=0, state__last_ok_at__isnull=False),
    "off": Q(enabled=False),
}
SORTS: Final = {
    "name": "name", "ok": "state__last_ok_at", "new": "state__last_new_at",
    "due": "state__due_at", "items": "state__items_new", "host": "host",
}  # fmt: skip


def sources_listed(member: Member, chosen: SourceFilter) -> QuerySet[Source]:
    """Sources in reach narrowed and in order: the failing first unless another order is asked."""
    rows = sources_narrowed(sources_visible_to(member), chosen)
    rows = rows.prefetch_related("groups").annotate(standing=STANDING)
    field = SORTS.get(chosen.sort.removeprefix("-"))
    if field:
        order = F(field).desc(nulls_last=True) if chosen.sort.startswith("-") else F(field).asc()
        return rows.order_by(order, "name", "pk")
    return rows.order_by("-enabled", "-state__failures", "state__due_at", "name")


def sources_narrowed(rows: QuerySet[Source], chosen: SourceFilter) -> QuerySet[Source]:
    """Those of `rows` that the filter lets through."""
    if chosen.states:
        known = [one for one in chosen.states if one in STANDINGS and one != "failing"]
        rules = [STATES[one] for one in chosen.states if one in STATES]
        if known:
            rows = rows.alias(stands=STANDING)
            rules.append(Q(stands__in=known))
        if rules:
            rows = rows.filter(reduce(or_, rules))
    for field, wanted in (
        ("kind", chosen.kinds), ("media_class", chosen.classes), ("region", chosen.regions),
        ("language", chosen.languages), ("tier", _numbers(chosen.tiers)),
        ("unit", _ids(chosen.units)),
    ):  # fmt: skip
        if wanted:
            rows = rows.filter(**{f"{field}__in": wanted})
    if chosen.groups:
        places = Source.groups.through.objects.filter(sourcegroup__in=_ids(chosen.groups))
        rows = rows.filter(pk__in=places.values("source"))
    for word in chosen.text.split()[:8]:
        # Group names are few; their sources come by an index. The rest is one look at each row.
        named = Source.groups.through.objects.filter(sourcegroup__name__icontains=word)
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(host__icontains=word)
            | Q(url__icontains=word)
            | Q(pk__in=named.values("source"))
        )
    return rows


def _numbers(given: tuple[str, ...]) -> list[int]:
    return [int(one) for one in given if one.isascii() and one.isdigit() and len(one) < 4]


def _ids(given: tuple[str, ...]) -> list[uuid.UUID]:
    found = []
    for one in given:
        with contextlib.suppress(ValueError):
            found.append(uuid.UUID(one))
    # Something was asked for that is nothing: that is no source, not every source.
    return found or [uuid.UUID(int=0)] if given else []


Choice = tuple[str, object, int]


def filter_choices(member: Member) -> dict[str, list[Choice]]:
    """For each filter its values in reach: (value, label, how many). Three queries for any number."""
    columns = ("standing", "kind", "media_class", "region", "tier", "language", "unit")
    rows = sources_visible_to(member).order_by().annotate(standing=STANDING)
    counts: dict[str, Counter[Any]] = {name: Counter() for name in columns}
    for *values, n in rows.values_list(*columns).annotate(n=Count("pk")):
        for name, value in zip(columns, values, strict=True):
            counts[name][value] += n
    units = unit_labels(counts["unit"])
    return {
        "state": [
            (name, label, counts["standing"][name])
            for name, label in STANDINGS.items()
            if counts["standing"][name]
        ],
        "kind": _labelled(Source.Kind, counts["kind"]),
        "class": _labelled(Source.MediaClass, counts["media_class"]),
        "region": [(name, name, n) for name, n in sorted(counts["region"].items()) if name],
        "tier": [(str(name), str(name), n) for name, n in sorted(counts["tier"].items())],
        "language": [(name, name, n) for name, n in sorted(counts["language"].items()) if name],
        "unit": sorted(
            ((str(pk), units.get(pk, ""), n) for pk, n in counts["unit"].items()), key=str
        ),
        "group": _groups_counted(member),
    }


def _labelled(known: type[TextChoices], counts: Counter[Any]) -> list[Choice]:
    return [(one.value, one.label, counts[one.value]) for one in known if counts[one.value]]


def _groups_counted(member: Member) -> list[Choice]:
    return [(str(one.pk), one.name, n) for one in groups_visible_to(member) if (n := filled(one))]


def filled(group: SourceGroup) -> int:
    """How many sources in reach are in a group that `groups_visible_to` gave."""
    return int(getattr(group, "n", 0))


def groups_visible_to(member: Member) -> QuerySet[SourceGroup]:
    """Groups of the units in reach and those that others share, with how many sources are in them."""
    reach = policy.units_for(member, "sources.view")
    mine = Q(unit__in=reach) | Q(shared=True) if reach else Q(pk=None)
    inside = Count("sources", filter=Q(sources__unit__in=reach))
    return SourceGroup.objects.filter(mine).select_related("unit").annotate(n=inside)


def groups_to_use(member: Member) -> list[SourceGroup]:
    """Groups that the member may put sources in."""
    units = policy.units_for(member, "sources.manage")
    rows = SourceGroup.objects.filter(Q(unit__in=units) | Q(shared=True), home=None)
    return list(rows.select_related("unit")) if units else []


def group_for(member: Member, group_id: uuid.UUID) -> SourceGroup:
    """One group in reach; NotFound otherwise."""
    found = groups_visible_to(member).filter(pk=group_id).first()
    if found is None:
        raise NotFound
    return found


def matching_ids(member: Member, chosen: SourceFilter, limit: int) -> list[uuid.UUID]:
    """Ids of all that a filter finds, for a change of them all."""
    rows = sources_narrowed(sources_visible_to(member), chosen).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])


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
    rows = sources_visible_to(member).prefetch_related("groups").annotate(standing=STANDING)
    found = rows.filter(pk=source_id).first()
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


def keys_of(source: Source) -> list[str]:
    """The keys that admit pushes to a source: its own, and for a day the one before."""
    changed = source.secret_changed_at
    before = changed is not None and timezone.now() - changed < KEY_BEFORE_GOOD
    return [one for one in (source.secret, source.secret_before if before else "") if one]


def was_pushed(mark: str) -> bool:
    """Whether a signed push with this mark was taken already."""
    return PushMark.objects.filter(pk=mark).exists()


def log_of(source: Source, limit: int = 50) -> list[FetchLog]:
    """The last attempts at a source, newest first, without the raw samples."""
    return list(source.log.defer("sample")[:limit])


def last_failure(source: Source) -> FetchLog | None:
    """The newest failed attempt that kept the raw answer."""
    return source.log.exclude(sample=b"", headers={}).first()


@dataclass(frozen=True)
class History:
    """The last attempts as columns of a chart, oldest first: (when, figure) pairs."""

    new: list[tuple[str, float | None]]
    seen: list[tuple[str, float | None]]
    took: list[tuple[str, float | None]]


def history_of(log: Sequence[FetchLog]) -> History:
    """Attempts drawn; one that failed is a gap in the items."""
    oldest = list(reversed(log))
    names = [timezone.localtime(one.created_at).strftime("%m-%d %H:%M") for one in oldest]

    def column(figure: str, *, gaps: bool) -> list[tuple[str, float | None]]:
        return [
            (
                name,
                None
                if gaps and not one.http_status and not one.items_seen
                else getattr(one, figure),
            )
            for name, one in zip(names, oldest, strict=True)
        ]

    return History(
        column("items_new", gaps=True),
        column("items_seen", gaps=True),
        column("took_ms", gaps=False),
    )


_WHY: Final = {
    "first": _("刚添加，马上读取"),
    "asked": _("有人改动或要求，马上读取"),
    "adaptive": _("上次读到的 %(known)s 已读过，按 %(wait)s 一次"),
    "unchanged": _("上次没有更新，放宽到 %(wait)s 一次"),
    "hint": _("对方要求不要太频繁，按 %(wait)s 一次"),
    "skip": _("对方要求这段时间不要来，推后到 %(wait)s 后"),
    "left": _("还有 %(left)s 条没有取完，很快接着取"),
    "retry": _("上次失败，%(wait)s 后重试"),
    "retry_after": _("对方要求过一阵再来，%(wait)s 后重试"),
    "undead": _("失败太久，只偶尔去看看，%(wait)s 后再试"),
    "quota": _("今日配额已满，明天零点接着取"),
}


def due_words(state: FetchState) -> str:
    """Why a source is due when it is, in a sentence."""
    why = state.why or {"rule": "first"}
    words = _WHY.get(str(why.get("rule")), _WHY["first"])
    known = why.get("known")
    return str(words) % {
        "wait": span_words(timedelta(seconds=why.get("seconds", state.interval))),
        "known": f"{known:.0%}" if known is not None else "",
        "left": why.get("left", 0),
    }


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
    return list(_due(now).select_related("source").order_by("due_at")[:limit])


def is_any_due(now: datetime) -> bool:
    """Whether there is something to fetch: asked twice a second, so it reads no row."""
    return _due(now).exists()


def _due(now: datetime) -> QuerySet[FetchState]:
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return FetchState.objects.filter(free, due_at__lte=now, source__enabled=True)


def next_due() -> datetime | None:
    """When the next enabled source is due; None when there is none."""
    rows = FetchState.objects.filter(source__enabled=True).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()


def failing_count(member: Member) -> int:
    """How many sources in reach failed at their last try."""
    rows = sources_visible_to(member).filter(enabled=True, state__failures__gt=0)
    return rows.count()


def overview(member: Member) -> dict[str, int]:
    """Counts for the head of the list: all, enabled, failing, gone quiet."""
    found = sources_visible_to(member).aggregate(
        n_all=Count("pk"),
        n_enabled=Count("pk", filter=Q(enabled=True)),
        n_failing=Count("pk", filter=STATES["failing"]),
        n_quiet=Count("pk", filter=Q(enabled=True, state__quiet_since__isnull=False)),
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


def tiers() -> list[int]:
    """The tiers that sources are in, the first first."""
    return sorted(set(Source.objects.order_by().values_list("tier", flat=True).distinct()))


def ids_in_tier(tier: int) -> list[uuid.UUID]:
    """Every source of a tier; whoever asks for documents of them answers for the scope."""
    return list(Source.objects.filter(tier=tier).values_list("pk", flat=True))


def ids_in_groups(member: Member | None, matches: Callable[[str], bool]) -> list[uuid.UUID]:
    """Sources in the groups that a member may see and whose names match; None: the operator."""
    groups = SourceGroup.objects.all() if member is None else groups_visible_to(member)
    wanted = [pk for pk, name in groups.values_list("pk", "name") if matches(name)]
    rows = Source.objects.filter(groups__in=wanted)
    return list(rows.values_list("pk", flat=True).distinct())


def named(text: str) -> list[Source]:
    """Sources with this id, name or address, for the operator at the command line."""
    rule = Q(name=text) | Q(url=text)
    with contextlib.suppress(ValueError):
        rule |= Q(pk=uuid.UUID(text))
    return list(Source.objects.filter(rule).select_related("state"))
