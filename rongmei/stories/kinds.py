"""The kinds of blocks a body is made of, each told once: how it is cleaned when saved, what of it a
signature covers, what it says as plain text, and how it is kept again from its canonical form.

Everything that walks a body (canonical form, saving, the package, replicas) asks this table, so a
new kind is a new row here, a block in `blocks.py` and a fragment of `reading.html`.
"""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import nh3
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from rongmei.assets.types import ClipFacts, PictureFacts
from rongmei.kernel.errors import BadInput
from rongmei.stories import embeds

MAX_COLUMNS: Final = 20
MAX_ROWS: Final = 200
MAX_CELL: Final = 300
_TAGS: Final = {"p", "br", "b", "strong", "i", "em", "a", "ol", "ul", "li", "hr"}
_BREAKS = re.compile(r"</(?:p|li|ol|ul)>|<br\s*/?>|<hr\s*/?>", re.IGNORECASE)
_cleaner = nh3.Cleaner(
    tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}, link_rel=None
)


@dataclass(frozen=True)
class Held:
    """Facts of the pictures and clips that a text uses, by their keys on this node."""

    pictures: Mapping[int, PictureFacts] = field(default_factory=dict)
    clips: Mapping[str, ClipFacts] = field(default_factory=dict)


@dataclass(frozen=True)
class Keys:
    """Keys of pictures and clips on this node, by the digests of their files."""

    pictures: Mapping[str, int] = field(default_factory=dict)
    clips: Mapping[str, str] = field(default_factory=dict)


def clean_html(source: str) -> str:
    """Paragraph HTML with nothing in it but text, emphasis, lists and plain links."""
    return _cleaner.clean(source).strip()


def plain(source: str) -> str:
    """The text of paragraph HTML, one line a paragraph."""
    broken = _BREAKS.sub("\n", source)
    return html.unescape(nh3.clean(broken, tags=set())).strip()


def says(source: str) -> bool:
    """Whether paragraph HTML shows a reader anything: text, or a rule."""
    return "<hr" in source or bool(plain(source))


def _words(value: Any, *names: str) -> dict[str, str]:
    return {name: str(value.get(name) or "") for name in names}


def _key(value: Any, name: str) -> int:
    return int(value.get(name) or 0)


def _published(value: Any, name: str, held: Held) -> dict[str, Any] | None:
    facts = held.pictures.get(_key(value, name))
    return facts.published() if facts else None


def _kept(block: Mapping[str, Any], name: str, keys: Keys) -> int | None:
    facts = block[name]
    return keys.pictures[facts["digest"]] if facts else None


@dataclass(frozen=True)
class Kind:
    """One kind of block. `form` is the first version of the canonical form that knows it.

    `clean` turns what was sent into what is kept (BadInput when it is wrong), `cover` what is kept
    into what a signature covers, `keep` that into what is kept on another node, `lines` into plain
    text. `empty` tells blocks that say nothing: they are no part of the text. `picture` is the name
    of the field that holds a picture's key; `clip` tells that the block holds a clip's.
    """

    cover: Callable[[Any, Held], dict[str, Any]]
    keep: Callable[[Mapping[str, Any], Keys], Any]
    lines: Callable[[Mapping[str, Any]], Iterable[str]]
    clean: Callable[[Any], Any] = lambda value: value
    empty: Callable[[Any], bool] = lambda _value: False
    form: int = 1
    structured: bool = True
    picture: str = ""
    clip: bool = False


def _picture(value: Any, held: Held) -> dict[str, Any]:
    return {
        **_words(value, "caption", "credit"),
        "picture": _published(value, "picture", held),
    }


def _picture_lines(block: Mapping[str, Any]) -> Iterator[str]:
    yield block["caption"] or (block["picture"] or {}).get("caption", "")


def _quote_lines(block: Mapping[str, Any]) -> Iterator[str]:
    speaker = f" ——{block['speaker']}" if block["speaker"] else ""
    yield f"“{block['quote']}”{speaker}"


def moment(value: Any) -> str:
    """A time as it is kept and covered: ISO 8601 in UTC, to the minute; "" for none.

    Raises BadInput for what is no time.
    """
    try:
        at = value if isinstance(value, datetime) or not value else parse_datetime(str(value))
    except ValueError:
        at = None
    if not at:
        if value:
            raise BadInput(_("直播条目的时间格式不对，没有保存。"))
        return ""
    at = at if timezone.is_aware(at) else timezone.make_aware(at)
    return at.astimezone(UTC).replace(second=0, microsecond=0).isoformat(timespec="seconds")


