"""A day of thousands of sources, in a clock that runs as fast as the work is done.

The collect process is the real one: its rounds, politeness, robots, parsing, storing, recording and
schedule. Only the net and the clock are invented: an event loop that jumps over its waits, and
servers in memory, some with ETags, some without, some moved, slow, broken, or answering 429. What
is said of politeness comes from the servers' own logs.

    python -m bench.sources_day [--quick] [--sources N] [--hours N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import selectors
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import machine
from bench.collect import set_up

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
# What a reader that asks every source every ten minutes, without conditions, would have asked.
FIXED_SECONDS = 600


class _Jump(selectors.DefaultSelector):
    """A selector that never waits: the time it would have waited is added to the clock."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time."""

    def __init__(self) -> None:
        self.jump = _Jump()
        super().__init__(self.jump)

    def time(self) -> float:
        """Seconds since the beginning of the invented day."""
        return self.jump.skipped


@dataclass
class Server:
    """One host's behaviour and its log of (began, ended, status) of each request."""

    latency: float
    etag: bool
    fault: float
    busy: float
    log: list[tuple[float, float, int]] = field(default_factory=list)


@dataclass
class Feed:
    """A feed that publishes at random moments, `pace` seconds apart on average."""

    url: str
    pace: float
    moved: str = ""
    items: list[tuple[int, float]] = field(default_factory=list)
    next_at: float = 0.0
    count: int = 0

    def at(self, now: float, chance: random.Random) -> list[tuple[int, float]]:
        """The newest twenty entries at this moment."""
        while self.next_at <= now:
            self.count += 1
            self.items.append((self.count, self.next_at))
            self.next_at += chance.expovariate(1 / self.pace)
        del self.items[:-20]
        return self.items


