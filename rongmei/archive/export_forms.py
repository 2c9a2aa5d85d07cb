"""How a document is written into a file that leaves the house: CSV, JSON Lines, ninjs, Parquet.

What is written here, `rongmei.sources.readers` reads back: title, text, summary, source, origin,
times (to the second), class, region, language, tags, authors and address arrive as they left.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.utils.translation import gettext as _

from rongmei.archive.models import Document

# A spreadsheet would run what begins so as a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
COLUMNS: Final = (
    "id", "title", "source", "origin", "kind", "media_class", "region", "language",
    "published_at", "fetched_at", "url", "image_url", "authors", "tags", "version", "summary",
    "body",
)  # fmt: skip
NINJS: Final = "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json"
BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class ExportForm:
    """A kind of file: how rows are written, and what stands before the first.

    Both are told which columns are wanted; without `chooses` they are always all there. With
    `packed` the rows are JSON Lines until the last step, which makes the file from them.
    """

    suffix: str
    content_type: str
    rows: Callable[[Iterable[Document], Collection[str]], bytes]
    head: Callable[[Collection[str]], bytes] = lambda columns: b""
    packed: bool = False
    chooses: bool = True


def row_of(one: Document) -> dict[str, Any]:
    """A document as the columns of a table; lists stay lists."""
    return {
        "id": str(one.pk), "title": one.title, "source": one.source_name, "origin": one.origin,
        "kind": one.kind, "media_class": one.media_class, "region": one.region,
        "language": one.language, "published_at": one.published_at.isoformat(),
        "fetched_at": one.fetched_at.isoformat(), "url": one.url, "image_url": one.image_url,
        "authors": _authors(one), "tags": [str(tag) for tag in one.tags],
        "version": one.version, "summary": one.summary, "body": one.body,
    }  # fmt: skip


def _authors(one: Document) -> list[str]:
    return [name for name in one.authors.split("、") if name]


def _json_rows(documents: Iterable[Document], columns: Collection[str]) -> bytes:
    return b"".join(_dumped(_chosen(one, columns)) for one in documents)


def _chosen(one: Document, columns: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in row_of(one).items() if name in columns}


def _dumped(row: dict[str, Any]) -> bytes:
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def headings() -> dict[str, str]:
    """Column → its heading in the reader's language, in the order of the table."""
    return {
        "id": _("编号"), "title": _("标题"), "source": _("来源"), "origin": _("原发媒体"),
        "kind": _("类型"), "media_class": _("媒体类别"), "region": _("地区"),
        "language": _("语种"), "published_at": _("发布时间"), "fetched_at": _("采集时间"),
        "url": _("链接"), "image_url": _("图片"), "authors": _("作者"), "tags": _("标签"),
        "version": _("版本"), "summary": _("摘要"), "body": _("正文"),
    }  # fmt: skip


def _csv_head(columns: Collection[str]) -> bytes:
    return BOM + _lines([[head for name, head in headings().items() if name in columns]])


def _csv_rows(documents: Iterable[Document], columns: Collection[str]) -> bytes:
    return _lines([_cell(value) for value in _chosen(one, columns).values()] for one in documents)


def _cell(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula; the reader takes the mark off."""
    text = "、".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _lines(rows: Iterable[list[str]]) -> bytes:
    held = io.StringIO()
    csv.writer(held).writerows(rows)
    return held.getvalue().encode("utf-8", "replace")


def _ninjs_rows(documents: Iterable[Document], columns: Collection[str]) -> bytes:
    return b"".join(_dumped(ninjs_of(one)) for one in documents)


def ninjs_of(one: Document) -> dict[str, Any]:
    """A document as an item of ninjs 3.1, https://iptc.org/standards/ninjs/ .

    The medium that carried it comes first in `infoSources`, with its class as `literal`; the medium
    named as origin comes last. The address is a rendition, for `uri` names the thing itself.
    """
    item: dict[str, Any] = {
        "uri": one.pk.urn, "type": "text", "representationType": "full", "pubStatus": "usable",
        "standard": {"name": "ninjs", "version": "3.1", "schema": NINJS},
        "version": str(one.version), "language": one.language,
        "firstCreated": one.published_at.isoformat(), "versionCreated": one.fetched_at.isoformat(),
        "headlines": [{"role": "main", "contentType": "text/plain", "value": one.title}],
        "bodies": [{
            "role": "main", "contentType": "text/plain", "charCount": len(one.body),
            "value": one.body,
        }],
        "infoSources": [{
            "name": one.source_name, "role": "carrier", "literal": one.media_class,
        }],
    }  # fmt: skip
    if one.origin:
        item["infoSources"].append({"name": one.origin, "role": "origin"})
    if one.summary:
        item["descriptions"] = [
            {"role": "summary", "contentType": "text/plain", "value": one.summary}
        ]
    if one.authors:
        item["by"] = one.authors
    if one.region:
        item["places"] = [{"name": one.region}]
    if one.tags:
        item["subjects"] = [{"name": str(tag)} for tag in one.tags]
    if one.url:
        item["renditions"] = [{"name": "web", "href": one.url, "contentType": "text/html"}]
    if one.image_url:
        picture = {"name": "main", "href": one.image_url}
        item["associations"] = [
            {"name": "image", "uri": one.image_url, "type": "picture", "renditions": [picture]}
        ]
    return item


FORMS: Final[dict[str, ExportForm]] = {
    "csv": ExportForm("csv", "text/csv; charset=utf-8", _csv_rows, _csv_head),
    "jsonl": ExportForm("jsonl", "application/x-ndjson", _json_rows),
    "ninjs": ExportForm("ninjs.jsonl", "application/x-ndjson", _ninjs_rows, chooses=False),
    "parquet": ExportForm("parquet", "application/vnd.apache.parquet", _json_rows, packed=True),
}
