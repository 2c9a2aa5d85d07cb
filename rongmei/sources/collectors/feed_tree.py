"""RSS 0.90 to 2.0, RSS 1.0 and 1.1 (RDF) and Atom 0.3 and 1.0, from a tree to what they say.

Specifications: rssboard.org/rss-specification with its best-practices profile, purl.org/rss/1.0,
RFC 4287, RFC 5005 (next), Dublin Core, Media RSS 1.5.1, and the modules that newsrooms meet.
One pass gathers an entry's elements by name; each field then says which names it is read from, the
most trustworthy first.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from lxml import etree

from rongmei.sources.collectors.clean import escaped
from rongmei.sources.collectors.entries import Entry, Feed
from rongmei.sources.collectors.feed_hints import hints_of
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.collectors.urls import absolute
from rongmei.sources.collectors.xml_names import short
from rongmei.sources.collectors.xml_tree import markup

_XML = "{http://www.w3.org/XML/1998/namespace}"
_BASE, _LANG = f"{_XML}base", f"{_XML}lang"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_ROOTS = frozenset({"rss", "rdf:rdf", "atom:feed", "atom:entry", "channel", "feed"})
_HEADS = frozenset({"channel", "atom:feed", "feed"})
_ENTRIES = frozenset({"item", "atom:entry", "entry"})
_ENTRY_TAGS = ("{*}item", "{*}entry", "{*}Item")
_PUBLISHED = (
    "pubdate", "atom:published", "atom:issued", "dc:date", "dcterms:issued", "dcterms:created",
    "atom:created", "published", "issued", "date",
)  # fmt: skip
_UPDATED = ("atom:updated", "atom:modified", "dcterms:modified", "updated", "modified")
_LOOKS_LIKE_MARKUP = re.compile(
    r"</(?:p|div|a|b|i|strong|em|span|ul|li|h\d)>|<(?:br|img|p)\b", re.I
)
_TWICE_ESCAPED = re.compile(
    r"&lt;(?:/(?:p|div|li|a|span|strong|h\d)|(?:br|img)\b[^<>&]{0,300}/?)&gt;"
)
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|avif|bmp)(?:[?#]|$)", re.I)
_MAIL_ONLY = re.compile(r"^[^\s@<>()]+@[^\s@<>()]+$")
_MAIL_THEN_NAME = re.compile(
    r"^(?:mailto:)?[^\s@<>()]+@[^\s@<>()]+\s*[(（]\s*([^()（）]{1,80}?)\s*[)）]$"
)
_NAME_THEN_MAIL = re.compile(
    r"^(.{1,80}?)\s*[<(（]\s*(?:mailto:)?[^\s@<>()]+@[^\s@<>()]+\s*[>)）]$"
)

_Held: TypeAlias = dict[str, list[etree._Element]]


def read_tree(root: etree._Element, url: str, *, broken: bool = False) -> Feed | None:
    """The feed in a tree, or None when it is some other document.

    ``broken`` says that the tree was mended by force: entries may then stand inside one another.
    """
    if short(root.tag) not in _ROOTS:
        return None
    base = _based(root, url)
    if short(root.tag) == "atom:entry":
        # An Atom Entry Document (RFC 4287, 2).
        return Feed(base=base, entries=[_entry(root, url, [], based=False)])
    nodes = _entry_nodes(root, broken=broken)
    head = next((one for one in root.iter("{*}*") if short(one.tag) in _HEADS), root)
    held = _held(head)
    base = _based(head, base) if head is not root else base
    feed = Feed(
        base=base,
        title=_title(held),
        language=_plain(held, "language", "dc:language") or _language(head) or _language(root),
        next_links=[link.get("href", "") for link in _links(held) if link.get("rel") == "next"],
        hints=hints_of(held),
    )
    authors = _atom_people(held.get("atom:author", ()))
    said = root.get(_BASE) is not None or head.get(_BASE) is not None
    feed.entries = [_entry(node, base, authors, based=said) for node in nodes]
    return feed


def _entry_nodes(root: etree._Element, *, broken: bool) -> list[etree._Element]:
    """The entries, in order.

    In a sound document one within another is quoted in its content and no part of this feed. In a
    broken one it follows an entry that was not closed: it is taken out, the innermost first, or each
    would be read again as a part of all those around it.
    """
    found = [one for one in root.iter(*_ENTRY_TAGS) if short(one.tag) in _ENTRIES]
    if not broken:
        return [one for one in found if next(one.iterancestors(*_ENTRY_TAGS), None) is None]
    for one in reversed(found):
        outer = one.getparent()
        if outer is not None:
            one.tail = None
            outer.remove(one)
    return found


def _held(node: etree._Element) -> _Held:
    held: _Held = {}
    for child in node:
        if isinstance(child.tag, str):
            held.setdefault(short(child.tag), []).append(child)
    return held


def _entry(node: etree._Element, base: str, inherited: list[str], *, based: bool) -> Entry:
    held = _held(node)
    base = _based(node, base)
    body, where = _body(held, base, based=based or node.get(_BASE) is not None)
    identity = _identity(node, held)
    draft = Draft(
        entry_id=identity,
        link=_link(node, held, base, identity),
        title=_title(held),
        summary_html=_summary(held),
        body_html=body,
        body_base=where,
        authors=_authors(held, inherited),
        language=_plain(held, "dc:language", "language") or _language(node),
        images=[absolute(one, base) for one in _images(held)],
        tags=list(_tags(held)),
        medium=_medium(held),
    )
    updated = [_plain(held, name) for name in _UPDATED if name in held]
    published = [_plain(held, name) for name in _PUBLISHED if name in held]
    return Entry(draft, published + updated, updated)


def _title(held: _Held) -> str:
    for name in ("title", "atom:title", "dc:title", "media:title", "itunes:title"):
        for one in held.get(name, ()):
            text = _construct(one) if name == "atom:title" else _inner(one)
            if text.strip():
                return text
    return ""


def _identity(node: etree._Element, held: _Held) -> str:
    return _plain(held, "guid", "atom:id", "dc:identifier", "id") or node.get(_ABOUT, "").strip()


def _link(node: etree._Element, held: _Held, base: str, identity: str) -> str:
    """The address of the page: redirectors' originals first, then links, then permanent ids."""
    found = _plain(held, "feedburner:origlink")
    for one in held.get("link", ()):
        found = found or (one.text or "").strip() or one.get("href", "").strip()
    found = found or _alternate(held)
    if not found:
        for guid in held.get("guid", ()):
            permanent = (guid.get("isPermaLink") or guid.get("ispermalink") or "true").lower()
            if permanent != "false" and identity.startswith(("http://", "https://", "//")):
                found = identity
    if not found and "guid" not in held and identity.startswith(("http://", "https://")):
        found = identity
    if not found:
        found = next((one.get("src", "") for one in held.get("atom:content", ())), "")
    found = found or node.get(_ABOUT, "")
    return absolute(found, base) if found else ""


