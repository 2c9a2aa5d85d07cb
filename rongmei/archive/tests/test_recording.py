"""Outcomes are written together, and one that cannot be stored takes no other with it."""

from __future__ import annotations

import asyncio

import pytest
from django.db import IntegrityError, OperationalError

from bench.sources_day import outside_loop
from rongmei.archive import recording
from rongmei.archive.recording import Recorder
from rongmei.network.testing import make_people, make_units
from rongmei.sources import actions as sources
from rongmei.sources.models import FetchState, Source
from rongmei.sources.types import FetchOutcome

pytestmark = pytest.mark.django_db
WELL = sources.Outcome(FetchOutcome.OK)


@pytest.fixture
def three():
    duty = make_people(make_units())["duty"]
    for number in range(3):
        sources.source_add(
            by=duty, unit_id=duty.unit_id, name=f"源{number}",
            url=f"https://feeds.example.com/{number}.xml",
        )  # fmt: skip
    return list(Source.objects.select_related("state").order_by("name"))


def settled(settles, *, weight=0):
    """Give the recorder these at the same time: what each waited for got, and the size of writes."""
    writes = []

    async def in_rows(call, batch):
        writes.append(len(batch))
        return outside_loop(call, batch)

    async def go():
        recorder = Recorder(in_rows)
        waiting = [recorder.settle(source, call, weight=weight) for source, call in settles]
        return await asyncio.gather(*waiting, return_exceptions=True)

    return asyncio.run(go()), writes


def polls():
    return list(FetchState.objects.order_by("source__name").values_list("polls", flat=True))


def test_what_ends_together_is_one_write(three):
    got, writes = settled([(one, lambda: WELL) for one in three])
    assert got == [WELL] * 3
    assert writes == [3]
    assert polls() == [1, 1, 1]


def test_one_that_cannot_be_stored_leaves_the_others_recorded_once(three):
    def cannot():
        raise IntegrityError("no")

    got, writes = settled([(three[0], lambda: WELL), (three[1], cannot), (three[2], lambda: WELL)])
    assert [type(one) for one in got] == [sources.Outcome, IntegrityError, sources.Outcome]
    assert writes == [3, 1, 1, 1]
    assert polls() == [1, 0, 1]


def test_a_base_that_is_away_is_not_asked_once_for_each(three):
    def away():
        raise OperationalError("gone")

    got, writes = settled([(one, away) for one in three])
    assert [type(one) for one in got] == [OperationalError] * 3
    assert writes == [3]
    assert polls() == [0, 0, 0]


def test_a_write_takes_no_more_items_than_a_short_one_may(three):
    many = recording.AT_ONCE // 2 + 1
    _got, writes = settled([(one, lambda: WELL) for one in three], weight=many)
    assert writes == [1, 1, 1]
