"""Collectors: each turns what was fetched into items, as a pure function.

fetch (``kernel.http``) → ``parse`` (here) → clean and identify (``identify.finish``) → the archive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rongmei.sources.collectors.feeds import parse_feed
from rongmei.sources.collectors.hotlists import parse_hotlist
from rongmei.sources.collectors.identify import Identity, identify, with_full_text
from rongmei.sources.collectors.pages import parse_page
from rongmei.sources.collectors.sitemaps import parse_sitemap
from rongmei.sources.types import Collected, Fetched, SourceSpec

__all__ = ["COLLECTORS", "Identity", "identify", "parse", "with_full_text"]

COLLECTORS: Mapping[str, Callable[[SourceSpec, Fetched], Collected]] = {
    "feed": parse_feed,
    "hotlist": parse_hotlist,
    "page": parse_page,
    "sitemap": parse_sitemap,
}


def parse(spec: SourceSpec, fetched: Fetched) -> Collected:
    """What ``fetched`` says, read as ``spec`` asks; raises only ``SourceError`` and ``HttpError``."""
    if fetched.status == 304:
        return Collected(not_modified=True)
    return COLLECTORS[spec.kind](spec, fetched)
