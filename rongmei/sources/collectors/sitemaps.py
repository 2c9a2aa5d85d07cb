"""Sitemaps (sitemaps.org 0.9), sitemap indexes, news sitemaps and plain lists of addresses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from xml.etree import ElementTree as ET

from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.identify import Draft, finish
from rongmei.sources.collectors.urls import absolute, canonical
from rongmei.sources.collectors.xml_text import xml_text
from rongmei.sources.errors import Unreadable
from rongmei.sources.types import Collected, Fetched, Item, Remark, RemarkCode, SourceSpec

_MAX_ITEMS = 2000
_MAX_PARTS = 200
_PIECE = 65_536


def parse_sitemap(spec: SourceSpec, fetched: Fetched) -> Collected:
    """Addresses as items, newest first; the parts of an index as ``next_links``.

    A broken sitemap yields what stood before the break. Options: ``newest`` (how many to keep).
    """
    text, remarks = xml_text(fetched, override=spec.encoding)
    if not text:
        return _plain_list(spec, fetched, remarks)
    items: list[Item] = []
    parts: list[tuple[str, str]] = []
    broken = False
    known_root = False
    for event in _elements(text):
        if event is None:
            broken = True
            break
        root, element = event
        known_root = known_root or root in {"urlset", "sitemapindex"}
        if element is None:
            continue
        if _name(element) == "sitemap":
            parts.append(
                (_child(element, "lastmod"), absolute(_child(element, "loc"), fetched.final_url))
            )
        elif item := _item(element, spec, fetched, remarks):
            items.append(item)
    if not known_root:
        raise Unreadable(url=fetched.url, expected="Sitemap")
    if broken:
        remarks.append(Remark(RemarkCode.MALFORMED))
    return _collected(spec, items, parts, remarks)


def _collected(
    spec: SourceSpec, items: list[Item], parts: list[tuple[str, str]], remarks: list[Remark]
) -> Collected:
    newest = spec.options.get("newest")
    limit = min(newest, _MAX_ITEMS) if isinstance(newest, int) and newest > 0 else _MAX_ITEMS
    # Not every item has a time; those without keep their place at the end.
    items.sort(
        key=lambda item: item.published_at.timestamp() if item.published_at else 0.0, reverse=True
    )
    unique = tuple({item.entry_key: item for item in reversed(items)}.values())[::-1]
    if len(unique) > limit:
        remarks.append(Remark(RemarkCode.ITEMS_CUT, str(limit)))
    parts.sort(key=lambda part: part[0], reverse=True)
    links = tuple(dict.fromkeys(url for _, url in parts if url))
    return Collected(
        items=unique[:limit],
        next_links=links[:_MAX_PARTS],
        warnings=tuple(dict.fromkeys(remarks)),
    )


def _elements(text: str) -> Iterator[tuple[str, ET.Element | None] | None]:
    """(root name, finished url or sitemap element or None); a lone None where the XML breaks.

    Elements are freed as they pass, so a sitemap of 50,000 addresses stays small in memory.
    """
    parser = ET.XMLPullParser(("start", "end"))
    root: ET.Element | None = None
    data = text.encode("utf-8", "replace")
    for start in range(0, len(data) + _PIECE, _PIECE):
        try:
            if start < len(data):
                parser.feed(data[start : start + _PIECE])
            else:
                parser.close()
            events = list(parser.read_events())
        except (ET.ParseError, ValueError):
            yield None
            return
        for kind, element in events:
            if root is None:
                root = element
                yield _name(root), None
            elif kind == "end" and _name(element) in {"url", "sitemap"}:
                yield _name(root), element
                root.clear()


def _item(
    element: ET.Element, spec: SourceSpec, fetched: Fetched, remarks: list[Remark]
) -> Item | None:
    link = canonical(_child(element, "loc"), fetched.final_url)
    if not link:
        return None
    images = [
        node.text or ""
        for node in element.iter()
        if _name(node) == "loc" and node in _images(element)
    ]
    draft = Draft(
        link=link,
        title=_child(element, "title"),
        published_at=_when(_child(element, "publication_date"), spec, fetched),
        updated_at=_when(_child(element, "lastmod"), spec, fetched),
        language=_child(element, "language") or spec.language,
        tags=_child(element, "keywords").replace("，", ",").split(","),
        medium=_child(element, "name"),
        images=images,
    )
    draft.published_at = draft.published_at or draft.updated_at
    return finish(draft, base=fetched.final_url, remarks=remarks)


def _images(element: ET.Element) -> list[ET.Element]:
    return [
        child
        for node in element
        if _name(node) == "image"
        for child in node
        if _name(child) == "loc"
    ]


def _when(written: str, spec: SourceSpec, fetched: Fetched) -> datetime | None:
    when = parse_when(written, local=zone(spec.timezone))
    return when if when is not None and believable(when, fetched.fetched_at) else None


def _child(element: ET.Element, name: str) -> str:
    """Text of the first descendant so named in any namespace, outside images."""
    for node in element.iter():
        if _name(node) == name and node.text and node.text.strip():
            return node.text.strip()[:5000]
    return ""


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _plain_list(spec: SourceSpec, fetched: Fetched, remarks: list[Remark]) -> Collected:
    """A sitemap may also be a text file with one address a line."""
    lines = fetched.body[:5_000_000].decode("utf-8", "replace").split()
    drafts = [Draft(link=link, title=link) for link in map(canonical, lines) if link]
    if not drafts:
        raise Unreadable(url=fetched.url, expected="Sitemap")
    items = [
        finish(draft, base=fetched.final_url, remarks=remarks) for draft in drafts[: _MAX_ITEMS + 1]
    ]
    return _collected(spec, [item for item in items if item], [], remarks)
