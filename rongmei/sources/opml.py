"""OPML: lists of feeds as feed readers exchange them, with groups and classes kept. Pure functions.

A folder of outlines is a group, as every reader has it; `category` (OPML 2.0: slash-separated,
comma-listed) names the groups too. What OPML has no word for is in attributes of our own, which
other readers pass over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.etree import ElementTree as ET

from rongmei.sources.errors import EntityRefused, Unreadable

MAX_BYTES, MAX_FEEDS = 10_000_000, 10_000
MAX_DEPTH: Final = 20
_NS: Final = "https://rongmei.invalid/opml"
_KINDS: Final = frozenset({"feed", "page", "sitemap"})
_CLASSES: Final = frozenset({"company", "industry", "central", "local", "social", "overseas"})


@dataclass(frozen=True)
class Outline:
    """One feed of a list, and what the list says of it."""

    name: str
    url: str
    home_url: str = ""
    groups: tuple[str, ...] = ()
    kind: str = "feed"
    media_class: str = ""
    region: str = ""
    language: str = ""
    tier: int = 0


def read_opml(body: bytes) -> list[Outline]:
    """The feeds in an OPML file, at most 10,000. Raises Unreadable or EntityRefused."""
    if b"<!ENTITY" in body or b"<!DOCTYPE" in body:
        raise EntityRefused(url="OPML")
    if len(body) > MAX_BYTES:
        raise Unreadable(url="OPML", expected="OPML")
    try:
        root = ET.fromstring(body)  # noqa: S314 - no entities: refused above
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Unreadable(url="OPML", expected="OPML") from error
    found: dict[str, Outline] = {}
    for node, folders in _outlines(root):
        url = (node.get("xmlUrl") or "").strip()[:1000]
        if not url.startswith(("http://", "https://")):
            continue
        held = found.get(url)
        one = _outline(node, url, folders)
        if held is not None:
            # The same feed in two folders is in two groups.
            groups = tuple(dict.fromkeys((*held.groups, *one.groups)))
            one = Outline(**{**vars(held), "groups": groups})
        found[url] = one
        if len(found) >= MAX_FEEDS:
            break
    return list(found.values())


def _outlines(root: ET.Element) -> Iterator[tuple[ET.Element, tuple[str, ...]]]:
    """Every outline with the names of the folders it is in; without recursion, so depth is no matter."""
    waiting: list[tuple[ET.Element, tuple[str, ...]]] = [(root, ())]
    while waiting:
        node, folders = waiting.pop()
        if node.tag == "outline":
            yield node, folders
            name = (node.get("title") or node.get("text") or "").strip()
            if not node.get("xmlUrl") and name and len(folders) < MAX_DEPTH:
                folders = (*folders, name)
        waiting += [(child, folders) for child in reversed(node)]


def _outline(node: ET.Element, url: str, folders: tuple[str, ...]) -> Outline:
    def own(name: str, known: frozenset[str] | None = None) -> str:
        value = (node.get(f"{{{_NS}}}{name}") or "").strip()
        return value if known is None or value in known else ""

    categories = [one.strip(" /") for one in (node.get("category") or "").split(",")]
    # Of nested folders the innermost is the group: the outer ones are how a reader sorts its own.
    groups = [name for name in (*folders[-1:], *categories) if name]
    tier = own("tier")
    return Outline(
        name=(node.get("title") or node.get("text") or url).strip()[:80],
        url=url,
        home_url=(node.get("htmlUrl") or "")[:1000],
        groups=tuple(dict.fromkeys(one[:40] for one in groups)),
        kind=own("kind", _KINDS) or "feed",
        media_class=own("class", _CLASSES),
        region=own("region")[:40],
        language=(node.get("language") or own("language"))[:12],
        tier=int(tier) if tier in set("123456789") else 0,
    )


def write_opml(title: str, feeds: Iterable[Outline]) -> bytes:
    """An OPML 2.0 file with these feeds; one in several groups is in each folder."""
    ET.register_namespace("rongmei", _NS)
    root = ET.Element("opml", version="2.0")
    ET.SubElement(ET.SubElement(root, "head"), "title").text = title
    body = ET.SubElement(root, "body")
    folders: dict[str, ET.Element] = {}
    for one in feeds:
        attributes = _attributes(one)
        for name in one.groups:
            if name not in folders:
                folders[name] = ET.SubElement(body, "outline", text=name, title=name)
            ET.SubElement(folders[name], "outline", attributes)
        if not one.groups:
            ET.SubElement(body, "outline", attributes)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _attributes(one: Outline) -> dict[str, str]:
    given = {
        "type": "rss", "text": one.name, "title": one.name, "xmlUrl": one.url,
        "htmlUrl": one.home_url, "language": one.language, f"{{{_NS}}}class": one.media_class,
        f"{{{_NS}}}region": one.region, f"{{{_NS}}}tier": str(one.tier or ""),
        f"{{{_NS}}}kind": "" if one.kind == "feed" else one.kind,
    }  # fmt: skip
    return {name: _clean(value) for name, value in given.items() if value}


def _clean(value: str) -> str:
    """Without the control characters that XML 1.0 cannot hold."""
    return "".join(one for one in value if one >= " " or one in "\t\n")
