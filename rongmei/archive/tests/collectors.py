"""Collecting inside a test: the wire or a fake door outside, the test's own transaction inside."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from queue import Empty, Queue
from threading import Thread

from rongmei.archive.collecting import Collector
from rongmei.kernel.http import AsyncDoor, Limits
from rongmei.sources import actions as sources
from rongmei.sources.models import FetchState, Source
from rongmei.sources.polite import Politeness

QUICK = Limits(connect=4, read=2.0, total=6.0, max_bytes=2_000_000)


class Inline(Collector):
    """A collector whose database work is done by the test's own thread, in its transaction."""

    def __init__(self, door, work, **more):
        super().__init__(door, **more)
        self.work = work

    async def in_rows(self, call, *args):
        waiting = Future()
        self.work.put((waiting, call, args))
        return await asyncio.wrap_future(waiting)


def _serve(work, thread):
    while thread.is_alive() or not work.empty():
        try:
            waiting, call, args = work.get(timeout=0.01)
        except Empty:
            continue
        try:
            waiting.set_result(call(*args))
        except Exception as error:  # noqa: BLE001 - handed on to who waits
            waiting.set_exception(error)


class _Hours:
    """A clock that waiting moves on, so that no test waits."""

    now = 0.0

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


def fetch(source, door=None, *, limits=QUICK, **options):
    """Fetch `source` once, now; returns its state as read again. `options` are those of AsyncDoor."""
    fetch_together([source], door, limits=limits, **options)
    return FetchState.objects.select_related("source").get(pk=source.pk)


def fetch_together(wanted, door=None, *, limits=QUICK, **options):
    """Fetch all of these once, now and at the same time, by one collector."""
    work, failed = Queue(), []
    rows = Source.objects.select_related("state").in_bulk([one.pk for one in wanted])

    async def collect(outside):
        hours = _Hours()
        polite = Politeness(clock=lambda: hours.now, sleep=hours.sleep, delay=0.0)
        collector = Inline(outside, work, polite=polite)
        await asyncio.gather(*(collector.collect(rows[one.pk]) for one in wanted))

    async def go():
        if door is not None:
            return await collect(door)
        async with AsyncDoor(limits=limits, **options) as real:
            return await collect(real)

    def loop():
        try:
            asyncio.run(go())
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)

    thread = Thread(target=loop)
    thread.start()
    _serve(work, thread)
    if failed:
        raise failed[0]


def watch(cast, url, *, by="duty", unit="hq", internal=False, **fields):
    """A source added and, for the wire, marked as internal, by the people who may."""
    source = sources.source_add(
        by=cast[by], unit_id=cast.unit(unit).pk, name=fields.pop("name", "示例源"), url=url,
        min_interval=5, max_interval=60, **fields,
    )  # fmt: skip
    if internal:
        sources.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    return source