def _live_clean(value: Any) -> dict[str, Any]:
    return {
        "at": moment(value.get("at")) or None,
        "text": clean_html(str(value.get("text") or "")),
        "picture": _key(value, "picture") or None,
    }


def _live(value: Any, held: Held) -> dict[str, Any]:
    return {
        "at": moment(value.get("at")),
        "html": clean_html(str(value.get("text") or "")),
        "picture": _published(value, "picture", held),
    }


def _live_lines(block: Mapping[str, Any]) -> Iterator[str]:
    at = parse_datetime(block["at"]) if block["at"] else None
    text = plain(block["html"]) or (block["picture"] or {}).get("caption", "")
    yield f"{timezone.localtime(at):%H:%M} {text}" if at else text


def grid(cells: Any) -> list[list[str]]:
    """A table's cells as rows of one length, without the empty rows and columns at its end.

    Raises BadInput when it is no table or too large.
    """
    if not isinstance(cells, list) or not all(isinstance(row, list) for row in cells):
        raise BadInput(_("数据表的格式不对，没有保存。"))
    rows = [
        [" ".join(str(cell if cell is not None else "").split()) for cell in row] for row in cells
    ]
    while rows and not any(rows[-1]):
        rows.pop()
    width = max((at + 1 for row in rows for at, cell in enumerate(row) if cell), default=0)
    if len(rows) > MAX_ROWS or width > MAX_COLUMNS:
        raise BadInput(
            _("数据表最多 %(rows)s 行、%(columns)s 列，没有保存。请拆开，或作为附件提供。")
            % {"rows": MAX_ROWS, "columns": MAX_COLUMNS}
        )
    if any(len(cell) > MAX_CELL for row in rows for cell in row):
        raise BadInput(_("数据表里有一格超过 %(n)s 字，没有保存。") % {"n": MAX_CELL})
    return [(row + [""] * width)[:width] for row in rows]


def _table_clean(value: Any) -> dict[str, Any]:
    return {**_words(value, "caption"), "cells": grid(value.get("cells") or [])}


def _table(value: Any, _held: Held) -> dict[str, Any]:
    cells = grid(value.get("cells") or [])
    return {**_words(value, "caption"), "head": cells[0] if cells else [], "rows": cells[1:]}


def _table_kept(block: Mapping[str, Any], _keys: Keys) -> dict[str, Any]:
    cells = [block["head"], *block["rows"]] if block["head"] or block["rows"] else []
    return {"caption": block["caption"], "cells": cells}


def _table_lines(block: Mapping[str, Any]) -> Iterator[str]:
    yield block["caption"]
    for row in (block["head"], *block["rows"]):
        yield "\t".join(row)


def _embed_clean(value: Any) -> dict[str, str]:
    held = _words(value, "url", "title")
    held["url"] = embeds.allowed(held["url"]) if held["url"] else ""
    return held


def _embed(value: Any, _held: Held) -> dict[str, Any]:
    words = _words(value, "url", "title")
    return {"url": embeds.plain_address(words["url"]), "title": words["title"]}


def clip_key(value: Any) -> str:
    """The key of a block's clip; "" for none, or for what is no key."""
    try:
        return str(uuid.UUID(str(value.get("clip"))))
    except ValueError:
        return ""


def _clip_clean(value: Any) -> dict[str, Any]:
    return {
        "clip": clip_key(value) or None,
        "poster": _key(value, "poster") or None,
        **_words(value, "caption", "credit", "transcript"),
    }


def _clip(value: Any, held: Held) -> dict[str, Any]:
    facts = held.clips.get(clip_key(value))
    return {
        **_words(value, "caption", "credit", "transcript"),
        "clip": facts.published() if facts else None,
        "poster": _published(value, "poster", held),
    }


def _clip_kept(block: Mapping[str, Any], keys: Keys) -> dict[str, Any]:
    facts = block["clip"]
    return {
        "clip": keys.clips[facts["digest"]] if facts else None,
        "poster": _kept(block, "poster", keys),
        **_words(block, "caption", "credit", "transcript"),
    }


