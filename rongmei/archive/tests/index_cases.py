"""Invented documents for the tests of the search index. 示例."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from rongmei.archive.types import PUBLIC, HitText, IndexDocument

SHANGHAI = timezone(timedelta(hours=8))
NOW = int(datetime(2026, 6, 20, 12, 0, tzinfo=SHANGHAI).timestamp())
HQ, CENTRE, STATION = "unit-hq", "unit-centre", "unit-station"


def at(text: str) -> int:
    """Seconds of a wall-clock time in Shanghai."""
    return int(datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp())


def document(number: int, title: str = "示例", body: str = "", **fields: object) -> IndexDocument:
    values: dict[str, object] = {
        "visible_to": (PUBLIC,),
        "published_at": at("2026-06-01T08:00"),
        "seq": number,
    }
    values.update(fields)
    return IndexDocument(id=f"d{number}", title=title, body=body, **values)


CASES = [
    document(
        1,
        "云岭特高压工程投运",
        "±800千伏特高压直流输电工程今日投运，全力保障迎峰度夏。",
        source="云岭日报",
        source_id="s1",
        unit_id=HQ,
        kind="story",
        region="云岭",
        language="zh",
        channel_class="paper",
        tags=("电网", "工程"),
        url="https://news.yunling.example/a/1",
        published_at=at("2026-06-01T08:00"),
        fetched_at=at("2026-06-02T08:00"),
        has=("snapshot", "image"),
        family_id="f1",
    ),
    document(
        2,
        "大湾区融媒体中心揭牌",
        "大湾区融媒体中心与县级融媒体中心共建产品和服务体系。",
        source="云岭晚报",
        source_id="s2",
        unit_id=CENTRE,
        kind="story",
        region="云岭",
        language="zh",
        channel_class="paper",
        tags=("媒体",),
        url="https://www.wanbao.example/2",
        published_at=at("2026-06-01T23:30"),
        fetched_at=at("2026-06-03T08:00"),
        has=("versions",),
        family_id="f1",
    ),
    document(
        3,
        "电网夏季保供会议",
        "公司召开会议部署电网保供，李建业出席。广告投放另行安排。",
        summary="会议部署迎峰",
        source="电力之声",
        source_id="s3",
        unit_id=STATION,
        kind="post",
        region="清川",
        language="zh",
        channel_class="wechat",
        tags=("电网",),
        url="https://yunling.example/3",
        published_at=at("2026-06-15T00:30"),
        fetched_at=at("2026-06-15T08:00"),
    ),
    document(
        4,
        "特高壓輸電工程的故事",
        "講述電網建設者的故事，後來他們回到乾旱地區。",
        source="港岛时报",
        source_id="s4",
        unit_id=HQ,
        kind="story",
        region="港岛",
        language="zh",
        channel_class="web",
        published_at=at("2026-05-20T10:00"),
        fetched_at=at("2026-05-20T11:00"),
    ),
    document(
        5,
        "Power grid operator opens data center",
        "The AI-driven centre serves COVID-19 research, GPT-4.1 models and 5G基站.",
        source="Cloud Ridge Daily",
        source_id="s5",
        unit_id=HQ,
        kind="story",
        region="云岭",
        language="en",
        channel_class="web",
        published_at=at("2026-06-20T09:00"),
        fetched_at=at("2026-06-20T10:00"),
    ),
    document(
        6,
        "度夏物资到位",
        "夏季和服展同期举行。",
        source="云岭日报",
        source_id="s1",
        unit_id=CENTRE,
        kind="post",
        region="云岭",
        language="zh",
        channel_class="paper",
        published_at=at("2025-12-31T23:59"),
        fetched_at=at("2026-01-01T08:00"),
    ),
]
TEXTS = {case.id: HitText(case.title, case.body) for case in CASES}
