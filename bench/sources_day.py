"""A day of thousands of sources, in a clock that runs as fast as the work is done.

The collect process is the real one: its rounds, politeness, robots, parsing, storing, recording and
schedule. Only the net and the clock are invented: an event loop that jumps over its waits, and
servers, some with ETags, some without, some moved, slow, broken, or answering 429. Most of them
answer in memory; one host in twenty is asked through the real door, over HTTP on loopback. As in any
day so shortened, what the process does by the clock is stretched: it looks for what is due every half
minute, and fetches that end within five seconds are written together. What is said of politeness
comes from the servers' own logs; memory and processor are those of the one process, its servers
included.

    python -m bench.sources_day [--quick] [--sources N] [--hours N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import selectors
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench import machine
from bench.collect import set_up

BEGIN = datetime(2026, 6, 1, tzinfo=UTC)
# What a reader that asks every source every ten minutes, without conditions, would have asked.
FIXED_SECONDS = 600
LOOKS_EVERY = 30.0
WRITES_TAKE = 5.0
REAL_SHARE = 0.05
PACES = (1800, 7200, 21_600, 86_400, 604_800)


class _Jump(selectors.DefaultSelector):
    """A selector that never waits: the time it would have waited is added to the clock.

    Unless a real answer is on its way: then the clock stands until it is there.
    """

    skipped = 0.0
    outside = 0

    def select(self, timeout: float | None = None) -> Any:
        if self.outside:
            return super().select(0.05 if timeout is None else min(timeout, 0.05))
        ready = super().select(0)
        if not ready and timeout:
            self.skipped += timeout
        return ready


class _Here(Executor):
    """Work that is done at once, on the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as every executor hands it on
            done.set_exception(error)
        return done


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
    real: bool
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
    size: int = 0

    def at(self, now: float, chance: random.Random) -> list[tuple[int, float]]:
        """The newest twenty entries at this moment."""
        while self.next_at <= now:
            self.count += 1
            self.items.append((self.count, self.next_at))
            self.next_at += chance.expovariate(1 / self.pace)
        del self.items[:-20]
        return self.items

    def text(self) -> bytes:
        """The feed as it stands."""
        entries = "".join(
            f"<item><guid>{self.url}#{n}</guid><title>示例新闻第{n}条，来自{self.url}</title>"
            f"<link>{self.url}#{n}</link><description>示例正文。{n}号消息，各项工作有序推进。"
            f"</description></item>"
            for n, _at in reversed(self.items)
        )
        body = f'<rss version="2.0"><channel><title>示例</title>{entries}</channel></rss>'.encode()
        self.size = len(body)
        return body


Answer = tuple[int, bytes, str]


