"""The engine and the plain fake give the same answers to questions nobody thought of."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.index_fake import FakeIndex
from rongmei.archive.query import (
    DATE_FIELDS,
    FIELDS,
    HAS,
    And,
    AnyOf,
    Everything,
    Field,
    Not,
    Or,
    Phrase,
    When,
    Word,
)
from rongmei.archive.tests.index_cases import CENTRE, HQ, NOW, document
from rongmei.archive.types import FACET_FIELDS, PUBLIC, SearchRequest

SNIPPETS = [
    "特高压", "电网", "電網", "和服", "产品和服务", "李建业", "迎峰度夏", "的", "A", "5G", "gpt-4",
    "云岭日报", "，", "！", " ", "𠮷", "が", "한", "\n", "¶", "_", "é",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(SNIPPETS), max_size=6).map("".join)
NAME = st.sampled_from(["", "云岭", "雲嶺 日报", "A B", "story", "Story"])
MOMENT = st.integers(NOW - 40 * 86_400, NOW + 86_400)
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "title": TEXT,
            "body": TEXT,
            "summary": TEXT,
            "source": NAME,
            "region": NAME,
            "kind": NAME,
            "has": st.sets(st.sampled_from(list(HAS))).map(tuple),
            "tags": st.lists(NAME, max_size=3).map(tuple),
            "visible_to": st.sampled_from([(PUBLIC,), (HQ,), (HQ, CENTRE), ()]),
            "published_at": MOMENT,
            "fetched_at": MOMENT,
        }
    ),
    min_size=5,
    max_size=12,
)
LEAF = st.one_of(
    st.just(Everything()),
    TEXT.map(Word),
    TEXT.map(Phrase),
    st.builds(Field, st.sampled_from(list(FIELDS)), st.one_of(NAME, TEXT), st.booleans()),
    st.builds(Field, st.just("has"), st.sampled_from(list(HAS))),
    st.builds(AnyOf, st.sampled_from(["source", "tags"]), st.lists(NAME, max_size=3).map(tuple)),
    st.builds(
        When,
        st.sampled_from(list(DATE_FIELDS)),
        st.sampled_from(["2026-06", "2026-06-15", "today", "week", "7d", "2026-05-20..2026-06-02"]),
    ),
)
QUERY = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda nodes: And(tuple(nodes))),
        st.lists(inner, min_size=2, max_size=3).map(lambda nodes: Or(tuple(nodes))),
    ),
    max_leaves=6,
)
SCOPE = st.sampled_from([None, frozenset(), frozenset({CENTRE}), frozenset({HQ})])


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(DOCUMENTS, st.lists(st.tuples(QUERY, SCOPE), min_size=10, max_size=20), st.data())
def test_both_answer_alike(tmp_path_factory, fields, questions, data):
    fake = FakeIndex()
    engine = TantivyIndex(tmp_path_factory.mktemp("index"), heap_bytes=15_000_000)
    rows = [document(number, **values) for number, values in enumerate(fields)]
    for index in (fake, engine):
        with index.writer() as writer:
            writer.add(rows[:4])
            writer.commit(4)
            writer.add(rows[2:])
            writer.delete(["d1"])
            writer.commit(9)
    one, two = fake.reader(), engine.reader()
    for query, scope in questions:
        request = SearchRequest(
            query=query,
            scope=scope,
            sort="newest",
            now=NOW,
            facets=FACET_FIELDS,
            histogram=data.draw(st.sampled_from(["hour", "day", "week", "month"])),
            tz_offset=data.draw(st.sampled_from([0, 28_800, -12_600])),
        )
        expected, found = one.search(request), two.search(request)
        assert [hit.id for hit in found.hits] == [hit.id for hit in expected.hits], query
        assert found.total == expected.total
        assert found.facets == expected.facets
        assert found.histogram == expected.histogram
        start = data.draw(st.sampled_from(["云", "雲", "a", "特", "电"]))
        assert two.suggest(start, scope, 50) == one.suggest(start, scope, 50)
