"""Wording rules, matched all at once, in the text as written and as people write to slip past them.

The seed that ships is `lexicon.tsv` (level, word, advice, what to write instead, longer words in which
the word is innocent, separated by |, and a code) and `typos.tsv`. A node's own lexicons are rows.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import rjieba
from ahocorasick_rs import AhoCorasick
from django.utils.translation import gettext_noop as _

from rongmei.stories import evasion
from rongmei.stories.evasion import Folded, fold
from rongmei.stories.types import CheckedText, Finding, Level

_AROUND: Final = 14
# A homophone of two syllables is as often innocent as not; three that all agree are no accident.
_SOUNDS: Final = 3
_LEET: Final = 4
_WILD: Final = 8
_HAN = re.compile(f"[{evasion.HAN}]+")
_BOUNDARY: Final = frozenset("abcdefghijklmnopqrstuvwxyz")
# How a hit was written, and what a report says of it.
HOW: Final = {
    "gaps": _("字间插入了符号"), "split": _("用了拆字"), "sound": _("用了同音字"),
    "leet": _("用了形近的数字或符号"),
}  # fmt: skip
CONTEXTS: Final = frozenset({"quote", "title", "name"})
_ENCLOSING: Final = {"quote": ("“", "”"), "title": ("《", "》")}
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
        _("疑为错别字。"),
    }
)


@dataclass(frozen=True)
class Rule:
    """One wording rule.

    `contexts` are places in which the word is innocent: inside quotation marks (quote), inside 《》
    (title), inside a name that the segmenter knows (name). In a `pattern`, ? stands for one
    character, * for up to eight of one sentence, [甲|乙] for either.
    """

    level: Level
    word: str
    advice: str
    instead: str
    exceptions: tuple[str, ...]
    code: str
    contexts: frozenset[str] = frozenset()
    pattern: bool = False


@dataclass(frozen=True)
class _Hit:
    """A rule's word at a place of the original text."""

    number: int
    start: int
    end: int
    how: str


def excerpt(text: str, start: int, end: int) -> str:
    """The found words with a little around them, on one line."""
    left, right = max(0, start - _AROUND), min(len(text), end + _AROUND)
    return f"{'…' if left else ''}{text[left:right]}{'…' if right < len(text) else ''}".replace(
        "\n", " "
    )


def compiled(pattern: str) -> re.Pattern[str]:
    """A rule's pattern as a regular expression that takes time in proportion to the text.

    Raises ValueError where there is nothing to look for, or a bracket is not closed.
    """
    parts: list[str] = []
    for piece in re.split(r"(\[[^\[\]]*\]|[?*])", fold(pattern).text):
        if piece == "?":
            parts.append(r"[^\n]")
        elif piece == "*":
            parts.append(rf"[^\n。！？]{{0,{_WILD}}}?")
        elif piece.startswith("[") and piece.endswith("]"):
            ways = [re.escape(one) for one in piece[1:-1].split("|") if one]
            if not ways:
                raise ValueError(pattern)
            parts.append(f"(?:{'|'.join(ways)})")
        elif "[" in piece or "]" in piece:
            raise ValueError(pattern)
        else:
            parts.append(re.escape(piece))
    anchor_of(pattern)
    return re.compile("".join(parts))


def anchor_of(pattern: str) -> str:
    """The longest piece of a pattern that is always there: the automaton looks for it."""
    pieces = re.split(r"\[[^\[\]]*\]|[?*]", fold(pattern).text)
    found = max(pieces, key=len)
    if len(found) < 2:
        raise ValueError(pattern)
    return found


