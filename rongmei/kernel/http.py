"""The one door to the network: every outgoing HTTP request of the program passes here.

It dials only addresses it has checked (and exactly the address it checked, so a second DNS answer
cannot redirect it), follows redirects itself so that every hop is checked again, and bounds what
the other side can cost us: time to connect, time between bytes, total time, and decompressed size.

``fetch`` and ``post`` are for ordinary code; ``AsyncDoor`` is for the collecting process. Both are
one code path: the former run the latter on a loop of their own. Tests use
``rongmei.kernel.http_fake``.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import os
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol, TypeVar

import httpx

from rongmei.kernel.addresses import is_http_port, may_dial, parse_address
from rongmei.kernel.http_body import Body, retry_after_seconds
from rongmei.kernel.http_errors import (
    BadAddress,
    BadEncoding,
    BadStatus,
    Busy,
    ConnectFailure,
    ConnectionBroken,
    DnsFailure,
    HttpError,
    Kind,
    PortRefused,
    PrivateAddressRefused,
    RedirectLoop,
    Timeout,
    TlsFailure,
    TooLarge,
    TooSlow,
    status_kind,
)
from rongmei.kernel.http_wire import CheckedTransport, Resolver, resolve_by_system, wire_error

__all__ = [
    "DEFAULT_LIMITS",
    "AsyncDoor",
    "BadAddress",
    "BadEncoding",
    "BadStatus",
    "Busy",
    "ConnectFailure",
    "ConnectionBroken",
    "DnsFailure",
    "Door",
    "HttpError",
    "Kind",
    "Limits",
    "PortRefused",
    "PrivateAddressRefused",
    "RedirectLoop",
    "Resolver",
    "Response",
    "Timeout",
    "TlsFailure",
    "TooLarge",
    "TooSlow",
    "fetch",
    "post",
    "status_kind",
    "use_door",
]

if find_spec("sniffio") is None:
    # httpcore asks for it at every step of every request; where it is not installed, each asking
    # searches the whole import path, which cost more than all the rest of a fetch. None says no.
    sys.modules["sniffio"] = None  # type: ignore[assignment]

USER_AGENT = "Rongmei/0.1"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_NO_BODY = frozenset({204, 304})
# Headers that must not follow a redirect to another origin.
_PRIVATE_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "signature"})
_EXCERPT = 2048
_T = TypeVar("_T")
_D = TypeVar("_D", bound="Door")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost: seconds, except ``max_bytes`` (decompressed) and ``redirects``.

    ``read`` bounds the silence between two pieces of data, ``total`` the whole exchange with all
    its redirects; ``pool`` is the wait for a free connection and counts on its own. With ``cut`` the
    first ``max_bytes`` of a larger answer are taken instead of none.
    """

    connect: float = 10.0
    read: float = 20.0
    write: float = 20.0
    pool: float = 30.0
    total: float = 60.0
    max_bytes: int = 10 * 1024 * 1024
    redirects: int = 10
    cut: bool = False


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: a success, a 304, or a status the caller said to expect.

    ``permanent_url`` is where the source has moved for good, when it has. Header names are in
    lower case. ``etag`` and ``last_modified`` are to be handed back at the next fetch.
    """

    url: str
    final_url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    permanent_url: str | None = None
    etag: str = ""
    last_modified: str = ""
    elapsed_ms: int = 0
    from_ip: str = ""

    @property
    def not_modified(self) -> bool:
        return self.status == 304


class Door(Protocol):
    """What a caller may rely on; met by ``AsyncDoor`` and by ``http_fake.FakeDoor``."""

    async def fetch(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        headers: Mapping[str, str] | None = None,
        allow_internal: bool = False,
        allow: Collection[str] = (),
        expect: Collection[int] = (),
        limits: Limits | None = None,
    ) -> Response: ...

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        allow_internal: bool = False,
        allow: Collection[str] = (),
        expect: Collection[int] = (),
        limits: Limits | None = None,
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request as the caller meant it; the hops of a redirect share it."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None
    allow_internal: bool
    allow: frozenset[str]
    expect: frozenset[int]
    limits: Limits


@dataclass(slots=True)
class _Trail:
    """Where the redirects have led so far."""

    current: httpx.URL
    seen: set[str] = field(default_factory=set)
    permanent: str | None = None
    all_permanent: bool = True

    def step(self, status: int, location: str, ask: _Ask) -> None:
        """Move on to ``location``; refuse circles and endless chains."""
        self.seen.add(str(self.current))
        target = _parse_url(str(self.current.join(_parse_url(location, relative=True))))
        if str(target) in self.seen or len(self.seen) > ask.limits.redirects:
            raise RedirectLoop(url=ask.url, hops=len(self.seen))
        # Only an unbroken run of permanent redirects tells where the source itself now lives.
        self.all_permanent = self.all_permanent and status in _PERMANENT
        if self.all_permanent:
            self.permanent = str(target)
        self.current = target


@cache
def _public_context() -> ssl.SSLContext:
    """Reading the certificates takes longer than a dozen exchanges, so they are read once."""
    return httpx.create_ssl_context(trust_env=False)


class AsyncDoor:
    """A pool of connections with bounded concurrency, for one event loop.

    ``resolve`` and ``ssl_context`` are there for tests and for groups with a CA of their own.
    """

    def __init__(
        self,
        *,
        user_agent: str = USER_AGENT,
        max_concurrent: int = 32,
        limits: Limits = DEFAULT_LIMITS,
        resolve: Resolver = resolve_by_system,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._limits = limits
        self._slots = asyncio.Semaphore(max_concurrent)
        context = ssl_context or _public_context()
        # Two pools, so that a connection opened for an internal source is never reused for one
        # that may only see the public network.
        self._transports = {
            internal: CheckedTransport(
                internal=internal, resolve=resolve, ssl_context=context, size=max_concurrent
            )
            for internal in (False, True)
        }

    async def __aenter__(self) -> AsyncDoor:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close every idle connection."""
        for transport in self._transports.values():
            await transport.aclose()

    async def fetch(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        headers: Mapping[str, str] | None = None,
        allow_internal: bool = False,
        allow: Collection[str] = (),
        expect: Collection[int] = (),
        limits: Limits | None = None,
    ) -> Response:
        """GET ``url``, following redirects; raise an ``HttpError`` for everything but success.

        ``allow`` names ``host:port`` pairs that may be dialled although they are internal or on an
        unusual port; ``expect`` names error statuses to be returned instead of raised.
        """
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if etag:
            sent["if-none-match"] = etag
        if last_modified:
            sent["if-modified-since"] = last_modified
        return await self._run(
            _ask("GET", url, sent, None, allow_internal, allow, expect, limits or self._limits)
        )

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        allow_internal: bool = False,
        allow: Collection[str] = (),
        expect: Collection[int] = (),
        limits: Limits | None = None,
    ) -> Response:
        """POST ``content``; redirects are not followed, since signatures cover the address."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        sent["content-type"] = content_type
        return await self._run(
            _ask("POST", url, sent, content, allow_internal, allow, expect, limits or self._limits)
        )

    async def _run(self, ask: _Ask) -> Response:
        try:
            async with asyncio.timeout(ask.limits.pool):
                await self._slots.acquire()
        except TimeoutError:
            raise Busy(url=ask.url) from None
        started = time.monotonic()
        deadline = asyncio.timeout(ask.limits.total)
        try:
            async with deadline:
                return await self._follow(ask, started)
        except TimeoutError:
            raise TooSlow(url=ask.url, seconds=f"{ask.limits.total:g}") from None
        finally:
            self._slots.release()

    async def _follow(self, ask: _Ask, started: float) -> Response:
        trail = _Trail(_parse_url(ask.url))
        headers = dict(ask.headers)
        while True:
            origin = _origin(trail.current)
            async with self._exchange(ask, trail.current, headers) as (answer, peer):
                location = answer.headers.get("location", "")
                if ask.method != "GET" or answer.status_code not in _REDIRECTS or not location:
                    return await _finish(ask, trail, answer, peer, started)
                trail.step(answer.status_code, location, ask)
            if _origin(trail.current) != origin:
                headers = {k: v for k, v in headers.items() if k not in _PRIVATE_HEADERS}

    @contextlib.asynccontextmanager
    async def _exchange(
        self, ask: _Ask, url: httpx.URL, headers: Mapping[str, str]
    ) -> AsyncIterator[tuple[httpx.Response, str]]:
        """Send one hop; yield the answer with its body unread, and the address it came from."""
        internal = _check_target(url, ask)
        request = httpx.Request(
            ask.method,
            url,
            headers={
                "user-agent": self._user_agent,
                "accept": "*/*",
                **headers,
                # Only what Body can unpack within a bound.
                "accept-encoding": "gzip, deflate",
            },
            content=ask.content,
            extensions={"timeout": _timeouts(ask.limits)},
        )
        answer: httpx.Response | None = None
        try:
            answer = await self._transports[internal].handle_async_request(request)
            peer = _peer_address(answer)
            checked = parse_address(peer)
            # Holds the guard even if a new httpx should no longer use our network backend.
            if checked is None or not may_dial(checked, internal=internal):
                raise PrivateAddressRefused(host=url.host)
            yield answer, peer
        except HttpError as error:
            error.url = error.details["url"] = ask.url
            raise
        except httpx.HTTPError as error:
            raise wire_error(error, url=ask.url, host=url.host, limits=ask.limits) from error
        finally:
            if answer is not None:
                await answer.aclose()


def _ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    content: bytes | None,
    allow_internal: bool,
    allow: Collection[str],
    expect: Collection[int],
    limits: Limits,
) -> _Ask:
    return _Ask(
        method=method,
        url=url,
        headers=headers,
        content=content,
        allow_internal=allow_internal,
        allow=frozenset(pair.lower() for pair in allow),
        expect=frozenset(expect),
        limits=limits,
    )


def _parse_url(text: str, *, relative: bool = False) -> httpx.URL:
    try:
        url = httpx.URL(text).copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise BadAddress(url=text[:500]) from None
    if relative:
        return url
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        raise BadAddress(url=text[:500])
    return url


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, _port(url)


def _check_target(url: httpx.URL, ask: _Ask) -> bool:
    """Refuse what can be refused before dialling; return whether internal addresses are open."""
    port = _port(url)
    if f"{url.host}:{port}".lower() in ask.allow:
        return True
    if not is_http_port(port):
        raise PortRefused(url=str(url), port=port)
    return ask.allow_internal


def _timeouts(limits: Limits) -> dict[str, float | None]:
    return {
        "connect": limits.connect,
        "read": limits.read,
        "write": limits.write,
        "pool": limits.pool,
    }


def _peer_address(answer: httpx.Response) -> str:
    stream = answer.extensions.get("network_stream")
    address = stream.get_extra_info("server_addr") if stream is not None else None
    return str(address[0]) if address else ""


async def _finish(
    ask: _Ask, trail: _Trail, answer: httpx.Response, peer: str, started: float
) -> Response:
    """Read the body within bounds and turn the last hop into a ``Response`` or a ``BadStatus``."""
    code = answer.status_code
    headers = {name.lower(): value for name, value in answer.headers.items()}
    good = 200 <= code < 300 or code == 304 or code in ask.expect
    body = Body(
        url=ask.url,
        encoding=headers.get("content-encoding", ""),
        limit=ask.limits.max_bytes if good else _EXCERPT,
        cut=ask.limits.cut or not good,
    )
    if code not in _NO_BODY:
        body.announce(headers.get("content-length", ""))
        async for chunk in answer.stream:  # type: ignore[union-attr]
            if body.feed(chunk):
                break
    if not good:
        raise BadStatus(
            url=ask.url,
            status_code=code,
            excerpt=body.done(),
            headers=headers,
            retry_after=retry_after_seconds(headers.get("retry-after", ""), headers.get("date")),
        )
    return Response(
        url=ask.url,
        final_url=str(trail.current),
        permanent_url=trail.permanent,
        status=code,
        headers=headers,
        body=body.done(),
        etag=headers.get("etag", ""),
        last_modified=headers.get("last-modified", ""),
        elapsed_ms=round((time.monotonic() - started) * 1000),
        from_ip=peer,
    )


class _Bridge:
    """One loop in one thread of this process, on which the blocking functions run the door.

    Going through one door keeps connections open between calls and bounds them over all threads.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pid = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._door: Door | None = None
        self.stand_in: Door | None = None

    def door(self) -> Door:
        if self.stand_in is not None:
            return self.stand_in
        self.loop()
        assert self._door is not None
        return self._door

    def loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A fork takes the memory of the thread with it, but not the thread.
            if self._loop is None or self._pid != os.getpid():
                self._loop = asyncio.new_event_loop()
                self._pid = os.getpid()
                self._door = AsyncDoor()
                threading.Thread(
                    target=self._loop.run_forever, name="http-door", daemon=True
                ).start()
            return self._loop

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        future: concurrent.futures.Future[_T] = asyncio.run_coroutine_threadsafe(work, self.loop())
        try:
            return future.result()
        finally:
            future.cancel()


