"""A search result as a file: CSV for people, JSON Lines for programs; written as it is read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import orjson
from django.utils.translation import gettext as _

from rongmei.archive import selectors
from rongmei.archive.models import Document
from rongmei.archive.query import Query

if TYPE_CHECKING:
    from rongmei.network.models import Member

MAX_ROWS = 10_000
_STEP = 200
FORMATS: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
# A spreadsheet would run what begins so as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def documents(member: Member, query: Query) -> Iterator[Document]:
    """The newest documents found, at most MAX_ROWS, in pages: one page is in memory at a time."""
    seen = set()
    for offset in range(0, MAX_ROWS, _STEP):
        page = selectors.find(
            member, query, sort="newest", offset=offset, limit=_STEP, facets=False, highlight=False
        )
        for found in page.hits:
            if found.document.pk not in seen:
                seen.add(found.document.pk)
                yield found.document
        if offset + _STEP >= page.total:
            return


def _row(one: Document) -> dict[str, Any]:
    return {
        "id": str(one.pk), "title": one.title, "source": one.source_name, "origin": one.origin,
        "kind": one.kind, "media_class": one.media_class, "region": one.region,
        "language": one.language, "published_at": one.published_at.isoformat(),
        "fetched_at": one.fetched_at.isoformat(), "url": one.url, "authors": one.authors,
        "version": one.version, "summary": one.summary, "body": one.body,
    }  # fmt: skip


def as_jsonl(rows: Iterator[Document]) -> Iterator[bytes]:
    """One JSON object a line."""
    for one in rows:
        yield orjson.dumps(_row(one), option=orjson.OPT_APPEND_NEWLINE)


def as_csv(rows: Iterator[Document]) -> Iterator[bytes]:
    """A table that spreadsheets open as UTF-8."""
    heads = [
        _("编号"), _("标题"), _("来源"), _("原发媒体"), _("类型"), _("媒体类别"), _("地区"),
        _("语种"), _("发布时间"), _("采集时间"), _("链接"), _("作者"), _("版本"), _("摘要"),
        _("正文"),
    ]  # fmt: skip
    yield b"\xef\xbb\xbf" + _line(heads)
    for one in rows:
        yield _line([_harmless(value) for value in _row(one).values()])


def _harmless(value: object) -> str:
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(values: list[str]) -> bytes:
    held = io.StringIO()
    csv.writer(held).writerow(values)
    return held.getvalue().encode()
