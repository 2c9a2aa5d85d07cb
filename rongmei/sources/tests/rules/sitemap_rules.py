"""Sitemaps (sitemaps.org 0.9), Google's news, image and video extensions, and their indexes."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime

from rongmei.sources.tests.rules import LINK, PLAIN, TITLE, Rule, atom, entry, one
from rongmei.sources.tests.rules import rule as any_rule

_MAY = datetime(2024, 5, 1, tzinfo=UTC)
_NS = (
    ' xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    ' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    ' xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
    ' xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"'
    ' xmlns:xhtml="http://www.w3.org/1999/xhtml"'
)


def urlset(*urls: str, attrs: str = _NS) -> str:
    return f"<urlset{attrs}>{''.join(urls)}</urlset>"


def url(extra: str = "", loc: str = LINK) -> str:
    return f"<url><loc>{loc}</loc>{extra}</url>"


def news(extra: str = "") -> str:
    return urlset(url(
        "<news:news><news:publication><news:name>示例日报</news:name><news:language>zh</news:language>"
        f"</news:publication><news:title>{TITLE}</news:title>{extra}</news:news>"
    ))  # fmt: skip


def index(*parts: tuple[str, str]) -> str:
    return f"<sitemapindex{_NS}>" + "".join(
        f"<sitemap><loc>{loc}</loc>{f'<lastmod>{at}</lastmod>' if at else ''}</sitemap>"
        for loc, at in parts
    ) + "</sitemapindex>"  # fmt: skip


def rule(name: str, body: bytes | str, count: int = 1, /, **said: object) -> Rule:
    return any_rule(name, body, count, kind="sitemap", **said)


_A, _B = "http://news.example/1.xml", "http://news.example/2.xml"

RULES = [
    rule("a loc is an item", urlset(url()), url=LINK),
    rule("lastmod is the time", urlset(url("<lastmod>2024-05-01T08:00:00+08:00</lastmod>")), published_at=_MAY, updated_at=_MAY),
    rule("lastmod may be a day", urlset(url("<lastmod>2024-05-01</lastmod>")), options={"timezone": "UTC"}, published_at=_MAY),
    rule("an unbelievable lastmod is none", urlset(url("<lastmod>1970-01-01</lastmod>")), published_at=None),
    rule("the newest stand first", urlset(url("<lastmod>2024-04-01</lastmod>", "http://news.example/old"), url("<lastmod>2024-05-01</lastmod>")), 2, url=LINK),
    rule("those without a time stand last", urlset(url(loc="http://news.example/none"), url("<lastmod>2024-05-01</lastmod>")), 2, url=LINK),
    rule("an address given twice is one item", urlset(url(), url()), 1),
    rule("changefreq and priority are passed over", urlset(url("<changefreq>daily</changefreq><priority>0.8</priority>")), url=LINK),
    rule("white space around a loc does not count", urlset(url(loc=f"\n  {LINK}\n")), url=LINK),
    rule("a loc may stand in CDATA", urlset(url(loc=f"<![CDATA[{LINK}?a=1&b=2]]>")), url=f"{LINK}?a=1&b=2"),
    rule("an ampersand in a loc may be bare", urlset(url(loc=f"{LINK}?a=1&b=2")), url=f"{LINK}?a=1&b=2"),
    rule("a relative loc is resolved", urlset(url(loc="/a/1.html")), url=LINK),
    rule("a loc that is no address is passed over", urlset(url(loc="javascript:x"), url()), 1, url=LINK),
    rule("a url without loc is passed over", urlset("<url><lastmod>2024-05-01</lastmod></url>", url()), 1, url=LINK),
    rule("translations of a page are not the page", urlset(url('<xhtml:link rel="alternate" hreflang="en" href="http://news.example/en"/>')), 1, url=LINK),
    rule("a sitemap without a namespace is one", urlset(url(), attrs=""), url=LINK),
    rule("a sitemap in the old namespace is one", urlset(url(), attrs=' xmlns="http://www.google.com/schemas/sitemap/0.84"'), url=LINK),
    rule("a sitemap may carry a prefix", f'<s:urlset xmlns:s="http://www.sitemaps.org/schemas/sitemap/0.9"><s:url><s:loc>{LINK}</s:loc></s:url></s:urlset>', url=LINK),
    rule("a page without a title has none", urlset(url()), title=""),
    # news
    rule("news:title is the headline", news(), **PLAIN),
    rule("news:publication_date wins over lastmod", news("<news:publication_date>2024-05-01T00:00:00Z</news:publication_date>").replace("<news:news>", "<lastmod>2024-05-03</lastmod><news:news>"), published_at=_MAY),
    rule("news:name is the medium", news(), medium="示例日报"),
    rule("news:language is the language", news(), language="zh"),
    rule("news:keywords are tags", news("<news:keywords>能源, 电网，民生</news:keywords>"), tags=("能源", "电网", "民生")),
    rule("genres and tickers are no tags", news("<news:genres>Blog</news:genres><news:stock_tickers>SH:600000</news:stock_tickers>"), tags=()),
    # pictures and videos
    rule("image:loc is a picture", urlset(url("<image:image><image:loc>http://news.example/i.png</image:loc></image:image>")), images=("http://news.example/i.png",), url=LINK),
    rule("every image of a page counts", urlset(url("<image:image><image:loc>/1.png</image:loc></image:image><image:image><image:loc>/2.png</image:loc></image:image>")), images=("http://news.example/1.png", "http://news.example/2.png")),
    rule("image:title is not the headline", urlset(url("<image:image><image:loc>/1.png</image:loc><image:title>图题</image:title></image:image>")), title=""),
    rule("a video's thumbnail is a picture of the page", urlset(url("<video:video><video:thumbnail_loc>http://news.example/t.png</video:thumbnail_loc><video:title>视频</video:title></video:video>")), images=("http://news.example/t.png",)),
    rule("a video's time is not the page's", urlset(url("<video:video><video:publication_date>2024-05-01</video:publication_date></video:video>")), published_at=None),
    # indexes
    rule("an index leads to its parts", index((_A, ""), (_B, "")), 0, feed={"next_links": (_A, _B)}),
    rule("the newest part stands first", index((_A, "2024-04-01"), (_B, "2024-05-01")), 0, feed={"next_links": (_B, _A)}),
    rule("a part given twice is one", index((_A, ""), (_A, "")), 0, feed={"next_links": (_A,)}),
    rule("a part that is no address is passed over", index(("ftp://x/", ""), (_A, "")), 0, feed={"next_links": (_A,)}),
    # other shapes
    rule("a text file of addresses is a sitemap", f"{LINK}\nhttp://news.example/b\n", 2, url=LINK),
    rule("a text file may begin with a mark", b"\xef\xbb\xbf" + LINK.encode(), url=LINK),
    rule("lines that are no addresses are passed over", f"# 注\n{LINK}\n", 1, url=LINK),
    rule("a packed sitemap is unpacked", gzip.compress(urlset(url()).encode()), url=LINK),
    rule("an RSS feed may serve as a sitemap", one(), **PLAIN),
    rule("an Atom feed may serve as a sitemap", atom(entry()), **PLAIN),
    rule("a cut sitemap yields what stood before the cut", urlset(url(), url(loc="http://news.example/b"))[:-30], remarks=("malformed",), url=LINK),
    rule("a page is no sitemap", "<html><body>404</body></html>", refused="Unreadable"),
    rule("an empty answer is no sitemap", "", refused="Unreadable"),
    rule("entities in a sitemap are refused", '<!DOCTYPE x [<!ENTITY a "b">]>' + urlset(url(loc="&a;")), refused="EntityRefused"),
    rule("how many are kept may be set", urlset(*(url(loc=f"http://news.example/{n}") for n in range(5))), 2, options={"options": {"newest": 2}}, remarks=("items_cut",)),
]  # fmt: skip
