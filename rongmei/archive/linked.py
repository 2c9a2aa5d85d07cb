"""Small facts about an entry and the page it links to. Pure functions."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace

from rongmei.sources.collectors import with_full_text
from rongmei.sources.types import Item, SourceSpec

PAGE_RULES = frozenset({"title", "body", "published", "medium", "authors", "drop"})


def joined(item: Item, read: Item) -> Item:
    """An entry and its page as one; the address stays the one under which it was listed."""
    if item.title:
        return with_full_text(item, read)
    return replace(
        read, entry_key=item.entry_key, url=item.url, canonical_url=item.canonical_url,
        published_at=read.published_at or item.published_at,
    )  # fmt: skip


def also_internal(spec: SourceSpec, url: str) -> bool:
    """Leave to look into the private network is for the source's own host, not for its links."""
    return spec.internal and _place(url) == _place(spec.url)


def _place(url: str) -> str:
    return url.split("/", 3)[2].lower()


def ms_since(started: float) -> int:
    """Milliseconds since a reading of the steady clock."""
    return int((time.monotonic() - started) * 1000)


def bare(link: str) -> Item:
    """An entry of which only the address is known."""
    return Item(
        entry_key=hashlib.sha256(link.encode()).hexdigest(), url=link, canonical_url=link, title=""
    )
