"""RSS 0.90 to 2.0 and RSS 1.0 (RDF)."""

from __future__ import annotations

from rongmei.sources.tests.rules import LINK, PLAIN, TITLE, item, one, rss, rule
from rongmei.sources.types import Hints

RDF_NS = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
_TWO = item(link="http://news.example/a/2.html", title="第二条")
_EMPTY = Hints()


def rdf(items: str, home: str = "http://purl.org/rss/1.0/", channel: str = "") -> str:
    return (
        f'<rdf:RDF {RDF_NS} xmlns="{home}" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<channel rdf:about="http://news.example/"><title>示例频道</title>{channel}</channel>{items}</rdf:RDF>'
    )


def hinted(channel: str) -> str:
    return rss(item(), channel=channel)


RULES = [
    # shapes
    rule("RSS 0.90 is RDF in Netscape's namespace", rdf(item(), "http://my.netscape.com/rdf/simple/0.9/"), **PLAIN),
    rule("RSS 1.1 names its parts Channel and items", f'<Channel xmlns="http://purl.org/net/rss1.1#" {RDF_NS}><title>示例频道</title><items>{item()}</items></Channel>', **PLAIN, feed={"feed_title": "示例频道"}),
    rule("RSS 2.0 may sit in UserLand's namespace", one().replace("<rss ", '<rss xmlns="http://backend.userland.com/rss2" ', 1), **PLAIN),
    rule("items may stand beside the channel", '<rss version="2.0"><channel><title>示例频道</title></channel>' + item() + "</rss>", **PLAIN),
    rule("a channel may be the root", f"<channel><title>示例频道</title>{item()}</channel>", **PLAIN),
    rule("RSS elements may carry a prefix", f'<rdf:RDF {RDF_NS} xmlns:r="http://purl.org/rss/1.0/"><r:item><r:title>{TITLE}</r:title><r:link>{LINK}</r:link></r:item></rdf:RDF>', **PLAIN),
    rule("element names are read in any case", one("<PUBDATE>2024-05-01T00:00:00Z</PUBDATE><Category>时政</Category>"), tags=("时政",)),
    rule("items keep the feed's order", rss(item(), _TWO), 2, **PLAIN),
    rule("an RDF item is what rdf:about says", rdf(f'<item rdf:about="{LINK}"><title>甲</title></item>'), same="entry_key", other=rdf(f'<item rdf:about="{LINK}"><title>乙</title></item>')),
    rule("rdf:about stands in for a missing link", rdf(f'<item rdf:about="{LINK}"><title>甲</title></item>'), url=LINK),
    rule("the table of contents of RSS 1.0 is no item", rdf(item(), channel=f'<items><rdf:Seq><rdf:li rdf:resource="{LINK}"/></rdf:Seq></items>'), **PLAIN),
    rule("an item within an item is not another", rss(item(f"<x>{_TWO}</x>")), 1, **PLAIN),
    rule("a channel without items is a feed", rss(), 0, feed={"feed_title": "示例频道"}),
    rule("a channel without a title has none", rss(item()).replace("<title>示例频道</title>", ""), feed={"feed_title": ""}),
    rule("the channel's title is text", rss(item()).replace("示例频道", "示例 &amp;amp; 频道"), feed={"feed_title": "示例 & 频道"}),
    # title
    rule("a comment in a title is not text", one(title="甲<!-- 注 -->乙"), title="甲乙"),
    rule("a processing instruction in a title is not text", one(title="甲<?x y?>乙"), title="甲乙"),
    rule("text and CDATA join", one(title="甲<![CDATA[ & ]]>乙"), title="甲 & 乙"),
    rule("several CDATA sections join", one(title="<![CDATA[甲]]><![CDATA[乙]]>"), title="甲乙"),
    rule("markup in a title is set aside", one(title="甲<b>乙</b>丙"), title="甲乙丙"),
    rule("an empty title gives way to the next", one("<dc:title>备用标题</dc:title>", title=" "), title="备用标题"),
    rule("a title alone is an item", one(link=""), title=TITLE, url=""),
    rule("a link alone is an item", one(title=""), title="", url=LINK),
    rule("a title may hold characters beyond the basic plane", one(title="𠮷野示例😀"), title="𠮷野示例😀"),
    # link and guid
    rule("guid is a permalink unless it says no", one(f"<guid>{LINK}</guid>", link=""), url=LINK),
    rule("isPermaLink=true gives the link", one(f'<guid isPermaLink="true">{LINK}</guid>', link=""), url=LINK),
    rule("isPermaLink=false never gives a link", one(f'<guid isPermaLink="false">{LINK}</guid>', link=""), url="", title=TITLE),
    rule("isPermaLink is read in any case", one(f'<guid ispermalink="FALSE">{LINK}</guid>', link=""), url=""),
    rule("link wins over a permalink guid", one("<guid>http://news.example/other</guid>"), url=LINK),
    rule("a guid that is no address is no link", one("<guid>tag:news.example,2024:1</guid>", link=""), url=""),
    rule("guid identifies before the link does", one("<guid>7</guid>"), same="entry_key", other=one("<guid>7</guid>", link="http://news.example/moved")),
    rule("white space around a guid does not count", one("<guid> 7\n</guid>"), same="entry_key", other=one("<guid>7</guid>")),
    rule("another guid is another item", one("<guid>7</guid>"), same="not entry_key", other=one("<guid>8</guid>")),
    rule("guids are told apart by case", one("<guid>a</guid>"), same="not entry_key", other=one("<guid>A</guid>")),
    rule("a renumbered guid leaves the address the same", one("<guid>7</guid>"), same="url_key", other=one("<guid>8</guid>")),
    rule("without a guid the address identifies", one(), same="entry_key", other=one(title="改过的标题")),
    rule("without guid and link headline and time identify", one("<pubDate>2024-05-01</pubDate>", link=""), same="entry_key", other=one("<pubDate>2024-05-01</pubDate><category>新</category>", link="")),
    rule("the same headline at another time is another item", one("<pubDate>2024-05-01</pubDate>", link=""), same="not entry_key", other=one("<pubDate>2024-05-02</pubDate>", link="")),
    rule("an empty guid identifies nothing", rss(item("<guid/>"), item("<guid> </guid>", link="http://news.example/a/2.html")), 2),
    rule("atom:link in an item is its link", one(f'<atom:link href="{LINK}"/>', link=""), url=LINK),
    rule("atom:link to the feed itself is not the item's", one('<atom:link rel="self" href="http://news.example/feed"/>', link=""), url=""),
    rule("a link may be written as an attribute", one(link="").replace("</title><", f'</title><link href="{LINK}"/><', 2).replace(f'<link href="{LINK}"/>', "", 1), url=LINK),
    rule("comments is not the link", one("<comments>http://news.example/c</comments>", link=""), url=""),
    rule("the link of textInput is not an item's", rss(item(link=""), channel="<textInput><title>搜索</title><link>http://news.example/s</link></textInput>"), url=""),
    rule("the channel's link is not an item's", one(link=""), url=""),
    rule("the first of two links counts", one(f"<link>{LINK}</link><link>http://news.example/b</link>", link=""), url=LINK),
    rule("an empty link gives way to the next", one(f"<link/><link>{LINK}</link>", link=""), url=LINK),
    # people, subjects, files
    rule("an author is a name", one("<author>记者甲</author>"), authors=("记者甲",)),
    rule("a mail address after the name is left out", one("<author>记者甲 &lt;a@news.example&gt;</author>"), authors=("记者甲",)),
    rule("a mail address in brackets is left out", one("<author>记者甲 (a@news.example)</author>"), authors=("记者甲",)),
    rule("a name in full-width brackets counts", one("<author>a@news.example（记者甲）</author>"), authors=("记者甲",)),
    rule("a bare address is better than nobody", one("<author>a@news.example</author>"), authors=("a@news.example",)),
    rule("a name is better than a bare address", one("<author>a@news.example</author><dc:creator>记者甲</dc:creator>"), authors=("记者甲",)),
    rule("the editor of a channel wrote no item", one(channel="<managingEditor>a@news.example (编辑乙)</managingEditor>"), authors=()),
    rule("an author may be written as Atom does", one("<author><name>记者甲</name><email>a@news.example</email></author>"), authors=("记者甲",)),
    rule("an author named twice is one", one("<author>记者甲</author><dc:creator>记者甲</dc:creator>"), authors=("记者甲",)),
    rule("a category's domain is not its name", one('<category domain="http://news.example/tags">时政</category>'), tags=("时政",)),
    rule("a category may be a path", one("<category>新闻/时政/地方</category>"), tags=("新闻/时政/地方",)),
    rule("an empty category is none", one("<category/><category> </category><category>民生</category>"), tags=("民生",)),
    rule("a category may stand in CDATA", one("<category><![CDATA[科技 & 生活]]></category>"), tags=("科技 & 生活",)),
    rule("an enclosure without a type is judged by its ending", one('<enclosure url="http://news.example/i.JPG?x=1"/>'), images=("http://news.example/i.JPG?x=1",)),
    rule("an enclosure of another type is no picture whatever its ending", one('<enclosure url="http://news.example/i.jpg" type="text/html"/>'), images=()),
    rule("an enclosure without an address is none", one('<enclosure type="image/jpeg"/>'), images=()),
    rule("all pictures are kept in order", one('<enclosure url="http://news.example/1.png" type="image/png"/><enclosure url="http://news.example/2.png" type="image/png"/>'), images=("http://news.example/1.png", "http://news.example/2.png")),
    rule("an enclosure may be relative to the feed", one('<enclosure url="i.png" type="image/png"/>'), images=("http://news.example/rss/i.png",)),
    rule("the channel's logo is no picture of an item", one(channel="<image><url>http://news.example/logo.png</url><title>标志</title><link>http://news.example/</link></image>"), images=()),
    rule("an item's own image element is", one("<image><url>http://news.example/i.png</url></image>"), images=("http://news.example/i.png",)),
    rule("a source without a name is no medium", one('<source url="http://s.example/rss"/>'), medium=""),
    # times that are not the item's
    rule("the channel's time is not an item's", one(channel="<pubDate>Wed, 01 May 2024 00:00:00 GMT</pubDate>"), published_at=None),
    rule("the channel's build time is not an item's", one(channel="<lastBuildDate>Wed, 01 May 2024 00:00:00 GMT</lastBuildDate>"), published_at=None),
    rule("a time of publishing is no time of change", one("<pubDate>Wed, 01 May 2024 00:00:00 GMT</pubDate>"), updated_at=None),
    # asked to be read how often
    rule("ttl is minutes", hinted("<ttl>60</ttl>"), feed={"hints": Hints(every_seconds=3600)}),
    rule("a ttl that is no number is none", hinted("<ttl>often</ttl>"), feed={"hints": _EMPTY}),
    rule("a ttl of nought is none", hinted("<ttl>0</ttl>"), feed={"hints": _EMPTY}),
    rule("a ttl beyond a month is a month", hinted("<ttl>999999</ttl>"), feed={"hints": Hints(every_seconds=30 * 86400)}),
    rule("skipHours are hours in GMT", hinted("<skipHours><hour>0</hour><hour>23</hour></skipHours>"), feed={"hints": Hints(skip_hours=frozenset({0, 23}))}),
    rule("hour 24 of RSS 0.91 is midnight", hinted("<skipHours><hour>24</hour></skipHours>"), feed={"hints": Hints(skip_hours=frozenset({0}))}),
    rule("an hour beyond the day is none", hinted("<skipHours><hour>25</hour><hour>-1</hour><hour>x</hour></skipHours>"), feed={"hints": _EMPTY}),
    rule("skipDays are days of the week", hinted("<skipDays><day>Saturday</day><day>sunday</day></skipDays>"), feed={"hints": Hints(skip_days=frozenset({5, 6}))}),
    rule("an unknown day is none", hinted("<skipDays><day>Someday</day></skipDays>"), feed={"hints": _EMPTY}),
    rule("a cloud is passed over", hinted('<cloud domain="news.example" port="80" path="/" registerProcedure="" protocol="xml-rpc"/>'), feed={"hints": _EMPTY}),
]  # fmt: skip
