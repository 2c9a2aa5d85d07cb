"""Making feed and sitemap XML fit for any parser: one encoding, no bombs, the usual slips mended."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.entities import html5

from rongmei.kernel.http_body import Body
from rongmei.sources.collectors.encoding import Decoded, decode
from rongmei.sources.errors import EntityRefused
from rongmei.sources.types import Fetched, Remark, RemarkCode

_OPEN, _CLOSE = "<![CDATA[", "]]>"
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_ENTITY_DECLARED = re.compile(r"<!ENTITY", re.I)
_AMPERSAND = re.compile(r"&(?:(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)?")
WINDOWS_REFERENCE = re.compile(r"&#(?:1(?:2[89]|[34]\d|5\d)|[xX]0{0,4}[89][0-9a-fA-F]);")
_ILLEGAL = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]")
_START = re.compile(r"<[?!A-Za-z]")
_MAX_INFLATED = 50 * 1024 * 1024


def xml_text(fetched: Fetched, *, override: str = "") -> tuple[str, list[Remark]]:
    """The document as text without declaration or DOCTYPE, and what was odd about its encoding.

    Raises ``EntityRefused`` when it declares entities of its own.
    """
    decoded = decode(unpacked(fetched), content_type=fetched.content_type, override=override)
    return mended(decoded.text, fetched.url), remarks_on(decoded)


def mended(text: str, url: str) -> str:
    """``text`` from its first tag on, without declaration or DOCTYPE, its usual slips put right.

    Raises ``EntityRefused`` when it declares entities of its own: expansion bombs and file
    disclosure both need them, and no feed does.
    """
    start = _START.search(text)
    text = text[start.start() :] if start else ""
    return _without_prolog(_outside_cdata(text, lambda part: _mend(part, url)))


def unpacked(fetched: Fetched) -> bytes:
    """The body, inflated if it is itself a gzip file (``sitemap.xml.gz``), within a bound."""
    if not fetched.body.startswith(b"\x1f\x8b"):
        return fetched.body
    body = Body(url=fetched.url, encoding="gzip", limit=_MAX_INFLATED)
    body.feed(fetched.body)
    return body.done()


def remarks_on(decoded: Decoded) -> list[Remark]:
    """What to tell about how a document was decoded."""
    found = []
    if decoded.guessed:
        found.append(Remark(RemarkCode.ENCODING_GUESSED, decoded.encoding))
    if decoded.garbled:
        found.append(Remark(RemarkCode.GARBLED, decoded.encoding))
    return found


def _outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """``change`` every stretch outside CDATA sections; find() keeps this linear on hostile input."""
    parts: list[str] = []
    position = 0
    while (start := text.find(_OPEN, position)) >= 0:
        end = text.find(_CLOSE, start)
        end = len(text) if end < 0 else end + len(_CLOSE)
        parts += [change(text[position:start]), _ILLEGAL.sub("", text[start:end])]
        position = end
    parts.append(change(text[position:]))
    return "".join(parts)


def _mend(part: str, url: str) -> str:
    if _ENTITY_DECLARED.search(part):
        raise EntityRefused(url=url)
    part = _ILLEGAL.sub("", part)
    return _AMPERSAND.sub(_ampersand, part) if "&" in part else part


def _ampersand(match: re.Match[str]) -> str:
    """Keep what XML knows, spell out what only HTML knows, escape what is no reference at all."""
    name = match[1]
    if not name:
        return "&amp;"
    if name in _XML_NAMES:
        return match[0]
    if name.startswith("#"):
        char = html.unescape(match[0])
        if not _legal(char):
            return ""
        # html knows what numbers 128 to 159 meant on Windows; XML takes them for controls.
        return char if WINDOWS_REFERENCE.match(match[0]) else match[0]
    return html5.get(f"{name};") or f"&amp;{name};"


def _legal(char: str) -> bool:
    return bool(char) and not _ILLEGAL.search(char) and char != "\ufffd"


def _without_prolog(text: str) -> str:
    """Drop the XML declaration (it names an encoding that no longer holds) and the DOCTYPE."""
    for opening, closing in (("<?xml ", "?>"), ("<!DOCTYPE", ">"), ("<!doctype", ">")):
        start = text.find(opening, 0, 20_000)
        if start < 0:
            continue
        end = text.find(closing, start)
        bracket = text.find("[", start, end if end >= 0 else len(text))
        if opening != "<?xml " and bracket >= 0:
            end = text.find(">", text.find("]", bracket))
        if end >= 0:
            text = text[:start] + text[end + len(closing) :]
    return text.lstrip()
