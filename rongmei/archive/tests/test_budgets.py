"""What keeping and finding may ask of the database, however much comes."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rongmei.archive import actions
from rongmei.archive.actions import BATCH, Arrived
from rongmei.archive.collecting import facts_of
from rongmei.archive.models import Change, Document
from rongmei.archive.tests.collectors import watch
from rongmei.kernel import db
from rongmei.network.actions import tokens
from rongmei.sources.types import Item

pytestmark = pytest.mark.django_db


def _arrived(number):
    item = Item(
        entry_key=str(number), url=f"http://news.example.com/{number}", canonical_url="",
        title=f"第{number}条", body=f"第{number}条示例消息的正文，足够长，不会被当作同一篇。" * 3,
        content_hash=f"{number:064}",
    )  # fmt: skip
    return Arrived(item, f"{number:064}", f"{number:064}")


def _keep(source, batch):
    with db.write():
        return actions.documents_store(batch, source=facts_of(source), at=timezone.now())


def _lock():
    """What one place in a sequence costs: an advisory lock on PostgreSQL, nothing on SQLite."""
    return int(connection.vendor == "postgresql")


def test_a_batch_costs_as_many_queries_as_one_item(cast):
    source = watch(cast, "http://news.example.com/feed.xml")
    with CaptureQueriesContext(connection) as alone:
        _keep(source, [_arrived(0)])
    with CaptureQueriesContext(connection) as full:
        stored = _keep(source, [_arrived(number) for number in range(1, BATCH + 1)])
    assert stored.new == BATCH
    assert Document.objects.count() == Change.objects.count() == BATCH + 1
    # Savepoint and its release, what is known, what was said before, rows, changes, event.
    assert len(full) == len(alone) <= 7 + 3 * _lock()


@pytest.mark.skipif(connection.vendor != "sqlite", reason="asks SQLite's planner")
def test_no_look_goes_through_all_that_a_source_ever_gave(cast):
    """At 300,000 documents a batch of 200 took four times as long for it."""
    source = watch(cast, "http://news.example.com/feed.xml")
    with CaptureQueriesContext(connection) as asked:
        _keep(source, [_arrived(number) for number in range(BATCH)])
    looks = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
    looks = [sql for sql in looks if 'FROM "archive_document"' in sql]
    assert len(looks) == 2
    for sql in looks:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}".replace("%", "%%"))
            plan = " ".join(str(row[3]) for row in cursor.fetchall())
        assert "(identity=?)" in plan or "(content_hash=?)" in plan, plan


def test_what_is_known_and_the_same_costs_two_looks(cast, django_assert_max_num_queries):
    """Which are known, by numbers alone; and of those the texts, to be compared."""
    source = watch(cast, "http://news.example.com/feed.xml")
    batch = [_arrived(number) for number in range(50)]
    _keep(source, batch)
    with django_assert_max_num_queries(4 + _lock()):
        assert _keep(source, batch).known == 50


def test_following_reads_a_batch_in_two_queries(cast, own_index, django_assert_num_queries):
    source = watch(cast, "http://news.example.com/feed.xml")
    # A new index also asks for the node's terms.
    own_index()
    _keep(source, [_arrived(number) for number in range(120)])
    # Changes and documents; then no further change.
    with django_assert_num_queries(3):
        own_index()


def test_the_search_api_costs_the_same_for_one_hit_and_for_fifty(cast, client, own_index):
    source = watch(cast, "http://news.example.com/feed.xml", shared=True)
    _keep(source, [_arrived(number) for number in range(60)])
    own_index()
    secret = tokens.token_create(by=cast["planner"], name="示例").secret
    for limit in (1, 50):
        asked = {"q": "示例消息", "limit": limit, "facets": "true"}
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(
                "/api/v1/archive/search", asked, headers={"authorization": f"Bearer {secret}"}
            )
        assert len(answer.json()["items"]) == limit
        assert answer.json()["total"] == 60
        assert len(queries) <= 8
