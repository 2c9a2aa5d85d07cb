"""Making foreign text safe and comparable: allowed HTML, plain paragraphs, identity of a headline."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache

import nh3

from rongmei.sources.collectors.tables import DATELINES, TITLE_LABELS, TITLE_SEPARATORS
from rongmei.sources.collectors.urls import absolute

_TAGS = frozenset({
    "a", "abbr", "article", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div",
    "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
    "ins", "li", "mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "section", "small", "span",
    "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul",
})  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "time": {"datetime"},
}
_DROPPED_WITH_CONTENT = frozenset({
    "applet", "audio", "button", "canvas", "embed", "form", "frameset", "head", "iframe", "math",
    "nav", "noembed", "noframes", "noscript", "object", "script", "select", "style", "svg",
    "template", "textarea", "title", "video",
})  # fmt: skip
_BREAKS = frozenset({
    "article", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption", "figure", "h1",
    "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_INSIDE_TAG = r'[^<>"]*(?:"[^"]*"[^<>"]*)*'
_BREAK = re.compile(rf"</?(?:{'|'.join(sorted(_BREAKS))})(?:\s{_INSIDE_TAG})?>|\n\s*\n")
_TAG = re.compile(f"<{_INSIDE_TAG}>")
_CELL_END = re.compile("</t[dh]>")
# Where links in the HTML at hand lead from; the sanitiser's callback is made once for all.
_base: ContextVar[str] = ContextVar("_base", default="")


def _keep(tag: str, name: str, value: str) -> str | None:
    if name not in {"href", "src"}:
        return value
    if tag == "a" and value[:7].lower() == "mailto:":
        return value
    return absolute(value, _base.get()) or None


# Made once: setting a sanitiser up takes as long as cleaning a short article.
_sanitiser = nh3.Cleaner(
    tags=set(_TAGS),
    attributes=_ATTRIBUTES,
    clean_content_tags=set(_DROPPED_WITH_CONTENT),
    attribute_filter=_keep,
    url_schemes={"http", "https", "mailto"},
    link_rel="noopener noreferrer nofollow",
)
_to_breaks = nh3.Cleaner(
    tags={*_BREAKS, "td", "th"},
    attributes={},
    clean_content_tags=set(_DROPPED_WITH_CONTENT),
    generic_attribute_prefixes=set(),
)
# Opening and closing tags that make a tree deep; the rest are empty or close themselves.
_NESTING = re.compile(r"<(/?)(?!br|hr|img|li|p\b|t[dhr]\b|d[dt]\b|input|meta|link|!)[a-zA-Z]")
# The sanitiser's time grows with the square of the depth: 2,000 levels take a few milliseconds,
# 200,000 take minutes. No article has a hundred.
_MAX_DEPTH = 500
_ANY_TAG = re.compile(r"<[^<>]{0,2000}>")
_LAZY_IMAGE = re.compile(r"<img\b[^<>]{0,4000}>", re.I)
_LAZY_SRC = re.compile(r"""\bdata-(?:src|original|echo|lazy-src)\s*=\s*("[^"]*"|'[^']*')""", re.I)
_PLAIN_SRC = re.compile(r"""\ssrc\s*=\s*("[^"]*"|'[^']*')""", re.I)
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u180e\u200b-\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\ue000\ufdd0-\ufdef]"
)
# What NFKC makes of the marks most texts have, and what it leaves as it is.
_WIDE = tuple(
    (mark, unicodedata.normalize("NFKC", mark)) for mark in "，：；！？（）…％～\u3000\u00a0"
)
_UNUSUAL = re.compile(
    "[^\\x00-\\x7f\u00b7\u2013\u2014\u2018-\u201d\u3001-\u3003\u3008-\u3011\u4e00-\u9fff]"
)
# What neither vanishes nor becomes another letter or figure by folding: most texts have nothing else.
_UNORDINARY = re.compile(
    "[^\\t\\n\\x20-\\x7e\u00a0\u00b7\u2013\u2014\u2018-\u201d\u2026\u3000-\u3003\u3008-\u3011"
    "\u4e00-\u9fff，：；！？（）％～]"
)
_SPACES = re.compile(r"\s+")
_NARROW = re.compile("[\u0000-\u2e7f]+")
_NOT_WORD = re.compile(r"[\W_]+")
_WORD = re.compile(r"[^\W_]+")
_IMAGE = re.compile(rf"<img\b{_INSIDE_TAG}>")
_IMAGE_SRC = re.compile(r'\ssrc="([^"]+)"')
_PIXEL = re.compile(r'\s(?:width|height)="[01](?:px)?"')
_SEPARATOR = re.compile("|".join(re.escape(mark) for mark in TITLE_SEPARATORS))
_LABEL = re.compile(
    rf"^\s*(?:[\[【〖(（]?(?:{'|'.join(sorted(TITLE_LABELS, key=len, reverse=True))})[\]】〗)）]?"
    r"\s*[|丨｜:：·\-—\s]\s*|[\[【〖](?:" + "|".join(TITLE_LABELS) + r")[\]】〗]\s*)+"
)
_DATELINE = re.compile(rf"^\s*(?:{'|'.join(DATELINES)})\s*[:：]?\s*")
# A headline part stands for the whole from this width on (a Chinese character counts two): Media
# Cloud asks for 32 Latin characters; a Chinese headline of the same weight has about ten.
_PART_WIDTH = 20
# A dateline stands within so many characters, unless white space is in its way, and its place and
# name in brackets take no more than half of them.
_HEAD = 200


