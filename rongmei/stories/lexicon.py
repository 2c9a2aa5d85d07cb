"""Wording rules: a small neutral seed, matched at once, with evasion folded away.

The seed is `lexicon.tsv`: level, word, advice, what to write instead, longer words in which the
word is innocent (separated by |), and a code. Larger lexicons are a node's own.
"""

from __future__ import annotations

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind
from django.utils.translation import gettext_noop as _

from rongmei.stories.types import CheckedText, Finding, Level

_INVISIBLE: Final = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f")
_AROUND: Final = 14
# What rules say to the writer, here so that it can be translated; a test holds lexicon.tsv to it.
ADVICE: Final = frozenset(
    {
        _("“截止”表示到期停止，此处用“截至”。"),
        _("一般会议不用“隆重”。"),
        _("写明是哪个部门。"),
        _("写明消息来源。"),
        _("写明身份。"),
        _("可能涉及电网敏感信息，请保密员核定。"),
        _("安全报道不作绝对保证。"),
        _("少用套话。"),
        _("少用套话，写具体场面。"),
        _("少用套话，写具体的人和话。"),
        _("少用套话，写具体结果。"),
        _("法院判决前不作定性。"),
        _("法院判决前称犯罪嫌疑人。"),
        _("用法律用语。"),
        _("用语不尊重患者。"),
        _("用语不尊重残疾人。"),
        _("电网敏感材料，不得公开。"),
        _("绝对化表述，须有数据依据。"),
        _("绝对化表述，须有权威依据。"),
        _("绝对化表述，须有鉴定结论作依据。"),
        _("计量单位用规范写法。"),
        _("语意重复。"),
        _("请核对是否为排名表述，排名须注明依据。"),
        _("领导履职不必写“亲自”。"),
    }
)


@dataclass(frozen=True)
class Rule:
    """One wording rule."""

    level: Level
    word: str
    advice: str
    instead: str
    exceptions: tuple[str, ...]
    code: str


@dataclass(frozen=True)
class Folded:
    """Text as it is matched, and where each of its characters stands in the original."""

    text: str
    places: tuple[int, ...]


def _is_han(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff"


def fold(text: str) -> Folded:
    """Width, case, invisible characters and blanks inside Chinese words taken out of the way."""
    out: list[str] = []
    places: list[int] = []
    for at, character in enumerate(text):
        if character in _INVISIBLE:
            continue
        if character in " \u3000\t" and _between_han(text, at):
            continue
        for folded in unicodedata.normalize("NFKC", character).casefold():
            out.append(folded)
            places.append(at)
    places.append(len(text))
    return Folded("".join(out), tuple(places))


def _between_han(text: str, at: int) -> bool:
    before = text[at - 1] if at else ""
    after = text[at + 1] if at + 1 < len(text) else ""
    return bool(before and after and _is_han(before) and _is_han(after))


def excerpt(text: str, start: int, end: int) -> str:
    """The found words with a little around them, on one line."""
    left, right = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return f"{'…' if left else ''}{text[left:right]}{'…' if right < len(text) else ''}".replace(
        "\n", " "
    )


class Lexicon:
    """Rules compiled into one automaton; 20,000 of them cost no more time than 20."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules
        self._words = [fold(rule.word).text for rule in rules]
        self._exceptions = [tuple(fold(one).text for one in rule.exceptions) for rule in rules]
        self._machine = AhoCorasick(self._words, matchkind=MatchKind.LeftmostLongest)
        joined = "\n".join(f"{one.level}\t{one.word}\t{one.exceptions}" for one in rules)
        self.version = hashlib.sha256(joined.encode()).hexdigest()[:12]

    def findings(self, part: str, text: str) -> Iterator[Finding]:
        """What the rules find in one part of a story."""
        folded = fold(text)
        for number, start, end in self._machine.find_matches_as_indexes(folded.text):
            rule = self.rules[number]
            if self._innocent(number, folded.text, start, end):
                continue
            first, last = folded.places[start], folded.places[end - 1] + 1
            yield Finding(
                rule.level, rule.code, part, first, last, text[first:last],
                excerpt(text, first, last), rule.advice, rule.instead,
            )  # fmt: skip

    def _innocent(self, number: int, text: str, start: int, end: int) -> bool:
        word = text[start:end]
        if word.isascii() and (text[start - 1 : start].isalpha() or text[end : end + 1].isalpha()):
            return True
        for longer in self._exceptions[number]:
            offset = longer.find(word)
            if offset >= 0 and text.startswith(longer, start - offset):
                return True
        return False


@lru_cache(maxsize=1)
def seed() -> Lexicon:
    """The lexicon that ships."""
    table = files("rongmei.stories").joinpath("lexicon.tsv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    return Lexicon(
        [
            Rule(
                Level(row["level"]), row["word"], row["advice"], row["instead"],
                tuple(filter(None, row["except"].split("|"))), row["code"],
            )
            for row in rows
        ]
    )  # fmt: skip


def check(text: CheckedText) -> Iterator[Finding]:
    """The checker that rooms run."""
    for part, words in text.parts:
        yield from seed().findings(part, words)
