"""A web server that breaks any rule, in a thread beside the test."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from rongmei.kernel.tests.web import Handler, Web, reply, serving

Answer = bytes | Handler


class Routes(dict[str, Answer]):
    """What each path answers; any other is not there."""

    def __missing__(self, path: str) -> Answer:
        return reply(b"<p>no such page</p>", status="404 Not Found")


class Site:
    """The server: set `routes`, read `asked`."""

    def __init__(self) -> None:
        self.routes = Routes()
        self._up, self._stop = threading.Event(), threading.Event()
        self._web: Web | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self) -> None:
        async with serving(self.routes) as self._web:
            self._up.set()
            while not self._stop.is_set():
                await asyncio.sleep(0.02)

    @property
    def web(self) -> Web:
        assert self._web
        return self._web

    @property
    def base(self) -> str:
        return self.web.base

    @property
    def asked(self) -> list[str]:
        """Paths that were asked for, in order."""
        return [one.path for one in self.web.requests]

    def __enter__(self) -> Site:
        self._thread.start()
        assert self._up.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join(5)


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as running:
        yield running


@pytest.fixture
def other_site() -> Iterator[Site]:
    """Another service of the private network, that no source may be sent to."""
    with Site() as running:
        yield running