def clean_html(source: str, base: str = "") -> str:
    """``source`` with only harmless tags, attributes and absolute http(s) addresses left."""
    if too_deep(source):
        return "".join(f"<p>{html.escape(part)}</p>" for part in _flat(source))
    if "data-" in source:
        source = _LAZY_IMAGE.sub(_wake_image, source)

    token = _base.set(base)
    try:
        return _sanitiser.clean(source).strip()
    finally:
        _base.reset(token)


def html_to_text(source: str) -> str:
    """The words of ``source``, with one blank line between paragraphs."""
    if "<" not in source and "&" not in source:
        return paragraphs(source)
    if too_deep(source):
        return "\n\n".join(_flat(source))
    return text_of(_to_breaks.clean(source))


def text_of(clean: str) -> str:
    """The words of HTML that ``clean_html`` made, with one blank line between paragraphs.

    What a sanitiser wrote is well formed, so that cutting at its tags is exact.
    """
    if "</t" in clean:
        clean = _CELL_END.sub(" ", clean)
    parts = _BREAK.split(clean) if "<" in clean or "\n" in clean else [clean]
    if clean.count("<") >= len(parts):
        parts = [_TAG.sub("", part) if "<" in part else part for part in parts]
    if "&" in clean:
        parts = [html.unescape(part) if "&" in part else part for part in parts]
    return _join(parts)


def escaped(text: str) -> str:
    """Plain text on its way through what expects HTML; quotation marks stay."""
    return html.escape(text, quote=False)


def paragraphs(text: str) -> str:
    """Plain text put in order: clean lines, one blank line between them."""
    return _join(text.splitlines())


def one_line(text: str, limit: int = 0) -> str:
    """Text without invisible characters and needless space, cut to ``limit`` characters if given."""
    if limit and len(text) > limit * 4:
        text = text[: limit * 4]
    # Printable text has neither invisible characters nor spaces but the plain one.
    if text.isprintable() and "  " not in text:
        flat = text.strip(" ")
    else:
        flat = _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()
    return flat[:limit].rstrip() if limit else flat


def plain(text: str, limit: int = 0) -> str:
    """A title or name that may hold markup or escapes, as one line of text."""
    if not text:
        return ""
    if limit and len(text) > limit * 20:
        text = text[: limit * 20]
    return one_line(html_to_text(text) if "<" in text or "&" in text else text, limit)


