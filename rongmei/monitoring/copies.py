"""When two texts are one text: normalised bodies, 4-gram shingles, MinHash, bands, evidence.

Pure functions; `docs/explanation/monitoring.md` tells how the numbers were chosen. A body is folded
(traditional, full width, case), freed of source lines and of everything but letters and digits, and
cut into overlapping runs of four characters. Two texts are copies when their shingle sets overlap
by `COPY_JACCARD`, or when the shorter stands almost whole in the longer (`COPY_WITHIN`): a paper
that prints the first half of a wire story reprints it all the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rensa import RMinHash

from rongmei.archive.analysis import fold

SHINGLE: Final = 4
# 32 bands of 3: a pair that shares half of its shingles meets in a band 98.6 times of 100, an
# unrelated pair of one language (they share 2 to 8 of 100) at most 2 times.
BANDS, ROWS = 32, 3
PERMUTATIONS: Final = BANDS * ROWS
SEED: Final = 20_260
COPY_JACCARD: Final = 0.5
COPY_WITHIN: Final = 0.8
# Shorter bodies share phrases by chance; they are copies when their titles are the same.
SHORT: Final = 60
MAX_CHARACTERS: Final = 20_000

_SOURCE_LINE = re.compile(
    r"^[\s（(【\[]*(?:来源|原标题|责任编辑|责编|编辑|记者|通讯员|作者|文|图|摄影|校对|审核|监制|转载|声明|"
    r"本报讯|source|editor|by)\s*[：:丨|/／].{0,60}$",
    re.I,
)
_TAIL = re.compile(
    r"[（(\[【][^（(\[【]{0,12}(?:记者|来源|责任编辑|责编|编辑|通讯员)[^）)\]】]{0,40}[）)\]】]\s*$"
)
_HEAD = re.compile(
    r"^\s*[^\s。，]{0,24}(?:电|讯)\s*[（(][^）)]{0,40}(?:记者|通讯员)[^）)]{0,40}[）)]\s*"
)
_NOT_TEXT = re.compile(r"[\W_]+")
_SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")


def plain(body: str) -> str:
    """The folded body, one paragraph a line, without lines that only say who brought it."""
    kept = []
    for line in fold(body[:MAX_CHARACTERS]).splitlines():
        text = line.strip()
        if text and not _SOURCE_LINE.match(text):
            kept.append(_HEAD.sub("", _TAIL.sub("", text)))
    return "\n".join(kept)


def core(body: str) -> str:
    """Letters and digits only: what shingles are cut from."""
    return letters(plain(body))


def letters(text: str) -> str:
    """The text without marks and spaces."""
    return _NOT_TEXT.sub("", text)


def shingles(body: str) -> frozenset[str]:
    """Every run of four characters of a body."""
    text = core(body)
    return frozenset(text[at : at + SHINGLE] for at in range(len(text) - SHINGLE + 1))


def title_key(title: str) -> str:
    """A title reduced to letters and digits, hashed: short texts are compared by it."""
    return hashlib.sha256(letters(fold(title)).encode()).hexdigest()[:32]


def minhash(grams: Iterable[str]) -> tuple[int, ...]:
    """96 minima of the hashed shingles; equal sets give equal minima."""
    sketch = RMinHash(num_perm=PERMUTATIONS, seed=SEED)
    sketch.update(list(grams))
    return tuple(sketch.digest())


def pack(minima: tuple[int, ...]) -> bytes:
    """The minima as bytes, four a number."""
    return b"".join(one.to_bytes(4, "big") for one in minima)


def bands(minima: tuple[int, ...]) -> list[int]:
    """32 numbers below 2**63; texts that have one in common are worth comparing."""
    found = []
    for at in range(0, PERMUTATIONS, ROWS):
        seal = hashlib.blake2b(repr((at, minima[at : at + ROWS])).encode(), digest_size=8)
        found.append(int.from_bytes(seal.digest(), "big") >> 1)
    return found


@dataclass(frozen=True)
class Likeness:
    """How alike two shingle sets are: overlap of all, and of the shorter within the longer."""

    jaccard: float
    within: float

    @property
    def is_copy(self) -> bool:
        """Whether one text is a copy of the other."""
        return self.jaccard >= COPY_JACCARD or self.within >= COPY_WITHIN

    @property
    def shown(self) -> float:
        """One figure for people: how much of the shorter text stands in the longer."""
        return round(max(self.jaccard, self.within), 4)


def likeness(one: frozenset[str], other: frozenset[str]) -> Likeness:
    """Compare two shingle sets exactly."""
    if not one or not other:
        return Likeness(0.0, 0.0)
    shared = len(one & other)
    return Likeness(shared / (len(one) + len(other) - shared), shared / min(len(one), len(other)))


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


@lru_cache(maxsize=4096)
def shingles_kept(digest: str, body: str) -> frozenset[str]:
    """`shingles` remembered by content hash, for texts that are compared again and again."""
    return shingles(body)
