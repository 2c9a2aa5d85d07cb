"""The one door to mailboxes: IMAP4rev1 (RFC 3501) within bounds of time and size.

As with HTTP, only checked addresses are dialled, and exactly those. A session has one deadline: at
its end the socket is shut, whatever the other side is doing. A letter's size is asked before the
letter, and a server that then sends more is cut off.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from typing_extensions import override

from rongmei.kernel.addresses import may_dial, parse_address
from rongmei.kernel.http_errors import (
    ConnectFailure,
    ConnectionBroken,
    DnsFailure,
    PrivateAddressRefused,
    Timeout,
    TlsFailure,
    TooLarge,
)

PORTS = {"imaps": 993, "imap": 143}
_STEP = 15.0
_MAX_ADDRESSES = 4
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_VALIDITY = re.compile(rb"^\d{1,20}$")
# RFC 2971. 网易's servers call a client that does not say who it is unsafe, and refuse it.
imaplib.Commands.setdefault("ID", ("AUTH", "SELECTED"))


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of a mailbox. `secure` is TLS from the first byte; without it, STARTTLS is asked.

    `plain` allows to go on without either; only for a server on the own network.
    """

    host: str
    port: int
    user: str
    folder: str = "INBOX"
    secure: bool = True
    plain: bool = False

    @property
    def url(self) -> str:
        """The place as people write it, without a password."""
        return f"{'imaps' if self.secure else 'imap'}://{self.user}@{self.host}:{self.port}/{self.folder}"


class _Line(imaplib.IMAP4):
    """IMAP over a socket to a checked address; what is read at once is bounded."""

    def __init__(self, place: Place, *, internal: bool, limit: int) -> None:
        self._place, self._internal, self._limit = place, internal, limit
        super().__init__(place.host, place.port, _STEP)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        line = _dialled(self._place, internal=self._internal)
        if self._place.secure:
            return _wrapped(line, self._place)
        return line

    @override
    def read(self, size: int) -> bytes:
        if size > self._limit:
            raise TooLarge(url=self._place.url, limit=self._limit)
        return super().read(size)


def _dialled(place: Place, *, internal: bool) -> socket.socket:
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DnsFailure(url=place.url, host=place.host) from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))[:_MAX_ADDRESSES]
    checked = [one for one in map(parse_address, addresses) if one is not None]
    allowed = [one for one in checked if may_dial(one, internal=internal)]
    if not allowed:
        raise PrivateAddressRefused(url=place.url, host=place.host)
    for address in allowed:
        try:
            return socket.create_connection((str(address), place.port), timeout=_STEP)
        except OSError:
            continue
    raise ConnectFailure(url=place.url, host=place.host)


def _wrapped(line: socket.socket, place: Place) -> ssl.SSLSocket:
    try:
        return ssl.create_default_context().wrap_socket(line, server_hostname=place.host)
    except (ssl.SSLError, OSError) as error:
        line.close()
        raise TlsFailure(url=place.url, host=place.host, reason=str(error)[:120]) from None


class LoginRefused(Exception):
    """The server did not accept the name or the password; its own words are in the message."""


class FolderMissing(Exception):
    """The mailbox has no such folder; the server's words are in the message."""


class Mailbox:
    """An open mailbox, looked at without changing anything in it: letters stay unread."""

    def __init__(self, line: _Line, place: Place, validity: int) -> None:
        self._line, self._place, self.validity = line, place, validity

    def newer_than(self, uid: int) -> list[int]:
        """The numbers (UID) of the letters above `uid`, ascending."""
        _kind, found = self._line.uid("SEARCH", f"UID {uid + 1}:*")
        numbers = [int(one) for part in found if isinstance(part, bytes) for one in part.split()]
        # "5:*" finds the newest letter even when its number is below 5.
        return sorted(one for one in set(numbers) if one > uid)

    def size(self, uid: int) -> int:
        """A letter's size in bytes; 0 when it is gone."""
        _kind, found = self._line.uid("FETCH", str(uid), "(RFC822.SIZE)")
        for part in found:
            match = _SIZE.search(part) if isinstance(part, bytes) else None
            if match:
                return int(match[1])
        return 0

    def letter(self, uid: int) -> bytes:
        """The letter as it came; empty when it is gone. Raises `TooLarge`."""
        _kind, found = self._line.uid("FETCH", str(uid), "(BODY.PEEK[])")
        return next((part[1] for part in found if isinstance(part, tuple)), b"")


@contextmanager
def opened(
    place: Place, password: str, *, internal: bool = False, limit: int, total: float = 60.0
) -> Iterator[Mailbox]:
    """A mailbox for at most `total` seconds; letters above `limit` bytes raise `TooLarge`.

    Raises the door's errors (`HttpError`), `LoginRefused`, `FolderMissing`.
    """
    line: _Line | None = None
    over = threading.Event()
    try:
        line = _Line(place, internal=internal, limit=limit)
        watch = threading.Timer(total, _shut, (line.sock, over))
        watch.daemon = True
        watch.start()
        try:
            yield _entered(line, place, password)
        finally:
            watch.cancel()
    except (imaplib.IMAP4.error, OSError, EOFError) as error:
        if over.is_set() or isinstance(error, TimeoutError):
            raise Timeout(url=place.url, seconds=total if over.is_set() else _STEP) from None
        raise ConnectionBroken(url=place.url) from None
    finally:
        if line is not None:
            _leave(line)


def _shut(sock: socket.socket, over: threading.Event) -> None:
    over.set()
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _entered(line: _Line, place: Place, password: str) -> Mailbox:
    if not place.secure and "STARTTLS" in line.capabilities:
        context = ssl.create_default_context()
        try:
            line.starttls(context)
        except (ssl.SSLError, imaplib.IMAP4.error) as error:
            raise TlsFailure(url=place.url, host=place.host, reason=str(error)[:120]) from None
    elif not place.secure and not place.plain:
        raise TlsFailure(url=place.url, host=place.host, reason="STARTTLS")
    try:
        line.login(place.user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        raise LoginRefused(_words(error)) from None
    if "ID" in line.capabilities:
        line._simple_command("ID", '("name" "rongmei" "version" "0.1")')
    return _selected(line, place)


def _selected(line: _Line, place: Place) -> Mailbox:
    folder = '"' + place.folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
    kind, found = line.select(folder, readonly=True)
    if kind != "OK":
        said = found[0] if found else b""
        raise FolderMissing(said.decode("utf-8", "replace") if isinstance(said, bytes) else "")
    _kind, validity = line.response("UIDVALIDITY")
    number = validity[0] if validity else b""
    known = isinstance(number, bytes) and _VALIDITY.match(number)
    return Mailbox(line, place, int(number) if known and number else 0)


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _leave(line: _Line) -> None:
    try:
        line.logout()
    except (imaplib.IMAP4.error, OSError, EOFError, ValueError):
        return
