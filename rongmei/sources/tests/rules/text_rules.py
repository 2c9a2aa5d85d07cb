"""Times, encodings, slips of XML, texts and addresses as they really come."""

from __future__ import annotations

from datetime import UTC, datetime

from rongmei.sources.tests.rules import LINK, PLAIN, TITLE, item, one, rss, rule, text

_MAY = datetime(2024, 5, 1, tzinfo=UTC)
_SOUND = one()
_IMG = "http://news.example/i.png"


def when(written: str) -> str:
    return one(f"<pubDate>{written}</pubDate>")


def declared(name: str, body: str = _SOUND) -> str:
    return f'<?xml version="1.0" encoding="{name}"?>{body}'


DATES = [
    rule("RFC 822: seconds may be missing", when("Wed, 01 May 2024 08:00 +0800"), published_at=_MAY),
    rule("RFC 822: the weekday may be missing", when("01 May 2024 00:00:00 GMT"), published_at=_MAY),
    rule("RFC 822: the day may have one digit", when("Wed, 1 May 2024 00:00:00 GMT"), published_at=_MAY),
    rule("RFC 822: the year may have two digits", when("Wed, 01 May 24 00:00:00 GMT"), published_at=_MAY),
    rule("RFC 822: names may be in any case", when("WED, 01 MAY 2024 00:00:00 gmt"), published_at=_MAY),
    rule("RFC 822: the month may be written out", when("Wednesday, 1 May 2024 00:00:00 GMT"), published_at=_MAY),
    rule("RFC 822: spaces may be doubled", when("Wed,  01  May  2024  00:00:00  GMT"), published_at=_MAY),
    rule("RFC 822: Z and UT are Greenwich", when("Wed, 01 May 2024 00:00:00 Z"), published_at=_MAY),
    rule("RFC 822: American zones have their names", when("Tue, 30 Apr 2024 20:00:00 EDT"), published_at=_MAY),
    rule("RFC 822: a zone may have a colon", when("Wed, 01 May 2024 08:00:00 +08:00"), published_at=_MAY),
    rule("RFC 822: a zone may follow GMT", when("Wed, 01 May 2024 08:00:00 GMT+0800"), published_at=_MAY),
    rule("RFC 822: a comment after the zone is none of it", when("Wed, 01 May 2024 08:00:00 +0800 (CST)"), published_at=_MAY),
    rule("RFC 822: without a zone it is local", when("Wed, 01 May 2024 08:00:00"), published_at=_MAY),
    rule("RFC 3339: fractions of seconds are left out", when("2024-05-01T00:00:00.999999Z"), published_at=_MAY),
    rule("RFC 3339: t and z may be small", when("2024-05-01t00:00:00z"), published_at=_MAY),
    rule("RFC 3339: a space may stand for T", when("2024-05-01 08:00:00 +0800"), published_at=_MAY),
    rule("W3CDTF: seconds may be missing", when("2024-05-01T00:00Z"), published_at=_MAY),
    rule("W3CDTF: a month is its first day", when("2024-05"), options={"timezone": "UTC"}, published_at=_MAY),
    rule("ISO 8601: the basic form has no marks", when("20240501T000000Z"), published_at=_MAY),
    rule("ISO 8601: a zone may be hours only", when("2024-04-30T20:00:00-04"), published_at=_MAY),
    rule("a time stamp of Java has a fraction", when("2024-05-01 08:00:00.0"), published_at=_MAY),
    rule("epoch milliseconds are known by their length", when("1714521600000"), published_at=_MAY),
    rule("Chinese: the afternoon is said before the hour", when("2024年5月1日 下午3:30"), published_at=datetime(2024, 5, 1, 7, 30, tzinfo=UTC)),
    rule("Chinese: the forenoon is as it stands", when("2024年5月1日 上午8:00"), published_at=_MAY),
    rule("Chinese: the day of the week may stand between", when("2024年5月1日 星期三 08:00"), published_at=_MAY),
    rule("Chinese: hour, minute and second may be words", when("2024年5月1日8时0分0秒"), published_at=_MAY),
    rule("full-width figures are figures", when("２０２４-０５-０１ ０８：００"), published_at=_MAY),
    rule("American: AM and PM with month first", when("5/1/2024 8:00:00 AM"), published_at=_MAY),
    rule("an hour of 24 is midnight", when("2024-04-30T24:00:00Z"), published_at=_MAY),
    rule("a time inside other words is found", when("发布时间：2024-05-01 08:00"), published_at=_MAY),
    rule("the year one is no time", when("0001-01-01T00:00:00Z"), published_at=None),
    rule("tomorrow may be", when("2024-06-02T12:00:00Z"), published_at=datetime(2024, 6, 2, 12, tzinfo=UTC)),
    rule("the day after next may not", when("2024-06-04T12:00:00Z"), published_at=None, remarks=("date_dropped",)),
    rule("13 months are too many", when("2024-13-01T00:00:00Z"), published_at=None),
    rule("a clock by itself is no time", when("08:00:00"), published_at=None),
]  # fmt: skip

