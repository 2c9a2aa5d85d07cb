"""Dublin Core, content, Media RSS, podcast tags, syndication and the other namespaces."""

from __future__ import annotations

from datetime import UTC, datetime

from rongmei.sources.tests.rules import LINK, PLAIN, TITLE, item, one, rss, rule
from rongmei.sources.types import Hints

_MAY = datetime(2024, 5, 1, tzinfo=UTC)
_SECOND = datetime(2024, 5, 2, tzinfo=UTC)
_ISO = "2024-05-01T00:00:00Z"


def bound(prefix: str, address: str, inner: str) -> str:
    """A feed of one item with one namespace, bound as given."""
    return rss(item(inner), attrs=f' xmlns:{prefix}="{address}"')


RULES = [
    # Dublin Core
    rule("dc:creator is the author", one("<dc:creator>记者甲</dc:creator>"), authors=("记者甲",)),
    rule("every dc:creator is an author", one("<dc:creator>记者甲</dc:creator><dc:creator>记者乙</dc:creator>"), authors=("记者甲", "记者乙")),
    rule("dc:subject is a tag", one("<dc:subject>能源</dc:subject><dc:subject>电网</dc:subject>"), tags=("能源", "电网")),
    rule("dc:publisher names the medium", one("<dc:publisher>示例通讯社</dc:publisher>"), medium="示例通讯社"),
    rule("dc:source that is an address names no medium", one("<dc:source>http://s.example/</dc:source>"), medium=""),
    rule("source wins over dc:publisher", one('<dc:publisher>甲社</dc:publisher><source url="http://s.example/">乙社</source>'), medium="乙社"),
    rule("dc:language is the item's language", one("<dc:language>en-GB</dc:language>", channel="<language>zh-cn</language>"), language="en-gb"),
    rule("dc:description stands in for description", one("<dc:description>摘要文字</dc:description>"), body="摘要文字"),
    rule("dc:identifier identifies where there is no guid", one("<dc:identifier>7</dc:identifier>"), same="entry_key", other=one("<dc:identifier>7</dc:identifier>", link="http://news.example/moved")),
    rule("guid identifies before dc:identifier", one("<guid>1</guid><dc:identifier>7</dc:identifier>"), same="not entry_key", other=one("<guid>2</guid><dc:identifier>7</dc:identifier>")),
    rule("dc:title stands in for title", one("<dc:title>备用</dc:title>", title=""), title="备用"),
    rule("title wins over dc:title", one("<dc:title>备用</dc:title>"), title=TITLE),
    rule("pubDate wins over dc:date", one(f"<dc:date>2024-05-02</dc:date><pubDate>{_ISO}</pubDate>"), published_at=_MAY),
    rule("dcterms:issued is the time of publishing", one(f"<dcterms:issued>{_ISO}</dcterms:issued>"), published_at=_MAY),
    rule("dcterms:created stands in for it", one(f"<dcterms:created>{_ISO}</dcterms:created>"), published_at=_MAY),
    rule("dcterms:modified is the time of change", one(f"<pubDate>{_ISO}</pubDate><dcterms:modified>2024-05-02T00:00:00Z</dcterms:modified>"), published_at=_MAY, updated_at=_SECOND),
    rule("atom:updated in RSS is the time of change", one(f"<pubDate>{_ISO}</pubDate><atom:updated>2024-05-02T00:00:00Z</atom:updated>"), updated_at=_SECOND),
    rule("dcterms:abstract stands in for description", one("<dcterms:abstract>摘要文字</dcterms:abstract>"), summary="摘要文字"),
    rule("dc of an earlier version is dc", bound("dc", "http://purl.org/dc/elements/1.0/", "<dc:creator>记者甲</dc:creator>"), authors=("记者甲",)),
    rule("the channel's dc:date is not an item's", one(channel=f"<dc:date>{_ISO}</dc:date>"), published_at=None),
    rule("the channel's dc:language counts", one(channel="<dc:language>zh-tw</dc:language>"), language="zh-tw"),
    # content
    rule("content:encoded is the text", one("<content:encoded><![CDATA[<p>正文</p>]]></content:encoded>"), body="正文"),
    rule("content:encoded may come before description", one("<content:encoded>&lt;p&gt;正文&lt;/p&gt;</content:encoded><description>摘要</description>"), body="正文", summary="摘要"),
    rule("empty content:encoded leaves the description", one("<description>摘要</description><content:encoded/>"), body="摘要"),
    rule("the longest of several texts is kept", one("<content:encoded>&lt;p&gt;短&lt;/p&gt;</content:encoded><content:encoded>&lt;p&gt;长得多的正文&lt;/p&gt;</content:encoded>"), body="长得多的正文"),
    rule("xhtml:body is the text", one('<body xmlns="http://www.w3.org/1999/xhtml"><p>一</p><p>二</p></body><description>摘要</description>'), body="一\n\n二", summary="摘要"),
    rule("atom:content in RSS is the text", one('<atom:content type="html">&lt;p&gt;正文&lt;/p&gt;</atom:content>'), body="正文"),
    rule("atom:summary in RSS is the summary", one("<atom:summary>摘要文字</atom:summary>"), summary="摘要文字"),
    # Media RSS
    rule("media:content that is a picture is one", one('<media:content url="http://news.example/i.png" type="image/png"/>'), images=("http://news.example/i.png",)),
    rule("media:content may say medium instead of type", one('<media:content url="http://news.example/i" medium="image"/>'), images=("http://news.example/i",)),
    rule("medium decides where both are given", one('<media:content url="http://news.example/v" medium="video" type="image/png"/>'), images=()),
    rule("media:content that is a video is no picture", one('<media:content url="http://news.example/v.mp4" type="video/mp4"/>'), images=()),
    rule("a group's pictures count", one('<media:group><media:content url="http://news.example/i.png" medium="image"/></media:group>'), images=("http://news.example/i.png",)),
    rule("a video's thumbnail is a picture", one('<media:content url="http://news.example/v.mp4" medium="video"><media:thumbnail url="http://news.example/t.png"/></media:content>'), images=("http://news.example/t.png",)),
    rule("a picture given twice is one", one('<media:thumbnail url="http://news.example/t.png"/><enclosure url="http://news.example/t.png" type="image/png"/>'), images=("http://news.example/t.png",)),
    rule("media:title does not take the title's place", one("<media:title>图片标题</media:title>"), title=TITLE),
    rule("media:title is better than none", one("<media:title>图片标题</media:title>", title=""), title="图片标题"),
    rule("media:description stands in for description", one("<media:description>图片说明</media:description>"), body="图片说明"),
    rule("a group's description stands in too", one("<media:group><media:description>视频说明</media:description></media:group>"), body="视频说明"),
    rule("media:credit of an author names the author", one('<media:credit role="author">摄影丁</media:credit>'), authors=("摄影丁",)),
    rule("media:credit of another role does not", one('<media:credit role="producer">制片戊</media:credit>'), authors=()),
    rule("media:keywords are tags", one("<media:keywords>能源, 电网，民生</media:keywords>"), tags=("能源", "电网", "民生")),
    rule("media:category is shown by its label", one('<media:category label="时政">pol</media:category>'), tags=("时政",)),
    rule("the namespace of Media RSS is known without its slash", bound("media", "http://search.yahoo.com/mrss", '<media:thumbnail url="http://news.example/t.png"/>'), images=("http://news.example/t.png",)),
    # podcasts
    rule("itunes:author names who is not named else", one("<itunes:author>示例电台</itunes:author>"), authors=("示例电台",)),
    rule("itunes:author gives way to the author", one("<itunes:author>示例电台</itunes:author><author>记者甲</author>"), authors=("记者甲",)),
    rule("itunes:summary stands in for description", one("<itunes:summary>节目简介</itunes:summary>"), body="节目简介"),
    rule("itunes:subtitle is the last resort", one("<itunes:subtitle>副题</itunes:subtitle>"), body="副题"),
    rule("itunes:image is a picture", one('<itunes:image href="http://news.example/c.png"/>'), images=("http://news.example/c.png",)),
    rule("itunes:keywords are tags", one("<itunes:keywords>一,二</itunes:keywords>"), tags=("一", "二")),
    rule("itunes:title does not take the title's place", one("<itunes:title>节目名</itunes:title>"), title=TITLE),
    rule("the podcast namespace is known in any case", bound("itunes", "http://www.iTunes.com/DTDs/Podcast-1.0.dtd", "<itunes:author>示例电台</itunes:author>"), authors=("示例电台",)),
    # syndication and discussion
    rule("sy:updatePeriod and updateFrequency say how often", one(channel="<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>"), feed={"hints": Hints(every_seconds=1800)}),
    rule("sy:updatePeriod alone means once", one(channel="<sy:updatePeriod>weekly</sy:updatePeriod>"), feed={"hints": Hints(every_seconds=7 * 86400)}),
    rule("sy:updateFrequency alone means a day", one(channel="<sy:updateFrequency>4</sy:updateFrequency>"), feed={"hints": Hints(every_seconds=21600)}),
    rule("an unknown period says nothing", one(channel="<sy:updatePeriod>sometimes</sy:updatePeriod>"), feed={"hints": Hints()}),
    rule("nobody is asked more than once a minute", one(channel="<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>3600</sy:updateFrequency>"), feed={"hints": Hints(every_seconds=60)}),
    rule("ttl wins over sy:updatePeriod", one(channel="<ttl>30</ttl><sy:updatePeriod>daily</sy:updatePeriod>"), feed={"hints": Hints(every_seconds=1800)}),
    rule("a hub may stand in RSS", one(channel='<atom:link rel="hub" href="http://hub.example/"/>'), feed={"hints": Hints(hub="http://hub.example/")}),
    rule("a hub that is no address is none", one(channel='<atom:link rel="hub" href="javascript:x"/>'), feed={"hints": Hints()}),
    rule("atom:link rel=next in RSS is followed", one(channel='<atom:link rel="next" href="?p=2"/>'), feed={"next_links": ("http://news.example/rss/feed.xml?p=2",)}),
    rule("slash:section is a tag", one("<slash:section>要闻</slash:section>"), tags=("要闻",)),
    rule("slash:comments is a number and no link", one("<slash:comments>12</slash:comments>", link=""), url=""),
    rule("wfw:commentRss is not the link", one("<wfw:commentRss>http://news.example/c.xml</wfw:commentRss>", link=""), url=""),
    rule("a redirector's original address is the link", one("<feedburner:origLink>http://news.example/real.html</feedburner:origLink>", link="http://redirector.example/x"), url="http://news.example/real.html"),
    rule("a place on the map changes nothing", one("<georss:point>39.9 116.4</georss:point><georss:featurename>示例县</georss:featurename>"), **PLAIN),
    # names
    rule("a prefix means what it is bound to", bound("x", "http://purl.org/dc/elements/1.1/", "<x:creator>记者甲</x:creator>"), authors=("记者甲",)),
    rule("a familiar prefix bound elsewhere means nothing", bound("dc", "http://other.example/ns", "<dc:creator>记者甲</dc:creator>"), authors=()),
    rule("a prefix nobody bound means what it customarily does", rss(item("<dc:creator>记者甲</dc:creator>"), attrs=""), authors=("记者甲",), **PLAIN),
    rule("a foreign title is not the title", bound("x", "http://other.example/ns", "<x:title>别的</x:title><x:link>http://x.example/</x:link>").replace(f"<title>{TITLE}</title>", "", 1), url=LINK, title=""),
    rule("a namespace may be declared on the element", rss(item('<creator xmlns="http://purl.org/dc/elements/1.1/">记者甲</creator>'), attrs=""), authors=("记者甲",)),
    rule("a namespace is known with https", bound("dc", "https://purl.org/dc/elements/1.1/", "<dc:creator>记者甲</dc:creator>"), authors=("记者甲",)),
]  # fmt: skip