def _links(held: _Held) -> list[etree._Element]:
    return [*held.get("atom:link", ()), *(one for one in held.get("link", ()) if one.get("href"))]


def _alternate(held: _Held) -> str:
    """The first alternate link, one to a page before one to data."""
    found = [
        one for one in _links(held)
        if one.get("rel", "alternate").rpartition("/")[2].lower() in {"", "alternate"} and one.get("href")
    ]  # fmt: skip
    for one in found:
        if one.get("type", "text/html").lower() in {"text/html", "application/xhtml+xml"}:
            return str(one.get("href"))
    return str(found[0].get("href")) if found else ""


def _body(held: _Held, base: str, *, based: bool) -> tuple[str, str]:
    """The fullest text, and the address it is relative to where the feed says so itself."""
    found = [
        *((_once(_inner(one)), "") for one in held.get("content:encoded", ())),
        *((_construct(one), _base_of(one, base, based)) for one in held.get("atom:content", ())),
        *((_construct(one), _base_of(one, base, based)) for one in held.get("content", ())),
        *((markup(one), "") for one in (*held.get("xhtml:body", ()), *held.get("xhtml:div", ()))),
    ]
    return max(found, key=lambda one: len(one[0]), default=("", ""))


def _base_of(node: etree._Element, base: str, based: bool) -> str:
    """What links in the content are relative to; empty when neither it nor the feed says anything."""
    return _based(node, base) if based or node.get(_BASE) is not None else ""


def _summary(held: _Held) -> str:
    for name in ("description", "atom:summary", "dc:description", "dcterms:abstract", "summary",
                 "itunes:summary", "media:description", "itunes:subtitle"):  # fmt: skip
        for one in held.get(name, ()):
            text = _construct(one) if name == "atom:summary" else _once(_inner(one))
            if text.strip():
                return text
    for group in held.get("media:group", ()):
        text = _plain(_held(group), "media:description")
        if text:
            return escaped(text)
    return ""


def _authors(held: _Held, inherited: list[str]) -> list[str]:
    people = _atom_people(held.get("atom:author", ()))
    written = [_inner(one).strip() for one in (*held.get("dc:creator", ()),)]
    for one in held.get("author", ()):
        # Some write Atom's structure in RSS.
        written += _atom_people([one]) if len(one) else [(one.text or "").strip()]
    names = people + [name for name in map(_person, written) if name]
    if not names:
        names = [one for one in (_plain(held, "itunes:author"), *_credits(held)) if one]
    if not names:
        sources = [_held(one) for one in held.get("atom:source", ())]
        names = [name for one in sources for name in _atom_people(one.get("atom:author", ()))]
    called = [name for name in names if not _MAIL_ONLY.match(name)]
    return called or names or inherited


