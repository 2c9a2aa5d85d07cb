"""Hot topics, method "burst-1": which documents tell of one event, in one pass, without training.

Pure; the database is elsewhere. A document is its words: those of the title count three times,
those of the first paragraph once, of the rest half; names in quotation marks (“苇莺”) are words of
their own and count six times. Words are weighed by how rare they are in the window of 72 hours and
in the language. A document joins the topic it is most alike to (cosine
of the weighted words, halved for every `HALF_LIFE` hours of silence) if that reaches `JOIN`,
else it starts one of its own; two topics whose words come to agree by `MERGE` become one.

What it does not do: languages are kept apart, a topic knows no sub-events, and a document stays
where it was put. Figures against the example wire are in docs/explanation/monitoring.md; a change
of any number here is a new method name.
"""

from __future__ import annotations

import math
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from rongmei.archive.analysis import default_analyser, fold

METHOD: Final = "burst-1"
WINDOW: Final = timedelta(hours=72)
HALF_LIFE: Final = 48.0
JOIN: Final = 0.22
MERGE: Final = 0.45
TITLE_WEIGHT, LEAD_WEIGHT, BODY_WEIGHT = 3.0, 1.0, 0.5
NAME_WEIGHT, NAME_RARITY = 6.0, 1.0
LEAD_CHARACTERS, BODY_CHARACTERS = 160, 1500
WORDS_KEPT: Final = 120
TOPIC_WORDS: Final = 200
# A word that one document has alone brings it to no other, but does tell it from them.
LONE_SHARE: Final = 0.6
# Jieba's word list counts some 60 million words of running text.
LANGUAGE_WORDS: Final = 6e7

_QUOTED = re.compile(r"[“《「『\"]([^“”《》「」『』\"\s]{2,8})[”》」』\"]")
_NUMBER = re.compile(r"^[\d.,%:：/年月日时分点个万亿千百十一二三四五六七八九两]+$")
# Words that every report has; they say nothing of what it is about.
_COMMON = frozenset(
    [
        "记者",
        "报道",
        "消息",
        "近日",
        "今天",
        "昨天",
        "昨日",
        "今日",
        "目前",
        "已经",
        "进行",
        "开始",
        "这个",
        "那个",
        "一个",
        "没有",
        "他们",
        "我们",
        "你们",
        "自己",
        "可以",
        "以及",
        "其中",
        "表示",
        "介绍",
        "成为",
        "通过",
        "如何",
        "什么",
        "怎么",
        "为了",
        "因为",
        "所以",
        "但是",
        "还是",
        "不是",
        "就是",
        "以后",
        "之后",
        "之前",
        "以前",
        "时候",
        "现在",
        "左右",
        "以上",
        "以下",
        "有关",
        "相关",
        "部分",
        "情况",
        "问题",
        "方面",
        "工作",
        "公司",
        "示例",
        "全部",
        "多少",
        "有人",
        "可能",
        "需要",
        "发现",
        "出现",
        "最大",
        "超过",
        "达到",
        "the",
        "and",
        "for",
        "with",
        "that",
        "this",
        "from",
        "was",
        "were",
        "has",
        "have",
        "had",
        "its",
        "are",
        "but",
        "not",
        "they",
        "said",
        "one",
        "more",
        "than",
    ]
)


def words_of(title: str, body: str) -> dict[str, float]:
    """The weighted words of a document, the heaviest 120."""
    lead, _, rest = body.strip().partition("\n")
    parts = (
        (title, TITLE_WEIGHT, NAME_WEIGHT),
        (lead[:LEAD_CHARACTERS], LEAD_WEIGHT, NAME_WEIGHT),
        (rest[:BODY_CHARACTERS], BODY_WEIGHT, LEAD_WEIGHT),
    )
    counted: Counter[str] = Counter()
    for text, weight, name_weight in parts:
        for word in default_analyser().whole_words(fold(text)):
            if (
                len(word) > (3 if word.isascii() else 1)
                and word not in _COMMON
                and not _NUMBER.match(word)
            ):
                counted[word] += weight  # type: ignore[assignment] # a sum of weights
        for name in _QUOTED.findall(text):
            key = f"“{fold(name)}”"
            counted[key] = max(counted[key], name_weight)  # type: ignore[assignment]
    return {word: float(weight) for word, weight in counted.most_common(WORDS_KEPT)}


@lru_cache(maxsize=200_000)
def _strangeness(word: str) -> float:
    """How rare a word is in the language at large, 0 to about 1.1; the window alone is too small."""
    known = default_analyser().frequency(word)
    share = math.log(LANGUAGE_WORDS / (known + 10)) / math.log(LANGUAGE_WORDS / 10)
    return math.pow(share, 0.7)


@dataclass(frozen=True, slots=True)
class Vector:
    """A sparse vector with the sum of its squares."""

    weights: Mapping[str, float]
    squares: float

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Vector:
        """The vector of these weights."""
        return cls(weights, sum(w * w for w in weights.values()))

    def cosine(self, other: Vector) -> float:
        """Cosine of the two; 0 when one is empty or they share nothing."""
        one, two = self.weights, other.weights
        if len(one) > len(two):
            one, two = two, one
        dot = sum(weight * two[word] for word, weight in one.items() if word in two)
        return dot / math.sqrt(self.squares * other.squares) if dot else 0.0


