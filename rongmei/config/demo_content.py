"""What a demo node holds besides its people: the wire's media as sources, and channels."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.utils import timezone

from rongmei.channels import actions as channels
from rongmei.network import policy
from rongmei.network.actions.units import Milepost, road_set
from rongmei.network.models import Member, Unit
from rongmei.network.types import Milestone
from rongmei.sources import actions as sources

# slug of the medium, name, path below the medium, kind of source, media class, tier, region, language
MEDIA: Final = [
    ("wire", "示例通讯社", "rss.xml", "feed", "central", 1, "", "zh"),
    ("yunling-daily", "云岭日报（示例）", "rss.xml", "feed", "local", 2, "云岭", "zh"),
    ("yunling-morning", "云岭晨报（示例）", "rss.xml", "feed", "local", 3, "云岭", "zh"),
    ("yunling-online", "云岭在线（示例）", "atom.xml", "feed", "social", 3, "云岭", "zh"),
    ("jiangchuan-evening", "江川晚报（示例）", "rss.xml", "feed", "local", 3, "江川", "zh"),
    ("jiangchuan-coast", "江川海岸网（示例）", "sitemap.xml", "sitemap", "social", 3, "江川", "zh"),
    ("jiangchuan-video", "江川视频（示例）", "feed.json", "feed", "social", 3, "江川", "zh"),
    ("industry-watch", "行业观察网（示例）", "atom.xml", "feed", "industry", 2, "", "zh"),
    ("energy-tech", "能源科技评论（示例）", "sitemap.xml", "sitemap", "industry", 2, "", "zh"),
    ("yunshang-news", "云上新闻（示例）", "feed.json", "feed", "company", 2, "", "zh"),
    ("shimenkan-voice", "石门坎之声（示例）", "rss.xml", "feed", "company", 3, "云岭", "zh"),
    ("yunshang-english", "Yunshang Daily (Sample)", "rss.xml", "feed", "company", 2, "", "en"),
]
HOT: Final = {"items": "items", "title": "title", "url": "url", "heat": "heat"}
CHANNELS: Final[list[tuple[str, str, dict[str, str]]]] = [
    ("云上新闻网站", "site", {}),
    ("云上新闻公众号（示例）", "manual", {"platform": "wechat"}),
]
POLL_SECONDS, POLL_AT_MOST = 5, 20


# Months from today that each milestone was planned for; reached ones are in the past.
ROADS: Final[dict[str, tuple[int, ...]]] = {
    "hq": (-14, -12, -8, -8, -6),
    "platform": (-12, -10, -6, -6, -3),
    "yunling": (-9, -7, -2, 0, 2),
    "jiangchuan": (-8, -5, -1, 1, 3),
    "shimenkan": (-5, -2, 1, 2, 4),
}


def _roads(units: dict[str, Unit], admin: Member) -> None:
    """Sample road maps: steps planned for the past are reached, a fortnight late now and then."""
    today = timezone.localdate()
    for code, months in ROADS.items():
        unit = units.get(code)
        if unit is None or not unit.node.is_self:
            continue
        planned = [today + timedelta(days=30 * n - 3) for n in months]
        reached = [
            day + timedelta(days=2) if n < 0 else None
            for n, day in zip(months, planned, strict=True)
        ]
        steps = {
            one: Milepost(due, done)
            for one, due, done in zip(Milestone, planned, reached, strict=True)
        }
        road_set(by=admin, unit_id=unit.pk, steps=steps)


def fill(slug: str, units: dict[str, Unit], people: dict[str, Member], *, wire: str) -> None:
    """Give the node `slug` its sources and channels, through the same actions that people use."""
    _roads(units, people["sysadmin" if slug == "hq" else "yl.sysadmin"])
    if slug == "hq":
        _watch(units["hq"], people["duty"], people["sysadmin"], wire, MEDIA)
        for order, (name, adapter, settings) in enumerate(CHANNELS):
            channels.channel_save(
                by=people["sysadmin"], unit_id=units["platform"].pk, name=name, adapter=adapter,
                settings=settings, order=order * 10,
            )  # fmt: skip
    else:
        local = [row for row in MEDIA if row[6] == "云岭"]
        _watch(units["yunling"], people["yl.sysadmin"], people["yl.sysadmin"], wire, local)


def _watch(unit: Unit, by: Member, admin: Member, wire: str, media: list[tuple[Any, ...]]) -> None:
    for medium, name, path, kind, media_class, tier, region, language in media:
        source = sources.source_add(
            by=by, unit_id=unit.pk, name=name, url=f"{wire}/m/{medium}/{path}",
            home_url=f"{wire}/m/{medium}/", kind=kind, media_class=media_class, tier=tier,
            region=region, language=language, min_interval=POLL_SECONDS, max_interval=POLL_AT_MOST,
        )  # fmt: skip
        # The wire is on this machine, an address that only an administrator may allow.
        sources.source_mark_internal(by=admin, source_id=source.pk, internal=True)
    hot = sources.source_add(
        by=by, unit_id=unit.pk, name="示例热榜", url=f"{wire}/hot.json", kind="hotlist",
        media_class="social", options=HOT, full_text=False,
        min_interval=POLL_SECONDS, max_interval=POLL_AT_MOST,
    )  # fmt: skip
    sources.source_mark_internal(by=admin, source_id=hot.pk, internal=True)
    policy.forget(by)
