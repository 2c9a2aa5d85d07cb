"""Word documents (.docx) as the blocks of a story, and what a person should know before taking them.

ECMA-376 Part 1. Of tracked changes the text as it would be accepted is kept, and each is told;
comments come along with the passage they are on. Nothing is fetched from outside, nothing in the
file runs: documents with macros, old .doc files and locked ones are refused with the reason. Bounds
hold for what really comes out of the archive.
"""

from __future__ import annotations

import hashlib
import html
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from django.utils.translation import gettext as _
from lxml import etree

from rongmei.sources.errors import SourceError
from rongmei.sources.readers import unpacking
from rongmei.stories import kinds
from rongmei.stories.errors import WordRefused
from rongmei.stories.gathering import Gathering, table_blocks

MAX_FILE: Final = 30 * 1024 * 1024
MAX_XML: Final = 40 * 1024 * 1024
MAX_PICTURES: Final = 60
MAX_PICTURE: Final = 30 * 1024 * 1024
MAX_PICTURES_TOTAL: Final = 120 * 1024 * 1024
MAX_TOLD: Final = 500
MAX_TEXT: Final = 400_000
MAX_TITLE: Final = 80
W: Final = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_A: Final = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP: Final = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_V: Final = "{urn:schemas-microsoft-com:vml}"
_M: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC: Final = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_OLE: Final = b"\xd0\xcf\x11\xe0"
_HEADING = re.compile(r"^(?:heading|标题)\s*(\d)?$", re.IGNORECASE)
_DRAWN: Final = frozenset({W + "drawing", W + "pict", W + "object"})
_NOTE_SIGN = re.compile(r"\[[^\[\]\d]{1,4}\d+\]")
_OFF: Final = frozenset({"0", "false", "none", "off"})


@dataclass(frozen=True)
class Tracked:
    """A tracked change: `kind` is new or gone."""

    kind: str
    text: str
    author: str
    at: str


@dataclass(frozen=True)
class Said:
    """A comment in the document, and the passage it is on."""

    author: str
    at: str
    text: str
    quote: str


@dataclass(frozen=True)
class Picture:
    """A picture in the document; `place` is where in the blocks it stands."""

    name: str
    data: bytes
    caption: str


@dataclass
class Document:
    """What a document holds. Picture blocks hold the number of the picture instead of a key."""

    digest: str
    title: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    tracked: list[Tracked] = field(default_factory=list)
    comments: list[Said] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    @property
    def to_be_seen(self) -> bool:
        """Whether there is something a person must have looked at before a story is made of it."""
        return bool(self.tracked or self.comments)


class _Archive:
    """The parts of a document, each unpacked within bounds."""

    def __init__(self, data: bytes) -> None:
        try:
            self.held = unpacking.opened("docx", data)
        except SourceError as error:
            raise WordRefused(_("这个文件不是 Word 文档，或已损坏，没有导入。")) from error
        self.names = set(self.held.namelist())

    def bytes(self, name: str, limit: int) -> bytes:
        try:
            return unpacking.member(self.held, name, limit)
        except SourceError as error:
            raise WordRefused(
                _("文档里有一部分读不出，或展开后过大，没有导入。请另存一份再试。")
            ) from error

    def xml(self, name: str) -> Any | None:
        if name not in self.names:
            return None
        raw = self.bytes(name, MAX_XML)
        if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
            raise WordRefused(_("文档里含有不该有的外部定义，没有导入。"))
        parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
        )
        try:
            return etree.fromstring(raw, parser)
        except etree.XMLSyntaxError as error:
            raise WordRefused(_("这个文件不是 Word 文档，或已损坏，没有导入。")) from error

    def relations(self, part: str) -> dict[str, tuple[str, bool]]:
        """(target, whether outside) of a part's relations, by id."""
        folder, leaf = posixpath.split(part)
        root = self.xml(f"{folder}/_rels/{leaf}.rels".lstrip("/"))
        found: dict[str, tuple[str, bool]] = {}
        for one in root if root is not None else ():
            target, outside = one.get("Target", ""), one.get("TargetMode") == "External"
            if not outside:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            found[one.get("Id", "")] = (target, outside)
        return found


def _value(element: Any, path: str, name: str = "val") -> str | None:
    found = element.find(path)
    return None if found is None else str(found.get(W + name, ""))


