"""Public news feeds offered as presets: listed switched off, on with one click where there is a line.

The addresses were seen in public documentation; whether they answer today is for the "test this
source" button to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Preset:
    """A feed that can be switched on."""

    key: str
    name: str
    url: str
    media_class: str
    language: str = "zh"


PRESETS: Final = (
    Preset(
        "people-politics", "人民网·时政", "http://www.people.com.cn/rss/politics.xml", "central"
    ),
    Preset("people-world", "人民网·国际", "http://www.people.com.cn/rss/world.xml", "central"),
    Preset("people-finance", "人民网·财经", "http://www.people.com.cn/rss/finance.xml", "central"),
    Preset(
        "chinanews-world",
        "中国新闻网·国际",
        "https://www.chinanews.com.cn/rss/world.xml",
        "central",
    ),
    Preset(
        "chinanews-finance",
        "中国新闻网·财经",
        "https://www.chinanews.com.cn/rss/finance.xml",
        "central",
    ),
    Preset(
        "chinadaily",
        "China Daily",
        "http://www.chinadaily.com.cn/rss/china_rss.xml",
        "central",
        "en",
    ),
    Preset(
        "xinhuanet", "新华网·时政", "http://www.xinhuanet.com/politics/news_politics.xml", "central"
    ),
)
BY_KEY: Final = {preset.key: preset for preset in PRESETS}
