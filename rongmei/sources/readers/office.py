"""Word documents (.docx) to items: how units still send stories.

ECMA-376 Part 1: a ZIP with `word/document.xml`; paragraphs are `w:p`, their text `w:t`. The first
paragraph with style Title or Heading 1 is the headline, else the first short paragraph; text that
tracked changes delete (`w:del`) is gone, what they insert stays.
"""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

from rongmei.sources.collectors.clean import escaped, paragraphs
from rongmei.sources.collectors.identify import Draft
from rongmei.sources.errors import EntityRefused, FileUnreadable
from rongmei.sources.readers.given import Given
from rongmei.sources.readers.unpacking import member, opened
from rongmei.sources.types import Item, Remark, RemarkCode

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_HEADINGS = frozenset({"title", "heading1", "1", "a3", "标题", "标题1"})
_TITLE_CHARS = 60
_MAX_XML = 40 * 1024 * 1024
_DOCUMENT = "word/document.xml"
_MEDIA = "word/media/"


def is_docx(body: bytes) -> bool:
    """Whether a ZIP is a Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            return _DOCUMENT in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        return False


def read_docx(given: Given) -> Iterator[Item]:
    """One document is one item."""
    archive = opened(given.name, given.body)
    with archive:
        names = set(archive.namelist())
        body = _xml(given, member(archive, _DOCUMENT, _MAX_XML))
        core = (
            _xml(given, member(archive, "docProps/core.xml", _MAX_XML))
            if "docProps/core.xml" in names
            else None
        )
    pictures = sum(name.startswith(_MEDIA) and not name.endswith("/") for name in names)
    if pictures:
        # An item carries addresses of pictures, and these have none.
        given.remarks.append(Remark(RemarkCode.PICTURES_LEFT, str(pictures)))
    title, text = _headline(list(_paragraphs(body)))
    title = title or PurePosixPath(given.name).stem
    author = core.findtext(f"{_DC}creator", "") if core is not None else ""
    written = core.findtext(f"{_TERMS}modified", "") if core is not None else ""
    found = given.item(
        Draft(
            # The same words under another file name are the same story.
            title=escaped(title), body_text=text, authors=[escaped(author)],
            published_at=given.when(written),
        )
    )  # fmt: skip
    if found:
        yield found


def _xml(given: Given, raw: bytes) -> ET.Element:
    if b"<!ENTITY" in raw or b"<!DOCTYPE" in raw:
        raise EntityRefused(url=given.name)
    try:
        return ET.fromstring(raw)  # noqa: S314 - no DOCTYPE, hence no entities
    except (ET.ParseError, ValueError):
        raise FileUnreadable(url=given.name, expected="Word (.docx)") from None


def _paragraphs(root: ET.Element) -> Iterator[tuple[str, str]]:
    """(style, text) of every paragraph that says something, tables row by row."""
    for paragraph in root.iter(f"{_W}p"):
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        text = "".join(_runs(paragraph)).strip()
        if text:
            yield (style.get(f"{_W}val", "") if style is not None else ""), text


def _runs(element: ET.Element) -> Iterator[str]:
    for one in element:
        if one.tag == f"{_W}t":
            yield one.text or ""
        elif one.tag == f"{_W}tab":
            yield "\t"
        elif one.tag in {f"{_W}br", f"{_W}cr"}:
            yield "\n"
        elif one.tag not in {f"{_W}del", f"{_W}p", f"{_W}instrText"}:
            yield from _runs(one)


def _headline(parts: list[tuple[str, str]]) -> tuple[str, str]:
    for place, (style, text) in enumerate(parts[:5]):
        if style.replace(" ", "").lower() in _HEADINGS:
            rest = parts[:place] + parts[place + 1 :]
            return text, paragraphs("\n".join(one for _style, one in rest))
    if parts and len(parts) > 1 and len(parts[0][1]) <= _TITLE_CHARS:
        return parts[0][1], paragraphs("\n".join(text for _style, text in parts[1:]))
    return "", paragraphs("\n".join(text for _style, text in parts))
