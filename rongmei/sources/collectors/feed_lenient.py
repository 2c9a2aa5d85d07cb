"""The second opinion: feedparser, which finds entries where there is hardly any XML left."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

import feedparser

from rongmei.sources.collectors.entries import Entry, Feed
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.collectors.urls import absolute

# It reads some 3,000 entries a second, so it gets no more than the head of a feed: enough for a
# thousand real entries, and a few seconds at most on a hostile one.
LIMIT = 400_000
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'
_BASE = re.compile(r"""\sxml:base\s*=\s*["']([^"'<>]{1,2000})["']""")
# What feedparser is known to raise on hostile input.
_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)


def read_lenient(text: str, url: str) -> Feed | None:
    """The feed in ``text``, or None when not even feedparser sees one.

    It is handed an open stream: given a string, it would fetch it as an address or open it as a file.
    """
    data = _DECLARATION + text[:LIMIT].encode("utf-8", "replace")
    try:
        parsed = feedparser.parse(
            io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False
        )
    except _FAULTS:
        return None
    if not (parsed.get("version") or parsed.get("entries")):
        return None
    head = parsed.get("feed")
    declared = _BASE.search(text[:2000].split(">", 1)[0])
    base = (absolute(declared[1], url) if declared else "") or url
    return Feed(
        base=base,
        title=_text(head, "title"),
        language=_text(head, "language"),
        entries=[_entry(one) for one in parsed.get("entries") or []],
        next_links=[
            _text(link, "href") for link in _list(head, "links") if _text(link, "rel") == "next"
        ],
    )


def _entry(entry: Any) -> Entry:
    identity = _text(entry, "id")
    draft = Draft(
        entry_id=identity,
        link=_text(entry, "link") or _permalink(entry, identity),
        title=_text(entry, "title"),
        summary_html=_text(entry, "summary"),
        body_html=_content(entry),
        authors=_authors(entry),
        language=_text(entry, "language"),
        images=_images(entry),
        tags=[_text(tag, "label") or _text(tag, "term") for tag in _list(entry, "tags")],
        medium=_text(_get(entry, "source"), "title") or _text(entry, "publisher"),
    )
    # Asked for without looking, feedparser passes the one time off as the other.
    updated = [_text(entry, "updated")] if "updated" in entry else []
    return Entry(draft, [_text(entry, "published"), _text(entry, "created"), *updated], updated)


def _permalink(entry: Any, identity: str) -> str:
    for link in _list(entry, "links"):
        if _text(link, "rel") in {"", "alternate"} and _text(link, "href"):
            return _text(link, "href")
    return identity if identity.startswith(("http://", "https://")) else ""


def _get(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, dict) else None


def _text(source: Any, name: str) -> str:
    value = _get(source, name)
    return value if isinstance(value, str) else ""


def _list(source: Any, name: str) -> Iterable[Any]:
    value = _get(source, name)
    return value if isinstance(value, list) else ()


def _content(entry: Any) -> str:
    """The fullest text of the entry; HTML wins over plain text."""
    best = ""
    for part in _list(entry, "content"):
        value = _text(part, "value")
        if "html" not in _text(part, "type") and best:
            continue
        if len(value) > len(best):
            best = value
    return best


def _authors(entry: Any) -> list[str]:
    named = [_text(person, "name") for person in _list(entry, "authors")]
    return [name for name in named if name] or [name for name in (_text(entry, "author"),) if name]


def _images(entry: Any) -> list[str]:
    found = [
        _text(part, "href") or _text(part, "url")
        for part in _list(entry, "enclosures")
        if _text(part, "type").startswith("image/")
    ]
    found += [
        _text(part, "url")
        for part in _list(entry, "media_content")
        if _text(part, "medium") == "image" or _text(part, "type").startswith("image/")
    ]
    found += [_text(part, "url") for part in _list(entry, "media_thumbnail")]
    return found
