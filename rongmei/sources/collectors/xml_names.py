"""Names of feed elements: namespaces as the world writes them, brought to one short form each.

Sources: RSS Advisory Board (rssboard.org: RSS 0.9x and 2.0, the namespaces of its best-practices
profile), purl.org/rss/1.0, RFC 4287 and Atom 0.3, Dublin Core, Media RSS, Apple's podcast tags,
web.resource.org (content, syndication, slash), GeoRSS.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

# Family → its addresses in lower case, without scheme and closing slash or hash.
_FAMILIES: Final = {
    "": (
        "backend.userland.com/rss", "backend.userland.com/rss2", "backend.userland.com/rss091",
        "backend.userland.com/rss092", "blogs.law.harvard.edu/tech/rss",
        "channel.netscape.com/rdf/simple/0.9", "cyber.law.harvard.edu/rss/rss.html",
        "my.netscape.com/publish/formats/rss-0.91", "my.netscape.com/rdf/simple/0.9",
        "purl.org/net/rss1.1", "purl.org/rss/1.0", "www.rssboard.org/rss-specification",
    ),
    "atom": (
        "example.com/newformat", "purl.org/atom/ns", "www.w3.org/2005/atom",
    ),
    "content": ("purl.org/rss/1.0/modules/content",),
    "dc": ("purl.org/dc/elements/1.0", "purl.org/dc/elements/1.1"),
    "dcterms": ("purl.org/dc/terms",),
    "feedburner": ("rssnamespace.org/feedburner/ext/1.0",),
    "itunes": ("www.itunes.com/dtds/podcast-1.0.dtd",),
    "media": ("search.yahoo.com/mrss", "search.yahoo.com/rss", "www.rssboard.org/media-rss"),
    "rdf": ("www.w3.org/1999/02/22-rdf-syntax-ns",),
    "slash": ("purl.org/rss/1.0/modules/slash",),
    "sy": ("purl.org/rss/1.0/modules/syndication",),
    "xhtml": ("www.w3.org/1999/xhtml",),
}  # fmt: skip
_BY_ADDRESS: Final = {one: family for family, held in _FAMILIES.items() for one in held}
# What prefixes customarily stand for where a feed forgot to bind them.
_BY_PREFIX: Final = {
    "atom": "atom", "atom10": "atom", "a10": "atom", "content": "content", "dc": "dc",
    "dcterms": "dcterms", "dcterm": "dcterms", "feedburner": "feedburner", "itunes": "itunes",
    "media": "media", "rdf": "rdf", "rss": "", "slash": "slash", "sy": "sy", "xhtml": "xhtml",
}  # fmt: skip
UNKNOWN: Final = "?"


@lru_cache(maxsize=4096)
def short(tag: str) -> str:
    """``dc:creator`` for ``{http://purl.org/dc/elements/1.1/}creator``; RSS's own names are bare.

    Case is levelled, for feeds write pubdate and PubDate alike; a foreign name begins with ``?``.
    """
    if tag[:1] == "{":
        address, _brace, local = tag[1:].rpartition("}")
        family = _BY_ADDRESS.get(_tidy(address), UNKNOWN)
    else:
        prefix, colon, local = tag.rpartition(":")
        family = _BY_PREFIX.get(prefix.lower(), UNKNOWN) if colon else ""
    local = local.lower()
    return f"{family}:{local}" if family else local


def local(tag: str) -> str:
    """The name without namespace or prefix, as written."""
    return tag.rpartition("}")[2].rpartition(":")[2]


def _tidy(address: str) -> str:
    return address.strip().lower().split("://", 1)[-1].rstrip("/#")
