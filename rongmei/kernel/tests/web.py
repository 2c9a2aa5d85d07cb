"""A tiny misbehaving web server for the door's tests: raw bytes, so that it can break any rule."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

Handler = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


class Request:
    def __init__(self, head: bytes, body: bytes) -> None:
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ", 2)
        self.headers = {
            name.lower(): value
            for name, value in (line.split(": ", 1) for line in lines[1:] if line)
        }
        self.body = body


class Web:
    def __init__(self, port: int) -> None:
        self.port = port
        self.base = f"http://127.0.0.1:{port}"
        self.requests: list[Request] = []
        self.connections = 0


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@contextlib.asynccontextmanager
async def serving(routes: dict[str, bytes | Handler]) -> AsyncIterator[Web]:
    """Serve ``routes`` (path → whole raw answer, or a coroutine) on a free loopback port."""
    web: Web

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        web.connections += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = Request(head, b"")
                request.body = await reader.readexactly(
                    int(request.headers.get("content-length", 0))
                )
                web.requests.append(request)
                answer = routes[request.path.split("?")[0]]
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(request, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    web = Web(server.sockets[0].getsockname()[1])
    try:
        yield web
    finally:
        server.close()
