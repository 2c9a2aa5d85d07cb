"""The part of the door that dials: resolves a host, checks the addresses, connects to one of them."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Protocol

import httpcore
import httpx
from typing_extensions import override

from rongmei.kernel.addresses import may_dial, parse_address
from rongmei.kernel.http_errors import (
    Busy,
    ConnectFailure,
    ConnectionBroken,
    DnsFailure,
    HttpError,
    PrivateAddressRefused,
    Timeout,
    TlsFailure,
)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
# No host needs more tries than this; a name with hundreds of addresses is an attack on our time.
_MAX_ADDRESSES = 4
_SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)


class _Timeouts(Protocol):
    @property
    def connect(self) -> float: ...
    @property
    def read(self) -> float: ...


async def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Every address of ``host`` as the operating system knows it; raises ``socket.gaierror``."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class _CheckedBackend(httpcore.AsyncNetworkBackend):
    """Connects only to addresses that passed the check, and to exactly those."""

    def __init__(self, *, internal: bool, resolve: Resolver) -> None:
        self._internal = internal
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    @override
    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        addresses = await self._checked(host, port, timeout)
        share = None if timeout is None else timeout / len(addresses)
        failure: Exception | None = None
        for address in addresses:
            try:
                return await self._inner.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = failure or error
        assert failure is not None
        raise failure

    async def _checked(self, host: str, port: int, timeout: float | None) -> list[str]:
        try:
            async with asyncio.timeout(timeout):
                found = await self._resolve(host, port)
        except TimeoutError:
            raise DnsFailure(host=host) from None
        except (socket.gaierror, UnicodeError) as error:
            gone = isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
            raise DnsFailure(host=host, permanent=gone) from None
        parsed = [(text, parse_address(text)) for text in dict.fromkeys(found)]
        fit = [(t, a) for t, a in parsed if a and may_dial(a, internal=self._internal)]
        if not fit:
            raise PrivateAddressRefused(host=host) if parsed else DnsFailure(host=host)
        # IPv4 first: many lines announce IPv6 that leads nowhere, and each try costs seconds.
        fit.sort(key=lambda pair: pair[1].version)
        return [text for text, _ in fit[:_MAX_ADDRESSES]]


class CheckedTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a checked backend, without proxies, cookies or environment."""

    def __init__(
        self, *, internal: bool, resolve: Resolver, ssl_context: ssl.SSLContext, size: int
    ) -> None:
        super().__init__(verify=ssl_context, trust_env=False)
        # httpx offers no way to hand in a network backend. That this pool is really the one in
        # use is checked after each answer (AsyncDoor._exchange) and in the tests.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=size,
            max_keepalive_connections=size,
            keepalive_expiry=15.0,
            http1=True,
            http2=False,
            network_backend=_CheckedBackend(internal=internal, resolve=resolve),
        )


def wire_error(error: httpx.HTTPError, *, url: str, host: str, limits: _Timeouts) -> HttpError:
    """Say in our words what httpx reports."""
    if isinstance(error, httpx.PoolTimeout):
        return Busy(url=url)
    if isinstance(error, httpx.ConnectTimeout):
        return Timeout(url=url, seconds=f"{limits.connect:g}")
    if isinstance(error, httpx.TimeoutException):
        return Timeout(url=url, seconds=f"{limits.read:g}")
    if isinstance(error, httpx.ConnectError):
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLError):
                reason = getattr(cause, "verify_message", "") or cause.reason or "TLS"
                return TlsFailure(url=url, host=host, reason=reason)
        refused = any(
            isinstance(c, OSError) and c.errno == errno.ECONNREFUSED for c in _causes(error)
        )
        return ConnectFailure(url=url, host=host, refused=refused)
    return ConnectionBroken(url=url)


def _causes(error: BaseException) -> Iterator[BaseException]:
    queue: list[BaseException] = [error]
    seen: set[int] = set()
    while queue:
        current = queue.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            queue.extend(current.exceptions)
        queue.extend(c for c in (current.__cause__, current.__context__) if c is not None)
