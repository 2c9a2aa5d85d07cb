"""Atom 1.0 (RFC 4287) and 0.3."""

from __future__ import annotations

from datetime import UTC, datetime

from rongmei.sources.tests.rules import LINK, PLAIN, TITLE, atom, entry, rule
from rongmei.sources.types import Hints

_MAY = datetime(2024, 5, 1, tzinfo=UTC)
_SECOND = datetime(2024, 5, 2, tzinfo=UTC)
_XHTML = "http://www.w3.org/1999/xhtml"


def old(inner: str) -> str:
    return (
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>示例频道</title>'
        f"<entry>{inner}</entry></feed>"
    )


RULES = [
    # text constructs
    rule("a title of type text is literal", atom(entry(title='<title type="text">甲 &lt;b&gt;乙&lt;/b&gt;</title>')), title="甲 <b>乙</b>"),
    rule("a title without type is text", atom(entry(title="<title>甲 &lt; 乙 &amp;amp; 丙</title>")), title="甲 < 乙 &amp; 丙"),
    rule("a title without type that is plainly markup is markup", atom(entry(title="<title>甲&lt;b&gt;乙&lt;/b&gt;</title>")), title="甲乙"),
    rule("a title of type html is unescaped once", atom(entry(title='<title type="html">甲&amp;amp;乙</title>')), title="甲&乙"),
    rule("a title of type xhtml is its text", atom(entry(title=f'<title type="xhtml"><div xmlns="{_XHTML}">甲<em>乙</em></div></title>')), title="甲乙"),
    rule("a type is read in any case", atom(entry(title='<title type="HTML">&lt;i&gt;甲&lt;/i&gt;</title>')), title="甲"),
    rule("a summary of type text is literal", atom(entry('<summary type="text">甲&lt;p&gt;乙</summary>')), summary="甲<p>乙"),
    rule("a summary of type html is markup", atom(entry('<summary type="html">甲&lt;br&gt;乙</summary>')), summary="甲 乙"),
    rule("content of type text is literal", atom(entry('<content type="text">1 &lt; 2 &lt;p&gt;</content>')), body="1 < 2 <p>"),
    rule("content of type html is markup", atom(entry('<content type="html">&lt;p&gt;一&lt;/p&gt;&lt;p&gt;二&lt;/p&gt;</content>')), body="一\n\n二"),
    rule("content of type text/html is markup", atom(entry('<content type="text/html">&lt;p&gt;一&lt;/p&gt;</content>')), body="一"),
    rule("content of type text/plain is literal", atom(entry('<content type="text/plain">&lt;p&gt;一</content>')), body="<p>一"),
    rule("xhtml content may carry a prefix", atom(entry(f'<content type="xhtml"><h:div xmlns:h="{_XHTML}"><h:p>一</h:p><h:p>二</h:p></h:div></content>')), body="一\n\n二"),
    rule("empty elements of xhtml stay empty", atom(entry(f'<content type="xhtml"><div xmlns="{_XHTML}">一<br/>二<b/>三</div></content>')), body="一\n\n二三"),
    rule("xhtml keeps addresses", atom(entry(f'<content type="xhtml"><div xmlns="{_XHTML}"><img src="http://news.example/i.png" alt="图"/></div></content>')), images=("http://news.example/i.png",)),
    rule("script in xhtml goes with what it holds", atom(entry(f'<content type="xhtml"><div xmlns="{_XHTML}">一<script>bad()</script></div></content>')), body="一"),
    rule("content of a picture is no text", atom(entry('<content type="image/png">iVBORw0KGgo=</content>')), body=""),
    rule("content elsewhere gives the address", atom(entry(f'<content type="text/html" src="{LINK}"/>', link="")), url=LINK),
    rule("a link wins over content elsewhere", atom(entry('<content type="text/html" src="http://news.example/other"/>')), url=LINK),
    rule("content is the text and summary the summary", atom(entry('<summary>摘要</summary><content type="html">&lt;p&gt;正文&lt;/p&gt;</content>')), summary="摘要", body="正文"),
    rule("a summary stands in for missing content", atom(entry("<summary>只有摘要</summary>")), body="只有摘要"),
    rule("a feed quoted in content is not part of the feed", atom(entry(f'<content type="application/atom+xml"><feed>{entry()}</feed></content>')), 1, **PLAIN),
    # links
    rule("a link without rel is the page", atom(entry()), **PLAIN),
    rule("alternate wins over the links before it", atom(entry(f'<link rel="self" href="http://x.example/s"/><link rel="via" href="http://x.example/v"/><link rel="alternate" href="{LINK}"/>', link="")), url=LINK),
    rule("a page wins over data", atom(entry(f'<link rel="alternate" type="application/json" href="http://x.example/j"/><link rel="alternate" type="text/html" href="{LINK}"/>', link="")), url=LINK),
    rule("data is better than no link", atom(entry('<link rel="alternate" type="application/json" href="http://x.example/j"/>', link="")), url="http://x.example/j"),
    rule("a rel may be written in full", atom(entry(f'<link rel="http://www.iana.org/assignments/relation/alternate" href="{LINK}"/>', link="")), url=LINK),
    rule("a related link is not the page", atom(entry('<link rel="related" href="http://x.example/r"/>', link="")), url=""),
    rule("a link without href is none", atom(entry("<link/>", link="")), url=""),
    rule("an enclosed picture is a picture", atom(entry('<link rel="enclosure" type="image/png" href="http://news.example/i.png"/>')), images=("http://news.example/i.png",)),
    rule("an enclosed sound is no picture", atom(entry('<link rel="enclosure" type="audio/mpeg" href="http://news.example/i.mp3"/>')), images=()),
    rule("an id that is an address is the last resort for a link", atom(f"<entry><id>{LINK}</id><title>{TITLE}</title></entry>"), url=LINK),
    rule("an id that is a URN is no link", atom(entry(link="")), url=""),
    rule("an id identifies whatever the link", atom(entry()), same="entry_key", other=atom(entry(link="http://news.example/moved"))),
    rule("the base of an entry counts for its link", atom(entry(link="b.html", attrs=' xml:base="http://other.example/x/"')), url="http://other.example/x/b.html"),
    rule("bases within bases add up", atom(entry(link="b.html", attrs=' xml:base="y/"'), attrs=' xml:base="http://other.example/x/"'), url="http://other.example/x/y/b.html"),
    rule("a base does not touch an absolute link", atom(entry(), attrs=' xml:base="http://other.example/x/"'), url=LINK),
    rule("the base of content counts for its pictures", atom(entry('<content type="html" xml:base="http://img.example/p/">&lt;img src="i.png"&gt;</content>')), images=("http://img.example/p/i.png",)),
    rule("without a base pictures are relative to the page", atom(entry('<content type="html">&lt;img src="i.png"&gt;</content>')), images=("http://news.example/a/i.png",)),
    rule("a base that is no address is passed over", atom(entry(link="/b.html"), attrs=' xml:base="urn:x"'), url="http://news.example/b.html"),
    rule("the previous page is not followed", atom(head='<link rel="previous" href="http://news.example/?p=0"/>'), 0, feed={"next_links": ()}),
    rule("the feed's own address is not followed", atom(head='<link rel="self" href="http://news.example/feed"/>'), 0, feed={"next_links": ()}),
    rule("a hub is told", atom(head='<link rel="hub" href="http://hub.example/"/>'), 0, feed={"hints": Hints(hub="http://hub.example/")}),
    # times
    rule("published wins over updated", atom(entry("<updated>2024-05-02T00:00:00Z</updated><published>2024-05-01T00:00:00Z</published>")), published_at=_MAY, updated_at=_SECOND),
    rule("updated stands in for published", atom(entry("<updated>2024-05-02T00:00:00Z</updated>")), published_at=_SECOND, updated_at=_SECOND),
    rule("the feed's time is not an entry's", atom(entry()), published_at=None),
    rule("an unbelievable time gives way to the next", atom(entry("<published>1970-01-01T00:00:00Z</published><updated>2024-05-02T00:00:00Z</updated>")), published_at=_SECOND, remarks=("date_dropped",)),
    # people and subjects
    rule("every author is named", atom(entry("<author><name>记者甲</name></author><author><name>记者乙</name></author>")), authors=("记者甲", "记者乙")),
    rule("an author without a name is known by address", atom(entry("<author><email>a@news.example</email></author>")), authors=("a@news.example",)),
    rule("an author's page is not the author", atom(entry("<author><name>记者甲</name><uri>http://a.example/</uri></author>")), authors=("记者甲",)),
    rule("a contributor is no author", atom(entry("<contributor><name>编辑乙</name></contributor>")), authors=()),
    rule("the feed's author wrote what has none", atom(entry(), head="<author><name>示例报编辑部</name></author>"), authors=("示例报编辑部",)),
    rule("an entry's author wins over the feed's", atom(entry("<author><name>记者甲</name></author>"), head="<author><name>示例报编辑部</name></author>"), authors=("记者甲",)),
    rule("the author of the source wins over the feed's", atom(entry("<source><author><name>记者丙</name></author></source>"), head="<author><name>示例报编辑部</name></author>"), authors=("记者丙",)),
    rule("the source names the medium", atom(entry("<source><id>urn:s</id><title>示例通讯社</title></source>")), medium="示例通讯社", title=TITLE),
    rule("a category is shown by its label", atom(entry('<category term="pol" label="时政"/>')), tags=("时政",)),
    rule("a category without a label is shown by its term", atom(entry('<category term="时政" scheme="http://x.example/"/>')), tags=("时政",)),
    rule("a category without either is none", atom(entry('<category scheme="http://x.example/"/>')), tags=()),
    rule("the feed's language counts", atom(entry(), attrs=' xml:lang="zh-Hant"'), language="zh-hant"),
    rule("an entry's language wins over the feed's", atom(entry(attrs=' xml:lang="en"'), attrs=' xml:lang="zh"'), language="en"),
    # shapes
    rule("an entry may be a document of its own", f'<entry xmlns="http://www.w3.org/2005/Atom"><id>urn:1</id><title>{TITLE}</title><link href="{LINK}"/></entry>', **PLAIN),
    rule("a feed may carry a prefix", f'<a:feed xmlns:a="http://www.w3.org/2005/Atom"><a:title>示例频道</a:title><a:entry><a:title>{TITLE}</a:title><a:link href="{LINK}"/></a:entry></a:feed>', **PLAIN, feed={"feed_title": "示例频道"}),
    rule("a feed that names no namespace is read all the same", f'<feed><title>示例频道</title><entry><id>1</id><title>{TITLE}</title><link rel="alternate" href="{LINK}"/><updated>2024-05-01T00:00:00Z</updated><content type="html">&lt;p&gt;正文&lt;/p&gt;</content></entry></feed>', **PLAIN, published_at=_MAY, body="正文"),
    rule("the namespace may be written with https", atom(entry()).replace("http://www.w3.org/2005/Atom", "https://www.w3.org/2005/Atom/"), **PLAIN),
    rule("an id that entries share identifies none of them", atom(entry(), entry(link="http://news.example/a/2.html")), 2),
    rule("a revision of an entry beside it is the same one", atom(entry("<updated>2024-05-02T00:00:00Z</updated>"), entry("<updated>2024-05-01T00:00:00Z</updated>")), 1, updated_at=_SECOND),
    # Atom 0.3
    rule("Atom 0.3: issued is published, modified is updated", old(f"<title>{TITLE}</title><issued>2024-05-01T00:00:00Z</issued><modified>2024-05-02T00:00:00Z</modified>"), published_at=_MAY, updated_at=_SECOND),
    rule("Atom 0.3: created stands in for issued", old(f"<title>{TITLE}</title><created>2024-05-01T00:00:00Z</created>"), published_at=_MAY),
    rule("Atom 0.3: mode escaped is markup", old('<title mode="escaped" type="text/html">甲&lt;b&gt;乙&lt;/b&gt;</title>'), title="甲乙"),
    rule("Atom 0.3: mode xml holds elements", old(f'<title>{TITLE}</title><content mode="xml" type="application/xhtml+xml"><div xmlns="{_XHTML}"><p>一</p></div></content>'), body="一"),
    rule("Atom 0.3: mode base64 is decoded", old(f'<title>{TITLE}</title><content mode="base64" type="text/html">PHA+5LiAPC9wPg==</content>'), body="一"),
    rule("Atom 0.3: broken base64 is no text", old(f'<title>{TITLE}</title><content mode="base64" type="text/html">!!</content>'), body=""),
]  # fmt: skip
