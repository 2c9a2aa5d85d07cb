"""Tables of items: CSV and JSON Lines, as the archive exports them and as people make them.

Both are rows with named columns. A name may be one of ours, a common English one, or the Chinese
head of our own CSV; unknown columns are left out.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

import orjson
from django.utils.translation import gettext_lazy as _

from rongmei.sources.collectors.clean import escaped
from rongmei.sources.collectors.encoding import decode
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.collectors.xml_text import remarks_on
from rongmei.sources.errors import FileUnreadable
from rongmei.sources.readers.given import Given
from rongmei.sources.types import Item, Remark, RemarkCode

# Our field → the heads under which it may stand, in lower case.
HEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id", "guid", "uri", "编号", "稿号"),
    "title": ("title", "headline", "标题"),
    "body": ("body", "content", "text", "正文", "内容"),
    "body_html": ("body_html", "content_html", "html"),
    "summary": ("summary", "description", "abstract", "摘要"),
    "url": ("url", "link", "href", "链接", "原文链接", "地址"),
    "published_at": (
        "published_at",
        "published",
        "pubdate",
        "date",
        "发布时间",
        "发布日期",
        "日期",
    ),
    "source": ("source", "来源", "媒体"),
    "origin": ("origin", "原发媒体"),
    "authors": ("authors", "author", "byline", "作者", "记者"),
    "tags": ("tags", "keywords", "关键词", "标签"),
    "language": ("language", "lang", "语种"),
    "region": ("region", "地区"),
    "media_class": ("media_class", "媒体类别"),
    "image": ("image_url", "image", "图片"),
}
_FIELD: Final = {head: name for name, heads in HEADS.items() for head in heads}
_MAX_CELL = 2_000_000
_MAX_ROWS = 200_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COMPLETE = {"title", "summary", "body"}


def read_csv(given: Given) -> Iterator[Item]:
    """The rows of a table with heads in its first line; comma, semicolon or tab between cells."""
    decoded = decode(given.body, override=given.spec.encoding)
    text = decoded.text.lstrip("\ufeff")
    head = text[:20_000].split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    csv.field_size_limit(_MAX_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    try:
        names = [_FIELD.get(name.strip().lower(), "") for name in next(rows, [])]
        if not {"title", "body", "body_html"} & set(names):
            raise FileUnreadable(
                url=given.name, expected=_("有表头的 CSV（至少要有“标题”或“正文”一列）")
            )
        given.remarks += remarks_on(decoded)
        for number, cells in enumerate(rows):
            if number >= _MAX_ROWS:
                given.remarks.append(Remark(RemarkCode.ITEMS_CUT, str(_MAX_ROWS)))
                return
            values: dict[str, str | list[str]] = dict(zip(names, map(_bare, cells), strict=False))
            if found := given.item(_draft(given, values)):
                yield found
    except csv.Error as error:
        raise FileUnreadable(url=given.name, expected=f"CSV ({error})") from None


def _bare(cell: str) -> str:
    """A cell as it was before it was made harmless for spreadsheets."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in _FORMULA and cell[1:] else cell


def read_json_lines(given: Given) -> Iterator[Item]:
    """One JSON object a line; a line that cannot be read is left out with a remark."""
    good = False
    for number, line in enumerate(given.body.split(b"\n"), start=1):
        if number > _MAX_ROWS:
            given.remarks.append(Remark(RemarkCode.ITEMS_CUT, str(_MAX_ROWS)))
            return
        if not line.strip(b"\xef\xbb\xbf \t\r"):
            continue
        row = _object(line)
        if row is None:
            given.remarks.append(Remark(RemarkCode.MALFORMED, str(number)))
            continue
        good = True
        values = {
            _FIELD.get(str(name).lower(), ""): _names(value)
            if isinstance(value, list)
            else _text(value)
            for name, value in row.items()
        }
        if found := given.item(_draft(given, values)):
            yield found
    if not good:
        raise FileUnreadable(url=given.name, expected="JSON Lines")


def _object(line: bytes) -> dict[str, object] | None:
    try:
        row = orjson.loads(line.strip(b"\xef\xbb\xbf \t\r"))
    except orjson.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _names(value: list[object]) -> list[str]:
    return [text for one in value if (text := _text(one).strip())]


def _draft(given: Given, values: Mapping[str, str | list[str]]) -> Draft:
    """A row's cells. With columns for summary and text, an empty one says that there is none."""

    def value(name: str) -> str:
        cell = values.get(name, "")
        return "、".join(cell) if isinstance(cell, list) else cell.strip()

    def several(name: str) -> list[str]:
        cell = values.get(name, "")
        return [escaped(one) for one in (cell if isinstance(cell, list) else _several(cell))]

    return Draft(
        entry_id=value("id"), link=value("url"), title=escaped(value("title")),
        summary_html=escaped(value("summary")), body_html=value("body_html"),
        body_text=value("body") if not value("body_html") else "",
        authors=several("authors"), published_at=given.when(value("published_at")),
        language=value("language"), tags=several("tags"), images=[value("image")] if value("image") else [],
        medium=escaped(value("origin")), carrier=escaped(value("source")),
        region=escaped(value("region")), media_class=value("media_class"),
        complete=values.keys() >= _COMPLETE,
    )  # fmt: skip


def _several(text: str) -> list[str]:
    for mark in ("、", ";", "；", "|"):
        text = text.replace(mark, ",")
    return [one.strip() for one in text.split(",") if one.strip()]
