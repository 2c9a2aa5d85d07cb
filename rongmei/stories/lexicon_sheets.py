"""Lexicons as sheets: CSV and Excel in and out, with a word on every row.

Columns are found by their heads, in any order. A sheet is taken whole or not at all.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from rongmei.stories.errors import BadLexiconSheet
from rongmei.stories.evasion import fold
from rongmei.stories.lexicon import compiled
from rongmei.stories.types import Level

COLUMNS: Final = ("级别", "词语", "说明", "改为", "例外", "语境", "通配", "代码")
MOST_BYTES: Final = 8 * 1024 * 1024
MOST_ROWS: Final = 20_000
_LEVELS: Final = {"禁": Level.FORBID, "慎": Level.CAUTION, "提示": Level.HINT}
_LEVELS_OUT: Final = {level.value: word for word, level in _LEVELS.items()}
_CONTEXTS: Final = {"引号": "quote", "书名": "title", "专名": "name"}
_CONTEXTS_OUT: Final = {value: word for word, value in _CONTEXTS.items()}
_YES: Final = frozenset({"是", "1", "true", "yes", "y"})
# A spreadsheet runs a cell that begins so as a formula; a mark before it says that it is text.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SAMPLE: Final = "示例行"


@dataclass(frozen=True)
class Line:
    """What became of one row: outcome is taken or refused."""

    row: int
    word: str
    outcome: str
    note: str = ""


@dataclass(frozen=True)
class Taken:
    """What a sheet holds: entries when every row is fine, and a line for each row."""

    entries: list[dict[str, Any]]
    lines: list[Line]

    @property
    def refused(self) -> list[Line]:
        """The rows that cannot be taken."""
        return [one for one in self.lines if one.outcome == "refused"]


def _excel(content: bytes) -> Iterator[Sequence[Any]]:
    try:
        sizes = [one.file_size for one in zipfile.ZipFile(io.BytesIO(content)).infolist()]
        if sum(sizes) > 20 * MOST_BYTES:
            raise BadLexiconSheet
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True, max_row=MOST_ROWS + 2)
    except (
        zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, IndexError,
    ) as error:  # fmt: skip
        raise BadLexiconSheet from error


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        first = text.split("\n", 1)[0]
        delimiter = "\t" if "\t" in first else ","
        try:
            yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        except csv.Error as error:
            raise BadLexiconSheet from error
        return
    raise BadLexiconSheet


@dataclass(frozen=True)
class Shape:
    """How the entries of one kind of lexicon stand in a sheet.

    `needed` are heads a sheet must have; `entry_of` makes an entry of cells or raises ValueError in
    words for people; `cells_of` is its inverse.
    """

    columns: tuple[str, ...]
    needed: tuple[str, ...]
    entry_of: Callable[[dict[str, str]], dict[str, Any]]
    cells_of: Callable[[dict[str, Any]], list[str]]


def read(content: bytes, shape: Shape) -> Taken:
    """The entries of a sheet. Raises BadLexiconSheet for what is not a sheet of this kind."""
    if len(content) > MOST_BYTES:
        raise BadLexiconSheet(_("文件超过 8 MB，没有导入。请拆成几份再传。"))
    rows = _excel(content) if content[:2] == b"PK" else _csv(content)
    heads = [str(head or "").strip() for head in next(iter(rows), ())]
    missing = [one for one in shape.needed if one not in heads]
    if missing:
        raise BadLexiconSheet(
            _("表头缺少“%(heads)s”，没有导入。请按导出的格式填写。") % {"heads": "、".join(missing)}
        )
    entries: dict[str, dict[str, Any]] = {}
    lines: list[Line] = []
    for number, values in enumerate(rows, start=2):
        texts = ["" if value is None else str(value).strip() for value in values]
        if not any(texts) or texts[0].startswith(_SAMPLE):
            continue
        if len(lines) >= MOST_ROWS:
            raise BadLexiconSheet(_("一份词库最多 20000 条，没有导入。请拆成几个词库。"))
        cells = dict(zip(heads, map(_plain, texts), strict=False))
        try:
            entry = shape.entry_of(cells)
        except ValueError as error:
            lines.append(Line(number, cells.get(shape.needed[-1], "")[:60], "refused", str(error)))
            continue
        if entry["word"] in entries:
            lines.append(Line(number, entry["word"], "refused", _("与前面的行重复。")))
            continue
        entries[entry["word"]] = entry
        lines.append(Line(number, entry["word"], "taken"))
    return Taken(list(entries.values()), lines)


def _plain(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA else text


def _list(text: str) -> list[str]:
    return [one for one in (part.strip() for part in text.replace("、", "|").split("|")) if one]


def entry_of(cells: dict[str, str]) -> dict[str, Any]:
    """One entry from its cells; ValueError in words for people."""
    level = _LEVELS.get(cells.get("级别", ""))
    word, pattern = cells.get("词语", ""), cells.get("通配", "").lower() in _YES
    contexts = _list(cells.get("语境", ""))
    if level is None:
        raise ValueError(_("级别只能是禁、慎、提示。"))
    if not 2 <= len(fold(word).text.strip()) <= 60 or "\n" in word:
        raise ValueError(_("词语要有 2 到 60 个字，不能换行。"))
    unknown = [one for one in contexts if one not in _CONTEXTS]
    if unknown:
        raise ValueError(_("语境只能是引号、书名、专名。"))
    if pattern:
        try:
            compiled(word)
        except ValueError as error:
            raise ValueError(_("通配写法不对：至少要有连着的两个字，方括号要成对。")) from error
    if max(len(cells.get(name, "")) for name in ("说明", "改为", "代码")) > 200:
        raise ValueError(_("说明、改为、代码都不能超过 200 字。"))
    return {
        "level": level.value, "word": word, "advice": cells.get("说明", ""),
        "instead": cells.get("改为", ""), "except": _list(cells.get("例外", ""))[:200],
        "contexts": [_CONTEXTS[one] for one in contexts], "pattern": pattern,
        "code": cells.get("代码", "") or "own",
    }  # fmt: skip


def cells_of(entry: dict[str, Any]) -> list[str]:
    """The cells of one entry, as they stand in a sheet."""
    return [
        _LEVELS_OUT[entry["level"]], entry["word"], entry["advice"], entry["instead"],
        "|".join(entry["except"]), "|".join(_CONTEXTS_OUT[one] for one in entry["contexts"]),
        "是" if entry["pattern"] else "", entry["code"],
    ]  # fmt: skip


def _day(text: str) -> str:
    """A day as people write it, as ISO 8601; "" for none. ValueError in words for people."""
    if not text:
        return ""
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?", text)
    try:
        return date(*map(int, found.groups())).isoformat() if found else _no_day()
    except ValueError as error:
        raise ValueError(_("日期请写成 2026-01-31。")) from error


def _no_day() -> str:
    raise ValueError


def person_of(cells: dict[str, str]) -> dict[str, Any]:
    """A person at a post, from its cells; ValueError in words for people."""
    name, post, order = cells.get("姓名", ""), cells.get("职务", ""), cells.get("排序", "")
    begins, ends = _day(cells.get("任职起", "")), _day(cells.get("任职止", ""))
    if not 2 <= len(name) <= 20 or re.search(r"[\d\s、，,]", name):
        raise ValueError(_("姓名要有 2 到 20 个字，不能有空格、数字和顿号。一行只写一位。"))
    if not 2 <= len(post) <= 60 or "\n" in post:
        raise ValueError(_("职务要有 2 到 60 个字，不能换行。"))
    if order and not re.fullmatch(r"[1-9]\d{0,3}(?:\.0)?", order):
        raise ValueError(_("排序要写 1 到 9999 的整数，小的在前。"))
    if begins and ends and ends < begins:
        raise ValueError(_("任职止早于任职起。"))
    if len(cells.get("说明", "")) > 200:
        raise ValueError(_("说明不能超过 200 字。"))
    return {
        "word": " · ".join(filter(None, (name, post, begins))), "name": name, "post": post,
        "also": _list(cells.get("别称", ""))[:20], "order": int(float(order)) if order else None,
        "from": begins, "until": ends, "advice": cells.get("说明", ""),
    }  # fmt: skip


def cells_of_person(entry: dict[str, Any]) -> list[str]:
    """The cells of a person at a post."""
    return [
        entry["name"], entry["post"], "|".join(entry["also"]), str(entry["order"] or ""),
        entry["from"], entry["until"], entry["advice"],
    ]  # fmt: skip


def source_of(cells: dict[str, str]) -> dict[str, Any]:
    """A source one may reprint from, from its cells; ValueError in words for people."""
    name = cells.get("来源", "")
    if not 2 <= len(name) <= 60 or "\n" in name:
        raise ValueError(_("来源要有 2 到 60 个字，不能换行。"))
    if max(len(cells.get(one, "")) for one in ("许可证号", "说明")) > 200:
        raise ValueError(_("许可证号、说明都不能超过 200 字。"))
    return {
        "word": name, "also": _list(cells.get("别称", ""))[:20], "licence": cells.get("许可证号", ""),
        "advice": cells.get("说明", ""),
    }  # fmt: skip


def cells_of_source(entry: dict[str, Any]) -> list[str]:
    """The cells of a source."""
    return [entry["word"], "|".join(entry["also"]), entry["licence"], entry["advice"]]


SHAPES: Final = {
    "words": Shape(COLUMNS, ("级别", "词语"), entry_of, cells_of),
    "people": Shape(
        ("姓名", "职务", "别称", "排序", "任职起", "任职止", "说明"), ("职务", "姓名"), person_of,
        cells_of_person,
    ),
    "sources": Shape(("来源", "别称", "许可证号", "说明"), ("来源",), source_of, cells_of_source),
}  # fmt: skip


def _written(entry: dict[str, Any], shape: Shape) -> list[str]:
    return [f"'{one}" if one.startswith(_FORMULA) else one for one in shape.cells_of(entry)]


def as_csv(entries: Iterable[dict[str, Any]], shape: Shape) -> bytes:
    """A CSV file that Excel opens as UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(shape.columns)
    writer.writerows(_written(entry, shape) for entry in entries)
    return out.getvalue().encode("utf-8-sig")


def as_excel(entries: Iterable[dict[str, Any]], shape: Shape) -> bytes:
    """An Excel file."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("词库")
    sheet.freeze_panes = "A2"
    sheet.append(shape.columns)
    for entry in entries:
        sheet.append(_written(entry, shape))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
