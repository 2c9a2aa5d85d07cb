"""What collectors know about the world, as sorted data: tracking parameters, title habits, sites.

Nothing here is code, so that a newsroom can see and correct it. Where each table comes from stands
beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

# Query parameters that tell who clicked where and never which page it is.
# Sources: the public documentation of each system named; share links of Chinese apps as observed.
TRACKING_PARAMS = frozenset({
    "_ga", "_gl",  # Google Analytics
    "dclid", "fbclid", "gad_source", "gbraid", "gclid", "gclsrc", "wbraid",  # Google, Meta ads
    "ef_id", "s_kwcid",  # Adobe
    "from_isappinstalled", "isappinstalled", "nsukey",  # WeChat share links
    "hmcu", "hmkw", "hmmd", "hmpl", "hmsr",  # Baidu Tongji
    "igshid", "li_fat_id", "msclkid", "ttclid", "twclid", "yclid",  # social networks
    "mc_cid", "mc_eid", "mkt_tok",  # mailings
    "share_from", "share_medium", "share_source", "share_tag", "share_token", "sharer_shareid",
    "sharer_sharetime", "spm", "spm_id_from", "timestamp_share", "vd_source", "weibo_id",
    "wt_mc", "wxshare_count", "xtor",
})  # fmt: skip
TRACKING_PREFIXES = ("at_", "bd_", "hsa_", "matomo_", "mtm_", "pk_", "piwik_", "utm_")

# What stands between the parts of a headline: column, headline, site name.
# Source: the normalisation rules of Media Cloud, with the marks Chinese sites use.
TITLE_SEPARATORS = (
    " - ", " – ", " — ", "--", "——", ":", "|", "·", "—", "【", "】", "_", "〖", "〗", "｜", "：", "｢", "｣",
)  # fmt: skip

# Labels that editors put before the same headline. Source: common usage of Chinese newsrooms.
TITLE_LABELS = (
    "一图读懂", "专访", "两会声音", "人民日报", "人民网", "光明日报", "全文", "全文实录", "关注", "动画",
    "受权发布", "图文", "图片报道", "图解", "头条", "央视新闻", "央视快评", "快讯", "快评", "数据", "新华社",
    "新华社快讯", "新华网", "新闻", "最新", "本报记者", "权威发布", "海报", "深度", "热点", "独家", "现场",
    "直播", "短视频", "社论", "组图", "视频", "记者手记", "记者观察", "评论", "速览", "重磅", "金句",
)  # fmt: skip

# How a story opens when it names who sent it: not part of what it says.
# Source: dateline forms of the national agencies and party newspapers.
DATELINES = (
    r"(?:本报|本台|本网|新华社|中新社|中新网|中国日报网|人民网|央视网|新华网|光明网)?"
    r"[\w、,，·\s]{0,12}?\d{1,2}月\d{1,2}日(?:电|讯|消息)(?:\s*[（(][^（）()]{1,60}[）)])?",
    r"(?:本报|本台|本网)(?:讯|消息)(?:\s*[（(][^（）()]{1,60}[）)])?",
)

# Where a page says when it was published; read in this order.
# Sources: Open Graph, Dublin Core, schema.org, and the meta names of Chinese news sites.
PUBLISHED_META = (
    "article:published_time", "og:published_time", "bytedance:published_time", "publishdate",
    "pubdate", "apub:time", "dcterms.created", "dc.date.issued", "dc.date", "date",
)  # fmt: skip
MEDIUM_META = ("source", "contentsource", "mediaid", "og:article:source", "article:source")

# Addresses worth trying when a site announces no feed.
# Source: the defaults of widespread publishing systems.
FEED_GUESSES = (
    "/atom.xml", "/feed", "/feed.json", "/feed.xml", "/index.xml", "/rss", "/rss.xml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SiteRule:
    """Where one site keeps the parts of an article, as CSS selectors; ``host`` covers subdomains.

    ``seen`` says where the structure was documented. A rule that no longer finds the body is
    passed over, and the general extraction takes its place.
    """

    host: str
    body: str
    title: str = ""
    published: str = ""
    medium: str = ""
    authors: str = ""
    drop: str = ""
    seen: str = ""


# The site rules are checked in order of host; selectors only, no code.
SITE_RULES = (
    SiteRule(
        host="chinanews.com.cn",
        body="div.content_desc, div.left_zw, div.t3",
        medium="a.source",
        drop=".adInContent",
        seen="DIYgod/RSSHub lib/routes/chinanews/index.ts",
    ),
    SiteRule(
        host="news.cn",
        body="#detailContent, #detail",
        seen="DIYgod/RSSHub lib/routes/news/xhsxw.ts",
    ),
    SiteRule(
        host="people.com.cn",
        body=".rm_txt_con, .show_text",
        drop=".paper_num, #rwb_tjyd",
        seen="DIYgod/RSSHub lib/routes/people/index.ts",
    ),
    SiteRule(
        host="xinhuanet.com",
        body="#detailContent, #detail",
        seen="DIYgod/RSSHub lib/routes/news/xhsxw.ts (same publishing system as news.cn)",
    ),
)
