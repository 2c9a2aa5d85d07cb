"""Sitemaps (sitemaps.org 0.9), sitemap indexes, news sitemaps and plain lists of addresses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from xml.etree import ElementTree as ET

from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.encoding import decode
from rongmei.sources.collectors.feeds import parse_feed
from rongmei.sources.collectors.identify import Draft, finish
from rongmei.sources.collectors.urls import absolute, canonical
from rongmei.sources.collectors.xml_text import xml_text
from rongmei.sources.errors import Unreadable
from rongmei.sources.types import Collected, Fetched, Item, Remark, RemarkCode, SourceSpec

_MAX_ITEMS = 2000
_MAX_PARTS = 200
_PIECE = 65_536
_FEEDS = frozenset({"RDF", "feed", "rss"})


def parse_sitemap(spec: SourceSpec, fetched: Fetched) -> Collected:
    """Addresses as items, newest first; the parts of an index as ``next_links``.

    A broken sitemap yields what stood before the break. Options: ``newest`` (how many to keep).
    """
    text, remarks = xml_text(fetched, override=spec.encoding)
    if not text:
        return _plain_list(spec, fetched, remarks)
    scan = _Scan()
    items: list[Item] = []
    parts: list[tuple[str, str]] = []
    for element in scan.elements(text):
        fields = _fields(element)
        if _name(element) == "sitemap":
            parts.append(
                (fields.get("lastmod", ""), absolute(fields.get("loc", ""), fetched.final_url))
            )
        elif item := _item(element, fields, spec, fetched, remarks):
            items.append(item)
    if scan.root in _FEEDS:
        # The protocol lets a site hand in its feed instead.
        collected = parse_feed(spec, fetched)
        if collected.items:
            return collected
    if scan.root not in {"urlset", "sitemapindex"}:
        raise Unreadable(url=fetched.url, expected="Sitemap")
    if scan.broken:
        remarks.append(Remark(RemarkCode.MALFORMED))
    return _collected(spec, items, parts, remarks)


class _Scan:
    """Walks a sitemap piece by piece; elements are freed as they pass, so a large one stays small."""

    def __init__(self) -> None:
        self.root = ""
        self.broken = False

    def elements(self, text: str) -> Iterator[ET.Element]:
        """Every finished ``url`` and ``sitemap``, up to the place where the XML breaks."""
        parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
        top: ET.Element | None = None
        data = text.encode("utf-8", "replace")
        for start in range(0, len(data), _PIECE):
            try:
                parser.feed(data[start : start + _PIECE])
                events = list(parser.read_events())
            except (ET.ParseError, ValueError):
                self.broken = True
                return
            for kind, *rest in events:
                element = rest[0] if rest else None
                if not isinstance(element, ET.Element):
                    continue
                if top is None:
                    top = element
                    self.root = _name(element)
                elif kind == "end" and _name(element) in {"url", "sitemap"}:
                    yield element
                    top.clear()
        try:
            parser.close()
        except ET.ParseError:
            self.broken = True


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


def _item(
    element: ET.Element,
    fields: Mapping[str, str],
    spec: SourceSpec,
    fetched: Fetched,
    remarks: list[Remark],
) -> Item | None:
    link = canonical(fields["loc"], fetched.final_url) if "loc" in fields else ""
    if not link:
        return None
    changed = _when(fields.get("lastmod", ""), spec, fetched)
    draft = Draft(
        link=link,
        title=fields.get("title", ""),
        published_at=_when(fields.get("publication_date", ""), spec, fetched) or changed,
        updated_at=changed,
        language=fields.get("language", "") or spec.language,
        tags=fields.get("keywords", "").replace("，", ",").split(","),
        medium=fields.get("name", ""),
        images=[
            (inner.text or "").strip()
            for node in element
            if _name(node) in {"image", "video"}
            for inner in node
            if _name(inner) in {"loc", "thumbnail_loc"}
        ],
    )
    return finish(draft, base=fetched.final_url, remarks=remarks)


def _fields(element: ET.Element) -> dict[str, str]:
    """The element's own texts and those of its news block, by name without namespace.

    Pictures and videos stay out: they have titles and places of their own.
    """
    found: dict[str, str] = {}
    blocks = [element]
    while blocks:
        for node in blocks.pop(0):
            name = _name(node)
            if name in {"news", "publication"}:
                blocks.append(node)
            elif node.text and node.text.strip():
                found.setdefault(name, node.text.strip()[:5000])
    return found


def _when(written: str, spec: SourceSpec, fetched: Fetched) -> datetime | None:
    when = parse_when(written, local=zone(spec.timezone))
    return when if when is not None and believable(when, fetched.fetched_at) else None


def _name(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _plain_list(spec: SourceSpec, fetched: Fetched, remarks: list[Remark]) -> Collected:
    """A sitemap may also be a text file with one address a line."""
    lines = decode(fetched.body[:5_000_000]).text.split()
    drafts = [Draft(link=link, title=link) for link in map(canonical, lines) if link]
    if not drafts:
        raise Unreadable(url=fetched.url, expected="Sitemap")
    items = [
        finish(draft, base=fetched.final_url, remarks=remarks) for draft in drafts[: _MAX_ITEMS + 1]
    ]
    return _collected(spec, [item for item in items if item], [], remarks)
