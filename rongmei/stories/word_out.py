"""Stories as Word documents: as a reader sees them, or with what changed between two versions as
tracked changes that Word accepts and rejects.

Reads picture files and makes renditions: never inside a write.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _
from docx import Document
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run
from PIL import Image
from typing_extensions import override

from rongmei.assets import selectors as assets
from rongmei.stories import canonical, package, reading, versions
from rongmei.stories.comparing import Comparison, Row, Segment
from rongmei.stories.models import Story, StoryState

MOST_PICTURES: Final = 40_000_000
WIDTH: Final = Cm(14)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_UNSAFE = re.compile(r'[\x00-\x1f\\/:*?"<>|]+')
_HAN_FONT, _HEAD_FONT = "宋体", "黑体"


def _clean(text: str) -> str:
    return _CONTROL.sub("", text)


def _font(style: Any, han: str, size: float, *, bold: bool = False) -> None:
    style.font.name, style.font.size, style.font.bold = "Times New Roman", Pt(size), bold
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), han)
    for name in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme"):
        fonts.attrib.pop(qn(name), None)


def _paper(story: Story) -> Paper:
    """An empty A4 document with our type, and the story's number on every page."""
    made = Document()
    section = made.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(3)
    _font(made.styles["Normal"], _HAN_FONT, 12)
    for name, size in (("Title", 20), ("Heading 2", 14)):
        _font(made.styles[name], _HEAD_FONT, size, bold=True)
    for name in ("List Bullet", "List Number", "Quote", "Caption"):
        _font(made.styles[name], _HAN_FONT, 10.5 if name == "Caption" else 12)
    properties = made.core_properties
    properties.title, properties.author = _clean(story.title), _clean(story.author_name)
    properties.identifier, properties.comments = story.number, ""
    properties.created = properties.modified = timezone.now().replace(tzinfo=None)
    signed = story.state == StoryState.SIGNED
    state = _("已签发") if signed else _("未签发，仅供内部审改")
    section.footer.paragraphs[0].text = _clean(
        f"{story.number}  {state}  {_('内容摘要')} {story.content_hash[:12]}"
    )
    return made


_HEADS: Final = {"h3": "Heading 2", "blockquote": "Quote", "figcaption": "Caption"}
_EMPHASIS: Final = frozenset({"b", "strong", "i", "em"})


