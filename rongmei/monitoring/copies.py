"""When two texts are one text: normalised bodies, 4-gram shingles, MinHash, bands, evidence.

Pure functions; `docs/explanation/monitoring.md` tells how the numbers were chosen. A body is folded
(traditional, full width, case), freed of source lines and of everything but letters and digits, and
cut into overlapping runs of four characters. Two texts are copies when their shingle sets overlap
by `COPY_JACCARD`, or when the shorter stands almost whole in the longer (`COPY_WITHIN`) and is a fair
part of it (`COPY_PART`): a paper that prints the first half of a wire story reprints it all the same,
but a disclaimer that stands under a hundred articles makes them no family, nor does a round-up.

A shingle is the number that its four characters make in UTF-16, so that a body's shingles are four
shifted copies of its bytes, cut without a loop; minima of a whole batch are found in one call.
Most pairs are judged by their minima alone (`judged`), the doubtful ones by their shingles.
"""

from __future__ import annotations

import hashlib
import math
import re
from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import eq
from typing import Final, Generic, TypeVar

from rensa import RMinHash

from rongmei.archive.analysis import char_class, fold

SHINGLE: Final = 4
# 16 bands of 2: a pair that shares half of its shingles meets in a band 99 times of 100, an
# unrelated one of one language (it shares 1 of 100) less than twice in a thousand.
BANDS, ROWS = 16, 2
# More than the bands need: all of them estimate how alike two texts are.
PERMUTATIONS: Final = 96
SEED: Final = 20_260
COPY_JACCARD: Final = 0.5
COPY_WITHIN: Final = 0.8
COPY_PART: Final = 0.2
# Shorter bodies share phrases by chance; they are copies when their titles are the same.
SHORT: Final = 60
MAX_CHARACTERS: Final = 20_000
# An estimate decides when it is so many standard deviations away from both thresholds.
SURE: Final = 4.0
Thing = TypeVar("Thing", bound=Hashable)
# The longest line that is a source line, the longest notice, and the longest tail.
_LINE, _NOTICE_AT, _TAIL_AT = 120, 220, 64

_SOURCE_LINE = re.compile(
    r"^[\s（(【\[]*(?:来源|原标题|责任编辑|责编|编辑|记者|通讯员|作者|文|图|摄影|校对|审核|监制|转载|声明|"
    r"本报讯|source|editor|by)\s*[：:丨|/／].{0,60}$",
    re.I,
)
_TAIL = re.compile(
    r"[（(\[【][^（(\[【]{0,12}(?:记者|来源|责任编辑|责编|编辑|通讯员)[^）)\]】]{0,40}[）)\]】]\s*$"
)
# What a platform puts under everything; news says who declares what, so it is not cut here.
_NOTICE = re.compile(r"(?:特别|免责|版权|重要)声明[：:].{0,200}$")
_HEAD = re.compile(
    r"^\s*[^\s。，]{0,24}(?:电|讯)\s*[（(][^）)]{0,40}(?:记者|通讯员)[^）)]{0,40}[）)]\s*"
)
# A bitmap of the basic plane, and the planes above it without their pictures.
_LETTERS = re.compile(
    f"[{char_class(c for c in range(0x10000) if chr(c).isalnum())}]+"
    "|[\U00010000-\U0001efff\U00020000-\U0003ffff]+"
)
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")


def plain(body: str) -> str:
    """The folded body, one paragraph a line, without lines that only say who brought it."""
    kept = []
    for line in fold(body[:MAX_CHARACTERS]).splitlines():
        text = line.strip()
        if not text or (len(text) <= _LINE and _SOURCE_LINE.match(text)):
            continue
        if "声明" in text and (notice := _NOTICE.search(text, max(0, len(text) - _NOTICE_AT))):
            text = text[: notice.start()]
        if tail := _TAIL.search(text, max(0, len(text) - _TAIL_AT)):
            text = text[: tail.start()]
        if head := _HEAD.match(text):
            text = text[head.end() :]
        kept.append(text)
    return "\n".join(kept)


def core(body: str) -> str:
    """Letters and digits only: what shingles are cut from."""
    return letters(plain(body))


def letters(text: str) -> str:
    """The text without marks and spaces."""
    return "".join(_LETTERS.findall(text))