ENCODINGS = [
    rule("UTF-16 big-endian with mark", b"\xfe\xff" + _SOUND.encode("utf-16-be"), **PLAIN),
    rule("UTF-16 big-endian without mark", _SOUND.encode("utf-16-be"), **PLAIN),
    rule("UTF-32 with mark", _SOUND.encode("utf-32"), **PLAIN),
    rule("UTF-16 declared, UTF-8 sent", declared("utf-16"), **PLAIN),
    rule("a mark wins over the declaration", b"\xef\xbb\xbf" + declared("gbk").encode(), **PLAIN),
    rule("a mark wins over the header", b"\xef\xbb\xbf" + _SOUND.encode(), content_type="text/xml; charset=gbk", **PLAIN),
    rule("the declaration wins over a wrong header", declared("gbk").encode("gbk"), content_type="text/xml; charset=big5", **PLAIN),
    rule("the header may be right where the declaration is wrong", declared("utf-8").encode("gbk"), content_type="text/xml; charset=gbk", **PLAIN),
    rule("US-ASCII by default of the header's type does not count", declared("utf-8"), content_type="text/xml; charset=us-ascii", **PLAIN),
    rule("a charset may be quoted", _SOUND.encode("gbk"), content_type='text/xml; charset="GBK"; q=1', **PLAIN),
    rule("the declaration may use single quotes", declared("gbk").replace('"gbk"', "'gbk'").encode("gbk"), **PLAIN),
    rule("utf8 without its hyphen is UTF-8", declared("utf8"), **PLAIN),
    rule("GB18030 has characters of four bytes", declared("gb18030", one(title="示例㐀䶵𠮷")).encode("gb18030"), title="示例㐀䶵𠮷"),
    rule("GBK with a broken byte is still GBK", declared("gbk").encode("gbk").replace(b"<description>", b"<description>\xff", 1), **PLAIN, remarks=("garbled",)),
    rule("Windows-1252 has quotation marks", declared("windows-1252", one(title="caf\u00e9 \u201cx\u201d")).encode("cp1252", "ignore"), title="café “x”"),
    rule("EUC-KR declared is Korean", declared("euc-kr", one(title="전력 뉴스 보도")).encode("euc-kr", "ignore"), title="전력 뉴스 보도", language="ko"),
    rule("EUC-JP declared is Japanese", declared("euc-jp", one(title="電力のニュースです")).encode("euc-jp", "ignore"), title="電力のニュースです"),
    rule("an unknown name in the header does not count", _SOUND, content_type="text/xml; charset=x-none", **PLAIN),
    rule("a codec that is no encoding does not count", declared("rot13"), **PLAIN),
    rule("a feed sent as HTML is still a feed", _SOUND, content_type="text/html", **PLAIN),
    rule("a feed sent as a file is still a feed", _SOUND, content_type="application/octet-stream", **PLAIN),
    rule("a feed sent as a picture is still a feed", _SOUND, content_type="image/png", **PLAIN),
]  # fmt: skip

