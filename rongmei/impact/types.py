"""Words of the impact room: totals, marks, and what each figure means."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Totals:
    """Figures of one publication. None is "not known", which is not 0."""

    reads: int | None = None
    readers: int | None = None
    reprints: int | None = None


@dataclass(frozen=True)
class Today:
    """Figures of the last 24 hours of a member's units."""

    publications: int
    publications_all: int
    reads: int
    readers: int
    hourly: list[int] = field(default_factory=list)


# Mark → how long after publication the snapshot is taken.
MARKS: Final = {
    "T+1h": timedelta(hours=1),
    "T+6h": timedelta(hours=6),
    "T+24h": timedelta(hours=24),
    "T+72h": timedelta(hours=72),
    "T+7d": timedelta(days=7),
    "T+30d": timedelta(days=30),
}

# A reader who opens the page again within this time is still reading.
SAME_READ: Final = timedelta(minutes=30)

NOTES: Final = {
    "reads": _(
        "阅读 = 读者在本站打开文章页并停留 3 秒以上的次数。同一读者 30 分钟内重复打开只计一次；"
        "搜索引擎等程序、本单位登录人员不计；关闭脚本的浏览器不计。不使用 Cookie。"
    ),
    "readers": _(
        "读者 = 每日不同读者数之和。读者由当日随机盐加密的地址与浏览器标识区分，次日盐即销毁，"
        "原始地址从不保存；同一人隔日再来计为新的一日读者。"
    ),
    "reprints": _(
        "转载 = 媒体大数据库中与本文正文相似并经比对确认的外部报道篇数。点数字可看每一篇。"
    ),
    "snapshots": _(
        "快照 = 发布后 1 小时、6 小时、24 小时、72 小时、7 天、30 天各取一次，取后不可更改；"
        "系统停机错过的时点按小时计数补取并标“估算”，无法补取的留空，不作 0。"
    ),
}