_bridge = _Bridge()


def fetch(
    url: str,
    *,
    etag: str = "",
    last_modified: str = "",
    headers: Mapping[str, str] | None = None,
    allow_internal: bool = False,
    allow: Collection[str] = (),
    expect: Collection[int] = (),
    limits: Limits | None = None,
) -> Response:
    """``AsyncDoor.fetch`` for blocking code; safe from any thread but not inside an event loop."""
    return _bridge.run(
        _bridge.door().fetch(
            url,
            etag=etag,
            last_modified=last_modified,
            headers=headers,
            allow_internal=allow_internal,
            allow=allow,
            expect=expect,
            limits=limits,
        )
    )


def post(
    url: str,
    *,
    content: bytes,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    allow_internal: bool = False,
    allow: Collection[str] = (),
    expect: Collection[int] = (),
    limits: Limits | None = None,
) -> Response:
    """``AsyncDoor.post`` for blocking code; safe from any thread but not inside an event loop."""
    return _bridge.run(
        _bridge.door().post(
            url,
            content=content,
            content_type=content_type,
            headers=headers,
            allow_internal=allow_internal,
            allow=allow,
            expect=expect,
            limits=limits,
        )
    )


@contextlib.contextmanager
def use_door(door: _D) -> Iterator[_D]:
    """Let ``fetch`` and ``post`` use ``door`` (a fake, say) inside the ``with`` block."""
    before = _bridge.stand_in
    _bridge.stand_in = door
    try:
        yield door
    finally:
        _bridge.stand_in = before