@dataclass
class Cluster:
    """A topic in the making. `words` are sums over its documents."""

    id: uuid.UUID
    language: str
    words: dict[str, float]
    first_at: datetime
    last_at: datetime
    count: int = 1

    def add(self, words: Mapping[str, float], at: datetime, count: int = 1) -> None:
        """Take in a document (or another topic's sums)."""
        for word, weight in words.items():
            self.words[word] = self.words.get(word, 0.0) + weight
        if len(self.words) > 2 * TOPIC_WORDS:
            heavy = sorted(self.words.items(), key=lambda pair: -pair[1])[:TOPIC_WORDS]
            self.words = dict(heavy)
        self.count += count
        self.first_at, self.last_at = min(self.first_at, at), max(self.last_at, at)


@dataclass
class Clusters:
    """All topics of the window, with an index from word to topic."""

    documents: int = 0
    frequency: Counter[str] = field(default_factory=Counter)
    topics: dict[uuid.UUID, Cluster] = field(default_factory=dict)
    _by_word: defaultdict[str, set[uuid.UUID]] = field(default_factory=lambda: defaultdict(set))
    # Both hold until a document comes or goes; a topic's vector also until the topic changes.
    # A document is compared with hundreds of topics: without them that is nine tenths of the time.
    _rarities: dict[str, float] = field(default_factory=dict)
    _vectors: dict[uuid.UUID, Vector] = field(default_factory=dict)

    def count(self, words: Iterable[str]) -> None:
        """Note that a document of the window has these words."""
        self.documents += 1
        self.frequency.update(set(words))
        self._forget()

    def uncount(self, words: Iterable[str]) -> None:
        """A document with these words fell out of the window."""
        self.documents -= 1
        self.frequency.subtract(set(words))
        self._forget()

    def _forget(self) -> None:
        self._rarities.clear()
        self._vectors.clear()

    def keep(self, cluster: Cluster) -> None:
        """Put a topic (back) into the index."""
        self.topics[cluster.id] = cluster
        self._vectors.pop(cluster.id, None)
        for word in cluster.words:
            self._by_word[word].add(cluster.id)

    def drop(self, topic_id: uuid.UUID) -> None:
        """Take a topic out."""
        cluster = self.topics.pop(topic_id, None)
        self._vectors.pop(topic_id, None)
        for word in cluster.words if cluster else ():
            self._by_word[word].discard(topic_id)

    def rarity(self, word: str) -> float:
        """Rarity in the window times rarity in the language; names in quotation marks count more."""
        found = self._rarities.get(word)
        if found is None:
            found = self._rarities[word] = self._rarity(word)
        return found

    def _rarity(self, word: str) -> float:
        known = self.frequency[word]
        if known < 2:
            return LONE_SHARE
        here = math.log((self.documents + 1) / (known + 1))
        if word.startswith("“"):
            return max(0.0, here + NAME_RARITY)
        return max(0.0, here) * _strangeness(word)

    def weigh(self, words: Mapping[str, float]) -> dict[str, float]:
        """Damped counts times rarity."""
        return {w: (1 + math.log(n)) * self.rarity(w) for w, n in words.items() if n > 0}

    def best(
        self, words: Mapping[str, float], language: str, at: datetime
    ) -> tuple[Cluster | None, float]:
        """The topic this document is most alike to, and how much (with the decay of time)."""
        mine = Vector.of(self.weigh(words))
        found: tuple[Cluster | None, float] = (None, 0.0)
        for topic_id in self._candidates(mine.weights):
            cluster = self.topics[topic_id]
            if cluster.language != language:
                continue
            silent = abs((at - cluster.last_at).total_seconds()) / 3600
            alike = mine.cosine(self._mean(cluster)) * 0.5 ** (silent / HALF_LIFE)
            if alike > found[1]:
                found = (cluster, alike)
        return found

    def _mean(self, cluster: Cluster) -> Vector:
        held = self._vectors.get(cluster.id)
        if held is None:
            # The mean counts one document's words less the larger the topic: damping comes after it.
            scale = 1.0 / cluster.count
            rarity = self.rarity
            held = self._vectors[cluster.id] = Vector.of(
                {w: math.log1p(n * scale) * rarity(w) for w, n in cluster.words.items()}
            )
        return held

    def _candidates(self, weighed: Mapping[str, float]) -> set[uuid.UUID]:
        # Words that hundreds of topics have cannot bring a document above JOIN by themselves.
        rare = sorted(weighed, key=lambda word: -weighed[word])[:16]
        found = {topic for word in rare for topic in self._by_word.get(word, ())}
        return found & self.topics.keys()

    def merge_target(self, cluster: Cluster) -> Cluster | None:
        """An older topic that this one has come to agree with, if there is one."""
        mine = self._mean(cluster)
        best, reached = None, 0.0
        for topic_id in self._candidates(mine.weights):
            other = self.topics[topic_id]
            if other.id == cluster.id or other.language != cluster.language:
                continue
            alike = mine.cosine(self._mean(other))
            # One document beside a topic is asked what a new document would be asked.
            enough = JOIN if 1 in (cluster.count, other.count) else MERGE
            if alike >= enough and alike > reached:
                best, reached = other, alike
        return best


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Cosine of two sparse vectors; 0 when one is empty."""
    return Vector.of(one).cosine(Vector.of(other))