def image_links(clean: str) -> list[str]:
    """Addresses of the pictures in HTML that ``clean_html`` made; those that count readers left out."""
    if "<img" not in clean:
        return []
    return [
        html.unescape(found[1])
        for tag in _IMAGE.findall(clean)
        if (found := _IMAGE_SRC.search(tag)) and not _PIXEL.search(tag)
    ]


def too_deep(source: str) -> bool:
    """Whether the markup nests deeper than any article does."""
    if source.count("<") <= _MAX_DEPTH:
        return False
    depth = 0
    for match in _NESTING.finditer(source):
        depth += -1 if match[1] and depth else 1
        if depth > _MAX_DEPTH:
            return True
    return False


@lru_cache(maxsize=1024)
def normal_title(title: str, *, site: str = "") -> str:
    """What makes two headlines the same: no label, column or site name, width, case or marks.

    The longest part between separators stands for the headline when it is long enough to be one.
    """
    text = _folded(title)
    text = _LABEL.sub("", text) or text
    own = _squeeze(site)
    parts = [part for part in map(_squeeze, _SEPARATOR.split(text)) if part and part != own]
    longest = max(parts, key=_width, default="")
    whole = "".join(parts) or _squeeze(text)
    return (longest if _width(longest) >= _PART_WIDTH else whole)[:1024]


def content_hash(title: str, body: str) -> str:
    """SHA-256 (hex) of headline and text as read, not as set: marks, width and dateline left out."""
    said = _said(body[:1_000_000])
    return hashlib.sha256(f"{normal_title(title)}\n{said}".encode()).hexdigest()


def _said(text: str) -> str:
    """The letters and figures of a text, folded, without its dateline."""
    head = text[:_HEAD]
    if not _UNORDINARY.search(text) and "…" not in head:
        # What folding would change is left out anyhow, but for the case of letters.
        dateline = _DATELINE.match(head.lower())
        end = dateline.end() if dateline else 0
        if len(text) <= _HEAD or (end < _HEAD // 2 and not head[0].isspace()):
            return "".join(_WORD.findall(text, end)).lower()
    return _NOT_WORD.sub("", _DATELINE.sub("", _folded(text), count=1))


def summary_of(text: str, limit: int = 200) -> str:
    """The opening of a text, ended at a sentence where one ends in reach."""
    flat = one_line(text[: limit * 2])
    if len(flat) <= limit:
        return flat
    end = max(flat.rfind(mark, limit // 2, limit) for mark in "。！？!?")
    return flat[: end + 1] if end > 0 else flat[: limit - 1].rstrip() + "…"


def _join(parts: Iterable[str]) -> str:
    return "\n\n".join(filter(None, map(one_line, parts)))


def _folded(text: str) -> str:
    """Without invisible characters, width and case (NFKC).

    Full normalisation takes longer than everything else that is done to an article, so the marks
    of Chinese text are written out first, and it is left to texts with anything more unusual.
    """
    text = _INVISIBLE.sub("", text)
    for wide, narrow in _WIDE:
        text = text.replace(wide, narrow)
    if _UNUSUAL.search(text):
        text = unicodedata.normalize("NFKC", text)
    return text.lower()


def _flat(source: str) -> list[str]:
    return [p for p in (one_line(html.unescape(t)) for t in _ANY_TAG.split(source)) if p]


def _wake_image(match: re.Match[str]) -> str:
    """Give a lazily loaded picture its real address."""
    tag = match[0]
    real = _LAZY_SRC.search(tag)
    return f"<img src={real[1]} {_PLAIN_SRC.sub(' ', tag)[4:]}" if real else tag


def _squeeze(text: str) -> str:
    return _NOT_WORD.sub("", text)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return 2 * len(text) - sum(map(len, _NARROW.findall(text)))