SLIPS = [
    rule("an attribute without quotes", one('<enclosure url=http://news.example/i.png type="image/png"/>'), title=TITLE),
    rule("a bare < in a text", one(title="甲 < 乙"), count=1, url=LINK),
    rule("markup left open in a text", one("<description><p>一<br>二</description>"), **PLAIN),
    rule("an end tag in another case", one().replace("</title><link>", "</Title><link>", 2), count=1),
    rule("an item left open", _SOUND.replace("</item>", ""), **PLAIN),
    rule("cut within an attribute", rss(item(), '<item><enclosure url="http://ne').split("</channel>")[0], **PLAIN, remarks=("malformed", "item_skipped")),
    rule("cut within a character", one().encode().split("乡".encode())[0] + "乡".encode()[:2], count=1, remarks=("garbled",)),
    rule("cut after the first item", _SOUND.split("</item>")[0] + "</item>", **PLAIN, remarks=("malformed",)),
    rule("junk after the end", _SOUND + "<script>bad()</script>", **PLAIN),
    rule("a comment after the end is sound", _SOUND + "<!-- 12 ms -->", **PLAIN, feed={"warnings": ()}),
    rule("a comment before the declaration", "<!-- 缓存 -->" + declared("utf-8"), **PLAIN),
    rule("two marks at the beginning", b"\xef\xbb\xbf\xef\xbb\xbf" + _SOUND.encode(), **PLAIN),
    rule("XML 1.1 is read as XML", declared("utf-8").replace('"1.0"', '"1.1"'), **PLAIN),
    rule("two declarations", declared("utf-8", declared("utf-8")), **PLAIN),
    rule("a DOCTYPE of HTML before a feed", "<!DOCTYPE html>" + _SOUND, **PLAIN),
    rule("a DOCTYPE that declares no entity", "<!DOCTYPE rss [<!ELEMENT rss ANY>]>" + _SOUND, **PLAIN),
    rule("an HTML entity in an attribute", one('<enclosure url="http://news.example/i.png?a=1&b=2&nbsp;" type="image/png"/>'), title=TITLE),
    rule("an entity without its semicolon", one(title="甲 &nbsp 乙"), count=1, url=LINK),
    rule("a numeric reference of Windows is what it meant", one(title="甲&#150;乙"), title="甲–乙"),
    rule("a reference to half a character is left out", one(title="甲&#xD800;乙"), title="甲乙"),
    rule("a reference beyond Unicode is left out", one(title="甲&#x110000;乙"), title="甲乙"),
    rule("a hexadecimal reference is a character", one(title="&#x4e2d;&#x65b0;"), title="中新"),
    rule("]]> in a text is text", one(title="甲]]&gt;乙"), title="甲]]>乙"),
    rule("two hyphens within a comment", one("<!-- 甲 -- 乙 --><category>时政</category>"), tags=("时政",)),
    rule("NUL bytes are left out", one(title="甲\x00乙"), title="甲乙"),
    rule("an attribute given twice", one('<guid isPermaLink="false" isPermaLink="false">7</guid>'), **PLAIN),
    rule("a feed within junk of HTML", "<br>Notice: example<br>" + _SOUND, **PLAIN),
    rule("elements nested beyond all measure lose only themselves", one("<x>" * 3000 + "</x>" * 3000), count=1, title=TITLE),
    rule("sound XML brings no remark", declared("utf-8"), **PLAIN, feed={"warnings": ()}),
    rule("HTML's entities bring no remark", one(title="甲&nbsp;乙"), feed={"warnings": ()}),
]  # fmt: skip

TEXTS = [
    rule("HTML escaped twice is HTML", one("<description>&amp;lt;p&amp;gt;一&amp;lt;/p&amp;gt;&amp;lt;p&amp;gt;二&amp;lt;/p&amp;gt;</description>"), body="一\n\n二"),
    rule("an example of markup stays an example", text("<p>写作 &lt;p&gt; 标签</p>"), body="写作 <p> 标签"),
    rule("markup that was not escaped is markup", one("<description><p>一</p><p>二</p></description>"), body="一\n\n二"),
    rule("a whole page as text is its body", text("<html><head><title>甲</title><style>p{}</style></head><body><p>正文</p></body></html>"), body="正文"),
    rule("a frame goes with what it holds", text("<p>一</p><iframe src='http://x.example/'>二</iframe>"), body="一"),
    rule("a form goes with what it holds", text("<p>一</p><form><input value='x'>二</form>"), body="一"),
    rule("a drawing goes with what it holds", text("<p>一</p><svg><text>二</text></svg>"), body="一"),
    rule("a comment of HTML goes", text("<p>一<!-- 二 --></p>"), body="一"),
    rule("a style attribute goes", text("<p style='x'>一</p>"), body_html="<p>一</p>"),
    rule("an unknown element leaves its words", text("<p>一<o:p>二</o:p><font>三</font></p>"), body="一二三"),
    rule("a list is paragraphs", text("<ul><li>一</li><li>二</li></ul>"), body="一\n\n二"),
    rule("cells of a row are kept apart", text("<table><tr><td>一</td><td>二</td></tr><tr><td>三</td><td>四</td></tr></table>"), body="一 二\n\n三 四"),
    rule("a caption is a paragraph", text("<figure><img src='/i.png'><figcaption>图说</figcaption></figure><p>一</p>"), body="图说\n\n一"),
    rule("a reading aid stays with its word", text("<p><ruby>电<rt>diàn</rt></ruby>网</p>"), body="电diàn网"),
    rule("an address with javascript in disguise goes", text("<a href='java&#10;script:x'>一</a>"), body_html='<a rel="noopener noreferrer nofollow">一</a>'),
    rule("a mail address may be linked", text("<a href='mailto:a@news.example'>一</a>"), body_html='<a href="mailto:a@news.example" rel="noopener noreferrer nofollow">一</a>'),
    rule("a link in a text is relative to the page", text("<a href='2.html'>二</a>"), body_html='<a href="http://news.example/a/2.html" rel="noopener noreferrer nofollow">二</a>'),
    rule("a picture without a scheme has the page's", text("<img src='//img.example/i.png'>"), images=("http://img.example/i.png",)),
    rule("a picture of one pixel is a counter", text("<p>一</p><img src='/c.gif' width='1' height='1'>"), images=()),
    rule("a picture without an address is none", text("<p>一</p><img alt='图'>"), images=()),
    rule("pictures in the text keep their order", text("<img src='/1.png'><img src='/2.png'>"), images=("http://news.example/1.png", "http://news.example/2.png")),
    rule("a description that is text keeps its line as it is", one("<description>甲 &amp;amp; 乙</description>"), body="甲 & 乙"),
    rule("blank lines part paragraphs", one("<description>一\n\n二</description>"), body="一\n\n二"),
    rule("a text of ten megabytes is cut", one(f"<description>{'长' * 3_400_000}</description>"), title=TITLE, remarks=("body_cut",)),
    rule("nested quotations beyond all measure are words", text("<blockquote>" * 5000 + "一"), body="一"),
]  # fmt: skip


