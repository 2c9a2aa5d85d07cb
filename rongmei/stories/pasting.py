"""Pasted HTML (Word, WeChat and other pages) as clean blocks, without losing a visible word.

HTML Standard: the input is walked as events, so that no nesting is too deep and no tag has to be
closed. Hidden parts, scripts and Word's own drawing of list bullets are not text. Pictures are not
fetched: each leaves a place with its caption. Figures in tables become data tables.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

from django.utils.translation import gettext as _
from typing_extensions import override

from rongmei.kernel.errors import BadInput
from rongmei.stories import embeds, kinds
from rongmei.stories.errors import PasteTooLarge
from rongmei.stories.gathering import Gathering, table_blocks

MAX_HTML: Final = 2_000_000
MAX_DEPTH: Final = 5_000
_VOID: Final = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_SKIPPED: Final = frozenset(
    ["script", "style", "head", "title", "svg", "template", "noscript", "object", "math", "xml"]
)
_BLOCKS: Final = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "aside",
        "header",
        "footer",
        "main",
        "nav",
        "li",
        "dl",
        "dd",
        "dt",
        "ul",
        "ol",
        "blockquote",
        "pre",
        "figure",
        "figcaption",
        "center",
        "address",
        "form",
        "fieldset",
        "table",
        "caption",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "td",
        "th",
        "body",
        "html",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "details",
        "summary",
    ]
)
_HEADINGS: Final = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_BOLD: Final = frozenset({"b", "strong"})
_ITALIC: Final = frozenset({"i", "em"})
_WIDE = "\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\u201c\u201d\u2018\u2019\u2014\u2026"
_SPACES = re.compile("[\\s\u00a0\u200b\ufeff]+")
_IS_WIDE = re.compile(f"[{_WIDE}]")
_START = re.compile(r"<!--\s{0,9}StartFragment\s{0,9}-->", re.IGNORECASE)
_END = re.compile(r"<!--\s{0,9}EndFragment\s{0,9}-->", re.IGNORECASE)
_DECLARED = re.compile(
    r"<!\[[^\]<>]{0,200}\]>|<!doctype[^>]{0,500}>|<\?[^>]{0,500}>", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"^\W*(?:\d+|[a-zA-Z]|[一二三四五六七八九十]+|[ivxlcIVXLC]+)[.、)\uff09\uff0e]"
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE
)
_WEIGHT = re.compile(r"font-weight\s*:\s*(\w+)", re.IGNORECASE)
_STYLE = re.compile(r"font-style\s*:\s*(\w+)", re.IGNORECASE)


# Words, and whether they are bold, italic, and where they lead; a line break is a NUL.
Run = tuple[str, tuple[bool, bool, str]]


@dataclass(frozen=True)
class _Open:
    """An open tag, and what holds for the text in it."""

    tag: str = ""
    skip: bool = False
    bold: bool = False
    italic: bool = False
    link: str = ""
    marker: bool = False
    heading: bool = False
    item: bool = False


@dataclass
class _Cells:
    """A table being read: what was met in each cell, as (kind, inner HTML or block)."""

    rows: list[list[list[tuple[str, Any]]]] = field(default_factory=list)
    below: dict[int, int] = field(default_factory=dict)
    here: int = 0


@dataclass(frozen=True)
class Pasted:
    """Blocks as a story keeps them, and what a person should know."""

    blocks: list[dict[str, Any]]
    remarks: list[str]


def _bold(tag: str, style: str) -> bool | None:
    weight = _WEIGHT.search(style)
    if weight:
        return weight[1].lower() in {"bold", "bolder", "600", "700", "800", "900"}
    return True if tag in _BOLD else None


def _italic(tag: str, style: str) -> bool | None:
    slant = _STYLE.search(style)
    if slant:
        return slant[1].lower() in {"italic", "oblique"}
    return True if tag in _ITALIC else None


def _spaced(runs: list[Run]) -> Iterable[Run]:
    """The runs with their spaces as a reader sees them: none at the ends, one between words, and none
    where only the source has a line break between Chinese characters."""
    whole = "".join(text for text, _mark in runs)
    keep: list[str] = list(whole)
    for match in _SPACES.finditer(whole):
        start, end = match.span()
        edge = start == 0 or end == len(whole) or "\x00" in {whole[start - 1], whole[end : end + 1]}
        wrapped = (
            not edge
            and "\n" in match[0]
            and all(map(_IS_WIDE.match, (whole[start - 1], whole[end])))
        )
        keep[start:end] = ["" if edge or wrapped else " "] + [""] * (end - start - 1)
    at = 0
    for text, mark in runs:
        yield "".join(keep[at : at + len(text)]), mark
        at += len(text)


def _inner(runs: list[Run]) -> str:
    """Inner HTML of a paragraph; a line break stands in the runs as NUL."""
    found: list[str] = []
    for text, (bold, italic, link) in _spaced(runs):
        if not text:
            continue
        inner = html.escape(text, quote=False).replace("\x00", "<br/>")
        words = bool(text.strip("\x00 "))
        inner = f"<i>{inner}</i>" if italic and words else inner
        inner = f"<b>{inner}</b>" if bold and words else inner
        found.append(f'<a href="{html.escape(link)}">{inner}</a>' if link and words else inner)
    made = "".join(found).replace("</b><b>", "").replace("</i><i>", "")
    return re.sub(r"^(?:<br/>)+|(?:<br/>)+$", "", made)


class _Reader(HTMLParser):
    """One walk through pasted HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[_Open] = [_Open()]
        self.counts: Counter[str] = Counter()
        self.runs: list[Run] = []
        self.marker = ""
        self.lists: list[str] = []
        self.tables: list[_Cells] = []
        self.gathered = Gathering()
        self.remarks: dict[str, int] = {}

    # ---- Events

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        style, outer = held.get("style", ""), self.open[-1]
        if tag in _VOID:
            if not outer.skip:
                self._void(tag, held)
            return
        skip = outer.skip or self._hidden(tag, held, style)
        if not skip and tag in _BLOCKS:
            self._flush()
            self.marker = ""
            self._block(tag, held)
        elif not skip and tag in {"iframe", "video", "audio"}:
            self._media(held)
        if len(self.open) >= MAX_DEPTH:
            return
        bold, italic = _bold(tag, style), _italic(tag, style)
        href = held.get("href", "").strip() if tag == "a" else ""
        safe = href.lower().startswith(("http://", "https://", "mailto:"))
        self.counts[tag] += 1
        self.open.append(
            _Open(
                tag, skip,
                outer.bold if bold is None else bold, outer.italic if italic is None else italic,
                href if safe else outer.link,
                outer.marker or "mso-list:ignore" in style.lower().replace(" ", ""),
                outer.heading or tag in _HEADINGS, outer.item or tag == "li",
            )
        )  # fmt: skip

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML a slash closes nothing: <p/> is <p>. In what Word and SVG write it does.
        self.handle_starttag(tag, attrs)
        if tag not in _VOID and (":" in tag or self.open[-1].skip):
            self.handle_endtag(tag)

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self.counts[tag]:
            return
        if tag in _BLOCKS and not self.open[-1].skip:
            self._flush()
        while self._close() != tag:
            pass

    def _close(self) -> str:
        """The innermost tag is over."""
        one = self.open.pop()
        self.counts[one.tag] -= 1
        if one.skip:
            return one.tag
        if one.tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        elif one.tag == "table" and self.tables:
            self._flush()
            self._table(self.tables.pop())
        return one.tag

    @override
    def handle_data(self, data: str) -> None:
        now = self.open[-1]
        if now.skip:
            return
        if now.marker:
            self.marker += data.strip()
        else:
            self.runs.append((data.replace("\x00", ""), (now.bold, now.italic, now.link)))

    # ---- What they mean

    def _hidden(self, tag: str, held: dict[str, str], style: str) -> bool:
        if tag == "del":
            self._remark(_("修订中已删去的文字没有带来。"))
            return True
        if (
            "mso-element:comment" in style.replace(" ", "")
            or held.get("class") == "MsoCommentReference"
        ):
            self._remark(_("批注没有带来；要带批注，请用“从 Word 导入”。"))
            return True
        return tag in _SKIPPED or "hidden" in held or bool(_HIDDEN.search(style))

    def _remark(self, words: str) -> None:
        self.remarks[words] = self.remarks.get(words, 0) + 1

    def _void(self, tag: str, held: dict[str, str]) -> None:
        if tag == "br":
            if self.runs and self.runs[-1][0] == "\x00":
                self.runs.pop()
                self._flush()
            else:
                self.runs.append(("\x00", (False, False, "")))
        elif tag == "hr":
            self._flush()
            self._take("hr", "")
        elif tag == "img" and (held.get("width"), held.get("height")) != ("1", "1"):
            self._flush()
            self._remark(_("图片没有带来，已留出位置和说明。请上传后选图。"))
            alt = " ".join((held.get("alt") or held.get("title") or "").split())
            value = {"picture": None, "caption": alt[:200], "credit": ""}
            self._take("block", {"type": "picture", "value": value})

    def _media(self, held: dict[str, str]) -> None:
        self._flush()
        try:
            url = embeds.allowed(held.get("src") or held.get("data-src") or "")
        except BadInput:
            self._remark(_("网页里的音视频没有带来。"))
        else:
            self._take(
                "block",
                {"type": "embed", "value": {"url": url, "title": held.get("title", "")[:80]}},
            )

    def _block(self, tag: str, held: dict[str, str]) -> None:
        if tag in {"ul", "ol"}:
            self.lists.append(tag)
        elif tag == "table":
            self.tables.append(_Cells())
        elif tag == "tr" and self.tables:
            self.tables[-1].rows.append([])
        elif tag in {"td", "th"} and self.tables:
            self._cell(self.tables[-1], held)

    def _cell(self, table: _Cells, held: dict[str, str]) -> None:
        if not table.rows:
            table.rows.append([])
        row = table.rows[-1]
        while table.below.get(len(row), 0) > 0:
            table.below[len(row)] -= 1
            row.append([])
        wide, deep = (
            min(int(held.get(name, "1")), 100) if held.get(name, "1").isdigit() else 1
            for name in ("colspan", "rowspan")
        )
        for n in range(max(1, wide)):
            if deep > 1:
                table.below[len(row) + n] = deep - 1
        table.here = len(row)
        row += [[] for _n in range(max(1, wide))]

    def _kind(self) -> str:
        """What a paragraph is, from where it stands."""
        if self.open[-1].heading:
            return "heading"
        if self.marker:
            return "ol" if _NUMBERED.match(self.marker) else "ul"
        listed = self.lists[-1] if self.lists else "ul"
        return listed if self.open[-1].item else "text"

    def _flush(self) -> None:
        """The paragraph that was being read is over."""
        inner = _inner(self.runs)
        self.runs = []
        if kinds.plain(inner):
            self._take(self._kind(), inner)
            self.marker = ""

    def _take(self, kind: str, held: Any) -> None:
        """Keep what was met: in the cell it stands in, else before the table, else in the text."""
        cells = next((one for one in reversed(self.tables) if one.rows and one.rows[-1]), None)
        if cells is None:
            self._put(kind, held)
        elif kind == "block" or cells.here >= len(cells.rows[-1]):
            cells.rows[-1][-1].append((kind, held))
        else:
            cells.rows[-1][cells.here].append((kind, held))

    def _put(self, kind: str, held: Any) -> None:
        if kind == "block":
            self.gathered.block(held)
        elif kind == "heading":
            self.gathered.heading(held)
        else:
            self.gathered.text(kind, held)

    def _table(self, table: _Cells) -> None:
        """A table of figures as one; one that only lays out text as the text it holds."""
        cells = [cell for row in table.rows for cell in row]
        width = max(map(len, table.rows), default=0)
        if width <= 1:
            for cell in cells:
                for kind, held in cell:
                    self._take(kind, held)
            return
        words = [
            [" ".join(kinds.plain(held) for kind, held in cell if kind not in {"block", "hr"}) for cell in row]
            for row in table.rows
        ]  # fmt: skip
        for block in table_blocks(words):
            self._take("block", block)
        for cell in cells:
            for kind, held in cell:
                if kind == "block":
                    self._take(kind, held)

    def finish(self) -> Pasted:
        """Everything that was read."""
        self._flush()
        while len(self.open) > 1:
            self._close()
        while self.tables:
            self._table(self.tables.pop())
        blocks = self.gathered.close()
        return Pasted(blocks, list(self.remarks))


def _fragment(source: str) -> str:
    """What stands between the marks that Windows puts around what was copied."""
    start = _START.search(source)
    ends = list(_END.finditer(source, start.end())) if start else []
    return source[start.end() : ends[-1].start()] if start and ends else source


def _tags_only(source: str) -> str:
    """The source without comments and declarations; signs that open none, as signs.

    The parser would look for the end of each unclosed one through all that follows.
    """
    found, at = [], 0
    while (start := source.find("<!--", at)) >= 0 and (end := source.find("-->", start + 4)) >= 0:
        found.append(source[at:start])
        at = end + 3
    rest = _DECLARED.sub("", "".join([*found, source[at:]]))
    rest = rest.replace("<!", "&lt;!").replace("<?", "&lt;?")
    last = rest.rfind(">") + 1
    return rest[:last] + rest[last:].replace("<", "&lt;")


def read(source: str) -> Pasted:
    """Clean blocks out of pasted HTML. Raises PasteTooLarge."""
    if len(source) > MAX_HTML:
        raise PasteTooLarge
    reader = _Reader()
    reader.feed(_tags_only(_fragment(source)))
    reader.close()
    return reader.finish()