def _clip_lines(block: Mapping[str, Any]) -> Iterator[str]:
    yield block["caption"] or (block["clip"] or {}).get("caption", "")
    yield block["transcript"]


KINDS: Final[dict[str, Kind]] = {
    "paragraph": Kind(
        cover=lambda value, _held: {"html": clean_html(str(value or ""))},
        keep=lambda block, _keys: block["html"],
        lines=lambda block: (plain(block["html"]),),
        clean=lambda value: clean_html(str(value)),
        empty=lambda value: not says(str(value or "")),
        structured=False,
    ),
    "heading": Kind(
        cover=lambda value, _held: {"text": str(value or "")},
        keep=lambda block, _keys: block["text"],
        lines=lambda block: (block["text"],),
        structured=False,
    ),
    "picture": Kind(
        cover=_picture,
        keep=lambda block, keys: {
            "picture": _kept(block, "picture", keys),
            "caption": block["caption"],
            "credit": block["credit"],
        },
        lines=_picture_lines,
        picture="picture",
    ),
    "quote": Kind(
        cover=lambda value, _held: dict(_words(value, "quote", "speaker")),
        keep=lambda block, _keys: {"quote": block["quote"], "speaker": block["speaker"]},
        lines=_quote_lines,
    ),
    "clip": Kind(
        cover=_clip,
        keep=_clip_kept,
        lines=_clip_lines,
        clean=_clip_clean,
        empty=lambda value: (
            not (clip_key(value) or value.get("caption") or value.get("transcript"))
        ),
        form=2,
        picture="poster",
        clip=True,
    ),
    "live": Kind(
        cover=_live,
        keep=lambda block, keys: {
            "at": block["at"] or None,
            "text": block["html"],
            "picture": _kept(block, "picture", keys),
        },
        lines=_live_lines,
        clean=_live_clean,
        empty=lambda value: not (says(str(value.get("text") or "")) or value.get("picture")),
        form=2,
        picture="picture",
    ),
    "table": Kind(
        cover=_table,
        keep=_table_kept,
        lines=_table_lines,
        clean=_table_clean,
        empty=lambda value: not (any(map(any, value.get("cells") or [])) or value.get("caption")),
        form=2,
    ),
    "embed": Kind(
        cover=_embed,
        keep=lambda block, _keys: {"url": block["url"], "title": block["title"]},
        lines=lambda block: (block["title"] or block["url"],),
        clean=_embed_clean,
        empty=lambda value: not (value.get("url") or value.get("title")),
        form=2,
    ),
}


def raw(body: Any) -> list[tuple[str, Any]]:
    """(kind, kept value) of every block that says something."""
    held = body.stream_block.get_prep_value(body) if hasattr(body, "stream_block") else body
    found = [(str(one["type"]), one["value"]) for one in held or []]
    return [(kind, value) for kind, value in found if not KINDS[kind].empty(value)]


def numbers(body: Any) -> list[int]:
    """The numbers, among all blocks of a body, of those that `raw` yields, in their order."""
    held = body.stream_block.get_prep_value(body) if hasattr(body, "stream_block") else body
    return [
        number
        for number, one in enumerate(held or [])
        if not KINDS[str(one["type"])].empty(one["value"])
    ]


def picture_keys(body: Any) -> set[int]:
    """Keys of the pictures in a body."""
    held = ((KINDS[kind].picture, value) for kind, value in raw(body))
    return {_key(value, name) for name, value in held if name} - {0}


def clip_keys(body: Any) -> set[str]:
    """Keys of the clips in a body."""
    return {clip_key(value) for kind, value in raw(body) if KINDS[kind].clip} - {""}


def cleaned(blocks: Any) -> list[dict[str, Any]]:
    """Blocks as they came from a browser or a machine, as they are kept. Raises BadInput."""
    if not isinstance(blocks, list):
        raise BadInput(_("正文格式不对，没有保存。"))
    kept = []
    for one in blocks:
        if not isinstance(one, Mapping) or one.get("type") not in KINDS:
            raise BadInput(_("正文含有不支持的内容块，没有保存。"))
        kind, value = KINDS[one["type"]], one.get("value")
        if not isinstance(value, Mapping if kind.structured else str):
            raise BadInput(_("正文含有格式不对的内容块，没有保存。"))
        entry = {"type": one["type"], "value": kind.clean(value)}
        kept.append({**entry, "id": one["id"]} if one.get("id") else entry)
    return kept
