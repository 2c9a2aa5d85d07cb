"""Documents for tests: plain ones, and such as break what writes or reads them carelessly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rongmei.archive import actions
from rongmei.archive.models import Document
from rongmei.kernel import db
from rongmei.network.testing import Cast

START = datetime(2026, 6, 1, 8, tzinfo=UTC)

# title, what else
NASTY: list[tuple[str, dict[str, Any]]] = [
    ("平常的一条", {"region": "云岭", "tags": ["台风", "抢修"], "authors": "记甲、记乙"}),
    ("=1+2", {"body": "+cmd|' /C calc'!A0", "source_name": "@源(示例)", "authors": "-记"}),
    ('引号"与,逗号;分号|竖线', {"body": '第一段,"引号"。\n\n第二段;还有制表。', "tags": ["a,b", "c;d", "e|f"]}),
    ("<b>标签</b> & 实体 &amp; <script>alert(1)</script>", {"body": "5 < 6 && 7 > 3。<p>不是段落</p>", "source_name": "源 <甲> & 乙", "tags": ["<i>签</i>"], "authors": "记<甲>、记&乙"}),
    ("繁體標題：特高壓線路", {"body": "迎峰度夏期間，特高壓線路滿負荷運行。", "language": "zh", "region": "香港 & 九龙"}),
    ("An English headline, with commas", {"body": "Power was restored.\n\nSecond paragraph.", "language": "en", "authors": "Smith, Jane、Doe, John"}),
    ("没有正文的一条", {"body": "", "summary": "只有摘要：台风路径有变。"}),
    ("没有摘要的一条", {"body": "只有正文，没有摘要。" * 30}),
    ("长" * 480, {"body": "长文。" * 9_000}),
    ("无地址", {"url": "", "origin": "原发社(示例) & 伙伴"}),
    ("𠮷野家的四字节字 🚄⚡", {"body": "𠮷 emoji 🚄 与 é ñ ü。"}),
    ("同样的话两家都登", {"body": "两家媒体一字不差地登了这一条，都要留下来，一条也不能少。", "source_name": "甲报(示例)", "url": "https://a.example/1"}),
    ("同样的话两家都登", {"body": "两家媒体一字不差地登了这一条，都要留下来，一条也不能少。", "source_name": "乙报(示例)", "url": "https://b.example/1"}),
    ("网址里有查询", {"url": "https://c.example/a?id=1&b=%E4%B8%AD#x", "image_url": "https://c.example/i.jpg?w=1&h=2"}),
]  # fmt: skip


def keep(cast: Cast, unit: str, title: str, *, number: int = 0, **more: object) -> Document:
    """Keep a document of a unit, `number` hours after the start."""
    fields: dict[str, Any] = {
        "body": "台风过后，抢修队员连夜恢复供电。", "source_name": "云岭日报(示例)",
        "url": f"https://news.example/{number}", "published_at": START + timedelta(hours=number),
        **more,
    }  # fmt: skip
    origin = fields.pop("origin", "")
    with db.write():
        kept = actions.document_keep(
            kind="article", identity=f"{unit}:{title}:{fields['source_name']}",
            unit_id=cast.unit(unit).pk, title=title, **fields,
        )  # fmt: skip
        Document.objects.filter(pk=kept.pk).update(origin=origin)
    return kept


def keep_nasty(cast: Cast) -> None:
    """Keep every nasty one."""
    for number, (title, more) in enumerate(NASTY):
        keep(cast, "hq", title, number=number, **{"media_class": "local", **more})
