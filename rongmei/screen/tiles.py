"""The five tiles of the daily scene, read from the rooms' selectors. No names of persons here."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rongmei.archive import selectors as archive
from rongmei.impact import selectors as impact
from rongmei.kernel.ui import words
from rongmei.monitoring import selectors as monitoring
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning import selectors as planning
from rongmei.screen.hooks import Figure, Row, Tile, TileData
from rongmei.sources import selectors as sources
from rongmei.stories import selectors as stories

if TYPE_CHECKING:
    from rongmei.network.models import Member

OPEN_STAGES: Final = ("offered", "accepted", "in_progress", "submitted")
HOURS: Final = 24
LINE_SILENT: Final = 300


def _link(member: Member, permission: str, name: str, query: str = "") -> str:
    """The address of the rows behind a number, if the viewer may open that page."""
    if not policy.anywhere(member, permission):
        return ""
    try:
        return reverse(name) + (f"?{query}" if query else "")
    except NoReverseMatch:
        return ""


def by_hour(times: list[datetime], now: datetime, hours: int = HOURS) -> list[float]:
    """How many fell into each of the last hours, oldest first."""
    last = now.replace(minute=0, second=0, microsecond=0)
    back = Counter(int((last - at).total_seconds() // 3600) + 1 if at < last else 0 for at in times)
    return [float(back[one]) for one in range(hours - 1, -1, -1)]


def collected(member: Member) -> TileData:
    """Documents that came in today and by hour; sources that fail."""
    now = timezone.localtime()
    times = archive.collected_since(member, now - timedelta(hours=HOURS))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    counts = sources.overview(member)
    return TileData(
        at=times[-1] if times else None,
        figure=sum(1 for at in times if at >= midnight),
        unit=_("篇"),
        label=_("今日采集"),
        figures=(
            Figure(
                _("近一小时"), sum(1 for at in times if at >= now - timedelta(hours=1)), _("篇"),
                _link(member, "archive.view", "archive:list", "q=collected:1h"),
            ),
            Figure(
                _("信源"), counts["enabled"], _("个"),
                _link(member, "sources.view", "sources:list", "state=on"),
            ),
            Figure(
                _("采集失败"), counts["failing"], _("个"),
                _link(member, "sources.view", "sources:list", "state=failing"),
            ),
        ),
        trend=by_hour(times, now),
        trend_label=_("近 24 小时每小时采集"),
        href=_link(member, "archive.view", "archive:list", "q=collected:today"),
    )  # fmt: skip


def topics(member: Member) -> TileData:
    """The hottest topics with their heat."""
    rows = monitoring.hot_now(member, 7)
    return TileData(
        at=monitoring.counted_at(),
        rows=[
            Row(
                one.title, round(one.heat), reverse("monitoring:topic", args=[one.pk]),
                _("%(n)d 家信源") % {"n": one.source_count}, wide_only=at > 2,
            )
            for at, one in enumerate(rows)
        ],
        href=_link(member, "monitoring.view", "monitoring:topics"),
    )  # fmt: skip


def tasks(member: Member) -> TileData:
    """Tasks in hand by state and unit, and those past their deadline."""
    rows = planning.at_stage(planning.tasks_visible_to(member), *OPEN_STAGES)
    now = timezone.now()
    stages = planning.counts_by_stage(rows)
    late = planning.past_due(rows).count()
    units = list(rows.order_by().values_list("to_unit").annotate(n=Count("id")).order_by("-n")[:6])
    named = {unit.pk: unit for unit in network.units().filter(pk__in=[pk for pk, _n in units])}
    most = max((n for _pk, n in units), default=1)
    changed = rows.order_by("-updated_at").values_list("updated_at", flat=True).first()

    def listed(*narrower: tuple[str, str], stages: tuple[str, ...] = OPEN_STAGES) -> str:
        asked = [("list", "all"), *(("stage", one) for one in stages), *narrower]
        return _link(member, "planning.view", "planning:tasks", urlencode(asked))

    return TileData(
        at=now if not stages else changed,
        figure=sum(stages.values()),
        unit=_("项"),
        label=_("进行中"),
        figures=(
            Figure(_("待接"), stages.get("offered", 0), "", listed(stages=("offered",))),
            Figure(_("超时"), late, "", listed(("late", "1"))),
        ),
        rows=[
            Row(
                named[pk].short_label, n, listed(("unit", named[pk].code)), share=n / most,
                wide_only=at > 1,
            )
            for at, (pk, n) in enumerate(units)
        ],
        href=listed(),
    )  # fmt: skip


def published(member: Member) -> TileData:
    """Publications, reads and reprints of the last day."""
    figures = impact.today_figures(member)
    now = timezone.now()
    reprints = monitoring.reprints_found(member, now - timedelta(hours=HOURS)).count()
    return TileData(
        at=now,
        figure=figures.reads,
        unit=_("次"),
        label=_("阅读"),
        figures=(
            Figure(
                _("发布"), figures.publications, _("篇"),
                _link(member, "impact.view", "impact:index", "days=1"),
            ),
            Figure(
                _("转载"), reprints, _("次"),
                _link(member, "monitoring.view", "monitoring:reprints_found"),
            ),
        ),
        trend=[float(one) for one in figures.hourly],
        trend_label=_("每小时阅读"),
        href=_link(member, "impact.view", "impact:index"),
    )  # fmt: skip


def reviews(member: Member) -> TileData:
    """Stories under review, by step; those signed in the last day."""
    rows = stories.stories_visible_to(member)
    counts = dict(rows.order_by().values_list("state").annotate(n=Count("id")))
    waiting = [(one, label, counts.get(one, 0)) for one, label in review_steps()]
    most = max((n for _state, _label, n in waiting), default=0) or 1
    day = timezone.now() - timedelta(hours=HOURS)
    changed = rows.order_by("-updated_at").values_list("updated_at", flat=True).first()

    def listed(*asked: tuple[str, str]) -> str:
        return _link(member, "stories.view", "stories:list", urlencode(asked))

    return TileData(
        at=changed or timezone.now(),
        figure=sum(n for _state, _label, n in waiting),
        unit=_("篇"),
        label=_("在审"),
        figures=(
            Figure(
                _("24 小时签发"), rows.filter(signed_at__gte=day).count(), _("篇"),
                listed(("signed", "1")),
            ),
        ),
        rows=[Row(label, n, listed(("state", one)), share=n / most) for one, label, n in waiting],
        href=listed(*(("state", one) for one, _label, _n in waiting)),
    )  # fmt: skip


def review_steps() -> list[tuple[str, str]]:
    """The states of a story under review, in order, with their names."""
    return [("first", _("待初审")), ("second", _("待复审")), ("final", _("待终审"))]


def road(member: Member) -> TileData:
    """How far the units have come on the construction road map."""
    roads = network.roads()
    most = len(roads) or 1
    changed = max((one.unit.updated_at for one in roads), default=None)

    def listed(query: str = "") -> str:
        return _link(member, "network.view", "network:road", query)

    return TileData(
        at=changed,
        figure=sum(one.at == len(one.steps) for one in roads),
        unit=_("家"),
        label=_("已验收单位"),
        figures=(
            Figure(_("全部单位"), len(roads), _("家"), listed()),
            Figure(_("已超期"), sum(one.late for one in roads), _("家"), listed("state=late")),
        ),
        rows=[
            Row(
                label, n := sum(one.at > number for one in roads), listed(f"step={step}"),
                share=n / most,
            )
            for number, (step, label) in enumerate(network.road_steps())
        ],
        href=listed("step=accepted"),
    )  # fmt: skip


def first_times(member: Member) -> TileData:
    """What happened last for the first time, unit by unit: read from the records."""
    seen = [
        (fact.at, one.unit.short_label, fact.label)
        for one in network.roads()
        for fact in one.facts
        if fact.at
    ]
    newest = sorted(seen, reverse=True)[:6]
    return TileData(
        at=newest[0][0] if newest else None,
        rows=[
            Row(
                f"{unit} {label}", None, _link(member, "network.view", "network:road"),
                words.short_date(timezone.localdate(at), timezone.localdate()),
            )
            for at, unit, label in newest
        ],
        href=_link(member, "network.view", "network:road"),
    )  # fmt: skip


def lines_up(member: Member) -> TileData:
    """The lines between nodes, and how many of them have answered lately."""
    found = network.peers_joined()
    now = timezone.now()
    heard = [one.last_ok_at for one in found if one.last_ok_at]
    href = _link(member, "network.view", "network:peers")
    return TileData(
        at=max(heard, default=None),
        figure=sum((now - at).total_seconds() < LINE_SILENT for at in heard),
        unit=_("条"),
        label=_("线路通"),
        figures=(Figure(_("全部线路"), len(found), _("条"), href),),
        href=href,
    )


TILES: Final = [
    Tile(
        "collected", gettext_lazy("今日态势"), 10, collected, ("archive.documents_stored",),
        stale_after=1800, main=True,
    ),
    Tile(
        "topics", gettext_lazy("热点"), 20, topics, ("monitoring.topics_moved",), stale_after=600
    ),
    Tile("tasks", gettext_lazy("在执行任务"), 30, tasks, ("planning.task_",), stale_after=86_400),
    Tile(
        "published", gettext_lazy("发布与影响力"), 40, published,
        ("channels.", "impact.read", "monitoring.reprint_seen"), stale_after=600,
    ),
    Tile("reviews", gettext_lazy("审核与稿件"), 50, reviews, ("stories.",), stale_after=86_400),
    Tile(
        "road", gettext_lazy("建设进度"), 10, road, ("network.unit_",), stale_after=366 * 86_400,
        main=True, scene="build",
    ),
    Tile(
        "firsts", gettext_lazy("最近的第一次"), 20, first_times, ("stories.signed", "channels.published"),
        stale_after=366 * 86_400, scene="build",
    ),
    Tile("lines", gettext_lazy("节点互联"), 30, lines_up, stale_after=300, scene="build"),
]  # fmt: skip