def _on(properties: Any, name: str) -> bool:
    """Whether a property like bold is set and not set off."""
    found = None if properties is None else properties.find(W + name)
    return found is not None and str(found.get(W + "val", "1")).lower() not in _OFF


def _styles(root: Any | None) -> dict[str, tuple[str, int | None]]:
    """(name, heading level or None) of paragraph styles by id; 0 is the title."""
    found: dict[str, tuple[str, int | None]] = {}
    for style in root.iter(W + "style") if root is not None else ():
        name = _value(style, W + "name") or ""
        level = _value(style, f"{W}pPr/{W}outlineLvl")
        match = _HEADING.match(name.strip())
        number = (
            int(match[1] or 1) if match else int(level) + 1 if level and level.isdigit() else None
        )
        if name.lower() in {"title", "标题"} and not (match and match[1]):
            number = 0
        found[style.get(W + "styleId", "")] = (name.lower(), number)
    return found


def _bullets(root: Any | None) -> dict[tuple[str, str], bool]:
    """Whether (list, level) has bullets rather than numbers."""
    if root is None:
        return {}
    kinds_of: dict[tuple[str, str], bool] = {}
    for one in root.iter(W + "abstractNum"):
        for level in one.iter(W + "lvl"):
            key = (one.get(W + "abstractNumId", ""), level.get(W + "ilvl", "0"))
            kinds_of[key] = _value(level, W + "numFmt") in {"bullet", "none"}
    found = {}
    for one in root.iter(W + "num"):
        abstract = _value(one, W + "abstractNumId") or ""
        for (name, level), bullet in kinds_of.items():
            if name == abstract:
                found[one.get(W + "numId", ""), level] = bullet
    return found


