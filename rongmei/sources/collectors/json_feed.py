"""JSON Feed 1.0 and 1.1 to items.

Read with the standard parser rather than the feed library, which loses ids written as numbers
(allowed by 1.0) and gives up a whole feed for one wrong field.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime

from rongmei.sources.collectors.clean import escaped, plain
from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.encoding import decode
from rongmei.sources.collectors.identify import Draft, finish
from rongmei.sources.collectors.urls import absolute, canonical
from rongmei.sources.collectors.xml_text import remarks_on, unpacked
from rongmei.sources.errors import Unreadable
from rongmei.sources.types import Collected, Fetched, Hints, Item, Remark, RemarkCode, SourceSpec

_MAX_ITEMS = 1000


def looks_like_json(body: bytes) -> bool:
    """Whether the first sign of the document opens a JSON object or list."""
    head = body[:200].lstrip(b"\xef\xbb\xbf\xfe\xff\x00 \t\r\n")
    return head[:1] in {b"{", b"["}


def load_json(fetched: Fetched, *, override: str = "") -> tuple[object, list[Remark]]:
    """The document as plain values; raises ``Unreadable`` when it is not JSON."""
    decoded = decode(unpacked(fetched), content_type=fetched.content_type, override=override)
    try:
        # Not strict: raw line ends within texts are a frequent slip.
        value = json.loads(decoded.text, strict=False, parse_int=_integer)
        if "\\ud" in decoded.text.lower():
            # JSON can write half a character, which is no text: whoever encodes it would fail.
            value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        return value, remarks_on(decoded)
    except (ValueError, RecursionError):
        raise Unreadable(url=fetched.url, expected="JSON") from None


def _integer(digits: str) -> int | str:
    """A whole number; one beyond all measure stays as written, for Python refuses to convert it."""
    return int(digits) if len(digits) <= 100 else digits[:100]


def parse_json_feed(spec: SourceSpec, fetched: Fetched) -> Collected:
    """The items of a JSON Feed; raises ``Unreadable`` when it is some other JSON."""
    feed, remarks = load_json(fetched, override=spec.encoding)
    entries = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(feed, dict) or not isinstance(entries, list):
        raise Unreadable(url=fetched.url, expected="JSON Feed")
    if "jsonfeed.org" not in _text(feed, "version"):
        remarks.append(Remark(RemarkCode.MALFORMED, "version"))
    if len(entries) > _MAX_ITEMS:
        remarks.append(Remark(RemarkCode.ITEMS_CUT, str(_MAX_ITEMS)))
    found: dict[str, Item] = {}
    skipped = 0
    for entry in entries[:_MAX_ITEMS]:
        item = _item(entry, feed, spec, fetched, remarks) if isinstance(entry, dict) else None
        if item is None:
            skipped += 1
        else:
            found.setdefault(item.entry_key, item)
    if skipped:
        remarks.append(Remark(RemarkCode.ITEM_SKIPPED, str(skipped)))
    said = _text(feed, "next_url")
    following = absolute(said, fetched.final_url) if said else ""
    return Collected(
        items=tuple(found.values()),
        feed_title=plain(_text(feed, "title"), 300),
        next_links=(following,) if following and not is_self(following, fetched) else (),
        warnings=tuple(dict.fromkeys(remarks)),
        hints=Hints(hub=next(_hubs(feed), "")),
    )


def is_self(link: str, fetched: Fetched) -> bool:
    """Whether a next page is this page again."""
    return canonical(link) in {canonical(fetched.url), canonical(fetched.final_url)}


def _hubs(feed: Mapping[str, object]) -> Iterator[str]:
    for one in _list(feed, "hubs"):
        if isinstance(one, dict) and (url := absolute(_text(one, "url"))):
            yield url


def _item(
    entry: Mapping[str, object],
    feed: Mapping[str, object],
    spec: SourceSpec,
    fetched: Fetched,
    remarks: list[Remark],
) -> Item | None:
    draft = Draft(
        entry_id=_text(entry, "id"),
        link=_text(entry, "url") or _text(entry, "external_url"),
        # The title is text; entities in it are a slip so frequent that they are read.
        title=_text(entry, "title").replace("<", "&lt;"),
        summary_html=escaped(_text(entry, "summary")),
        body_html=_text(entry, "content_html"),
        body_text=_text(entry, "content_text"),
        authors=_names(entry) or _names(feed),
        published_at=_when(entry, "date_published", spec, fetched, remarks),
        updated_at=_when(entry, "date_modified", spec, fetched, remarks),
        language=_text(entry, "language") or spec.language or _text(feed, "language"),
        images=list(_images(entry)),
        tags=[tag for tag in _list(entry, "tags") if isinstance(tag, str)],
    )
    if draft.body_text and not draft.body_html:
        draft.body_html = "".join(f"<p>{escaped(p)}</p>" for p in draft.body_text.splitlines())
    return finish(draft, base=fetched.final_url, remarks=remarks)


def _images(entry: Mapping[str, object]) -> Iterator[str]:
    yield from (_text(entry, name) for name in ("image", "banner_image") if entry.get(name))
    for one in _list(entry, "attachments"):
        if isinstance(one, dict) and _text(one, "mime_type").startswith("image/"):
            yield _text(one, "url")


def _when(
    entry: Mapping[str, object],
    name: str,
    spec: SourceSpec,
    fetched: Fetched,
    remarks: list[Remark],
) -> datetime | None:
    written = _text(entry, name)
    when = parse_when(written, local=zone(spec.timezone))
    if when is not None and not believable(when, fetched.fetched_at):
        remarks.append(Remark(RemarkCode.DATE_DROPPED, written[:60]))
        return None
    return when


def _names(source: Mapping[str, object]) -> list[str]:
    people = [*_list(source, "authors"), source.get("author")]
    return [_text(person, "name") for person in people if isinstance(person, dict)]


def _text(source: Mapping[str, object], name: str) -> str:
    value = source.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    # An absurdly long number raises when written out.
    try:
        return str(value)
    except ValueError:
        return ""


def _list(source: Mapping[str, object], name: str) -> list[object]:
    value = source.get(name)
    return value if isinstance(value, list) else []
