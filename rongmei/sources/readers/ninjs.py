"""IPTC ninjs 1.x to 3.x: one item, a list, `{"items": […]}`, or JSON Feed, in one JSON file.

https://iptc.org/standards/ninjs/ ; 1.x and 2.x write names in lower case and texts as body_text and
body_html (or `bodies`), 3.x in camel case with `bodies`. Events and planning items are no news and
are left out; a cancelled item is left out with a remark, for it is to be forgotten, not kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rongmei.sources.collectors.clean import escaped
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.collectors.json_feed import load_json, parse_json_feed
from rongmei.sources.errors import FileUnreadable
from rongmei.sources.readers.given import Given
from rongmei.sources.types import Item, Remark, RemarkCode

_NO_NEWS = frozenset({"event", "planning", "composite"})
_MARKS = frozenset({
    "uri", "headline", "headlines", "bodies", "body_html", "body_text", "versioncreated",
    "versionCreated", "representationtype", "representationType", "pubstatus", "pubStatus",
})  # fmt: skip


def read_json(given: Given) -> Iterator[Item]:
    """The news items of a ninjs file or the entries of a JSON Feed."""
    value, remarks = load_json(given.fetched(), override=given.spec.encoding)
    if isinstance(value, dict) and "jsonfeed.org" in str(value.get("version", "")):
        collected = parse_json_feed(given.spec, given.fetched())
        given.remarks += collected.warnings
        yield from collected.items
        return
    given.remarks += remarks
    listed = value.get("items", [value]) if isinstance(value, dict) else value
    items = [one for one in listed if is_ninjs(one)] if isinstance(listed, list) else []
    if not items:
        raise FileUnreadable(url=given.name, expected="ninjs / JSON Feed")
    for one in items:
        if found := item_of(given, one):
            yield found


def is_ninjs(value: object) -> bool:
    """Whether this is an object with the names of a ninjs item."""
    return isinstance(value, dict) and len(_MARKS & value.keys()) >= 2


def item_of(given: Given, entry: Mapping[str, object]) -> Item | None:
    """One ninjs item; None when it is no news or was cancelled."""
    if _word(entry, "type") in _NO_NEWS:
        return None
    uri = _word(entry, "uri")
    if _word(entry, "pubStatus", "pubstatus").rsplit(":", 1)[-1] == "canceled":
        given.remarks.append(Remark(RemarkCode.CANCELLED, uri[:80]))
        return None
    html, text = _bodies(entry)
    link = _word(entry, "link", "href") or _web_page(entry)
    link = link or (uri if uri.startswith(("http://", "https://")) else "")
    sources = _names(entry, "infoSources", "infosources")
    return given.item(
        Draft(
            entry_id=uri.removeprefix("urn:uuid:"), link=link, title=escaped(_headline(entry)), body_html=html,
            body_text="" if html else text,
            summary_html=escaped(_role(entry, "descriptions", "summary")
            or _word(entry, "description_text")),
            authors=_authors(entry),
            published_at=given.when(
                _word(entry, "firstCreated", "firstcreated"),
                _word(entry, "versionCreated", "versioncreated"),
            ),
            updated_at=given.when(_word(entry, "versionCreated", "versioncreated")),
            language=_word(entry, "language"),
            images=_pictures(entry),
            tags=_names(entry, "subjects", "subject", "keywords"),
            medium=sources[-1] if len(sources) > 1 else "",
            carrier=sources[0] if sources else _word(entry, "source"),
            region=(_names(entry, "places", "place") or [""])[0],
            media_class=_class(entry),
            complete=_word(entry, "representationType") == "full" and "bodies" in entry,
        )
    )  # fmt: skip


def _authors(entry: Mapping[str, object]) -> list[str]:
    by = _word(entry, "by", "byline")
    return [escaped(one) for one in by.split("、")] if by else _names(entry, "people")


def _class(entry: Mapping[str, object]) -> str:
    """What kind of medium carried it, as our own export says it; others are left to the source."""
    first = next(iter(_listed(entry, "infoSources")), None)
    return _word(first, "literal") if isinstance(first, dict) else ""


def _web_page(entry: Mapping[str, object]) -> str:
    """The address of the item itself, where it is given as a rendition."""
    for one in _listed(entry, "renditions"):
        if isinstance(one, dict) and _word(one, "contentType") == "text/html":
            return _word(one, "href")
    return ""


def _word(entry: Mapping[str, object], *names: str) -> str:
    for name in names:
        value = entry.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _listed(entry: Mapping[str, object], *names: str) -> list[object]:
    for name in names:
        value = entry.get(name)
        if isinstance(value, list) and value:
            return value
    return []


def _names(entry: Mapping[str, object], *names: str) -> list[str]:
    found = []
    for one in _listed(entry, *names):
        name = one if isinstance(one, str) else _word(one, "name") if isinstance(one, dict) else ""
        if name:
            found.append(escaped(name))
    return found


def _role(entry: Mapping[str, object], listed: str, role: str) -> str:
    for one in _listed(entry, listed):
        if isinstance(one, dict) and _word(one, "role") == role:
            return _word(one, "value")
    return ""


def _headline(entry: Mapping[str, object]) -> str:
    headlines = [one for one in _listed(entry, "headlines") if isinstance(one, dict)]
    first = _word(headlines[0], "value") if headlines else ""
    return (
        _role(entry, "headlines", "main")
        or first
        or _word(entry, "headline", "title", "name", "slugLine", "slugline")
    )


def _bodies(entry: Mapping[str, object]) -> tuple[str, str]:
    html, text = _word(entry, "body_html", "body_xhtml"), _word(entry, "body_text")
    for one in _listed(entry, "bodies"):
        if not isinstance(one, dict):
            continue
        value = _word(one, "value")
        if "html" in _word(one, "contentType", "contenttype"):
            html = max(html, value, key=len)
        else:
            text = max(text, value, key=len)
    return html, text


def _pictures(entry: Mapping[str, object]) -> list[str]:
    found = []
    parts: list[object] = [entry, *_listed(entry, "associations")]
    old = entry.get("associations")
    parts += list(old.values()) if isinstance(old, dict) else []
    for part in parts:
        if not isinstance(part, dict) or (part is not entry and _word(part, "type") != "picture"):
            continue
        renditions = part.get("renditions")
        if isinstance(renditions, dict):
            renditions = list(renditions.values())
        for one in renditions if isinstance(renditions, list) else []:
            kind = _word(one, "contentType", "contenttype") if isinstance(one, dict) else ""
            if isinstance(one, dict) and (part is not entry or kind.startswith("image/")):
                found.append(_word(one, "href"))
    return [one for one in found if one]
