"""Pages, sitemaps, hot lists, discovery and robots.txt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongmei.kernel import http
from rongmei.sources import errors, types
from rongmei.sources.collectors import parse, with_full_text
from rongmei.sources.collectors.discover import discover
from rongmei.sources.collectors.hotlists import parse_heat
from rongmei.sources.collectors.pages import rule_for
from rongmei.sources.collectors.robots import (
    EVERYTHING,
    NOTHING,
    RobotsCache,
    parse_robots,
    robots_for_status,
    robots_url,
)
from rongmei.sources.tests.cases import NOW, item, rss
from rongmei.sources.types import Collected, Fetched, FetchOutcome, SourceSpec, outcome_of

URL = "http://www.example.com/n1/2024/0501/c1.html?from=rss"
TEXT = "示例县交通局今天宣布,三条乡村公路全线贯通,沿线十二个村的群众出行时间缩短一半以上。"


def page(body: str, head: str = "", *, lang: str = "zh-CN") -> str:
    return (
        f'<!doctype html><html lang="{lang}"><head><title>示例县修通三条乡村公路_示例网</title>{head}</head>'
        f"<body><nav><a href=/>首页</a></nav>{body}<footer>版权所有</footer></body></html>"
    )


ARTICLE = (
    "<h1>示例县修通三条乡村公路</h1><div class=info>2024年05月01日08:00 来源：示例通讯社 作者：记者甲</div>"
    + "<div class=text>"
    + "".join(f"<p>　　第{n}段。{TEXT}</p>" for n in range(6))
    + "<p><img src=/i/1.jpg></p></div><div class=more><a href=/n2>相关阅读</a></div>"
)


def read(
    body: str | bytes,
    kind: str = "page",
    url: str = URL,
    content_type: str = "",
    options: dict[str, object] | None = None,
    **more: object,
) -> Collected:
    raw = body if isinstance(body, bytes) else body.encode()
    fetched = Fetched(url=url, final_url=url, body=raw, fetched_at=NOW, content_type=content_type)
    return parse(SourceSpec(kind=kind, url=url, options={**(options or {}), **more}), fetched)


def test_article_without_any_rule() -> None:
    found = read(page(ARTICLE, '<link rel=canonical href="/n1/2024/0501/c1.html">')).items[0]
    assert found.title == "示例县修通三条乡村公路"
    assert found.body.count("全线贯通") == 6
    assert "\n\n第3段" in found.body
    assert "版权所有" not in found.body
    assert "首页" not in found.body
    assert found.published_at == datetime(2024, 5, 1, 0, 0, tzinfo=UTC)
    assert found.medium == "示例通讯社"
    assert found.canonical_url == "http://www.example.com/n1/2024/0501/c1.html"
    assert found.images == ("http://www.example.com/i/1.jpg",)
    assert found.language == "zh-cn"


def test_article_in_gbk_with_meta() -> None:
    source = page(ARTICLE, '<meta http-equiv="Content-Type" content="text/html; charset=gb2312">')
    assert read(source.encode("gbk")).items[0].body.count("全线贯通") == 6


@pytest.mark.parametrize(
    ("head", "hour"),
    [
        ('<meta property="article:published_time" content="2024-04-30T10:00:00+08:00">', 2),
        ('<meta name="publishdate" content="2024-04-30 11:00:00">', 3),
        ('<meta name="PubDate" content="2024-04-30 12:00">', 4),
        ('<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2024-04-30T13:00:00+08:00"}</script>', 5),
        ('<script type="application/ld+json">{"@graph":[{"@type":"WebPage"},{"datePublished":"2024-04-30T14:00:00+08:00"}]}</script>', 6),
    ],
)  # fmt: skip
def test_published_from_the_head(head: str, hour: int) -> None:
    assert read(page(ARTICLE, head)).items[0].published_at == datetime(
        2024, 4, 30, hour, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "head",
    [
        '<script type="application/ld+json">{bad</script>',
        '<script type="application/ld+json">[1,null,"x",{"datePublished":7}]</script>',
        '<meta name=publishdate content="2099-01-01">',
    ],
)
def test_bad_metadata_is_passed_over(head: str) -> None:
    assert read(page(ARTICLE, head)).items[0].published_at == datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("canonical", "wanted"),
    [("http://other.example/x.html", URL), ("javascript:x", URL), ("", URL), ("https://www.example.com/n1/c1.html", "https://www.example.com/n1/c1.html")],
)  # fmt: skip
def test_canonical_link_is_believed_for_its_own_host_only(canonical: str, wanted: str) -> None:
    assert read(page(ARTICLE, f'<link rel="canonical" href="{canonical}">')).items[0].url == wanted


def test_rule_of_the_source_and_its_mistakes() -> None:
    found = read(
        page(ARTICLE), options={"body": ".text", "medium": ".info", "title": "h1", "drop": "img"}
    ).items[0]
    assert found.body.count("全线贯通") == 6
    assert "相关阅读" not in found.body
    assert found.images == ()
    with pytest.raises(errors.BadRule):
        read(page(ARTICLE), options={"body": "div[[["})


def test_rule_that_finds_nothing_falls_back() -> None:
    assert read(page(ARTICLE), options={"body": ".gone"}).items[0].body.count("全线贯通") == 6


def test_built_in_rules_cover_subdomains_only() -> None:
    assert rule_for("http://politics.people.com.cn/n1/1.html").host == "people.com.cn"
    assert rule_for("http://notpeople.com.cn/") is None
    body = f'<h1>示例</h1><div class="rm_txt_con"><p>{TEXT}</p><p class="paper_num">版面</p></div><p>{TEXT}别处</p>'
    found = read(page(body), url="http://politics.people.com.cn/n1/1.html").items[0]
    assert found.body == TEXT


@pytest.mark.parametrize(
    "body", [b"", b"%PDF-1.7 x", b"\x89PNG\r\n", "<div>" * 5000, "<html><body></body></html>"]
)
def test_pages_that_cannot_be_read(body: bytes | str) -> None:
    with pytest.raises(errors.Unreadable):
        read(body)


def test_list_page_gives_addresses() -> None:
    body = '<ul class=list><li><a href="/n1/1.html?utm_source=x">一</a></li><li><a href="n1/2.html">二</a></li><li><a href="/ad/3.html">广告</a></li><li><a href="javascript:x">四</a></li><li><a href="/n1/1.html">一</a></li></ul><a href=/n1/9.html>页外</a>'
    found = read(page(body), url="http://www.example.com/", links=".list", match="*/n1/*")
    assert found.next_links == (
        "http://www.example.com/n1/1.html",
        "http://www.example.com/n1/2.html",
    )
    assert found.items == ()
    with pytest.raises(errors.BadRule):
        read(page(body), links="a[[")


def test_full_text_completes_a_feed_item_and_keeps_its_identity() -> None:
    source = rss(item("<description>摘要</description>"))
    brief = read(source, kind="feed", url="http://news.example/feed").items[0]
    full = with_full_text(brief, read(page(ARTICLE)).items[0])
    assert full.entry_key == brief.entry_key
    assert full.url == brief.url
    assert full.body.count("全线贯通") == 6
    assert full.summary == "摘要"
    assert full.medium == "示例通讯社"
    assert full.content_hash != brief.content_hash
    assert with_full_text(full, brief).body == full.body


NEWS = """<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>http://www.example.com/1.html</loc><image:image><image:loc>http://www.example.com/1.jpg</image:loc><image:title>图</image:title></image:image>
<news:news><news:publication><news:name>示例网</news:name><news:language>zh</news:language></news:publication>
<news:publication_date>2024-05-01T08:00:00+08:00</news:publication_date><news:title>旧的示例新闻</news:title></news:news></url>
<url><loc>/2.html?utm_source=s</loc><lastmod>2024-05-02</lastmod></url><url><loc>javascript:x</loc></url></urlset>"""


def test_news_sitemap_newest_first() -> None:
    found = read(NEWS, kind="sitemap").items
    assert [one.url for one in found] == [
        "http://www.example.com/2.html",
        "http://www.example.com/1.html",
    ]
    assert found[1].title == "旧的示例新闻"
    assert found[1].medium == "示例网"
    assert found[1].images == ("http://www.example.com/1.jpg",)
    assert found[1].published_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert len(read(NEWS, kind="sitemap", newest=1).items) == 1


def test_sitemap_index_newest_part_first() -> None:
    source = '<sitemapindex xmlns="x"><sitemap><loc>http://e.example/a.xml</loc><lastmod>2024-01-01</lastmod></sitemap><sitemap><loc>/b.xml.gz</loc><lastmod>2024-02-01</lastmod></sitemap></sitemapindex>'
    assert read(source, kind="sitemap").next_links == (
        "http://www.example.com/b.xml.gz",
        "http://e.example/a.xml",
    )


def test_broken_text_and_wrong_sitemaps() -> None:
    cut = read(NEWS[: NEWS.index("<url><loc>javascript")], kind="sitemap")
    assert len(cut.items) == 2
    assert types.RemarkCode.MALFORMED in {remark.code for remark in cut.warnings}
    assert len(read("http://e.example/1\nhttp://e.example/2\n", kind="sitemap").items) == 2
    for wrong in ("<html><body/></html>", "", "no addresses here", "<rss/>"):
        with pytest.raises(errors.Unreadable):
            read(wrong, kind="sitemap")
    with pytest.raises(errors.EntityRefused):
        read('<!DOCTYPE u [<!ENTITY a "x">]><urlset/>', kind="sitemap")


def test_large_sitemap() -> None:
    rows = "".join(f"<url><loc>http://e.example/{n}</loc></url>" for n in range(5000))
    found = read(f"<urlset>{rows}</urlset>", kind="sitemap")
    assert len(found.items) == 2000
    assert found.items[0].url == "http://e.example/0"


HOT_JSON = '{"data":{"list":[{"word":"示例话题一","num":"123.4万","pos":1},{"word":"","num":1},{"word":"示例话题二","num":98765,"pos":3,"url":"/t/2"}]}}'


def test_hot_list_from_json() -> None:
    hot = read(
        HOT_JSON,
        "hotlist",
        items="data.list",
        title="word",
        heat="num",
        rank="pos",
        options={"url": "url"},
    ).hot
    assert [(e.rank, e.title, e.heat) for e in hot] == [
        (1, "示例话题一", 1_234_000.0),
        (3, "示例话题二", 98765.0),
    ]
    assert [e.url for e in hot] == ["", "http://www.example.com/t/2"]
    hot = read(
        HOT_JSON, "hotlist", items="data.list", title="word", link="https://s.example/q?k={title}"
    ).hot
    assert hot[0].url == "https://s.example/q?k=%E7%A4%BA%E4%BE%8B%E8%AF%9D%E9%A2%98%E4%B8%80"
    assert [e.rank for e in hot] == [1, 2]


def test_hot_list_from_html() -> None:
    rows = "".join(
        f'<tr class=row><td><a href="/t/{n}" title="示例{n}">示…</a></td><td class=h>{n}00万</td></tr>'
        for n in (1, 2)
    )
    hot = read(
        f"<table>{rows}</table>",
        "hotlist",
        row="tr.row",
        title="a@title",
        heat=".h",
        options={"url": "a@href"},
    ).hot
    assert [(e.rank, e.title, e.url, e.heat) for e in hot] == [
        (1, "示例1", "http://www.example.com/t/1", 1e6),
        (2, "示例2", "http://www.example.com/t/2", 2e6),
    ]


@pytest.mark.parametrize(
    ("body", "options", "error"),
    [
        (HOT_JSON, {}, errors.BadRule),
        (HOT_JSON, {"title": "word", "items": "data.nothing"}, errors.BadRule),
        (HOT_JSON, {"title": "nothing", "items": "data.list"}, errors.Unreadable),
        ("<p>x", {"title": "a"}, errors.BadRule),
        ("<p>x", {"title": "a", "row": "p[[["}, errors.BadRule),
        ("<p>x", {"title": "a[[[", "row": "p"}, errors.BadRule),
        ('{"a":', {"title": "a"}, errors.Unreadable),
    ],
)
def test_hot_list_mistakes(body: str, options: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        read(body, "hotlist", options=options)


@pytest.mark.parametrize(
    ("text", "heat"),
    [("123.4万", 1_234_000.0), ("1,234,567", 1_234_567.0), ("热度 98k", 98_000.0), ("1.2亿次", 120_000_000.0), ("新", None), ("", None)],
)  # fmt: skip
def test_heat(text: str, heat: float | None) -> None:
    assert parse_heat(text) == heat


def fetched(body: str | bytes, url: str = "http://www.example.com/") -> Fetched:
    return Fetched(
        url=url,
        final_url=url,
        body=body.encode() if isinstance(body, str) else body,
        fetched_at=NOW,
    )


def test_discover_from_a_page() -> None:
    source = page(
        '<a href="/rss/all.xml">RSS</a><a href="/topic/feed/">订阅</a><a href="/about">关于</a>',
        '<link rel="alternate" type="application/rss+xml" title="示例要闻" href="/rss.xml">'
        '<link rel="alternate" type="application/feed+json" href="feed.json"><link rel=alternate hreflang=en href=/en>'
        '<link rel="sitemap" href="/map.xml">',
    )
    found = discover(fetched(source), robots_sitemaps=["http://www.example.com/news.xml", "bad"])
    told = [
        (c.kind, c.url.removeprefix("http://www.example.com"), c.how)
        for c in found
        if c.how != "guessed"
    ]
    assert told == [
        ("feed", "/rss.xml", "declared"),
        ("feed", "/feed.json", "declared"),
        ("sitemap", "/map.xml", "declared"),
        ("feed", "/rss/all.xml", "linked"),
        ("feed", "/topic/feed/", "linked"),
        ("sitemap", "/news.xml", "declared"),
    ]
    assert found[0].title == "示例要闻"
    guessed = [c.url for c in found if c.how == "guessed"]
    assert "http://www.example.com/atom.xml" in guessed
    assert "http://www.example.com/sitemap.xml" in guessed


def test_discover_an_address_that_is_a_feed() -> None:
    found = discover(fetched(rss(item())))
    assert [(c.kind, c.how, c.title) for c in found] == [("feed", "self", "示例频道")]


def test_discover_from_nothing_still_guesses() -> None:
    assert {c.how for c in discover(fetched(b""))} == {"guessed"}


ROBOTS = b"""# comment
User-agent: other
Disallow: /

