"""XML news files: IPTC NewsML-G2, WordPress exports (WXR), and any feed saved to a file.

NewsML-G2: https://iptc.org/std/NewsML-G2/ (namespace http://iptc.org/std/nar/2006-10-01/): a
`newsItem`, or several in the `itemSet` of a `newsMessage`; text as XHTML or NITF in `inlineXML`, or
plain in `inlineData`. WXR: RSS 2.0 with the `http://wordpress.org/export/…` namespace; published
posts only, for drafts and pages of the site itself are no news.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from rongmei.sources.collectors.clean import escaped
from rongmei.sources.collectors.feeds import parse_feed
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.collectors.xml_text import xml_text
from rongmei.sources.errors import FileUnreadable
from rongmei.sources.readers.given import Given
from rongmei.sources.types import Item, Remark, RemarkCode

_NAR = "{http://iptc.org/std/nar/2006-10-01/}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
_EXCERPT = re.compile(r"\{http://wordpress\.org/export/[\d.]+/excerpt/\}encoded")
_CREATOR = "{http://purl.org/dc/elements/1.1/}creator"
_WXR = re.compile(r"http://wordpress\.org/export/[\d.]+/")
_HEAD = 20_000
_MAX_DEPTH = 200


def read_xml(given: Given) -> Iterator[Item]:
    """The items of a NewsML-G2 file, a WordPress export or a saved feed."""
    head = given.body[:_HEAD]
    if _NAR[1:-1].encode() in head:
        yield from _newsml(given)
    elif _WXR.search(head.decode("latin-1")):
        yield from _wxr(given)
    else:
        collected = parse_feed(given.spec, given.fetched())
        given.remarks += collected.warnings
        yield from collected.items


def _tree(given: Given, expected: str) -> ET.Element:
    text, remarks = xml_text(given.fetched(), override=given.spec.encoding)
    given.remarks += remarks
    parser: ET.XMLPullParser[ET.Element] = ET.XMLPullParser(("start", "end"))
    depth = 0
    root: ET.Element | None = None
    try:
        for start in range(0, len(text), 65_536):
            parser.feed(text[start : start + 65_536])
            for kind, *rest in parser.read_events():
                if root is None and isinstance(rest[0], ET.Element):
                    root = rest[0]
                depth += 1 if kind == "start" else -1
                # Reading deeper than this would exhaust the stack of whoever walks the tree.
                if depth > _MAX_DEPTH:
                    raise FileUnreadable(url=given.name, expected=expected)
        parser.close()
    except (ET.ParseError, ValueError):
        raise FileUnreadable(url=given.name, expected=expected) from None
    if root is None:
        raise FileUnreadable(url=given.name, expected=expected)
    return root


def _newsml(given: Given) -> Iterator[Item]:
    root = _tree(given, "NewsML-G2")
    found = [root] if root.tag == f"{_NAR}newsItem" else list(root.iter(f"{_NAR}newsItem"))
    if not found:
        raise FileUnreadable(url=given.name, expected="NewsML-G2 newsItem")
    for one in found:
        if item := _news_item(given, one):
            yield item


def _news_item(given: Given, one: ET.Element) -> Item | None:
    guid = one.get("guid", "")
    meta, content = one.find(f"{_NAR}itemMeta"), one.find(f"{_NAR}contentMeta")
    status = _code(meta, "pubStatus")
    if status == "canceled":
        given.remarks.append(Remark(RemarkCode.CANCELLED, guid[:80]))
        return None
    if _code(meta, "itemClass") not in {"", "text", "composite"}:
        # A picture or a sound by itself: its text is a caption, not a report.
        given.remarks.append(Remark(RemarkCode.ITEM_SKIPPED, guid[:80]))
        return None
    html, text = _inline(one)
    link = one.find(f"{_NAR}itemMeta/{_NAR}link[@rel='irel:seeAlso']")
    created = _words(content, "contentCreated")
    version = _words(meta, "versionCreated")
    return given.item(
        Draft(
            entry_id=guid,
            link=link.get("href", "") if link is not None else "",
            title=escaped(_words(content, "headline") or _words(meta, "title")),
            summary_html=escaped(_words(content, "description")),
            body_html=html,
            body_text=text,
            authors=[escaped(one) for one in _all_words(content, "by")]
            or [escaped(one) for one in _all_words(content, "creator")],
            published_at=given.when(created, _words(meta, "firstCreated"), version),
            updated_at=given.when(version),
            language=_language(one, content),
            images=[
                part.get("href", "")
                for part in one.iter(f"{_NAR}remoteContent")
                if part.get("contenttype", "").startswith("image/")
            ],
            tags=[escaped(tag) for tag in _all_words(content, "subject")],
            carrier=escaped(_words(meta, "provider")),
            medium=escaped(_words(content, "infoSource") or _words(content, "creditline")),
            region=escaped(_words(content, "located")),
        )
    )


def _words(parent: ET.Element | None, name: str) -> str:
    return next(iter(_all_words(parent, name)), "")


def _all_words(parent: ET.Element | None, name: str) -> list[str]:
    """The texts of the children of this name: their own, or that of their `name`, or `literal`."""
    found = []
    for one in parent.findall(f"{_NAR}{name}") if parent is not None else ():
        named = one.find(f"{_NAR}name")
        own = "".join((named if named is not None else one).itertext()).strip()
        found.append(own or one.get("literal", ""))
    return [one for one in found if one]


def _code(parent: ET.Element | None, name: str) -> str:
    one = parent.find(f"{_NAR}{name}") if parent is not None else None
    return (one.get("qcode", "") if one is not None else "").rsplit(":", 1)[-1]


def _language(item: ET.Element, content: ET.Element | None) -> str:
    tag = content.find(f"{_NAR}language") if content is not None else None
    return (tag.get("tag", "") if tag is not None else "") or item.get(_XML_LANG, "")


def _inline(item: ET.Element) -> tuple[str, str]:
    """The body as HTML and as plain text; only one of them is filled."""
    for inline in item.iter(f"{_NAR}inlineXML"):
        for part in inline.iter():
            name = part.tag.rsplit("}", 1)[-1]
            if name in {"body", "body.content"} and part.find("./*") is not None:
                inner = [one for one in part if one.tag.rsplit("}", 1)[-1] == "body.content"]
                return "".join(map(_html, inner[0] if inner else part)), ""
    plain = [one.text or "" for one in item.iter(f"{_NAR}inlineData")]
    return "", max(plain, key=len, default="")


def _html(element: ET.Element) -> str:
    """An element with its tags bare of namespaces: XHTML and NITF name paragraphs alike."""
    name = element.tag.rsplit("}", 1)[-1]
    href = element.get("href") or element.get("src") or ""
    given = f' {"src" if name == "img" else "href"}="{html.escape(href)}"' if href else ""
    inner = escaped(element.text or "") + "".join(map(_html, element))
    return f"<{name}{given}>{inner}</{name}>{escaped(element.tail or '')}"


def _wxr(given: Given) -> Iterator[Item]:
    root = _tree(given, "WXR")
    home = (root.findtext("channel/title") or "").strip()
    posts = list(root.iter("item"))
    if not posts:
        raise FileUnreadable(url=given.name, expected="WXR")
    for post in posts:
        fields = {
            one.tag.rsplit("}", 1)[-1]: (one.text or "") for one in post if "export/" in one.tag
        }
        if fields.get("post_type") != "post" or fields.get("status") != "publish":
            continue
        excerpt = next((one.text or "" for one in post if _EXCERPT.fullmatch(one.tag)), "")
        found = given.item(
            Draft(
                entry_id=(post.findtext("guid") or fields.get("post_id", "")).strip(),
                link=(post.findtext("link") or "").strip(),
                title=post.findtext("title") or "",
                summary_html=excerpt,
                body_html=_paragraphs(post.findtext(_CONTENT) or ""),
                authors=[post.findtext(_CREATOR) or ""],
                published_at=given.when(
                    _utc(fields.get("post_date_gmt", "")), post.findtext("pubDate") or ""
                ),
                updated_at=given.when(_utc(fields.get("post_modified_gmt", ""))),
                tags=[one.text or "" for one in post.findall("category")],
                carrier=escaped(home),
            )
        )
        if found:
            yield found


def _utc(written: str) -> str:
    return f"{written} UTC" if written and not written.startswith("0000") else ""


def _paragraphs(source: str) -> str:
    """WordPress keeps a blank line for a paragraph where the text has no <p>."""
    if "<p" in source:
        return source
    return "".join(f"<p>{part}</p>" for part in re.split(r"\n\s*\n", source) if part.strip())
