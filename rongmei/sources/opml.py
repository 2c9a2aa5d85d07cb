"""OPML: lists of feeds as feed readers exchange them. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from rongmei.sources.errors import EntityRefused, Unreadable

MAX_BYTES, MAX_FEEDS = 1_000_000, 500


@dataclass(frozen=True)
class Outline:
    """One feed of a list."""

    name: str
    url: str
    home_url: str = ""


def read_opml(body: bytes) -> list[Outline]:
    """The feeds in an OPML file, at most 500. Raises Unreadable or EntityRefused."""
    if b"<!ENTITY" in body or b"<!DOCTYPE" in body:
        raise EntityRefused(url="OPML")
    if len(body) > MAX_BYTES:
        raise Unreadable(url="OPML", expected="OPML")
    try:
        root = ET.fromstring(body)  # noqa: S314 - no entities: refused above
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Unreadable(url="OPML", expected="OPML") from error
    found = {}
    for node in root.iter("outline"):
        url = (node.get("xmlUrl") or "").strip()
        if url.startswith(("http://", "https://")):
            name = (node.get("title") or node.get("text") or url).strip()
            found[url] = Outline(name[:80], url[:1000], (node.get("htmlUrl") or "")[:1000])
    return list(found.values())[:MAX_FEEDS]


def write_opml(title: str, feeds: Iterable[Outline]) -> bytes:
    """An OPML 2.0 file with these feeds."""
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    for one in feeds:
        outline = {"type": "rss", "text": one.name, "title": one.name, "xmlUrl": one.url}
        if one.home_url:
            outline["htmlUrl"] = one.home_url
        ET.SubElement(body, "outline", outline)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written