class _Reader:
    """One walk through a document."""

    def __init__(self, data: bytes) -> None:
        self.out = Document(hashlib.sha256(data).hexdigest())
        self.archive = _Archive(data)
        self.main = self._main_part()
        self.relations = self.archive.relations(self.main)
        folder = posixpath.dirname(self.main)
        self.styles = _styles(self.archive.xml(f"{folder}/styles.xml"))
        self.bullets = _bullets(self.archive.xml(f"{folder}/numbering.xml"))
        self.notes: list[str] = []
        self.footnotes = self._notes_of(f"{folder}/footnotes.xml", "footnote")
        self.endnotes = self._notes_of(f"{folder}/endnotes.xml", "endnote")
        self.said = self._comments_of(f"{folder}/comments.xml")
        self.quotes: dict[str, list[str]] = {}
        self.open: set[str] = set()
        self.later: list[tuple[str, str]] = []
        self.seen: set[str] = set()

    def _main_part(self) -> str:
        types = self.archive.xml("[Content_Types].xml")
        declared: dict[str, str] = {
            one.get("PartName", "").lstrip("/"): one.get("ContentType", "")
            for one in (types if types is not None else ())
        }
        macros = any("vbaProject" in name for name in self.archive.names)
        if macros or any("macroEnabled" in kind for kind in declared.values()):
            raise WordRefused(_("文档带有宏，没有导入。请在 Word 里另存为不带宏的 .docx 再传。"))
        for name, kind in declared.items():
            if kind.endswith("wordprocessingml.document.main+xml") and name in self.archive.names:
                return name
        if "word/document.xml" in self.archive.names:
            return "word/document.xml"
        raise WordRefused(_("这个文件不是 Word 文档，或已损坏，没有导入。"))

    def _notes_of(self, part: str, name: str) -> dict[str, Any]:
        root = self.archive.xml(part)
        return (
            {one.get(W + "id", ""): one for one in root.iter(W + name)} if root is not None else {}
        )

    def _comments_of(self, part: str) -> dict[str, tuple[str, str, str]]:
        root = self.archive.xml(part)
        found = {}
        for one in root.iter(W + "comment") if root is not None else ():
            lines = ["".join(_plain(paragraph)) for paragraph in one.iter(W + "p")]
            held = (one.get(W + "author", ""), one.get(W + "date", ""), "\n".join(lines).strip())
            found[one.get(W + "id", "")] = held
        return found

    # ---- Runs

    def inline(self, element: Any, marks: tuple[str, ...] = ()) -> Iterator[str]:
        """HTML of what a paragraph holds."""
        for one in element:
            yield from self._one(one, marks)

    def _one(self, one: Any, marks: tuple[str, ...]) -> Iterator[str]:
        tag = one.tag
        if tag == W + "r":
            yield from self._run(one)
        elif tag in {W + "del", W + "moveFrom"}:
            self._track("gone", one)
        elif tag in {W + "ins", W + "moveTo"}:
            self._track("new", one)
            yield from self.inline(one, marks)
        elif tag == W + "hyperlink":
            yield self._link(one, marks)
        elif tag in {W + "commentRangeStart", W + "commentRangeEnd"}:
            self._range(one)
        elif tag in _DRAWN:
            self._drawing(one)
        elif tag == _MC + "AlternateContent":
            choice = one.find(_MC + "Choice")
            held = choice if choice is not None else one.find(_MC + "Fallback")
            yield from self.inline(held, marks) if held is not None else ()
        elif tag.startswith(_M):
            self.remark(_("公式只保留了文字。"))
            yield from self._words("".join(text.text or "" for text in one.iter(_M + "t")), marks)
        elif tag not in {W + "pPr", W + "rPr", W + "instrText", W + "p", W + "tbl"} and len(one):
            yield from self.inline(one, marks)

    def _link(self, one: Any, marks: tuple[str, ...]) -> str:
        inner = "".join(self.inline(one, marks))
        target, outside = self.relations.get(one.get(_R + "id", ""), ("", False))
        safe = outside and target.startswith(("http://", "https://", "mailto:"))
        return f'<a href="{html.escape(target)}">{inner}</a>' if safe and inner else inner

    def _range(self, one: Any) -> None:
        """A passage that somebody commented on begins or ends."""
        name = one.get(W + "id", "")
        (self.open.add if one.tag.endswith("Start") else self.open.discard)(name)

    def _words(self, text: str, marks: tuple[str, ...]) -> Iterator[str]:
        if not text:
            return
        for name in self.open:
            self.quotes.setdefault(name, []).append(text)
        opened = "".join(f"<{mark}>" for mark in marks)
        closed = "".join(f"</{mark}>" for mark in reversed(marks))
        yield f"{opened}{html.escape(text, quote=False)}{closed}" if text.strip() else text

    def _run(self, run: Any) -> Iterator[str]:
        properties = run.find(W + "rPr")
        marks = tuple(name for name in ("b", "i") if _on(properties, name))
        if _on(properties, "vanish"):
            self.remark(_("隐藏的文字没有导入。"))
            return
        signs = {W + "tab": " ", W + "noBreakHyphen": "-", W + "softHyphen": ""}
        for one in run:
            tag = one.tag
            if tag == W + "t":
                yield from self._words(one.text or "", marks)
            elif tag in signs:
                yield from self._words(signs[tag], ())
            elif tag in {W + "br", W + "cr"}:
                yield "" if one.get(W + "type") in {"page", "column"} else "<br/>"
            elif tag == W + "sym":
                code = int(one.get(W + "char", "0") or "0", 16)
                yield from self._words(chr(code) if 31 < code < 0xE000 else "", marks)
            elif tag in {W + "footnoteReference", W + "endnoteReference"}:
                held = self.footnotes if tag == W + "footnoteReference" else self.endnotes
                yield from self._note(held.get(one.get(W + "id", "")))
            elif tag in _DRAWN:
                self._drawing(one)
            elif tag == _MC + "AlternateContent":
                yield from self._one(one, marks)

    def _note(self, note: Any | None) -> Iterator[str]:
        if note is None:
            return
        lines = ["".join(_plain(one)) for one in note.iter(W + "p")]
        self.notes.append(" ".join(filter(None, (line.strip() for line in lines))))
        yield f"[{_('注')}{len(self.notes)}]"

    def _track(self, kind: str, element: Any) -> None:
        text = "".join(_plain(element, deleted=kind == "gone"))
        if text and len(self.out.tracked) < MAX_TOLD:
            author, at = element.get(W + "author", ""), element.get(W + "date", "")
            last = self.out.tracked[-1] if self.out.tracked else None
            if last and (last.kind, last.author, last.at) == (kind, author, at):
                self.out.tracked[-1] = Tracked(kind, last.text + text, author, at)
            else:
                self.out.tracked.append(Tracked(kind, text, author, at))

    def remark(self, words: str) -> None:
        """Something a person should know, once."""
        if words not in self.seen:
            self.seen.add(words)
            self.out.remarks.append(words)

    # ---- Pictures, and text in boxes

    def _drawing(self, element: Any) -> None:
        words = element.find(f".//{_WP}docPr")
        alt = words.get("descr", "") if words is not None else ""
        for one in element.iter(_A + "blip", _V + "imagedata"):
            key = one.get(_R + "embed") or one.get(_R + "id") or ""
            if one.get(_R + "link") and not one.get(_R + "embed"):
                self.remark(_("有图片只是网址，没有取来。请另行上传。"))
            elif key in self.relations:
                self.later.append(("picture", f"{key}\n{alt}"))
        for box in element.iter(W + "txbxContent"):
            for paragraph in box.iter(W + "p"):
                inner = "".join(self.inline(paragraph))
                if kinds.plain(inner):
                    self.later.append(("text", inner))

    def _picture(self, held: str) -> dict[str, Any] | None:
        key, _sign, alt = held.partition("\n")
        name, outside = self.relations[key]
        total = sum(len(one.data) for one in self.out.pictures)
        if outside or name not in self.archive.names:
            self.remark(_("有图片只是网址，没有取来。请另行上传。"))
            return None
        if len(self.out.pictures) >= MAX_PICTURES or total > MAX_PICTURES_TOTAL:
            self.remark(_("图片太多，后面的没有导入。请另行上传。"))
            return None
        if PurePosixPath(name).suffix.lower() not in {".jpg", ".jpeg", ".png", ".gif", ".webp"}:
            self.remark(_("有图片不是 JPEG、PNG、GIF 或 WebP，没有导入。请另行上传。"))
            return None
        data = self.archive.bytes(name, MAX_PICTURE)
        self.out.pictures.append(Picture(PurePosixPath(name).name, data, alt[:200]))
        value = {"picture": len(self.out.pictures) - 1, "caption": alt[:200], "credit": ""}
        return {"type": "picture", "value": value}

    # ---- Blocks

    def blocks(self) -> Iterator[tuple[str, Any]]:
        """(kind, what) in reading order: title, heading, text, item, table, picture, caption."""
        root = self.archive.xml(self.main)
        body = root.find(W + "body") if root is not None else None
        if body is None:
            raise WordRefused(_("这个文件不是 Word 文档，或已损坏，没有导入。"))
        yield from self._container(body)
        for number, text in enumerate(self.notes, 1):
            yield "text", f"[{_('注')}{number}] {html.escape(text, quote=False)}"

    def _container(self, element: Any) -> Iterator[tuple[str, Any]]:
        for one in element:
            if one.tag == W + "p":
                yield from self._paragraph(one)
            elif one.tag == W + "tbl":
                yield "table", [self._row(row) for row in one.iter(W + "tr") if _own(row, one)]
            elif one.tag == W + "altChunk":
                self.remark(_("文档里嵌着另一份文件，没有导入。"))
            elif one.tag in {W + "del", W + "moveFrom"}:
                self._track("gone", one)
            elif one.tag != W + "sectPr" and len(one):
                yield from self._container(one)
            waiting, self.later = self.later, []
            yield from waiting

    def _paragraph(self, paragraph: Any) -> Iterator[tuple[str, Any]]:
        inner = "".join(self.inline(paragraph)).strip()
        inner = inner.replace("</b><b>", "").replace("</i><i>", "")
        name, level = self.styles.get(_value(paragraph, f"{W}pPr/{W}pStyle") or "", ("", None))
        own = _value(paragraph, f"{W}pPr/{W}outlineLvl")
        level = int(own) + 1 if level is None and own and own.isdigit() and int(own) < 9 else level
        number = _value(paragraph, f"{W}pPr/{W}numPr/{W}numId")
        if not kinds.plain(inner):
            return
        if level is not None:
            yield ("title" if level < 2 else "heading"), inner
        elif name in {"caption", "题注"}:
            yield "caption", inner
        elif (number and number != "0") or name.startswith("list "):
            depth = _value(paragraph, f"{W}pPr/{W}numPr/{W}ilvl") or "0"
            bullet = self.bullets.get((number or "", depth), "number" not in name)
            yield ("ul" if bullet else "ol"), inner
        else:
            yield "text", inner

    def _row(self, row: Any) -> list[str]:
        cells: list[str] = []
        for cell in row.iter(W + "tc"):
            if not _own(cell, row, W + "tr"):
                continue
            merged = cell.find(f"{W}tcPr/{W}vMerge")
            follows = merged is not None and merged.get(W + "val", "continue") == "continue"
            lines = [kinds.plain("".join(self.inline(one))) for one in cell.iter(W + "p")]
            span = _value(cell, f"{W}tcPr/{W}gridSpan") or "1"
            cells.append("" if follows and not any(lines) else " ".join(filter(None, lines)))
            cells += [""] * (min(int(span), 30) - 1 if span.isdigit() else 0)
        return cells