class Matcher:
    """Rules compiled into automata; 20,000 of them cost little more time than 20."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = list(rules)
        self._words = [
            anchor_of(rule.word) if rule.pattern else fold(rule.word).text for rule in self.rules
        ]
        self._patterns = {
            number: compiled(rule.word) for number, rule in enumerate(self.rules) if rule.pattern
        }
        self._machine = AhoCorasick(self._words)
        joined = "\n".join(
            f"{one.level}\t{one.word}\t{one.exceptions}\t{sorted(one.contexts)}\t{one.pattern}"
            f"\t{one.instead}\t{one.advice}\t{one.code}"
            for one in self.rules
        )
        self.version = hashlib.sha256(joined.encode()).hexdigest()[:12]

    @cached_property
    def _sounding(self) -> tuple[AhoCorasick, list[int]]:
        """Words of three and more common characters that are worth hiding, by their sound."""
        table, chosen = evasion.sounds(), []
        for number, word in enumerate(self._words):
            rule = self.rules[number]
            serious = rule.level is not Level.HINT and rule.code != "typo"
            if serious and not rule.pattern and len(word) >= _SOUNDS:
                chosen += [number] if all(ord(one) in table for one in word) else []
        return AhoCorasick([evasion.sound(self._words[one]) for one in chosen]), chosen

    @cached_property
    def _latin(self) -> tuple[AhoCorasick, list[int]]:
        chosen = [
            number for number, word in enumerate(self._words)
            if len(word) >= _LEET and word.isascii() and word.isalpha()
        ]  # fmt: skip
        return AhoCorasick([self._words[one] for one in chosen]), chosen

    def findings(self, part: str, text: str) -> Iterator[Finding]:
        """What the rules find in one part of a story."""
        for hit in self._chosen(self._hits(text)):
            rule = self.rules[hit.number]
            level = rule.level
            if hit.how == "sound" and level is Level.FORBID:
                # Nobody is stopped for a sound alone; a person looks.
                level = Level.CAUTION
            yield Finding(
                level, rule.code, part, hit.start, hit.end, text[hit.start : hit.end],
                excerpt(text, hit.start, hit.end), rule.advice, rule.instead, HOW.get(hit.how, ""),
            )  # fmt: skip

    def _hits(self, text: str) -> Iterator[_Hit]:
        folded = fold(text)
        for number, start, end in self._found(folded.text):
            if not self._innocent(number, folded.text, start, end, text):
                yield _Hit(number, *folded.span(start, end), "")
        gapped = evasion.gaps(folded)
        if gapped is not None:
            for number, start, end in self._found(gapped.text):
                if evasion.gap_speaks(folded, gapped, start, end) and not self._innocent(
                    number, gapped.text, start, end, text
                ):
                    yield _Hit(number, *gapped.span(start, end), "gaps")
        whole = evasion.split(folded)
        if whole is not None:
            for number, start, end in self._found(whole.text):
                first, last = whole.span(start, end)
                if last - first > end - start and text[first:last] not in self._words:
                    yield _Hit(number, first, last, "split")
        yield from self._same_sound(folded)
        yield from self._leet(folded)

    def _found(self, text: str) -> Iterator[tuple[int, int, int]]:
        for number, start, end in self._machine.find_matches_as_indexes(text, overlapping=True):
            pattern = self._patterns.get(number)
            if pattern is None:
                yield number, start, end
                continue
            # The anchor was seen: does the whole pattern stand around it?
            reach = len(self.rules[number].word) * (_WILD + 1)
            for match in pattern.finditer(text, max(0, start - reach), end + reach):
                if match.start() <= start and end <= match.end():
                    yield number, *match.span()
                    break

    def _same_sound(self, folded: Folded) -> Iterator[_Hit]:
        machine, chosen = self._sounding
        if not chosen:
            return
        spoken = evasion.sound(folded.text)
        for which, start, end in machine.find_matches_as_indexes(spoken, overlapping=True):
            number = chosen[which]
            written = folded.text[start:end]
            if written != self._words[number] and not _ordinary(folded.text, start, end):
                yield _Hit(number, *folded.span(start, end), "sound")

    def _leet(self, folded: Folded) -> Iterator[_Hit]:
        machine, chosen = self._latin
        view = evasion.leet(folded) if chosen else None
        if view is None:
            return
        for which, start, end in machine.find_matches_as_indexes(view.text, overlapping=True):
            number, written = chosen[which], folded.text[start:end]
            letters = sum(one.isalpha() for one in written)
            beside = view.text[max(0, start - 1) : start], view.text[end : end + 1]
            alone = _BOUNDARY.isdisjoint(beside)
            if written != self._words[number] and letters * 2 >= len(written) and alone:
                yield _Hit(number, *folded.span(start, end), "leet")

    def _chosen(self, hits: Iterable[_Hit]) -> list[_Hit]:
        """One hit for each place: the most serious, then the longest, then the plainest."""
        order = list(Level)
        kept: list[_Hit] = []
        for hit in sorted(
            hits,
            key=lambda one: (
                order.index(self.rules[one.number].level), bool(one.how), one.start - one.end, one.start
            ),
        ):  # fmt: skip
            if all(hit.end <= one.start or one.end <= hit.start for one in kept):
                kept.append(hit)
        return sorted(kept, key=lambda one: one.start)

    def _innocent(self, number: int, folded: str, start: int, end: int, text: str) -> bool:
        rule, word = self.rules[number], folded[start:end]
        around = folded[max(0, start - 1) : start], folded[end : end + 1]
        if word.isascii() and not _BOUNDARY.isdisjoint(around):
            return True
        for longer in self._longer[number]:
            offset = longer.find(word)
            while offset >= 0:
                if folded.startswith(longer, start - offset) and start >= offset:
                    return True
                offset = longer.find(word, offset + 1)
        return any(_inside(one, folded, start, end) for one in rule.contexts)

    @cached_property
    def _longer(self) -> list[tuple[str, ...]]:
        return [tuple(fold(one).text for one in rule.exceptions) for rule in self.rules]


def _ordinary(text: str, start: int, end: int) -> bool:
    """Whether the segmenter reads this place as words of everyday that only sound like the rule's."""
    at = max(0, start - 8)
    for word in rjieba.cut(text[at : end + 8], False):
        if at < end and at + len(word) > start and len(word) == 1:
            return False
        at += len(word)
    return True