class World:
    """All servers, and the door of the collect process that opens to them."""

    def __init__(self, sources: int, seed: int, loop: Loop) -> None:
        self.chance, self.loop = random.Random(seed), loop
        self.servers: dict[str, Server] = {}
        self.feeds: dict[str, Feed] = {}
        self.sent = self.spared = self.over_http = 0
        self.door: Any = None
        self.port = 0
        for number in range(sources):
            host = f"h{self.chance.randrange(max(1, sources * 3 // 5))}.example.com"
            server = self.servers.setdefault(host, self._server())
            url = f"http://{host}/{number}.xml"
            pace = self.chance.choice(PACES)
            moves = number % 50 == 0 and not server.real
            moved = f"http://{host}/new/{number}.xml" if moves else ""
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
            real=self.chance.random() < REAL_SHARE,
        )

    async def fetch(self, url: str, *, expect: Any = (), etag: str = "", **more: Any) -> Any:
        """Ask the host of `url`, in memory or over HTTP."""
        from rongmei.kernel.http import Response
        from rongmei.kernel.http_errors import BadStatus

        server = self.servers[url.split("/")[2]]
        if server.real:
            return await self._over_http(url, server, expect=expect, etag=etag, **more)
        status, body, tag = self.answer(url, etag)
        await asyncio.sleep(server.latency)
        if status >= 400 and status not in expect:
            raise BadStatus(url=url, status_code=status, retry_after=60 if status == 429 else None)
        moved = self.feeds[url].moved if url in self.feeds else ""
        return Response(
            url=url, final_url=moved or url, permanent_url=moved if moved != url else None,
            status=status, headers={"content-type": "application/rss+xml"}, body=body, etag=tag,
        )  # fmt: skip

    async def _over_http(self, url: str, server: Server, **more: Any) -> Any:
        place = f"127.0.0.1:{self.port}"
        self.loop.jump.outside += 1
        try:
            more["allow"] = (place,)
            answer = await self.door.fetch(url.replace("http://", f"http://{place}/"), **more)
        finally:
            self.loop.jump.outside -= 1
            self.over_http += 1
        await asyncio.sleep(server.latency)
        return replace(answer, url=url, final_url=url)

    def answer(self, url: str, etag: str) -> Answer:
        """Answer as the host would, and write its log."""
        server, began = self.servers[url.split("/")[2]], self.loop.time()
        if url.endswith("robots.txt"):
            return 404, b"", ""
        status, body, tag = self._answer(self.feeds[url], server, etag, began)
        self.sent += len(body)
        server.log.append((began, began + server.latency, status))
        return status, body, tag

    def _answer(self, feed: Feed, server: Server, etag: str, now: float) -> Answer:
        luck = self.chance.random()
        if luck < server.busy:
            return 429, b"", ""
        if luck < server.busy + server.fault:
            return 500, b"broken", ""
        feed.at(now, self.chance)
        tag = f'"{feed.count}"' if server.etag else ""
        if tag and tag == etag:
            self.spared += feed.size
            return 304, b"", tag
        return 200, feed.text(), tag

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Let the real ones among the hosts be asked, on one port of loopback."""
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def do_GET(self) -> None:
                url = "http:/" + self.path
                status, body, tag = world.answer(url, self.headers.get("If-None-Match", ""))
                self.send_response(status)
                if tag:
                    self.send_header("ETag", tag)
                if status == 429:
                    self.send_header("Retry-After", "60")
                self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: object) -> None:
                """Its log is the world's."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def outside_loop(call: Callable[..., Any], *args: Any) -> Any:
    """Do database work on the loop's own thread and connection, as if no loop ran meanwhile."""
    loop = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return call(*args)
    finally:
        asyncio._set_running_loop(loop)


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
    """Let the collect process work through the day; returns what it cost."""
    from django.utils import timezone

    from rongmei.archive import collecting, recording
    from rongmei.kernel.http import AsyncDoor
    from rongmei.sources.polite import Politeness

    loop = world.loop

    class OneThread(collecting.Collector):
        """Rows and parsing on the loop's own thread: the clock stands still meanwhile."""

        async def in_rows(self, call: Any, *args: Any) -> Any:
            if call is recording.write_all:
                await asyncio.sleep(WRITES_TAKE)
            return outside_loop(call, *args)

        async def parsed(self, spec: Any, answer: Any, at: datetime) -> Any:
            return collecting.parse(spec, collecting.Fetched.from_response(answer, at=at))

    async def day() -> None:
        stop = threading.Event()
        polite = Politeness(clock=loop.time, sleep=asyncio.sleep)
        async with AsyncDoor() as world.door:
            collector = OneThread(world, polite=polite, clock=loop.time)
            collector.shelf._thread.shutdown()
            collector.shelf._thread = _Here()
            loop.call_later(hours * 3600, stop.set)
            await collecting.Rounds(collector).go(stop)
            collector.close()

    held = timezone.now, collecting.IDLE, collecting.BETWEEN_CLAIMS
    timezone.now = lambda: BEGIN + timedelta(seconds=loop.time())
    collecting.IDLE = collecting.BETWEEN_CLAIMS = LOOKS_EVERY
    began, cpu = time.perf_counter(), time.process_time()
    try:
        with world.listening():
            loop.run_until_complete(day())
    finally:
        timezone.now, collecting.IDLE, collecting.BETWEEN_CLAIMS = held
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

    world = World(sources, seed, Loop())
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
        "bytes": world.sent, "bytes_saved_by_conditions": world.spared,
        "polls_over_http": world.over_http, **politeness(world.servers), **took,
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
    try:
        set_up(home)
        from rongmei.network.testing import make_people, make_units

        make_people(make_units())
        result = {"bench": "sources-day", **machine.facts(), **run(sources, hours)}
    finally:
        shutil.rmtree(home, ignore_errors=True)
    for name, value in result.items():
        print(f"{name:28}{value}")
    machine.keep(f"sources-day{'-quick' if asked.quick else ''}", result)
    return result


if __name__ == "__main__":
    main()
    sys.exit(0)
