"""From a bare site address to its feeds and sitemaps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rongmei.sources.collectors.clean import plain
from rongmei.sources.collectors.feeds import parse_feed
from rongmei.sources.collectors.pages import open_html, page_links
from rongmei.sources.collectors.tables import FEED_GUESSES
from rongmei.sources.collectors.urls import absolute, host_of
from rongmei.sources.errors import SourceError
from rongmei.sources.types import Fetched, SourceSpec

_TYPES = frozenset({
    "application/atom+xml", "application/feed+json", "application/json", "application/rdf+xml",
    "application/rss+xml", "application/xml", "text/xml",
})  # fmt: skip
_HINTS = ("/rss", "rss.xml", "/feed", "feed.xml", "feed.json", "atom.xml", "/atom", "index.rdf")
_MAX_FOUND = 50


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that may be a source.

    ``how``: ``self`` (the address is one), ``declared`` (the page says so), ``linked`` (a link looks
    like one), ``guessed`` (a customary place; try it before offering it).
    """

    kind: Literal["feed", "sitemap"]
    url: str
    title: str
    how: Literal["self", "declared", "linked", "guessed"]


def discover(fetched: Fetched, *, robots_sitemaps: Iterable[str] = ()) -> tuple[Candidate, ...]:
    """Candidates in order of trust; ``robots_sitemaps`` are those that robots.txt names."""
    itself = _as_feed(fetched)
    if itself is not None:
        return (itself,)
    found: list[Candidate] = []
    try:
        _, tree, base = open_html(fetched)
    except SourceError:
        base = fetched.final_url
    else:
        for node in tree.css("link[href]"):
            held = node.attributes
            rel = (held.get("rel") or "").lower().split()
            url = absolute(held.get("href") or "", base)
            if not url:
                continue
            if "alternate" in rel and (held.get("type") or "").lower().strip() in _TYPES:
                found.append(
                    Candidate("feed", url, plain(held.get("title") or "", 200), "declared")
                )
            elif "sitemap" in rel:
                found.append(Candidate("sitemap", url, "", "declared"))
        for url, text in page_links(tree, "a", base):
            path = url.split("?", 1)[0].lower().rstrip("/")
            if host_of(url) and (path.endswith(_HINTS) or text.strip().upper() == "RSS"):
                found.append(Candidate("feed", url, text, "linked"))
    found += [Candidate("sitemap", url, "", "declared") for url in robots_sitemaps if absolute(url)]
    found += [
        Candidate("feed", absolute(path, fetched.final_url), "", "guessed") for path in FEED_GUESSES
    ]
    found.append(Candidate("sitemap", absolute("/sitemap.xml", fetched.final_url), "", "guessed"))
    unique: dict[str, Candidate] = {}
    for candidate in found:
        unique.setdefault(candidate.url, candidate)
    unique.pop("", None)
    return tuple(unique.values())[:_MAX_FOUND]


def _as_feed(fetched: Fetched) -> Candidate | None:
    head = fetched.body[:2000].lower()
    if b"<html" in head or b"<!doctype html" in head:
        return None
    try:
        collected = parse_feed(SourceSpec(kind="feed", url=fetched.url), fetched)
    except SourceError:
        return None
    return Candidate("feed", fetched.permanent_url or fetched.url, collected.feed_title, "self")
