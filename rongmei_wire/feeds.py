"""Writes items as RSS 2.0, Atom 1.0, JSON Feed 1.1 and news sitemaps."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from rongmei_wire.newsroom import FEED_ITEMS, Item, body_html


@dataclass(frozen=True, slots=True)
class Channel:
    """What a feed says about itself. `base` is the wire's address without a slash at the end."""

    slug: str
    title: str
    description: str
    base: str
    home: str
    full: bool
    language: str = "zh"
    charset: str = "UTF-8"
    relative: bool = False
    logo: str = ""

    @property
    def language_tag(self) -> str:
        """The language as feeds write it."""
        return "en" if self.language == "en" else "zh-CN"

    def link(self, item: Item) -> str:
        """An item's address as this channel writes it."""
        return item.path.rpartition("/")[2] if self.relative else self.base + item.path

    def body(self, item: Item) -> str:
        """An item's HTML with picture addresses in this channel's manner."""
        return body_html(item, "../.." if self.relative else self.base)


def rss(channel: Channel, items: Sequence[Item], limit: int = FEED_ITEMS) -> bytes:
    """RSS 2.0; the whole text goes into content:encoded when the channel is a full one."""
    entries = "".join(_rss_item(channel, item) for item in items[:limit])
    text = f"""<?xml version="1.0" encoding="{channel.charset}"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel>
<title>{_x(channel.title)}</title>
<link>{_x(channel.base + channel.home)}</link>
<description>{_x(channel.description)}</description>
<language>{channel.language_tag}</language>
<lastBuildDate>{format_datetime(newest(items))}</lastBuildDate>
<generator>rongmei_wire</generator>
{_rss_logo(channel)}{entries}</channel>
</rss>
"""
    return text.encode(channel.charset, "xmlcharrefreplace")


def _rss_logo(channel: Channel) -> str:
    if not channel.logo:
        return ""
    home = _x(channel.base + channel.home)
    logo = _x(channel.base + channel.logo)
    return (
        f"<image><url>{logo}</url><title>{_x(channel.title)}</title><link>{home}</link></image>\n"
    )


def _rss_item(channel: Channel, item: Item) -> str:
    whole = (
        f"<content:encoded>{_cdata(channel.body(item))}</content:encoded>\n" if channel.full else ""
    )
    source = f"<dc:source>{_x(item.source)}</dc:source>\n" if item.source else ""
    picture = (
        f'<enclosure url="{channel.base}/pic/{item.pictures[0].name}.jpg" type="image/jpeg" '
        f'length="0"/>\n'
        if item.pictures
        else ""
    )
    return f"""<item>
<title>{_x(item.title)}</title>
<link>{_x(channel.link(item))}</link>
<guid isPermaLink="false">{_x(channel.slug)}:{_x(item.id)}</guid>
<pubDate>{format_datetime(item.at)}</pubDate>
<dc:creator>{_x(item.author)}</dc:creator>
<category>{_x(item.category)}</category>
{source}{picture}<description>{_x(item.summary)}</description>
{whole}</item>
"""


def atom(channel: Channel, items: Sequence[Item]) -> bytes:
    """Atom 1.0, always UTF-8."""
    entries = "".join(_atom_entry(channel, item) for item in items[:FEED_ITEMS])
    home = _x(channel.base + channel.home)
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{channel.language_tag}">
<title>{_x(channel.title)}</title>
<subtitle>{_x(channel.description)}</subtitle>
<id>tag:wire.example,2024:{_x(channel.slug)}</id>
<link rel="alternate" type="text/html" href="{home}"/>
<link rel="self" type="application/atom+xml" href="{home}atom.xml"/>
<updated>{_iso(newest(items))}</updated>
{entries}</feed>
"""
    return text.encode("utf-8")


def _atom_entry(channel: Channel, item: Item) -> str:
    whole = f'<content type="html">{_x(channel.body(item))}</content>\n' if channel.full else ""
    return f"""<entry>
<title>{_x(item.title)}</title>
<id>tag:wire.example,2024:{_x(channel.slug)}:{_x(item.id)}</id>
<link rel="alternate" type="text/html" href="{_x(channel.link(item))}"/>
<published>{_iso(item.at)}</published>
<updated>{_iso(item.at)}</updated>
<author><name>{_x(item.author)}</name></author>
<category term="{_x(item.category)}"/>
<summary>{_x(item.summary)}</summary>
{whole}</entry>
"""


def json_feed(channel: Channel, items: Sequence[Item]) -> bytes:
    """JSON Feed 1.1."""
    return json_bytes(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": channel.title,
            "description": channel.description,
            "language": channel.language_tag,
            "home_page_url": channel.base + channel.home,
            "feed_url": f"{channel.base}{channel.home}feed.json",
            "icon": channel.base + channel.logo,
            "items": [_json_item(channel, item) for item in items[:FEED_ITEMS]],
        }
    )


def _json_item(channel: Channel, item: Item) -> dict[str, object]:
    entry: dict[str, object] = {
        "id": f"{channel.slug}:{item.id}",
        "url": channel.link(item),
        "title": item.title,
        "summary": item.summary,
        "date_published": item.at.isoformat(timespec="seconds"),
        "authors": [{"name": item.author}],
        "tags": [tag for tag in (item.category, item.kind, item.region) if tag],
        "language": "en" if item.language == "en" else "zh-CN",
        # An extension field, as JSON Feed allows: a name that starts with an underscore.
        "_wire": {"sample": True, "source": item.source},
    }
    if item.pictures:
        entry["image"] = f"{channel.base}/pic/{item.pictures[0].name}.jpg"
    if channel.full:
        entry["content_html"] = channel.body(item)
    else:
        # The standard asks for a text or an HTML body in every item.
        entry["content_text"] = item.summary
    return entry


def sitemap(channel: Channel, items: Sequence[Item]) -> bytes:
    """A sitemap with the news extension; every published article, in absolute addresses."""
    entries = "".join(
        f"""<url>
<loc>{_x(channel.base + item.path)}</loc>
<lastmod>{_iso(item.at)}</lastmod>
<news:news>
<news:publication><news:name>{_x(channel.title)}</news:name>\
<news:language>{"en" if channel.language == "en" else "zh-cn"}</news:language></news:publication>
<news:publication_date>{_iso(item.at)}</news:publication_date>
<news:title>{_x(item.title)}</news:title>
</news:news>
</url>
"""
        for item in items
    )
    text = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
 xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
{entries}</urlset>
"""
    return text.encode("utf-8")


def newest(items: Sequence[Item]) -> datetime:
    """The newest date of some items, or 1970 for none."""
    return max((item.at for item in items), default=datetime(1970, 1, 1, tzinfo=UTC))


def json_bytes(data: object) -> bytes:
    """Readable UTF-8 JSON."""
    return (json.dumps(data, ensure_ascii=False, indent=1) + "\n").encode("utf-8")


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="seconds")


def _x(text: str) -> str:
    return html.escape(text)


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