def _own(inner: Any, outer: Any, level: str = W + "tbl") -> bool:
    """Whether a row or cell belongs to this table or row, and not to one inside it."""
    return next(inner.iterancestors(level), None) is outer


def _plain(element: Any, *, deleted: bool = False) -> Iterator[str]:
    """The text of anything; what is deleted only when asked."""
    for one in element.iter(W + "t", W + "delText", W + "tab", W + "br"):
        if one.tag == W + "t":
            yield one.text or ""
        elif one.tag == W + "delText":
            yield (one.text or "") if deleted else ""
        else:
            yield " "


def _gathered(reader: _Reader) -> list[dict[str, Any]]:
    """Blocks of a story out of what is met."""
    into, size = Gathering(), 0
    for kind, held in reader.blocks():
        words = [held] if isinstance(held, str) else [cell for row in held for cell in row]
        size += sum(map(len, words))
        if size > MAX_TEXT:
            raise WordRefused(_("文档的文字太多，没有导入。请拆成几篇。"))
        _take(reader, into, kind, held)
    return into.close()


def _take(reader: _Reader, into: Gathering, kind: str, held: Any) -> None:
    if kind in {"text", "ul", "ol"}:
        into.text(kind, held)
    elif kind == "caption":
        _caption(into, held)
    elif (
        kind == "title"
        and into.empty
        and not reader.out.title
        and len(kinds.plain(held)) <= MAX_TITLE
    ):
        # Only what comes before the text is its headline.
        reader.out.title = _NOTE_SIGN.sub("", kinds.plain(held))
    elif kind in {"title", "heading"}:
        into.heading(held)
    elif kind == "table":
        into.block(*table_blocks(held))
    else:
        made = reader._picture(held)
        into.block(*([made] if made else []))