class World:
    """All servers; what the door of the collect process opens to."""

    def __init__(self, sources: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.servers: dict[str, Server] = {}
        self.feeds: dict[str, Feed] = {}
        self.bytes = 0
        for number in range(sources):
            host = f"h{self.chance.randrange(max(1, sources * 3 // 5))}.example.com"
            self.servers.setdefault(host, self._server())
            url = f"http://{host}/{number}.xml"
            pace = self.chance.choice((1800, 7200, 21_600, 86_400, 604_800))
            moved = f"http://{host}/new/{number}.xml" if number % 50 == 0 else ""
            self.feeds[url] = feed = Feed(url, pace, moved, next_at=-self.chance.random() * pace)
            if moved:
                self.feeds[moved] = feed

    def _server(self) -> Server:
        slow = self.chance.random() < 0.05
        return Server(
            latency=self.chance.uniform(2, 8) if slow else self.chance.uniform(0.05, 0.5),
            etag=self.chance.random() < 0.6,
            fault=self.chance.choice((0, 0, 0, 0, 0.05, 0.3)),
            busy=self.chance.choice((0, 0, 0, 0, 0, 0, 0, 0, 0, 0.05)),
        )

    async def fetch(
        self, url: str, *, etag: str = "", last_modified: str = "",
        headers: Mapping[str, str] | None = None, expect: Any = (), **_more: Any,
    ) -> Any:  # fmt: skip
        """Answer as the host would, and write its log."""
        from rongmei.kernel.http import Response
        from rongmei.kernel.http_errors import BadStatus

        clock = asyncio.get_running_loop().time
        host = url.split("/")[2]
        server, began = self.servers[host], clock()
        await asyncio.sleep(server.latency)
        status, body, tag = self._answer(url, server, etag, clock())
        self.bytes += len(body)
        if not url.endswith("robots.txt"):
            server.log.append((began, clock(), status))
        if status >= 400 and status not in expect:
            raise BadStatus(url=url, status_code=status, retry_after=60 if status == 429 else None)
        moved = self.feeds[url].moved if url in self.feeds else ""
        return Response(
            url=url, final_url=moved or url, permanent_url=moved if moved != url else None,
            status=status, headers={"content-type": "application/rss+xml"}, body=body, etag=tag,
        )  # fmt: skip

    def _answer(self, url: str, server: Server, etag: str, now: float) -> tuple[int, bytes, str]:
        if url.endswith("robots.txt"):
            return 404, b"", ""
        luck = self.chance.random()
        if luck < server.busy:
            return 429, b"", ""
        if luck < server.busy + server.fault:
            return 500, b"broken", ""
        feed = self.feeds[url]
        items = feed.at(now, self.chance)
        tag = f'"{feed.count}"' if server.etag else ""
        if tag and tag == etag:
            return 304, b"", tag
        entries = "".join(
            f"<item><guid>{feed.url}#{n}</guid><title>示例新闻第{n}条，来自{feed.url}</title>"
            f"<link>{feed.url}#{n}</link><description>示例正文。{n}号消息，各项工作有序推进。"
            f"</description></item>"
            for n, _at in reversed(items)
        )
        text = f'<rss version="2.0"><channel><title>示例</title>{entries}</channel></rss>'
        return 200, text.encode(), tag


def politeness(servers: Mapping[str, Server]) -> dict[str, float]:
    """From the servers' logs: the least gap between two beginnings, and the most at the same time."""
    gap, most = float("inf"), 0
    for server in servers.values():
        begun = sorted(one[0] for one in server.log)
        gap = min([gap, *(after - before for before, after in pairwise(begun))])
        moments = sorted(
            [(a, 1) for a, _b, _s in server.log] + [(b, -1) for _a, b, _s in server.log]
        )
        open_now = 0
        for _at, step in moments:
            open_now += step
            most = max(most, open_now)
    return {"least_gap_s": round(gap, 3), "most_at_once": most}


def simulate(world: World, hours: float) -> dict[str, Any]:
    """Let the collect process work through the day; returns what it did."""
    from django.utils import timezone

    from rongmei.archive import collecting
    from rongmei.sources.polite import Politeness

    loop = Loop()

    class Inline(collecting.Collector):
        """Database work and parsing on the loop's own thread: the clock stands still meanwhile."""

        async def in_rows(self, call: Any, *args: Any) -> Any:
            return call(*args)

        async def parsed(self, spec: Any, answer: Any, at: datetime) -> Any:
            return collecting.parse(spec, collecting.Fetched.from_response(answer, at=at))

    async def day() -> None:
        stop = threading.Event()
        collector = Inline(world, polite=Politeness(clock=loop.time, sleep=asyncio.sleep))
        loop.call_later(hours * 3600, stop.set)
        await collecting.Rounds(collector).go(stop)

    held = timezone.now, collecting.IDLE
    timezone.now = lambda: BEGIN + timedelta(seconds=loop.time())
    collecting.IDLE = 20.0
    began, cpu = time.perf_counter(), time.process_time()
    try:
        loop.run_until_complete(day())
    finally:
        timezone.now, collecting.IDLE = held
        loop.close()
    return {
        "seconds": round(time.perf_counter() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
    }


def run(sources: int, hours: float, seed: int = 7) -> dict[str, Any]:
    """Watch `sources` feeds for `hours` in a database that is there; the figures of it."""
    from django.db.models import Sum

    from rongmei.network.models import Member
    from rongmei.sources import actions
    from rongmei.sources.models import FetchState, Source
    from rongmei.sources.opml import Outline

    world = World(sources, seed)
    duty = Member.objects.get(username="duty")
    feeds = [Outline(url, url) for url, feed in world.feeds.items() if feed.moved != url]
    actions.sources_import(by=duty, unit_id=duty.unit_id, feeds=feeds)
    Source.objects.update(full_text=False)
    FetchState.objects.update(due_at=BEGIN)
    took = simulate(world, hours)
    statuses = Counter(one[2] for server in world.servers.values() for one in server.log)
    polls = sum(statuses.values())
    fixed = int(len(feeds) * hours * 3600 / FIXED_SECONDS)
    totals = FetchState.objects.aggregate(new=Sum("items_new"), unchanged=Sum("unchanged"))
    return {
        "sources": len(feeds), "hosts": len(world.servers), "hours": hours, "polls": polls,
        "polls_at_fixed_pace": fixed, "saved_by_adaption": round(1 - polls / fixed, 3),
        "not_modified": statuses[304],
        "bodies_saved_by_conditions": round(statuses[304] / max(1, polls), 3),
        "unchanged": totals["unchanged"], "items_new": totals["new"],
        "statuses": {str(code): n for code, n in sorted(statuses.items())},
        "moved": Source.objects.exclude(moved_from="").count(),
        "bytes": world.bytes, **politeness(world.servers), **took,
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }  # fmt: skip


def main(argv: list[str] | None = None) -> dict[str, Any]:
    """Run, print, keep the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="300 sources for six hours")
    parser.add_argument("--sources", type=int, default=5000)
    parser.add_argument("--hours", type=float, default=24)
    asked = parser.parse_args(argv)
    sources, hours = (300, 6.0) if asked.quick else (asked.sources, asked.hours)
    home = Path(tempfile.mkdtemp(prefix="rongmei-bench-"))
    # One thread does everything here, in a loop that has nobody else to wait for.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        set_up(home)
        from rongmei.network.testing import make_people, make_units

        make_people(make_units())
        result = {"bench": "sources_day", **machine.facts(), **run(sources, hours)}
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for name, value in result.items():
        print(f"{name:28}{value}")
    machine.keep(f"sources_day{'-quick' if asked.quick else ''}", result)
    return result


if __name__ == "__main__":
    main()
    sys.exit(0)
