"""Streams: tell a page that something happened, within a moment of its commit.

One thread looks at the event table (cheaply, by SQLite's data version) and wakes all streams; each
stream sends only the names and numbers of events of its topics, never their content: the page then
asks for what it may see. An address is signed for a member, a topic and an hour.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.core import signing
from django.db import DatabaseError, connections

from rongmei.kernel import db, events

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

SALT = "rongmei.stream"
LIFETIME = 3600
KEEPALIVE = 15.0
POLL = 0.2


def signed_url(member_id: str, names: Iterable[str]) -> str:
    """An address at which events named in `names` (prefixes such as "stories.") are told."""
    token = signing.dumps({"m": member_id, "n": sorted(names)}, salt=SALT, compress=True)
    return f"{settings.RONGMEI_NODE.stream_url}/stream/v1/events?token={token}"


@dataclass(frozen=True)
class Told:
    """What a stream tells of an event."""

    seq: int
    name: str


class Feed:
    """The one reader of the event table; streams wait on it."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue[list[Told]]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def listen(self) -> asyncio.Queue[list[Told]]:
        """Start to listen; the reader thread starts with the first listener."""
        self._loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(target=self._read, name="feed", daemon=True)
            self._thread.start()
        queue: asyncio.Queue[list[Told]] = asyncio.Queue(maxsize=100)
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue[list[Told]]) -> None:
        """Stop listening."""
        self._listeners.discard(queue)

    def _read(self) -> None:
        seq = -1
        version: int | str = ""
        while True:
            try:
                now = db.data_version()
                if seq < 0:
                    seq = events.latest_seq()
                elif now != version:
                    told = [Told(row.seq, row.name) for row in events.since(seq, limit=500)]
                    if told and self._loop:
                        seq = told[-1].seq
                        self._loop.call_soon_threadsafe(self._tell, told)
                version = now
            except DatabaseError:
                connections.close_all()
                time.sleep(1.0)
            time.sleep(POLL)

    def _tell(self, told: list[Told]) -> None:
        for queue in list(self._listeners):
            if queue.full():
                # A reader this slow reconnects and reloads; it must not hold memory.
                self._listeners.discard(queue)
                continue
            queue.put_nowait(told)


class StreamApplication:
    """ASGI: `/stream/v1/events` and a health check."""

    def __init__(self) -> None:
        self.feed = Feed()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/stream/v1/events":
            await self._events(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == "/healthz":
            await _answer(send, 200, b"ok")
        elif scope["type"] == "http":
            await _answer(send, 404, b"not found")

    async def _events(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = parse_qs(scope["query_string"].decode("latin-1"))
        try:
            claim = signing.loads(query.get("token", [""])[0], salt=SALT, max_age=LIFETIME)
        except signing.BadSignature:
            await _answer(send, 403, b"this address has expired; reload the page")
            return
        names = tuple(claim["n"])
        queue = self.feed.listen()
        gone = asyncio.ensure_future(_until_gone(receive))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _SSE})
            await _send_chunk(send, b"retry: 2000\n\n")
            ends = time.monotonic() + LIFETIME
            while not gone.done() and time.monotonic() < ends:
                chunk = await _next_chunk(queue, names)
                await _send_chunk(send, chunk)
        finally:
            gone.cancel()
            self.feed.leave(queue)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


_SSE = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"access-control-allow-origin", b"*"),
    (b"x-accel-buffering", b"no"),
]


async def _next_chunk(queue: asyncio.Queue[list[Told]], names: tuple[str, ...]) -> bytes:
    try:
        told = await asyncio.wait_for(queue.get(), KEEPALIVE)
    except TimeoutError:
        return b": still here\n\n"
    lines = [
        f"id: {one.seq}\nevent: {one.name}\ndata: {json.dumps({'seq': one.seq})}\n\n"
        for one in told
        if one.name.startswith(names)
    ]
    return "".join(lines).encode() or b": nothing for you\n\n"


async def _send_chunk(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