def _cut(text: str) -> bytes:
    """Every run of four characters of a core as eight bytes."""
    codes = text.encode("utf-16-le", "surrogatepass")
    end = len(codes)
    return b"".join(codes[at : at + (end - at) // 8 * 8] for at in (0, 2, 4, 6) if at < end)


def shingles(body: str) -> frozenset[int]:
    """Every run of four characters of a body, as a number."""
    return frozenset(memoryview(_cut(core(body))).cast("Q"))


def title_key(title: str) -> str:
    """A title reduced to letters and digits, hashed: short texts are compared by it."""
    return hashlib.sha256(letters(fold(title)).encode()).hexdigest()[:32]


def title_band(title: str) -> int:
    """The one band of a text that is compared by its title."""
    return int(title_key(title)[:15], 16)


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is kept of a body to find its copies: its length in letters, and its minima."""

    letters: int
    minima: bytes = b""
    """96 numbers of four bytes; empty for a body too short to be compared by."""

    @property
    def is_short(self) -> bool:
        """Whether there is too little text to compare by."""
        return not self.minima

    @property
    def bands(self) -> list[int]:
        """16 numbers; texts that have one in common are worth comparing."""
        return memoryview(self.minima)[: BANDS * ROWS * 4].cast("q").tolist()


def sketches(bodies: Sequence[str]) -> list[Sketch]:
    """The sketches of a batch; a batch of some hundreds costs half of what they cost one by one."""
    cores = [core(body) for body in bodies]
    cuts = [b"" if len(text) < SHORT else _cut(text) for text in cores]
    starts = [0, *accumulate(len(cut) // 8 for cut in cuts)]
    minima = RMinHash.digest_matrix_from_flat_token_hashes(
        memoryview(b"".join(cuts)).cast("Q"), starts, PERMUTATIONS, SEED
    ).to_rows()
    return [
        Sketch(len(text), array("I", row).tobytes() if cut else b"")
        for text, cut, row in zip(cores, cuts, minima, strict=True)
    ]


def sketch(body: str) -> Sketch:
    """The sketch of one body."""
    return sketches([body])[0]


@dataclass(frozen=True)
class Likeness:
    """How alike two shingle sets are: overlap of all, and of the shorter within the longer."""

    jaccard: float
    within: float

    @property
    def is_copy(self) -> bool:
        """Whether one text is a copy of the other."""
        return self.jaccard >= COPY_JACCARD or (
            self.within >= COPY_WITHIN and self.jaccard >= COPY_PART
        )

    @property
    def is_carried(self) -> bool:
        """Whether the longer text carries the shorter, be it as a small part of it."""
        return self.jaccard >= COPY_JACCARD or self.within >= COPY_WITHIN

    @property
    def shown(self) -> float:
        """One figure for people: how much of the shorter text stands in the longer."""
        return round(max(self.jaccard, self.within), 4)


def judged(one: Sketch, other: Sketch) -> Likeness | None:
    """How alike two bodies are by their minima, or None when that leaves doubt.

    The share of equal minima is the overlap of the shingle sets, give or take 0.05; the lengths
    turn it into the overlap within the shorter.
    """
    mine, theirs = memoryview(one.minima).cast("I"), memoryview(other.minima).cast("I")
    jaccard = sum(map(eq, mine, theirs)) / PERMUTATIONS
    doubt = SURE * math.sqrt(max(jaccard * (1 - jaccard), 1 / PERMUTATIONS) / PERMUTATIONS)
    if jaccard - doubt >= COPY_JACCARD:
        return Likeness(jaccard, _within(jaccard, one, other))
    at_most = jaccard + doubt
    if at_most < COPY_PART or (
        at_most < COPY_JACCARD and _within(at_most, one, other) < COPY_WITHIN
    ):
        return Likeness(jaccard, _within(jaccard, one, other))
    return None


def _within(jaccard: float, one: Sketch, other: Sketch) -> float:
    """What part of the shorter text stands in the longer, by their overlap and lengths."""
    shared = jaccard * (one.letters + other.letters) / (1 + jaccard)
    return min(1.0, max(jaccard, shared / max(1, min(one.letters, other.letters))))


def likeness(one: frozenset[int], other: frozenset[int]) -> Likeness:
    """Compare two shingle sets exactly."""
    if not one or not other:
        return Likeness(0.0, 0.0)
    shared = len(one & other)
    return Likeness(shared / (len(one) + len(other) - shared), shared / min(len(one), len(other)))


class Finder(Generic[Thing]):
    """Things in memory by the bands of their texts: what shares one is worth comparing."""

    def __init__(self) -> None:
        self._by_band: dict[int, list[Thing]] = {}

    def add(self, bands: Iterable[int], thing: Thing) -> None:
        """Remember a thing under its bands."""
        by_band = self._by_band
        for band in bands:
            held = by_band.get(band)
            if held is None:
                by_band[band] = [thing]
            else:
                held.append(thing)

    def candidates(self, bands: Iterable[int], limit: int) -> list[Thing]:
        """At most `limit` things that share a band, those that share most first."""
        by_band = self._by_band
        found = [thing for band in bands if band in by_band for thing in by_band[band]]
        return [thing for thing, _shared in Counter(found).most_common(limit)] if found else []


def sentences(body: str) -> list[str]:
    """The sentences of a body as they stand, those too short to prove anything left out."""
    found = (one.strip() for one in _SENTENCE.findall(body[:MAX_CHARACTERS]))
    return [one for one in found if len(core(one)) >= 10]


def evidence(ours: str, theirs: str, limit: int = 8) -> list[str]:
    """Sentences of `theirs` that stand in `ours` (nine of ten shingles), in order."""
    known = shingles(ours)
    found = []
    for sentence in sentences(theirs):
        grams = shingles(sentence)
        if grams and len(grams & known) / len(grams) >= 0.9:
            found.append(sentence)
            if len(found) == limit:
                break
    return found


# A set of a thousand shingles takes 0.1 MB.
@lru_cache(maxsize=512)
def shingles_kept(digest: str, body: str) -> frozenset[int]:
    """`shingles` remembered by content hash, for texts that are compared again and again."""
    return shingles(body)
