"""From bytes to text, believing declarations only as far as the bytes bear them out."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

# Declared names whose real content is a superset, or that servers send for anything at all.
_SUPERSET = {
    "gb2312": "gb18030", "gbk": "gb18030",
    "big5": "big5hkscs", "cp950": "big5hkscs",
}  # fmt: skip
# Not everything Python calls a codec is an encoding of web pages (rot13, idna, unicode_escape).
_READABLE = frozenset({
    "ascii", "big5", "big5hkscs", "cp932", "cp949", "cp950", "cp1250", "cp1251", "cp1252", "cp1253",
    "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "euc_jp", "euc_kr", "gb18030",
    "gb2312", "gbk", "hz", "iso2022_jp", "iso2022_kr", "iso8859-1", "iso8859-15", "iso8859-2",
    "iso8859-5", "iso8859-7", "iso8859-9", "koi8-r", "koi8-u", "shift_jis", "tis-620", "utf-8",
})  # fmt: skip
_EMPTY_WORDS = frozenset({"ascii", "iso8859-1", "cp1252"})
_ESCAPED = frozenset({"iso2022_jp", "hz", "iso2022_kr"})
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# A quarter to a half of any running Chinese text consists of these; of a wrong reading, none.
_COMMON = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和地出道也时年得就那要下以生会自着去之过家学对可里后小"
    "么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已从动两长"
    "新闻报社者记市省县民政府部全工业经济建设展月高实现进推加"
    "這個來們為時對後過說會學裡沒還發當經頭開無動長樣業報聞實現進設員國"
)
_XML_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']\s*([\w.:-]{1,40})""", re.I)
_HTML_DECLARED = re.compile(rb"""<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I)
_HEADER_DECLARED = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.I)
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Decoded:
    """``guessed`` when no declaration held; ``garbled`` when some bytes fit no reading."""

    text: str
    encoding: str
    guessed: bool = False
    garbled: bool = False


def decode(body: bytes, *, content_type: str = "", override: str = "") -> Decoded:
    """Read ``body`` by override, byte order mark, declaration or likeness, in that order.

    Text that is valid UTF-8 is UTF-8 whatever it declares: other encodings do not look like it by
    accident, and a stale declaration is the most frequent fault of feeds.
    """
    forced = _codec(override)
    if forced:
        text = body.decode(forced, "replace")
        return Decoded(text.lstrip("\ufeff"), forced, garbled="\ufffd" in text)
    for mark, name in _BOMS:
        if body.startswith(mark):
            text = body[len(mark) :].decode(name, "replace")
            return Decoded(text, name, garbled="\ufffd" in text)
    declared = _declared(body, content_type)
    if not declared and (wide := _wide(body)):
        return Decoded(body.decode(wide, "replace"), wide, guessed=True)
    first = next((name for name in declared if name not in _EMPTY_WORDS), "")
    if first in _ESCAPED:
        text = body.decode(first, "replace")
        return Decoded(text, first, garbled="\ufffd" in text)
    try:
        return Decoded(body.decode("utf-8"), "utf-8", guessed=first not in {"", "utf-8"})
    except UnicodeDecodeError:
        return _most_likely(body, declared, first)


def _most_likely(body: bytes, declared: list[str], first: str) -> Decoded:
    names = list(dict.fromkeys([*declared, "utf-8", "gb18030", "big5hkscs"]))
    best, best_score = Decoded(body.decode("utf-8", "replace"), "utf-8", True, True), float("-inf")
    for name in names:
        text = body.decode(name, "replace")
        score = _likeness(text) + (0.1 if name == first else 0.0)
        if score > best_score:
            best = Decoded(text, name, guessed=name != first, garbled="\ufffd" in text)
            best_score = score
    return best


def _likeness(text: str) -> float:
    """How much ``text`` looks like running text: common Chinese characters less broken ones."""
    unusual = [char for char in text[: _SAMPLE * 10] if char > "\x7f"][:_SAMPLE]
    if not unusual:
        return 0.0
    common = sum(char in _COMMON for char in unusual)
    broken = unusual.count("\ufffd")
    controls = sum("\x80" <= char <= "\x9f" for char in unusual)
    return (common - 3 * broken - controls) / len(unusual)


def _declared(body: bytes, content_type: str) -> list[str]:
    """Usable codecs named by the document itself, then by the header."""
    head = body[:2048]
    found = [
        match[1].decode("ascii", "ignore")
        for match in (_XML_DECLARED.search(head), _HTML_DECLARED.search(head))
        if match
    ]
    header = _HEADER_DECLARED.search(content_type[:500])
    names = [_codec(name) for name in [*found, *([header[1]] if header else [])]]
    return [name for name in dict.fromkeys(names) if name]


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        return ""
    # Not everything Python calls a codec yields text (rot13, zip).
    # A document whose declaration could be read byte by byte is not really UTF-16.
    return _SUPERSET.get(found.name, found.name) if found.name in _READABLE else ""


def _wide(body: bytes) -> str:
    """UTF-16 without a mark: every other byte of its ASCII is zero."""
    head = body[:200]
    if len(head) < 4 or b"\0" not in head:
        return ""
    if head[1] == 0 and head[0] != 0:
        return "utf-16-le"
    return "utf-16-be" if head[0] == 0 and head[1] != 0 else ""
