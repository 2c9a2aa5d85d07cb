"""The HTTP/1.1 side: keep-alive, conditional requests, chunked streams, one log line a request."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from rongmei_wire.evidence import EvidenceLog
from rongmei_wire.reply import BreakConnection, Reply
from rongmei_wire.site import Site

if TYPE_CHECKING:
    from typing_extensions import override
else:
    # The wire needs nothing but the standard library and Pillow at run time.
    def override(method: Callable[..., object]) -> Callable[..., object]:
        return method


class WireServer(ThreadingHTTPServer):
    """Keeps the open connections, so that stopping the wire also hangs up on idle readers."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], site: Site, log: EvidenceLog) -> None:
        super().__init__(address, _Handler)
        self.site = site
        self.log = log
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()

    def note(self, connection: socket.socket, *, is_open: bool) -> None:
        """Remember or forget a connection."""
        with self._open_lock:
            (self._open.add if is_open else self._open.discard)(connection)

    def hang_up(self) -> None:
        """Cut every open connection."""
        with self._open_lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @override
    def handle_error(self, request: object, client_address: object) -> None:
        """Readers may leave whenever they like; that is no error of the wire."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "rongmei-wire"
    sys_version = ""
    # Small answers in two packets would otherwise wait for each other (Nagle and delayed ACK).
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 120
    server: WireServer

    @override
    def setup(self) -> None:
        super().setup()
        self.server.note(self.connection, is_open=True)

    @override
    def finish(self) -> None:
        self.server.note(self.connection, is_open=False)
        with contextlib.suppress(OSError):
            super().finish()

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Quiet: the evidence log is the record."""

    def do_GET(self) -> None:
        self._answer(send_body=True)

    def do_HEAD(self) -> None:
        self._answer(send_body=False)

    def do_POST(self) -> None:
        # The body is not read, so the connection cannot be used again.
        self.close_connection = True
        self._send(Reply(b"", status=405, headers={"Allow": "GET, HEAD"}), send_body=True)

    def _answer(self, *, send_body: bool) -> None:
        try:
            reply = self.server.site.reply(self.path)
        except BreakConnection:
            self.close_connection = True
            self._log(0, 0)
            return
        self._send(reply, send_body=send_body)

    def _send(self, reply: Reply, *, send_body: bool) -> None:
        headers = {"Content-Type": reply.type, **reply.headers}
        status = reply.status
        if reply.stream is None and status == 200 and reply.conditional:
            headers["ETag"] = f'"{hashlib.blake2b(reply.body, digest_size=12).hexdigest()}"'
            if reply.modified is not None:
                headers["Last-Modified"] = format_datetime(
                    reply.modified.astimezone(UTC), usegmt=True
                )
            if self._is_fresh(headers["ETag"], reply.modified):
                status, send_body = 304, False
                del headers["Content-Type"]
        if reply.stream is not None and reply.length is None:
            headers["Transfer-Encoding"] = "chunked"
        elif status != 304:
            length = len(reply.body) if reply.length is None else reply.length
            headers["Content-Length"] = str(length)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        try:
            if reply.stream is None:
                self._send_whole(status, reply.body if send_body else b"")
            else:
                self._send_stream(status, reply, send_body=send_body)
        except OSError:
            self.close_connection = True

    def _send_whole(self, status: int, body: bytes) -> None:
        # Logged first: a reader that has its answer must find the line already written.
        self._log(status, len(body))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _send_stream(self, status: int, reply: Reply, *, send_body: bool) -> None:
        chunked = reply.length is None
        sent, whole = 0, False
        try:
            self.end_headers()
            for part in (reply.stream or ()) if send_body else ():
                self._write(part, chunked=chunked)
                sent += len(part)
            if chunked and send_body:
                self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
            whole = True
        except BreakConnection:
            self.close_connection = True
        finally:
            self._log(status, sent, whole=whole)

    def _write(self, part: bytes, *, chunked: bool) -> None:
        if chunked:
            part = b"%x\r\n%b\r\n" % (len(part), part)
        self.wfile.write(part)
        self.wfile.flush()

    def _is_fresh(self, etag: str, modified: datetime | None) -> bool:
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return etag in known or "*" in known
        since = self.headers.get("If-Modified-Since")
        if since is None or modified is None:
            return False
        try:
            moment = parsedate_to_datetime(since)
        except ValueError:
            return False
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return modified.replace(microsecond=0) <= moment

    def _log(self, status: int, sent: int, *, whole: bool = True) -> None:
        headers = self.headers
        self.server.log.write(
            "request",
            method=self.command,
            path=self.path,
            status=status,
            bytes=sent,
            conditional="If-None-Match" in headers or "If-Modified-Since" in headers,
            user_agent=headers.get("User-Agent", ""),
            whole=whole,
        )