class _Body(HTMLParser):
    """Writes the HTML of our own templates into a document; words of tags it does not know stay."""

    def __init__(self, made: Paper, files: dict[str, tuple[bytes, str]]) -> None:
        super().__init__(convert_charrefs=True)
        self.made, self.files = made, files
        self.paragraph: Paragraph | None = None
        self.style = ""
        self.marks: list[str] = []
        self.link = ""
        self.lists: list[tuple[str, int | None]] = []
        self.rows: list[list[str]] | None = None

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag in _HEADS:
            self.style, self.paragraph = _HEADS[tag], None
        elif tag in _EMPHASIS:
            self.marks.append(tag)
        elif tag in {"table", "tr", "td", "th"}:
            self._cells(tag)
        elif tag == "a":
            self.link = held.get("href", "")
        elif tag == "img":
            self._picture(held.get("src", ""), held.get("alt", ""))
        else:
            self._start(tag)

    def _start(self, tag: str) -> None:
        if tag == "p":
            self.paragraph = None
        elif tag in {"ul", "ol"}:
            self.lists.append((tag, _new_numbering(self.made) if tag == "ol" else None))
        elif tag == "li":
            self._item()
        elif tag == "br" and self.paragraph is not None:
            self.paragraph.add_run().add_break()
        elif tag == "hr":
            self._new().add_run("———")
            self.paragraph = None

    def _cells(self, tag: str) -> None:
        if tag == "table":
            self.rows = []
        elif tag == "tr" and self.rows is not None:
            self.rows.append([])
        elif self.rows:
            self.rows[-1].append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag in {"p", "li", "figure", "div"}:
            self.paragraph = None
        elif tag in _HEADS:
            self.style, self.paragraph = "", None
        elif tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        elif tag in self.marks:
            self.marks.remove(tag)
        elif tag == "a":
            self.link = ""
        elif tag == "table" and self.rows is not None:
            self._table(self.rows)
            self.rows = None

    @override
    def handle_data(self, data: str) -> None:
        text = _clean(data)
        if self.rows is not None:
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] += text
            return
        if self.paragraph is None and not text.strip():
            return
        paragraph = self.paragraph or self._new()
        run = _linked(paragraph, text, self.link) if self.link else paragraph.add_run(text)
        run.bold = True if {"b", "strong"} & set(self.marks) else None
        run.italic = True if {"i", "em"} & set(self.marks) else None

    def _new(self) -> Paragraph:
        self.paragraph = self.made.add_paragraph(style=self.style or None)
        if not self.style:
            self.paragraph.paragraph_format.first_line_indent = Pt(24)
        return self.paragraph

    def _item(self) -> None:
        kind, number = self.lists[-1] if self.lists else ("ul", None)
        style = "List Number" if kind == "ol" else "List Bullet"
        self.paragraph = self.made.add_paragraph(style=style)
        if number is not None:
            held = self.paragraph._p.get_or_add_pPr().get_or_add_numPr()
            held.get_or_add_ilvl().val, held.get_or_add_numId().val = 0, number

    def _picture(self, url: str, alt: str) -> None:
        data = _drawable(self.files[url][0]) if url in self.files else None
        paragraph = self.made.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if data is None:
            paragraph.add_run(f"[{_('图片')} {_clean(alt)}]")
        else:
            shown = paragraph.add_run().add_picture(io.BytesIO(data))
            if shown.width > WIDTH:
                shown.height = Length(int(shown.height * WIDTH / shown.width))
                shown.width = WIDTH
            shown._inline.docPr.set("descr", _clean(alt))
        self.paragraph = None

    def _table(self, rows: list[list[str]]) -> None:
        held = [row for row in rows if row]
        if not held:
            return
        table = self.made.add_table(len(held), max(map(len, held)), style="Table Grid")
        for row, cells in zip(table.rows, held, strict=True):
            for cell, words in zip(row.cells, cells, strict=False):
                cell.text = words.strip()


def _new_numbering(made: Paper) -> int:
    """A numbering of its own, so that each list begins with 1."""
    style: Any = made.styles["List Number"]
    numbering = made.part.numbering_part.element
    used = style.element.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(used).abstractNumId.val
    number = numbering.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def _linked(paragraph: Paragraph, text: str, url: str) -> Run:
    key = paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), key)
    paragraph._p.append(link)
    element = OxmlElement("w:r")
    link.append(element)
    run = Run(element, paragraph)
    run.text = text
    run.font.underline = True
    return run


