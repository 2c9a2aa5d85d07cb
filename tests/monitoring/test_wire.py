"""The methods against the wire's ground truth: families exactly, topics by measured figures."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from rongmei.archive.models import Document
from rongmei.monitoring import explaining
from rongmei.monitoring.models import Fingerprint, Reprint, ReprintFamily, Topic, TopicDocument
from rongmei_wire.library import default_library
from tests.monitoring.conftest import Newsroom


def _family_names() -> dict[str, str]:
    return {piece.id: piece.family or piece.id for piece in default_library().pieces}


def test_families_are_exactly_the_reprints(wire_digested: Callable[[], dict[str, Document]]):
    documents = wire_digested()
    name = {document.pk: piece for piece, document in documents.items()}
    found: dict[object, set[str]] = {}
    for document_id, family_id in Fingerprint.objects.values_list("document_id", "family_id"):
        found.setdefault(family_id or document_id, set()).add(name[document_id])
    true: dict[str, set[str]] = {}
    for piece, family in _family_names().items():
        true.setdefault(family, set()).add(piece)
    assert sorted(map(sorted, found.values())) == sorted(map(sorted, true.values()))
    for family in ReprintFamily.objects.all():
        assert _family_names()[name[family.origin_id]] == name[family.origin_id]
        assert family.size == family.members.count()


def test_topics_against_the_events(wire_digested: Callable[[], dict[str, Document]]):
    """Pairwise over the Chinese pieces; the figures measured are in the room's README."""
    documents = wire_digested()
    topic = dict(TopicDocument.objects.values_list("document_id", "topic_id"))
    truth = {
        p.id: p.event or p.family or p.id for p in default_library().pieces if p.language == "zh"
    }
    right = wrong = missed = 0
    for one, other in itertools.combinations(truth, 2):
        same = truth[one] == truth[other]
        together = topic[documents[one].pk] == topic[documents[other].pk]
        right += same and together
        wrong += together and not same
        missed += same and not together
    precision, recall = right / (right + wrong), right / (right + missed)
    assert precision >= 0.80, (precision, recall)
    assert recall >= 0.58, (precision, recall)


def test_the_three_events_are_the_largest_topics(wire_digested: Callable[[], dict[str, Document]]):
    documents = wire_digested()
    events = {documents[p.id].pk: p.event for p in default_library().pieces}
    largest = Topic.objects.filter(language="zh").order_by("-document_count")[:3]
    seen = set()
    for topic in largest:
        names = [events[pk] for pk in topic.entries.values_list("document_id", flat=True)]
        seen.add(max(set(names), key=names.count))
    assert seen == {"typhoon-weiying", "heat-record", "rumour-price"}


def test_explanation_adds_up(wire_digested: Callable[[], dict[str, Document]]):
    wire_digested()
    for topic in Topic.objects.all():
        assert explaining.heat_total(topic.explain) == topic.heat
        assert len(explaining.heat_lines(topic.explain)) == 5
        assert sum(topic.history) <= topic.document_count


def test_order_of_batches_changes_no_family(newsroom: Newsroom):
    wanted = [p for p in default_library().pieces if p.family or p.id in _family_names().values()]
    family = [p for p in wanted if p.event == "typhoon-weiying"]
    for piece in reversed(family):
        newsroom.pieces([piece])
        newsroom.digest()
    sizes = sorted(ReprintFamily.objects.values_list("size", flat=True))
    assert sizes == [2, 3]
    assert Reprint.objects.count() == 0