def at(link: str) -> str:
    return one(link=link)


ADDRESSES = [
    rule("a host is in small letters", at("http://NEWS.example/a/1.html"), canonical_url=LINK),
    rule("the customary port is left out", at("https://news.example:443/a/1.html"), canonical_url="https://news.example/a/1.html"),
    rule("another port is kept", at("http://news.example:8080/a"), canonical_url="http://news.example:8080/a"),
    rule("a name and password are left out", at("http://a:b@news.example/a/1.html"), canonical_url=LINK),
    rule("a fragment is left out", at(f"{LINK}#top"), canonical_url=LINK),
    rule("a fragment that is a route is kept", at("http://news.example/#/a/1"), canonical_url="http://news.example/#/a/1"),
    rule("steps in a path are taken", at("http://news.example/b/../a/./1.html"), canonical_url=LINK),
    rule("letters in a path need no escapes", at("http://news.example/%61/1.html"), canonical_url=LINK),
    rule("Chinese in a path is escaped", at("http://news.example/新闻"), canonical_url="http://news.example/%E6%96%B0%E9%97%BB"),
    rule("a space in an address is escaped", at("http://news.example/a b"), canonical_url="http://news.example/a%20b"),
    rule("a Chinese host has its ASCII name", at("http://新闻.例子/"), canonical_url="http://xn--efvy88h.xn--fsqu00a/"),
    rule("the order of a query does not count", at("http://news.example/a?b=2&amp;a=1"), canonical_url="http://news.example/a?a=1&b=2"),
    rule("an address of another scheme is none", at("ftp://news.example/a"), url="", title=TITLE),
    rule("a scheme is in small letters", at("HTTP://news.example/a/1.html"), url=LINK),
    rule("line breaks within an address are folding", at("http://news.example/a/\n1.html"), url=LINK),
    rule("a feed: address is none", at("feed://news.example/a"), url="", title=TITLE),
    rule("a query by itself belongs to the feed's address", at("?id=1"), url="http://news.example/rss/feed.xml?id=1"),
    rule("an address beyond 4,096 characters is none", at("http://news.example/" + "a" * 5000), url="", title=TITLE),
    rule("a port that is no number makes no address", at("http://news.example:x/"), canonical_url=""),
    rule("http and https are one page", at(LINK), same="url_key", other=at(LINK.replace("http:", "https:"))),
    rule("a page with and without www is one", at(LINK), same="url_key", other=at(LINK.replace("//", "//www."))),
    rule("a closing slash does not count", at("http://news.example/a"), same="url_key", other=at("http://news.example/a/")),
    rule("another query is another page", at("http://news.example/a?id=1"), same="not url_key", other=at("http://news.example/a?id=2")),
    rule("a path is told apart by case", at("http://news.example/A"), same="not url_key", other=at("http://news.example/a")),
]  # fmt: skip
