"""Topics as rows: documents are put into clusters in memory, and the rows follow in one write.

The clusters of the last 72 hours live in the worker's memory, rebuilt from `TopicDocument` rows when
the process is new or another worker went on in the meantime (the cursor tells).
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from rongmei.archive import selectors as archive
from rongmei.kernel.ids import uuid7
from rongmei.kernel.text import shorten
from rongmei.monitoring import clusters, families, heat
from rongmei.monitoring.clusters import Cluster, Clusters
from rongmei.monitoring.models import Fingerprint, Topic, TopicDocument

if TYPE_CHECKING:
    from rongmei.archive.models import Document, HotSighting

KEYWORDS: Final = 6
HOT_LIST_ALIKE: Final = 0.8
HOT_LIST_FRESH: Final = 3600.0


@dataclass
class Entry:
    """A document of the window: where it is and by which words."""

    topic_id: uuid.UUID
    words: dict[str, float]
    at: datetime


@dataclass
class Memory:
    """The window as the worker knows it, up to the event `seq`."""

    seq: int
    clusters: Clusters = field(default_factory=Clusters)
    entries: dict[uuid.UUID, Entry] = field(default_factory=dict)


@dataclass
class Placing:
    """What is to be written: entries that are new or moved, and topics that changed or ended."""

    new: dict[uuid.UUID, tuple[uuid.UUID, float]] = field(default_factory=dict)
    touched: set[uuid.UUID] = field(default_factory=set)
    merged: dict[uuid.UUID, uuid.UUID] = field(default_factory=dict)


def load(seq: int, now: datetime) -> Memory:
    """Rebuild the window from rows."""
    memory = Memory(seq)
    since = now - clusters.WINDOW
    rows = TopicDocument.objects.filter(published_at__gte=since).order_by("published_at")
    languages = dict(Topic.objects.filter(last_at__gte=since).values_list("id", "language"))
    for document_id, topic_id, words, at in rows.values_list(
        "document_id", "topic_id", "words", "published_at"
    ):
        memory.clusters.count(words)
        _take(memory, document_id, topic_id, languages.get(topic_id, "zh"), words, at)
    return memory


def _take(
    memory: Memory, document_id: uuid.UUID, topic_id: uuid.UUID, language: str,
    words: dict[str, float], at: datetime,
) -> None:  # fmt: skip
    cluster = memory.clusters.topics.get(topic_id)
    if cluster is None:
        cluster = Cluster(topic_id, language, dict(words), at, at)
    else:
        cluster.add(words, at)
    memory.clusters.keep(cluster)
    memory.entries[document_id] = Entry(topic_id, words, at)


def forget_old(memory: Memory, now: datetime) -> None:
    """Let go of what fell out of the window."""
    since = now - clusters.WINDOW
    for document_id, entry in list(memory.entries.items()):
        if entry.at < since:
            memory.clusters.uncount(entry.words)
            memory.entries.pop(document_id)
    for topic_id, cluster in list(memory.clusters.topics.items()):
        if cluster.last_at < since:
            memory.clusters.drop(topic_id)


def belongs(document: Document, now: datetime) -> bool:
    """Whether a document is news that all may see: our own words and units' own papers are not."""
    recent = document.published_at >= now - clusters.WINDOW
    return recent and document.shared and not families.is_ours(document) and bool(document.title)


def place(
    memory: Memory, documents: Sequence[Document], same_text: dict[uuid.UUID, list[uuid.UUID]]
) -> Placing:
    """Put new documents into topics. `same_text` gives the other documents of its reprint family."""
    placing = Placing()
    fresh = sorted(
        (one for one in documents if one.pk not in memory.entries),
        key=lambda one: (one.published_at, str(one.pk)),
    )
    words = {one.pk: clusters.words_of(one.title, one.body) for one in fresh}
    for found in words.values():
        memory.clusters.count(found)
    for one in fresh:
        language = one.language[:2].lower() or "zh"
        topic_id, score = _topic_of(memory, one, words[one.pk], language, same_text.get(one.pk, []))
        _take(memory, one.pk, topic_id, language, words[one.pk], one.published_at)
        placing.new[one.pk] = (topic_id, score)
        placing.touched.add(topic_id)
    _merge(memory, placing)
    return placing