User-agent: *
User-agent: nobody
Disallow: /private/
Allow: /private/open/
Disallow: /*.pdf$
Disallow: /search?*q=
Disallow: /*/tmp/
Crawl-delay: 7
Sitemap: http://www.example.com/map.xml
"""


@pytest.mark.parametrize(
    ("path", "allowed"),
    [("/", True), ("/private", True), ("/private/", False), ("/private/a", False), ("/private/open/a", True),
     ("/a.pdf", False), ("/a.pdf?x=1", True), ("/a.pdfx", True), ("/search?a=1&q=2", False), ("/search", True),
     ("/a/tmp/b", False), ("/tmp/b", True), ("/%70rivate/a", False), ("/robots.txt", True)],
)  # fmt: skip
def test_robots(path: str, allowed: bool) -> None:
    assert parse_robots(ROBOTS, "Rongmei").allows(f"http://www.example.com{path}") is allowed


def test_robots_groups_delay_and_sitemaps() -> None:
    robots = parse_robots(ROBOTS, "Rongmei")
    assert robots.delay == 7.0
    assert robots.sitemaps == ("http://www.example.com/map.xml",)
    assert not parse_robots(ROBOTS, "Other").allows("http://www.example.com/")
    assert parse_robots(
        b"User-agent: rongmei\nDisallow:\n\nUser-agent: *\nDisallow: /", "Rongmei"
    ).allows("http://e.example/a")
    assert parse_robots(b"User-agent: *\nCrawl-delay: soon", "Rongmei").delay is None
    assert parse_robots(b"User-agent: *\nCrawl-delay: 99999", "Rongmei").delay == 300.0


@pytest.mark.parametrize(
    ("status", "allowed"), [(200, False), (404, True), (403, True), (500, False), (429, False)]
)
def test_robots_by_status(status: int, allowed: bool) -> None:
    found = robots_for_status(status, b"User-agent: *\nDisallow: /a", "Rongmei")
    assert found.allows("http://e.example/a") is allowed


def test_robots_cache_forgets() -> None:
    now = 0.0
    cache = RobotsCache(lambda: now, limit=2)
    cache.put("http://a.example/x", EVERYTHING)
    cache.put("http://b.example/x", NOTHING)
    assert cache.get("http://A.example/y") is EVERYTHING
    assert cache.get("https://a.example/y") is None
    now = 601.0
    assert cache.get("http://b.example/") is None
    cache.put("http://c.example/", EVERYTHING)
    assert cache.get("http://a.example/x") is None
    assert robots_url("http://a.example:81/x?y") == "http://a.example:81/robots.txt"


@given(st.binary(max_size=300), st.text(max_size=50))
def test_robots_of_any_kind(body: bytes, path: str) -> None:
    assert parse_robots(b"User-agent: *\nDisallow: " + body, "R").allows(
        "http://e.example/" + path
    ) in {True, False}


def test_hostile_robots_pattern_is_not_exponential() -> None:
    robots = parse_robots(b"User-agent: *\nDisallow: /" + b"*a" * 500 + b"$", "R")
    assert robots.allows("http://e.example/" + "a" * 400 + "b")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (http.DnsFailure(host="h"), FetchOutcome.DNS),
        (http.BadStatus(status_code=404), FetchOutcome.STATUS),
        (http.PrivateAddressRefused(host="h"), FetchOutcome.PRIVATE),
        (http.TooSlow(seconds="1"), FetchOutcome.SLOW),
        (http.BadEncoding(), FetchOutcome.BROKEN),
        (errors.EntityRefused(), FetchOutcome.BOMB),
        (errors.Unreadable(expected="RSS"), FetchOutcome.UNREADABLE),
        (errors.HostResting(host="h"), FetchOutcome.RESTING),
    ],
)
def test_every_error_has_an_outcome_in_words(error: Exception, outcome: FetchOutcome) -> None:
    assert outcome_of(error) is outcome
    assert str(outcome.words)


def test_all_outcomes_and_remarks_have_words() -> None:
    assert all(str(outcome.words) for outcome in FetchOutcome)
    assert all(str(types.Remark(code, "1")) for code in types.RemarkCode)