def _caption(into: Gathering, held: str) -> None:
    """The caption of the picture before it; else a paragraph."""
    words = kinds.plain(held)
    beside = into.out[-1] if into.out and not into.run else None
    if beside and beside["type"] == "picture" and len(words) <= 200:
        beside["value"]["caption"] = words
    else:
        into.text("text", held)


def _headline(document: Document) -> None:
    """Without a title, a first short line is one."""
    first = document.blocks[0] if document.blocks else None
    if document.title or first is None:
        return
    if first["type"] == "heading":
        document.title = first["value"]
        document.blocks.pop(0)
        return
    match = (
        re.match(r"<p>(.*?)</p>", first["value"], re.DOTALL)
        if first["type"] == "paragraph"
        else None
    )
    words = _NOTE_SIGN.sub("", kinds.plain(match[1])) if match else ""
    rest = first["value"][match.end() :] if match else ""
    if (
        match
        and 0 < len(words) <= 40
        and not re.search("[。！？；]$", words)
        and (rest or document.blocks[1:])
    ):
        document.title = words
        document.blocks[:1] = [{"type": "paragraph", "value": rest}] if rest else []


def read(data: bytes) -> Document:
    """What a Word document holds. Raises WordRefused with the reason."""
    if len(data) > MAX_FILE:
        raise WordRefused(_("文档超过 30 MB，没有导入。请把图片另行上传。"))
    if data.startswith(_OLE):
        raise WordRefused(_("这是旧版 .doc 或加了密码的文档，没有导入。请另存为 .docx 再传。"))
    try:
        reader = _Reader(data)
        out = reader.out
        out.blocks = _gathered(reader)
    except (RecursionError, ValueError) as error:
        raise WordRefused(_("文档的内部结构不对，没有导入。请在 Word 里另存一份再试。")) from error
    _headline(out)
    out.comments = [
        Said(author, at, text, " ".join("".join(reader.quotes.get(key, [])).split())[:500])
        for key, (author, at, text) in list(reader.said.items())[:MAX_TOLD]
        if text
    ]
    names = reader.archive.names
    if any(name.startswith("word/embeddings/") for name in names):
        reader.remark(_("文档里嵌着另一份文件，没有导入。"))
    if any(re.match(r"word/(?:header|footer)\d*\.xml", name) for name in names):
        reader.remark(_("页眉和页脚没有导入。"))
    return out