def _topic_of(
    memory: Memory, document: Document, words: dict[str, float], language: str,
    same_text: list[uuid.UUID],
) -> tuple[uuid.UUID, float]:  # fmt: skip
    for other in same_text:
        if other in memory.entries:
            return memory.entries[other].topic_id, 1.0
    cluster, alike = memory.clusters.best(words, language, document.published_at)
    if cluster is not None and alike >= clusters.JOIN:
        return cluster.id, round(alike, 4)
    return uuid7(), 1.0


def _merge(memory: Memory, placing: Placing) -> None:
    for topic_id in sorted(placing.touched, key=str):
        cluster = memory.clusters.topics.get(topic_id)
        target = memory.clusters.merge_target(cluster) if cluster else None
        if cluster is None or target is None:
            continue
        memory.clusters.drop(cluster.id)
        target.add(cluster.words, cluster.first_at, cluster.count)
        target.last_at = max(target.last_at, cluster.last_at)
        memory.clusters.keep(target)
        for entry in memory.entries.values():
            if entry.topic_id == cluster.id:
                entry.topic_id = target.id
        placing.merged[cluster.id] = target.id
        placing.touched.add(target.id)
    placing.touched -= placing.merged.keys()
    for document_id, (topic_id, score) in placing.new.items():
        placing.new[document_id] = (memory.entries[document_id].topic_id, score)
        del topic_id


def save(placing: Placing, memory: Memory, documents: dict[uuid.UUID, Document]) -> None:
    """Write entries and make topics, inside the caller's write."""
    known = set(Topic.objects.filter(pk__in=placing.touched).values_list("id", flat=True))
    first: dict[uuid.UUID, Document] = {}
    for document_id, (topic_id, _score) in placing.new.items():
        first.setdefault(topic_id, documents[document_id])
    Topic.objects.bulk_create(
        Topic(
            id=topic_id, title=shorten(one.title, 300), language=one.language[:2].lower() or "zh",
            first_at=one.published_at, last_at=one.published_at, method=clusters.METHOD,
        )
        for topic_id, one in first.items()
        if topic_id not in known
    )  # fmt: skip
    TopicDocument.objects.filter(pk__in=list(placing.new)).delete()
    TopicDocument.objects.bulk_create(
        TopicDocument(
            document_id=document_id, topic_id=topic_id, score=score,
            words=memory.entries[document_id].words, published_at=memory.entries[document_id].at,
        )
        for document_id, (topic_id, score) in placing.new.items()
    )  # fmt: skip
    for gone, target in placing.merged.items():
        TopicDocument.objects.filter(topic=gone).update(topic=target)
        Topic.objects.filter(pk=gone).delete()


def recount(ids: Iterable[uuid.UUID], now: datetime) -> list[Topic]:
    """Topics with title, counts, history and heat as of `now`; read and computed, not yet saved."""
    wanted = set(ids)
    rows = (
        TopicDocument.objects.filter(topic__in=wanted)
        .select_related("document__source")
        .defer("document__body", "document__summary")
        .order_by("published_at", "document_id")
    )
    entries: dict[uuid.UUID, list[TopicDocument]] = {}
    for row in rows:
        entries.setdefault(row.topic_id, []).append(row)
    documents = [row.document_id for found in entries.values() for row in found]
    family = dict(
        Fingerprint.objects.filter(document__in=documents, family__isnull=False).values_list(
            "document_id", "family_id"
        )
    )
    hot = _fresh_hot_lists(now)
    done = []
    for topic in Topic.objects.filter(pk__in=wanted):
        found = entries.get(topic.pk, [])
        if found:
            _describe(topic, found)
            _measure(topic, found, family, hot, now)
            done.append(topic)
    return done