def _atom_people(nodes: Iterable[etree._Element]) -> list[str]:
    found = []
    for one in nodes:
        held = _held(one)
        name = _plain(held, "atom:name", "name", "rdf:value") or _plain(held, "atom:email", "email")
        found.append(name or _person((one.text or "").strip()))
    return [name for name in found if name]


def _person(written: str) -> str:
    """The name in ``a@b (Name)`` and ``Name <a@b>``; the text itself where there is only one."""
    flat = " ".join(written.split())
    for form in (_MAIL_THEN_NAME, _NAME_THEN_MAIL):
        if match := form.match(flat[:400]):
            return match[1].strip(' "')
    return flat


def _credits(held: _Held) -> list[str]:
    return [
        (one.text or "").strip()
        for one in held.get("media:credit", ())
        if one.get("role", "author").lower() in {"author", "reporter", "owner"}
    ]


def _tags(held: _Held) -> Iterator[str]:
    for one in (*held.get("category", ()), *held.get("atom:category", ())):
        yield one.get("label") or (one.text or "").strip() or one.get("term", "")
    for name in ("dc:subject", "slash:section", "media:category"):
        for one in held.get(name, ()):
            yield one.get("label") or (one.text or "")
    for name in ("itunes:keywords", "media:keywords"):
        yield from re.split("[,，;；]", _plain(held, name))


def _medium(held: _Held) -> str:
    """The outlet an entry was taken from."""
    for one in held.get("source", ()):
        if len(one) == 0 and (one.text or "").strip():
            return escaped((one.text or "").strip())
    for one in held.get("atom:source", ()):
        if title := _title(_held(one)):
            return title
    named = _plain(held, "dc:publisher", "dc:source")
    return "" if "://" in named else escaped(named)


def _images(held: _Held) -> Iterator[str]:
    for one in (*held.get("enclosure", ()), *_links(held)):
        # Any other link is not part of the entry.
        if one.get("rel", "enclosure") == "enclosure" and (one.get("url") or one.get("rel")):
            yield from _picture(one, one.get("url") or one.get("href") or "")
    groups = [held, *(_held(one) for one in held.get("media:group", ()))]
    for group in groups:
        for one in group.get("media:content", ()):
            yield from _picture(one, one.get("url", ""))
    inner = [_held(one) for group in groups for one in group.get("media:content", ())]
    for group in groups + inner:
        yield from (one.get("url", "") for one in group.get("media:thumbnail", ()))
    yield from (one.get("href", "") for one in held.get("itunes:image", ()))
    for one in held.get("image", ()):
        yield _plain(_held(one), "url") or (one.text or "").strip()


def _picture(node: etree._Element, url: str) -> Iterator[str]:
    """The address if it leads to a picture: by what is said of it, else by how it ends."""
    kind = (node.get("medium") or node.get("type") or "").strip().lower()
    if kind.startswith("image") or (not kind and _PICTURE.search(url)):
        yield url


def _construct(node: etree._Element) -> str:
    """An Atom text construct or content as HTML, by its type (RFC 4287, 3.1 and 4.1.3; 0.3: mode)."""
    kind = (node.get("type") or "").strip().lower()
    mode = (node.get("mode") or "").strip().lower()
    if mode == "base64":
        return _from_base64(node, kind)
    if len(node):
        return markup(node)
    text = node.text or ""
    if kind in {"html", "text/html", "application/xhtml+xml", "xhtml"} or (
        not kind and _marked(text)
    ):
        return _once(text)
    if mode == "escaped" and kind != "text/plain":
        return _once(text)
    if kind in {"", "text", "xml"} or kind.startswith("text/"):
        return escaped(text)
    return ""


def _from_base64(node: etree._Element, kind: str) -> str:
    try:
        raw = base64.b64decode("".join((node.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    text = raw.decode("utf-8", "replace")
    return text if "html" in kind else escaped(text) if kind.startswith("text") else ""


def _marked(text: str) -> bool:
    return "<" in text and _LOOKS_LIKE_MARKUP.search(text) is not None


def _inner(node: etree._Element) -> str:
    """What an RSS element holds as HTML; markup that was not escaped is taken as meant."""
    return markup(node) if len(node) else node.text or ""


def _once(text: str) -> str:
    """HTML that was escaped twice on its way, as it was before."""
    if "<" not in text and "&lt;" in text and _TWICE_ESCAPED.search(text):
        return (
            text.replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", '"')
            .replace("&amp;", "&")
        )
    return text


def _plain(held: _Held, *names: str) -> str:
    """The first text under these names."""
    for name in names:
        for one in held.get(name, ()):
            text = (one.text or "").strip()
            if text:
                return text
    return ""


def _based(node: etree._Element, base: str) -> str:
    declared = node.get(_BASE)
    return (absolute(declared, base) or base) if declared else base


def _language(node: etree._Element) -> str:
    return str(node.get(_LANG, "")).strip()
