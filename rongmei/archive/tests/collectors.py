"""Collecting inside a test: the wire or a fake door outside, the test's own transaction inside."""

from __future__ import annotations

import asyncio

from rongmei.archive.collecting import Collector
from rongmei.kernel.http import AsyncDoor, Limits
from rongmei.sources import actions as sources
from rongmei.sources.models import FetchState, Source
from rongmei.sources.polite import Politeness

QUICK = Limits(connect=2, read=1.0, total=3.0, max_bytes=2_000_000)


class Inline(Collector):
    """A collector that does its database work where it is called."""

    async def in_rows(self, call, *args):
        return call(*args)


async def _no_wait(_seconds):
    await asyncio.sleep(0)


def fetch(source, door=None, *, limits=QUICK):
    """Fetch `source` once, now; returns its state as read again."""

    async def go():
        polite = Politeness(clock=lambda: 0.0, sleep=_no_wait, delay=0.0)
        if door is not None:
            return await Inline(door, polite=polite).collect(source)
        async with AsyncDoor(limits=limits) as real:
            return await Inline(real, polite=polite).collect(source)

    source = Source.objects.select_related("state").get(pk=source.pk)
    asyncio.run(go())
    return FetchState.objects.select_related("source").get(pk=source.pk)


def watch(cast, url, *, by="duty", unit="hq", internal=False, **fields):
    """A source added and, for the wire, marked as internal, by the people who may."""
    source = sources.source_add(
        by=cast[by], unit_id=cast.unit(unit).pk, name=fields.pop("name", "示例源"), url=url,
        min_interval=5, max_interval=60, **fields,
    )  # fmt: skip
    if internal:
        sources.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    return source
