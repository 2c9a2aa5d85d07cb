"""Platforms that are served by hand, as data: their limits and where one posts.

Only figures that a platform publishes are listed; whether it wants a video or a picture is how it works (WeChat: developers.weixin.qq.com, draft_add;
Weibo: open.weibo.com, statuses/share; Toutiao: the console's own rule); None is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Platform:
    """One platform; lengths are characters. `pictures` is how many a post needs at least unless it
    has a video, and `video` says that people go there for videos."""

    key: str
    label: object
    post_at: str = ""
    title: int | None = None
    author: int | None = None
    digest: int | None = None
    body: int | None = None
    rich: bool = False
    pictures: int = 0
    video: bool = False


PLATFORMS: Final = {
    one.key: one
    for one in (
        Platform(
            "wechat", _("微信公众号"), "https://mp.weixin.qq.com/", title=32, author=16, digest=128,
            body=20_000, rich=True,
        ),
        Platform("weibo", _("新浪微博"), "https://weibo.com/", digest=140),
        Platform("douyin", _("抖音"), "https://creator.douyin.com/", video=True),
        Platform("kuaishou", _("快手"), "https://cp.kuaishou.com/", video=True),
        Platform("bilibili", _("哔哩哔哩"), "https://member.bilibili.com/", video=True),
        Platform("toutiao", _("今日头条"), "https://mp.toutiao.com/", title=30, rich=True),
        Platform("shipinhao", _("视频号"), "https://channels.weixin.qq.com/", video=True),
        Platform("xiaohongshu", _("小红书"), "https://creator.xiaohongshu.com/", pictures=1),
        Platform("press", _("报刊与行业媒体")),
        Platform("other", _("其他")),
    )
}  # fmt: skip
