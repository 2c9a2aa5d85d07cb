"""RSS 0.9x/1.0/2.0 and Atom to items; JSON Feed is in ``json_feed``.

The bytes are first made fit (``xml_text``), then given to the fast parser; when that one stumbles,
the slow and very lenient one is asked too, and the better answer is kept. Both are handed open
streams or bytes only: given a string, either would fetch it as an address or open it as a file.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Any

import feedparser
import feedparser_rs

from rongmei.sources.collectors.clean import plain
from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.identify import Draft, finish
from rongmei.sources.collectors.json_feed import looks_like_json, parse_json_feed
from rongmei.sources.collectors.urls import absolute
from rongmei.sources.collectors.xml_text import unpacked, xml_text
from rongmei.sources.errors import Unreadable
from rongmei.sources.types import Collected, Fetched, Item, Remark, RemarkCode, SourceSpec

MAX_ITEMS = 1000
# The second parser reads some 3,000 entries a second, so it gets no more than the head of a feed:
# enough for a thousand real entries, and a few seconds at most on a hostile one.
_SECOND_LIMIT = 400_000
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


def parse_feed(spec: SourceSpec, fetched: Fetched) -> Collected:
    """The items of a feed, newest as the feed has them.

    Raises ``Unreadable`` when it is no feed and ``EntityRefused`` when it is a bomb. Options: none.
    """
    if looks_like_json(unpacked(fetched)):
        return parse_json_feed(spec, fetched)
    text, remarks = xml_text(fetched, override=spec.encoding)
    parsed, second = _parse(text)
    if parsed is None or not (parsed.get("version") or parsed.get("entries")):
        raise Unreadable(url=fetched.url, expected="RSS / Atom")
    if second:
        remarks.append(Remark(RemarkCode.SECOND_PARSER))
    elif parsed.get("bozo"):
        remarks.append(Remark(RemarkCode.MALFORMED, str(parsed.get("bozo_exception") or "")[:200]))
    feed = parsed.get("feed")
    entries = list(parsed.get("entries") or [])
    if len(entries) > MAX_ITEMS:
        remarks.append(Remark(RemarkCode.ITEMS_CUT, str(MAX_ITEMS)))
    reader = _Reader(spec, fetched, _base_of(text, fetched), feed, remarks)
    items = reader.items(entries[:MAX_ITEMS])
    return Collected(
        items=items,
        feed_title=plain(_text(feed, "title"), 300),
        next_links=reader.next_links(),
        warnings=tuple(dict.fromkeys(remarks)),
    )


def _parse(text: str) -> tuple[Any, bool]:
    """The better of the two parsers' answers, and whether it was the second's."""
    data = _DECLARATION + text.encode()
    first = _parse_fast(data)
    if first is not None and _blanks_links(first):
        second = _parse_lenient(data)
        if _worth(second) >= _worth(first):
            # No remark: nothing is wrong with the feed.
            return second, False
    good = first is not None and first.get("entries") and not first.get("bozo")
    if good or (len(data) > _SECOND_LIMIT and _worth(first) > 1):
        return first, False
    if first is not None and first.get("version") and not first.get("bozo"):
        return first, False
    second = _parse_lenient(data[:_SECOND_LIMIT])
    if second is None or _worth(second) <= _worth(first):
        return first, False
    return second, True


def _blanks_links(parsed: Any) -> bool:
    """Whether the fast parser emptied addresses: it does so with those of a private network."""
    return any(
        not _text(link, "href")
        for entry in list(parsed.get("entries") or [])[:5]
        for link in _list(entry, "links")
    )


def _worth(parsed: Any) -> int:
    """How much of a feed was understood: entries first, then knowing what it is."""
    if parsed is None:
        return -1
    return 2 * len(parsed.get("entries") or []) + bool(parsed.get("version"))


def _parse_fast(data: bytes) -> Any:
    try:
        return feedparser_rs.parse(data, sanitize_html=False, resolve_relative_uris=False)
    except _FAULTS:
        return None
    except BaseException as error:
        # A panic in Rust derives from BaseException and cannot be imported by name.
        if type(error).__name__ != "PanicException":
            raise
        return None


def _parse_lenient(data: bytes) -> Any:
    try:
        return feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
    except _FAULTS:
        return None


class _Reader:
    """Turns the parsers' entries into items, collecting remarks on the way."""

    def __init__(
        self, spec: SourceSpec, fetched: Fetched, base: str, feed: Any, remarks: list[Remark]
    ) -> None:
        self._fetched = fetched
        self._base = base
        self._feed = feed
        self._remarks = remarks
        self._zone: tzinfo = zone(spec.timezone)
        self._language = spec.language or _text(feed, "language")
        self._shared: set[str] = set()

    def items(self, entries: list[Any]) -> tuple[Item, ...]:
        """One item an entry; identities that several entries share identify nothing."""
        seen = Counter(_text(entry, "id") for entry in entries)
        self._shared = {identity for identity, times in seen.items() if times > 1}
        found: dict[str, Item] = {}
        skipped = 0
        for entry in entries:
            item = self._item(entry)
            if item is None:
                skipped += 1
            else:
                found.setdefault(item.entry_key, item)
        if skipped:
            self._remarks.append(Remark(RemarkCode.ITEM_SKIPPED, str(skipped)))
        return tuple(found.values())

    def next_links(self) -> tuple[str, ...]:
        """Older pages of the same feed (RFC 5005)."""
        links = [
            absolute(_text(link, "href"), self._base)
            for link in _list(self._feed, "links")
            if _text(link, "rel") == "next"
        ]
        return tuple(dict.fromkeys(link for link in links if link))

    def _item(self, entry: Any) -> Item | None:
        identity = _text(entry, "id")
        draft = Draft(
            entry_id="" if identity in self._shared else identity,
            link=_text(entry, "link") or self._permalink(entry, identity),
            title=_text(entry, "title"),
            summary_html=_text(entry, "summary"),
            body_html=_content(entry),
            authors=_authors(entry),
            published_at=self._when(entry, "published", "dc_date", "created", "updated"),
            updated_at=self._when(entry, "updated"),
            language=_text(entry, "language") or self._language,
            images=_images(entry),
            tags=[_text(tag, "term") or _text(tag, "label") for tag in _list(entry, "tags")],
            medium=_text(_get(entry, "source"), "title") or _text(entry, "publisher"),
        )
        return finish(draft, base=self._base, remarks=self._remarks)

    def _permalink(self, entry: Any, identity: str) -> str:
        for link in _list(entry, "links"):
            if _text(link, "rel") in {"", "alternate"} and _text(link, "href"):
                return _text(link, "href")
        return identity if identity.startswith(("http://", "https://")) else ""

    def _when(self, entry: Any, *names: str) -> datetime | None:
        for name in names:
            written = _text(entry, name)
            when = parse_when(written, local=self._zone)
            if when is None:
                continue
            if believable(when, self._fetched.fetched_at):
                return when
            self._remarks.append(Remark(RemarkCode.DATE_DROPPED, written[:60]))
        return None


def _base_of(text: str, fetched: Fetched) -> str:
    """What relative links in the feed are relative to."""
    root = text[:2000].split(">", 1)[0]
    declared = _BASE.search(root)
    return (absolute(declared[1], fetched.final_url) if declared else "") or fetched.final_url


def _get(source: Any, name: str) -> Any:
    return getattr(source, name, None) if source is not None else None


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
    return [name for name in named if name] or [
        name for name in (_text(entry, "author"), _text(entry, "dc_creator")) if name
    ][:1]


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