def _describe(topic: Topic, entries: list[TopicDocument]) -> None:
    summed: Counter[str] = Counter()
    spread: Counter[str] = Counter()
    for entry in entries:
        summed.update(entry.words)
        spread.update(entry.words.keys())
    weighed = {word: n * spread[word] for word, n in summed.items()}
    ranked = sorted(weighed, key=lambda word: (-weighed[word], word))
    names = list(dict.fromkeys(word.strip("“”") for word in ranked))
    # The headline that says most of what all of them say, the earliest of equals.
    best = max(entries, key=lambda one: clusters.cosine(one.words, weighed))
    topic.title = shorten(best.document.title, 300)
    regions = Counter(one.document.region for one in entries)
    region, count = regions.most_common(1)[0]
    topic.region = region if count * 2 >= len(entries) else ""
    topic.keywords = _without_parts([one for one in names if one != topic.region])[:KEYWORDS]


def _without_parts(names: list[str]) -> list[str]:
    return [
        name
        for at, name in enumerate(names[: 3 * KEYWORDS])
        if not any(name in other and name != other for other in names[:at])
    ]


def _measure(
    topic: Topic,
    entries: list[TopicDocument],
    family: dict[uuid.UUID, uuid.UUID],
    hot: list[tuple[HotSighting, dict[str, float]]],
    now: datetime,
) -> None:
    texts = [
        heat.Text(
            family=str(family.get(one.document_id, one.document_id)),
            source=one.document.source_name,
            tier=one.document.source.tier if one.document.source else 3,
            at=one.published_at,
        )
        for one in entries
    ]
    titles = [clusters.words_of(one.document.title, "") for one in entries] if hot else []
    ranks = [row.rank for row, words in hot if _on_list(words, titles)]
    topic.explain = heat.explain(texts, rank=min(ranks, default=None), now=now)
    topic.heat = topic.explain["heat"]
    times = [one.published_at for one in entries]
    topic.history = heat.hourly(times, now=now)
    topic.first_at, topic.last_at = min(times), max(times)
    topic.document_count = len(entries)
    topic.source_count = len({one.source for one in texts})
    topic.family_count = len({one.family for one in texts})
    hour_ago = now.timestamp() - 3600
    topic.last_hour = sum(1 for at in times if at.timestamp() >= hour_ago)
    topic.method = heat.METHOD


def _fresh_hot_lists(now: datetime) -> list[tuple[HotSighting, dict[str, float]]]:
    return [
        (row, clusters.words_of(row.title, ""))
        for row in archive.hot_lists_now(limit=50)
        if (now - row.seen_at).total_seconds() <= HOT_LIST_FRESH
    ]


def _on_list(words: dict[str, float], titles: list[dict[str, float]]) -> bool:
    return any(clusters.cosine(words, title) >= HOT_LIST_ALIKE for title in titles)


def save_counts(topics: Sequence[Topic]) -> list[Topic]:
    """Write what `recount` found, inside the caller's write; return those that became hot now."""
    hot = [one for one in topics if one.found_at is None and is_hot(one)]
    for topic in hot:
        topic.found_at = timezone.now()
    # A bulk update leaves the time alone, and pages say from it how old the figures are.
    for topic in topics:
        topic.updated_at = timezone.now()
    Topic.objects.bulk_update(
        topics,
        [
            "title", "keywords", "region", "heat", "document_count", "source_count", "family_count",
            "last_hour", "first_at", "last_at", "found_at", "explain", "history", "method",
            "updated_at",
        ],
        batch_size=50,
    )  # fmt: skip
    return hot


def is_hot(topic: Topic) -> bool:
    """Hot is several voices, not one loud one."""
    return topic.heat >= heat.FOUND_AT and topic.source_count >= 3
