"""Being a good guest: what a site asks of us, how often and how many at once it is asked.

All of it is for one event loop.

Figures from Media Cloud's story-indexer: five seconds between requests to a site, thirty after a
429, ten minutes of rest for a host that is down.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from rongmei.kernel.http import Door, Limits, Response
from rongmei.kernel.http_errors import (
    BadStatus,
    ConnectFailure,
    DnsFailure,
    HttpError,
    Timeout,
    TlsFailure,
    TooSlow,
)
from rongmei.sources.collectors.robots import (
    EVERYTHING,
    Robots,
    RobotsCache,
    robots_for_status,
    robots_url,
)
from rongmei.sources.collectors.urls import host_of
from rongmei.sources.errors import HostResting, RobotsForbid

MIN_DELAY = 5.0
BUSY_DELAY = 30.0
DOWN_SECONDS = 600.0
MAX_WAIT = 3600.0
PER_HOST = 2
AGENT = "Rongmei"
_HOSTS_KEPT = 1000
# RFC 9309 asks for the first 500 KiB to be read; what is longer is read so far, and obeyed.
ROBOTS_LIMITS = Limits(total=30.0, max_bytes=512 * 1024, cut=True)
_DOWN = (ConnectFailure, DnsFailure, Timeout, TlsFailure, TooSlow)


@dataclass(slots=True)
class _Host:
    """What is known of one host; times are those of the clock."""

    slots: asyncio.Semaphore
    free_at: float = 0.0
    down_until: float = 0.0
    users: int = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


class Politeness:
    """Hands out turns to ask a host. ``clock`` gives seconds and ``sleep`` waits; tests give both."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        delay: float = MIN_DELAY,
        per_host: int = PER_HOST,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._delay = delay
        self._per_host = per_host
        self._hosts: dict[str, _Host] = {}
        self._full = _HOSTS_KEPT

    @contextlib.asynccontextmanager
    async def turn(
        self, url: str, *, internal: bool = False, crawl_delay: float | None = None
    ) -> AsyncIterator[None]:
        """Wait for a turn to ask the host of ``url``, and learn from what happens inside.

        ``internal`` sources are not spaced out; ``crawl_delay`` is what robots.txt asks for.
        Raises ``HostResting`` at once for a host that was down a moment ago, with the seconds left.
        """
        name = host_of(url)
        host = self._hosts.setdefault(name, _Host(asyncio.Semaphore(self._per_host)))
        host.users += 1
        try:
            self._refuse_if_down(host, name, url)
            async with host.slots:
                await self._space_out(host, 0.0 if internal else max(self._delay, crawl_delay or 0))
                self._refuse_if_down(host, name, url)
                try:
                    yield
                except HttpError as error:
                    self._learn(host, error)
                    raise
        finally:
            host.users -= 1
            self._forget()

    def resting(self, url: str) -> float:
        """Seconds for which the host of ``url`` is still left alone; 0 when it may be asked."""
        host = self._hosts.get(host_of(url))
        return max(host.down_until - self._clock(), 0.0) if host else 0.0

    def wake(self, url: str) -> None:
        """Forget that the host was down, because a person wants to try it now."""
        host = self._hosts.get(host_of(url))
        if host:
            host.down_until = host.free_at = 0.0

    async def _space_out(self, host: _Host, delay: float) -> None:
        """Start no sooner than ``delay`` after the one before; one at a time waits here."""
        async with host.turn:
            while (wait := host.free_at - self._clock()) > 0:
                await self._sleep(wait)
            host.free_at = self._clock() + delay

    def _refuse_if_down(self, host: _Host, name: str, url: str) -> None:
        left = host.down_until - self._clock()
        if left > 0:
            raise HostResting(url=url, host=name, retry_after=left)

    def _learn(self, host: _Host, error: HttpError) -> None:
        now = self._clock()
        if isinstance(error, BadStatus) and error.status_code in {429, 503}:
            asked = error.retry_after if error.retry_after is not None else BUSY_DELAY
            pause = min(asked, MAX_WAIT)
            host.free_at = max(host.free_at, now + pause)
            # A short pause is waited out; a long one would only pile up waiters.
            if pause > BUSY_DELAY:
                host.down_until = max(host.down_until, now + pause)
        elif isinstance(error, _DOWN):
            host.down_until = max(host.down_until, now + DOWN_SECONDS)

    def _forget(self) -> None:
        """Drop hosts that nobody waits for and nothing is remembered of, so that memory is bounded."""
        if len(self._hosts) < self._full:
            return
        now = self._clock()
        idle = [
            name
            for name, host in self._hosts.items()
            if not host.users and host.free_at <= now and host.down_until <= now
        ]
        for name in idle:
            del self._hosts[name]
        # Looked through again only when twice as many have come: turns stay cheap with many hosts.
        self._full = max(_HOSTS_KEPT, 2 * len(self._hosts))


def own_places(url: str) -> tuple[str, ...]:
    """What an internal source may dial: its own host, at its port or the customary ones.

    Leave to be on a private network is not leave to be sent about in it by redirects.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    return tuple(f"{host}:{one}" for one in dict.fromkeys((port, 80, 443)))


class Guest:
    """Fetches through a door as a polite guest: robots.txt first, then a turn."""

    def __init__(self, door: Door, polite: Politeness, *, clock: Callable[[], float]) -> None:
        self._door = door
        self._polite = polite
        self._robots = RobotsCache(clock)
        self._asking: dict[str, asyncio.Task[Robots]] = {}

    async def get(
        self,
        url: str,
        *,
        internal: bool,
        etag: str = "",
        last_modified: str = "",
        limits: Limits | None = None,
    ) -> Response:
        """Fetch one address. Raises HttpError, RobotsForbid or HostResting."""
        robots = await self._wishes(url, internal)
        if not robots.allows(url):
            raise RobotsForbid(url=url, host=host_of(url))
        async with self._polite.turn(url, internal=internal, crawl_delay=robots.delay):
            return await self._door.fetch(
                url, etag=etag, last_modified=last_modified, limits=limits,
                allow=own_places(url) if internal else (),
            )  # fmt: skip

    async def _wishes(self, url: str, internal: bool) -> Robots:
        """What the site of `url` asks of us; fetched once, however many wait for it."""
        held = self._robots.get(url)
        if held is not None:
            return held
        place = robots_url(url)
        asking = self._asking.get(place)
        if asking is None:
            asking = self._asking[place] = asyncio.create_task(self._ask(place, internal))
            asking.add_done_callback(lambda _task: self._asking.pop(place, None))
        # One waiter that gives up must not take the answer from the others.
        return await asyncio.shield(asking)

    async def _ask(self, place: str, internal: bool) -> Robots:
        try:
            answer = await self._door.fetch(
                place, allow=own_places(place) if internal else (), expect=range(400, 600),
                limits=ROBOTS_LIMITS,
            )  # fmt: skip
        except HttpError:
            # No answer at all: the fetch itself will say why, in better words. Remembered for a
            # while, or a robots.txt that hangs would cost its whole time for every article.
            self._robots.put(place, EVERYTHING, failed=True)
            return EVERYTHING
        found = robots_for_status(answer.status, answer.body, AGENT)
        self._robots.put(place, found)
        return found
