"""Feeds as the world writes them: well-formed, careless and hostile. All content is invented (示例).

Each case names what the first item must look like; a case without expectations must be refused.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime

NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
BASE = "http://news.example/rss/feed.xml"
TITLE = "示例县修通三条乡村公路"


@dataclass(frozen=True)
class Case:
    name: str
    body: bytes
    count: int = 1
    first: dict[str, object] = field(default_factory=dict)
    remarks: frozenset[str] = frozenset()
    content_type: str = ""
    options: dict[str, object] = field(default_factory=dict)
    feed_title: str | None = None
    next_links: tuple[str, ...] | None = None


def rss(
    item: str = "", *, channel: str = "", version: str = "2.0", head: str = "", attrs: str = ""
) -> bytes:
    return (
        f'{head}<rss version="{version}"{attrs}><channel><title>示例频道</title>'
        f"<link>http://news.example/</link>{channel}{item}</channel></rss>"
    ).encode()


def item(extra: str = "", *, title: str = TITLE, link: str = "http://news.example/a/1.html") -> str:
    parts = [
        f"<title>{title}</title>" if title else "",
        f"<link>{link}</link>" if link else "",
        extra,
    ]
    return f"<item>{''.join(parts)}</item>"


def atom(entry: str, *, attrs: str = "", head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"{attrs}>'
        f"<title>示例频道</title><id>urn:feed</id>{head}{entry}</feed>"
    ).encode()


def dated(when: str, *, name: str = "pubDate") -> bytes:
    return rss(
        item(f"<{name}>{when}</{name}>"), attrs=' xmlns:dc="http://purl.org/dc/elements/1.1/"'
    )


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


DECL = '<?xml version="1.0" encoding="{}"?>'
DC = ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
CONTENT = ' xmlns:content="http://purl.org/rss/1.0/modules/content/"'
MEDIA = ' xmlns:media="http://search.yahoo.com/mrss/"'
TRADITIONAL = "範例縣開通三條鄉村公路,民眾這個月起出行時間縮短,學生們說現在上學的路好走了"
JSON = '{"version":"https://jsonfeed.org/version/1.1","title":"示例频道","items":[%s]}'
RDF = (
    '<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    '<channel rdf:about="http://news.example/"><title>示例频道</title></channel>'
    f'<item rdf:about="http://news.example/a/1.html"><title>{TITLE}</title>'
    "<link>http://news.example/a/1.html</link><dc:date>2024-05-01T08:00:00+08:00</dc:date>"
    "<dc:creator>记者甲</dc:creator></item></rdf:RDF>"
).encode()

PLAIN = {"title": TITLE, "url": "http://news.example/a/1.html"}
MAY_DAY = {"published_at": utc(2024, 5, 1, 0, 0)}

CASES = [
    # versions
    Case("rss 2.0", rss(item()), first=PLAIN, feed_title="示例频道"),
    Case("rss 0.91", rss(item(), version="0.91"), first=PLAIN),
    Case("rss 0.92", rss(item(), version="0.92"), first=PLAIN),
    Case(
        "rss 0.91 with its DTD",
        rss(item(), version="0.91", head='<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://my.netscape.com/publish/formats/rss-0.91.dtd">'),
        first=PLAIN,
    ),
    Case("rss without version", rss(item()).replace(b' version="2.0"', b""), first=PLAIN),
    Case("rss 1.0", RDF, first=PLAIN | MAY_DAY | {"authors": ("记者甲",)}),
    Case("atom 1.0", atom(f'<entry><id>urn:1</id><title>{TITLE}</title><link href="http://news.example/a/1.html"/><published>2024-05-01T00:00:00Z</published><updated>2024-05-02T00:00:00Z</updated></entry>'), first=PLAIN | MAY_DAY | {"updated_at": utc(2024, 5, 2)}),
    Case("atom 0.3", f'<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>示例频道</title><entry><title>{TITLE}</title><link rel="alternate" type="text/html" href="http://news.example/a/1.html"/><issued>2024-05-01T00:00:00Z</issued></entry></feed>'.encode(), first=PLAIN | MAY_DAY),
    Case("json feed 1.1", (JSON % '{"id":"1","url":"http://news.example/a/1.html","title":"示例县修通三条乡村公路","content_html":"<p>正文</p>","authors":[{"name":"记者甲"}],"language":"zh-CN"}').encode(), first=PLAIN | {"body": "正文", "authors": ("记者甲",), "language": "zh-cn"}),
    Case("json feed 1.0, numeric id and one author", (JSON.replace("1.1", "1", 1) % '{"id":7,"url":"/a/1.html","title":"示例县修通三条乡村公路","author":{"name":"记者甲"},"content_text":"一\\n\\n二"}').encode(), first=PLAIN | {"authors": ("记者甲",), "body": "一\n\n二"}),
    Case("json feed with broken entries", (JSON % '1,null,[],{"id":{}},{"url":"http://news.example/a/1.html","title":["x"]}').encode(), first={"url": "http://news.example/a/1.html", "title": ""}, remarks=frozenset({"item_skipped"})),
    Case("json feed next page", JSON.replace('"items"', '"next_url":"/feed.json?p=2","items"').replace("%s", "").encode(), count=0, next_links=("http://news.example/feed.json?p=2",)),
    Case("empty channel", rss(), count=0, feed_title="示例频道"),
    # encodings
    Case("gb2312 declared", (DECL.format("gb2312") + rss(item()).decode()).encode("gb18030"), first=PLAIN),
    Case("gbk declared, characters beyond gb2312", (DECL.format("gb2312") + rss(item(title="朱镕基与喆㙍示例报告全文发布")).decode()).encode("gb18030"), first={"title": "朱镕基与喆㙍示例报告全文发布"}),
    Case("gbk undeclared", rss(item()).decode().encode("gbk"), first=PLAIN, remarks=frozenset({"encoding_guessed"})),
    Case("gbk, utf-8 declared", (DECL.format("utf-8") + rss(item()).decode()).encode("gbk"), first=PLAIN, remarks=frozenset({"encoding_guessed"})),
    Case("utf-8, gb2312 declared", DECL.format("gb2312").encode() + rss(item()), first=PLAIN, remarks=frozenset({"encoding_guessed"})),
    Case("gbk, latin-1 in the header", rss(item()).decode().encode("gbk"), content_type="text/xml; charset=ISO-8859-1", first=PLAIN),
    Case("gbk by header only", rss(item()).decode().encode("gbk"), content_type="text/xml; charset=GBK", first=PLAIN),
    Case("big5 declared", (DECL.format("big5") + rss(item(title=TRADITIONAL)).decode()).encode("big5hkscs", "ignore"), first={"title": TRADITIONAL}),
    Case("big5 undeclared", rss(item(title=TRADITIONAL)).decode().encode("big5hkscs", "ignore"), first={"title": TRADITIONAL}),
    Case("big5, gb2312 declared", (DECL.format("gb2312") + rss(item(title=TRADITIONAL)).decode()).encode("big5hkscs", "ignore"), first={"title": TRADITIONAL}),
    Case("utf-8 with mark", b"\xef\xbb\xbf" + rss(item()), first=PLAIN),
    Case("utf-16 with mark", rss(item()).decode().encode("utf-16"), first=PLAIN),
    Case("utf-16 without mark", rss(item()).decode().encode("utf-16-le"), first=PLAIN),
    Case("encoding set by hand", rss(item()).decode().encode("gbk"), options={"encoding": "gbk"}, first=PLAIN),
    Case("unknown encoding declared", (DECL.format("x-unknown")).encode() + rss(item()), first=PLAIN),
    Case("shift_jis declared", (DECL.format("shift_jis") + rss(item(title="道路が開通しました")).decode()).encode("shift_jis", "ignore"), first={"title": "道路が開通しました", "language": "ja"}),
    Case("a few broken bytes", rss(item()).replace("示例频道".encode(), b"\xff\xfe\xfa"), first=PLAIN, remarks=frozenset({"garbled"})),
    Case("gzip file", gzip.compress(rss(item())), first=PLAIN),
    # slips of XML
    Case("bare ampersand", rss(item(title="甲 & 乙 AT&T")), first={"title": "甲 & 乙 AT&T"}),
    Case("ampersands in link", rss(item(link="http://news.example/a?x=1&y=2")), first={"url": "http://news.example/a?x=1&y=2"}),
    Case("html entities", rss(item(title="甲&nbsp;乙&mdash;丙&hellip;")), first={"title": "甲 乙—丙…"}),
    Case("unknown entity", rss(item(title="甲&zzz;乙")), first={"title": "甲&zzz;乙"}),
    Case("control characters", rss(item(title="甲\x08\x1f乙\x0b")), first={"title": "甲乙"}),
    Case("numeric reference to a control character", rss(item(title="甲&#8;&#x1F;乙&#20013;")), first={"title": "甲乙中"}),
    Case("junk before the declaration", b"\n\n<br />Warning: example in feed.php\n" + rss(item()), first=PLAIN),
    Case("white space before the declaration", b"  \r\n" + DECL.format("utf-8").encode() + rss(item()), first=PLAIN),
    Case("cut off in the second item", rss(item() + item(title="第二条示例新闻")).split("示例新闻".encode())[0], count=2, first=PLAIN),
    Case("unclosed cdata", rss(item("<description><![CDATA[<p>正文没有写完")), first=PLAIN),
    Case("unclosed tags", b'<rss version="2.0"><channel><item><title>' + TITLE.encode() + b"</title><link>http://news.example/a/1.html", first=PLAIN),
    Case("comments and processing instructions", rss(f"<!-- 注 -->{item()}<?php x ?>", head='<?xml-stylesheet href="a.xsl"?>'), first=PLAIN),
    Case("nested cdata", rss(item("<description><![CDATA[甲]]]]><![CDATA[>乙]]></description>")), first={"body": "甲]]>乙"}),
    # titles
    Case("cdata title with markup", rss(item(title="<![CDATA[<b>甲</b>&amp;乙]]>")), first={"title": "甲&乙"}),
    Case("twice escaped title", rss(item(title="甲 &amp;amp; 乙")), first={"title": "甲 & 乙"}),
    Case("angle brackets around Chinese", rss(item(title="&lt;示例&gt;开播")), first={"title": "<示例>开播"}),
    Case("zero-width and full-width spaces", rss(item(title="甲\u200b乙\u3000\u3000丙\ufeff")), first={"title": "甲乙 丙"}),
    Case("full-width letters are kept", rss(item(title="ＡＢＣ１２３示例")), first={"title": "ＡＢＣ１２３示例"}),
    Case("title over many lines", rss(item(title="\n  甲\n  乙  \n")), first={"title": "甲 乙"}),
    Case("no title takes the text", rss(item("<description>一句话新闻。第二句。</description>", title="")), first={"title": "一句话新闻。第二句。"}),
    Case("enormous title", rss(item(title="长" * 2_000_000)), first={"title": "长" * 500}, remarks=frozenset({"title_cut"})),
    Case("atom html title", atom('<entry><id>1</id><title type="html">&lt;i&gt;甲&lt;/i&gt;乙</title></entry>'), first={"title": "甲乙"}),
    Case("script in title", rss(item(title="甲&lt;script&gt;alert(1)&lt;/script&gt;乙")), first={"title": "甲乙"}),
    # links and identity
    Case("relative link", rss(item(link="../a/1.html")), first=PLAIN),
    Case("root relative link", rss(item(link="/a/1.html")), first=PLAIN),
    Case("scheme relative link", rss(item(link="//news.example/a/1.html")), first=PLAIN),
    Case("link with white space", rss(item(link="\n  http://news.example/a/1.html\n ")), first=PLAIN),
    Case("xml:base", atom('<entry><id>1</id><title>甲</title><link href="b.html"/></entry>', attrs=' xml:base="http://other.example/x/"'), first={"url": "http://other.example/x/b.html"}),
    Case("guid as permalink", rss(item('<guid>http://news.example/a/1.html</guid>', link="")), first=PLAIN),
    Case("guid is not a link", rss(item('<guid isPermaLink="false">42</guid>', link="")), first={"title": TITLE, "url": ""}),
    Case("javascript link", rss(item(link="javascript:alert(1)")), first={"url": "", "title": TITLE}),
    Case("tracking parameters", rss(item(link="http://News.Example:80/a/1.html?utm_source=rss&amp;id=2#top")), first={"canonical_url": "http://news.example/a/1.html?id=2"}),
    Case("same guid on all items", rss("".join(item("<guid>x</guid>", link=f"http://news.example/{n}", title=f"第{n}条") for n in range(3))), count=3),
    Case("the same item twice", rss(item("<guid>1</guid>") + item(link="http://news.example/a/1.html?utm_source=x")), count=2),
    Case("the same address twice", rss(item() + item(link="https://www.news.example/a/1.html?utm_source=x")), count=1),
    Case("neither title nor link", rss("<item><category>空</category></item>" + item()), count=1, first=PLAIN, remarks=frozenset({"item_skipped"})),
    Case("atom next page", atom("", head='<link rel="next" href="?page=2"/>'), count=0, next_links=("http://news.example/rss/feed.xml?page=2",)),
    Case("too many items", rss("".join(item(link=f"http://news.example/{n}") for n in range(1100))), count=1000, remarks=frozenset({"items_cut"})),
    # dates
    Case("rfc 822 date", dated("Wed, 01 May 2024 08:00:00 +0800"), first=MAY_DAY),
    Case("rfc 822 date in GMT", dated("Wed, 01 May 2024 00:00:00 GMT"), first=MAY_DAY),
    Case("wrong weekday", dated("Mon, 01 May 2024 08:00:00 +0800"), first=MAY_DAY),
    Case("iso date in rss", dated("2024-05-01T08:00:00+08:00"), first=MAY_DAY),
    Case("no zone means local", dated("2024-05-01 08:00:00"), first=MAY_DAY),
    Case("no zone, other local", dated("2024-05-01 00:00:00"), options={"timezone": "UTC"}, first=MAY_DAY),
    Case("Chinese date", dated("2024年5月1日 08:00"), first=MAY_DAY),
    Case("CST is China's", dated("Wed May 01 08:00:00 CST 2024"), first=MAY_DAY),
    Case("slashes", dated("2024/05/01 08:00:00"), first=MAY_DAY),
    Case("epoch", dated("1714521600"), first=MAY_DAY),
    Case("dc:date", dated("2024-05-01T00:00:00Z", name="dc:date"), first=MAY_DAY),
    Case("no date", rss(item()), first={"published_at": None}),
    Case("1970", dated("Thu, 01 Jan 1970 00:00:00 GMT"), first={"published_at": None}, remarks=frozenset({"date_dropped"})),
    Case("2099", dated("Thu, 01 Jan 2099 00:00:00 GMT"), first={"published_at": None}, remarks=frozenset({"date_dropped"})),
    Case("30 February", dated("2024-02-30 08:00:00"), first={"published_at": None}),
    Case("nonsense date", dated("昨天下午"), first={"published_at": None}),
    # content
    Case("content wins over description", rss(item("<description>摘要</description><content:encoded><![CDATA[<p>一</p><p>二</p>]]></content:encoded>"), attrs=CONTENT), first={"body": "一\n\n二", "summary": "摘要"}),
    Case("breaks are paragraphs", rss(item("<description><![CDATA[　　一<br/>　　二<br><br>三]]></description>")), first={"body": "一\n\n二\n\n三"}),
    Case("script and handlers", rss(item("<description><![CDATA[<p onclick='x()'>甲</p><script>bad()</script><iframe src='http://x'></iframe><a href='javascript:x'>乙</a>]]></description>")), first={"body_html": '<p>甲</p><a rel="noopener noreferrer nofollow">乙</a>'}),
    Case("relative image", rss(item("<description><![CDATA[<img src='i.jpg'>]]></description>")), first={"images": ("http://news.example/a/i.jpg",)}),
    Case("lazy image", rss(item("<description><![CDATA[<img src='/blank.gif' data-original='/i.jpg'>]]></description>")), first={"images": ("http://news.example/i.jpg",)}),
    Case("enclosure", rss(item('<enclosure url="http://news.example/i.jpg" type="image/jpeg" length="1"/><enclosure url="http://news.example/a.mp3" type="audio/mpeg" length="1"/>')), first={"images": ("http://news.example/i.jpg",)}),
    Case("media thumbnail", rss(item('<media:thumbnail url="http://news.example/t.jpg"/>'), attrs=MEDIA), first={"images": ("http://news.example/t.jpg",)}),
    Case("data uri image", rss(item("<description><![CDATA[<img src='data:image/png;base64,AAAA'>甲]]></description>")), first={"images": ()}),
    Case("xhtml content", atom('<entry><id>1</id><title>甲</title><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>一</p><p>二</p></div></content></entry>'), first={"body": "一\n\n二"}),
    Case("source names the medium", rss(item('<source url="http://s.example/rss">示例通讯社</source>')), first={"medium": "示例通讯社"}),
    Case("author with mail address", rss(item("<author>a@news.example (记者甲)</author>")), first={"authors": ("记者甲",)}),
    Case("categories", rss(item("<category>时政</category><category>民生</category><category>时政</category>")), first={"tags": ("时政", "民生")}),
    Case("language of the channel", rss(item(), channel="<language>zh_CN</language>"), first={"language": "zh-cn"}),
    Case("language by script", rss(item()), first={"language": "zh"}),
    # not a feed, or not one we open
    Case("html page", b"<!doctype html><html><body><h1>404</h1></body></html>", count=-1),
    Case("empty", b"", count=-1),
    Case("nothing but space", b" \n ", count=-1),
    Case("other json", b'{"a":1}', count=-1),
    Case("broken json", b'{"version":"https://jsonfeed.org/version/1.1","items":[', count=-1),
    Case("deep json", b"[" * 100_000, count=-1),
    Case("a picture", b"\x89PNG\r\n\x1a\n" + bytes(200), count=-1),
    Case("a file name", b"/etc/passwd", count=-1),
    Case("an address", b"http://127.0.0.1:1/", count=-1),
    Case("billion laughs", rss(item(title="&c;"), head='<!DOCTYPE r [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>'), count=-2),
    Case("external entity", rss(item(title="&x;"), head='<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), count=-2),
    Case("parameter entity", rss(item(), head='<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>'), count=-2),
    Case("bomb in utf-16", rss(item(), head='<!DOCTYPE r [<!entity a "aa">]>').decode().encode("utf-16"), count=-2),
    Case("entity declaration as subject of an article", rss(item("<description><![CDATA[&lt;!ENTITY a&gt; 讲解 <!ENTITY b>]]></description>")), first=PLAIN),
]  # fmt: skip