def _drawable(data: bytes) -> bytes | None:
    """The picture in a form that Word draws; None when it cannot be read."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if picture.format in {"JPEG", "PNG", "GIF"}:
                return data
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=90)
            return out.getvalue()
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


def _bytes(made: Paper) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def _heads(story: Story) -> Iterator[tuple[str, str]]:
    line = " · ".join(one for one in (story.byline, story.place, story.origin) if one)
    yield from (("", story.kicker), ("Title", story.title), ("", story.subtitle), ("", line))


def story_docx(story: Story) -> bytes:
    """The story as it reads, with its pictures."""
    made = _paper(story)
    for style, words in _heads(story):
        if words:
            paragraph = made.add_paragraph(_clean(words), style=style or None)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if story.summary:
        made.add_paragraph().add_run(_clean(f"【{_('摘要')}】{story.summary}"))
    shown = package.reading(story)
    images = [one for one in (shown["lead"], *shown["images"]) if one]
    keys, urls = canonical.picture_keys(story), {one["url"] for one in images}
    files = assets.rendition_files(keys, urls, most=MOST_PICTURES)
    body = _Body(made, files)
    if shown["lead"]:
        body._picture(shown["lead"]["url"], shown["lead"]["alt"])
    body.feed(shown["html"])
    body.close()
    return _bytes(made)


class _Tracker:
    """Writes runs as kept, put in or taken out, in somebody's name."""

    def __init__(self, made: Paper, author: str, at: datetime) -> None:
        self.made = made
        self.author = _clean(author) or "—"
        self.at = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.number = 0

    def _mark(self, kind: str) -> Any:
        self.number += 1
        mark = OxmlElement("w:ins" if kind == "new" else "w:del")
        mark.set(qn("w:id"), str(self.number))
        mark.set(qn("w:author"), self.author)
        mark.set(qn("w:date"), self.at)
        return mark

    def paragraph(self, runs: Iterable[Segment], style: str = "", whole: str = "") -> None:
        """One paragraph; `whole` is new or gone when its end came or went too."""
        made = self.made.add_paragraph(style=style or None)
        if whole:
            ending = OxmlElement("w:rPr")
            ending.append(self._mark(whole))
            made._p.get_or_add_pPr().append(ending)
        for run in runs:
            text = _clean(run.text)
            if not text:
                continue
            if run.kind == "same":
                made.add_run(text)
                continue
            held, element = self._mark(run.kind), OxmlElement("w:r")
            words = OxmlElement("w:t" if run.kind == "new" else "w:delText")
            words.text = text
            words.set(qn("xml:space"), "preserve")
            element.append(words)
            held.append(element)
            made._p.append(held)


_STYLES: Final = {
    "heading": "Heading 2",
    "item": "List Bullet",
    "quote": "Quote",
    "caption": "Caption",
}


def _tracked_row(tracker: _Tracker, row: Row) -> None:
    style = _STYLES.get(row.piece.kind, "")
    whole = {"new": "new", "gone": "gone", "left": "gone", "moved": "new"}.get(row.kind, "")
    if row.kind in {"left", "moved"}:
        piece = row.before if row.kind == "left" else row.after
        runs: tuple[Segment, ...] = (Segment(whole, piece.text if piece else ""),)
    else:
        runs = row.segments or (Segment("same", row.piece.text),)
    if row.piece.kind in {"picture", "lead"}:
        runs = (Segment(whole or "same", f"[{_('图片')}] "), *runs)
    tracker.paragraph(runs, style, whole)


def changes_docx(story: Story, found: Comparison, *, author: str, at: datetime) -> bytes:
    """A text with what changed as tracked changes by `author` at `at`; a moved paragraph is one taken
    out and one put in. Emphasis and pictures themselves are left out: this is for reading words."""
    made = _paper(story)
    tracker = _Tracker(made, author, at)
    title = next((one.segments for one in found.fields if one.name == "title"), None)
    tracker.paragraph(title or (Segment("same", story.title),), "Title")
    for one in found.fields:
        if one.name != "title":
            label = Segment("same", f"{reading.field_label(one.name)}：")
            tracker.paragraph((label, *one.segments))
    for row in found.rows:
        _tracked_row(tracker, row)
    return _bytes(made)


def changes_of(story: Story, before: int, after: int) -> bytes:
    """What changed between two versions, in the name of who saved the later one. Raises NotFound."""
    compared = versions.compared(story, before, after)
    (new,) = versions.texts_of(story, after)
    saved = reading.saved_by(story, after)
    return changes_docx(new, compared.found, author=saved.who, at=saved.at)


def file_name(story: Story, words: str = "") -> str:
    """What the file is called."""
    name = _UNSAFE.sub("_", f"{story.number or str(story.pk)[:8]} {story.title}").strip()[:80]
    return f"{name} {words}".strip() + ".docx"
