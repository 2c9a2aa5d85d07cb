"""What a reader of feeds must get right, as data: one small document and what it must say a rule.

Written by us from the specifications (RSS Advisory Board, purl.org/rss/1.0, RFC 4287, RFC 5005,
jsonfeed.org, sitemaps.org, Google's news and image sitemaps, Dublin Core, Media RSS, W3CDTF, RFC 822,
RFC 3339, XML 1.0) and from what servers really send. All content is invented (示例).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TITLE = "示例县修通三条乡村公路"
LINK = "http://news.example/a/1.html"
BASE = "http://news.example/rss/feed.xml"
PLAIN = {"title": TITLE, "url": LINK}


@dataclass(frozen=True)
class Rule:
    """``first`` are fields of the first item, ``feed`` fields of what was collected."""

    name: str
    body: bytes
    count: int = 1
    first: Mapping[str, object] = field(default_factory=dict)
    feed: Mapping[str, object] = field(default_factory=dict)
    remarks: frozenset[str] = frozenset()
    content_type: str = ""
    options: Mapping[str, object] = field(default_factory=dict)
    kind: str = "feed"
    refused: str = ""
    # Another document whose first item must be the same (or, with ``not``, another) by this key.
    other: bytes = b""
    same: str = ""


def rule(name: str, body: bytes | str, count: int = 1, /, **said: object) -> Rule:
    """A rule whose unknown keywords are fields of the first item."""
    own = {key: said.pop(key) for key in tuple(said) if key in _OWN}
    count = said.pop("count", count)  # type: ignore[assignment]
    own["remarks"] = frozenset(own.get("remarks", ()))  # type: ignore[arg-type]
    if isinstance(own.get("other"), str):
        own["other"] = own["other"].encode()  # type: ignore[attr-defined]
    body = body.encode() if isinstance(body, str) else body
    return Rule(name, body, count, first=said, **own)  # type: ignore[arg-type]


_OWN = frozenset({"content_type", "feed", "kind", "options", "other", "refused", "remarks", "same"})

NAMESPACES = (
    ' xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    ' xmlns:media="http://search.yahoo.com/mrss/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'
    ' xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
    ' xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"'
    ' xmlns:georss="http://www.georss.org/georss" xmlns:wfw="http://wellformedweb.org/CommentAPI/"'
    ' xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
)


def rss(*items: str, channel: str = "", attrs: str = NAMESPACES, head: str = "") -> str:
    return (
        f'{head}<rss version="2.0"{attrs}><channel><title>示例频道</title>'
        f"<link>http://news.example/</link><description>示例</description>{channel}"
        f"{''.join(items)}</channel></rss>"
    )


def item(extra: str = "", *, title: str = TITLE, link: str = LINK) -> str:
    parts = (f"<title>{title}</title>" if title else "", f"<link>{link}</link>" if link else "")
    return f"<item>{''.join(parts)}{extra}</item>"


def one(extra: str = "", *, title: str = TITLE, link: str = LINK, channel: str = "") -> str:
    """An RSS 2.0 feed of one item."""
    return rss(item(extra, title=title, link=link), channel=channel)


def text(html: str) -> str:
    """An RSS 2.0 feed of one item with this text."""
    return one(f"<description><![CDATA[{html}]]></description>")


def atom(*entries: str, attrs: str = "", head: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"{attrs}>'
        f"<title>示例频道</title><id>urn:feed</id><updated>2024-05-01T00:00:00Z</updated>{head}"
        f"{''.join(entries)}</feed>"
    )


def entry(
    extra: str = "", *, title: str = f"<title>{TITLE}</title>", link: str = LINK, attrs: str = ""
) -> str:
    href = f'<link href="{link}"/>' if link else ""
    return f"<entry{attrs}><id>urn:1</id>{title}{href}{extra}</entry>"