def _inside(context: str, text: str, start: int, end: int) -> bool:
    if context == "name":
        at = max(0, start - 12)
        for word, tag in rjieba.tag(text[at : end + 12]):
            if tag.startswith("n") and tag != "n" and at <= start and end <= at + len(word):
                return True
            at += len(word)
        return False
    opening, closing = _ENCLOSING[context]
    before, after = text.rfind(opening, 0, start + 1), text.find(closing, end - 1)
    line = text.rfind("\n", 0, start)
    return (
        before > max(line, text.rfind(closing, 0, start))
        and after >= 0
        and "\n" not in text[end:after]
    )


@lru_cache(maxsize=1)
def seed() -> Matcher:
    """The wording rules that ship."""
    return Matcher(
        Rule(
            Level(row["level"]), row["word"], row["advice"], row["instead"],
            tuple(filter(None, row["except"].split("|"))), row["code"],
        )
        for row in evasion.table("lexicon.tsv")
    )  # fmt: skip


@lru_cache(maxsize=1)
def typos() -> Matcher:
    """Pairs that are often mixed up."""
    return Matcher(
        Rule(
            Level.CAUTION, row["wrong"], "疑为错别字。", row["right"],
            tuple(filter(None, row["except"].split("|"))), "typo",
        )
        for row in evasion.table("typos.tsv")
    )  # fmt: skip


def check(text: CheckedText) -> Iterator[Finding]:
    """The wording rules that ship."""
    for part, words in text.parts:
        yield from seed().findings(part, words)


def check_typos(text: CheckedText) -> Iterator[Finding]:
    """Words that are often written wrong."""
    for part, words in text.parts:
        yield from typos().findings(part, words)
