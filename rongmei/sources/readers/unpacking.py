"""ZIP files, within bounds that hold for what really comes out, not for what the file claims."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from rongmei.sources.errors import FileUnreadable, TooMuch

MAX_MEMBERS = 2_000
MAX_MEMBER = 64 * 1024 * 1024
MAX_TOTAL = 256 * 1024 * 1024
_PIECE = 65_536
_UTF8 = 0x800
_ENCRYPTED = 0x1


def opened(name: str, body: bytes) -> zipfile.ZipFile:
    """The archive; raises `FileUnreadable` when it is broken, `TooMuch` when it has too many members."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        raise FileUnreadable(url=name, expected="ZIP") from None
    if len(archive.infolist()) > MAX_MEMBERS:
        raise TooMuch(url=name, limit=f"{MAX_MEMBERS}")
    return archive


def member(archive: zipfile.ZipFile, path: str, limit: int = MAX_MEMBER) -> bytes:
    """One member's bytes; raises `TooMuch` as soon as more than `limit` came out of it."""
    held = bytearray()
    try:
        with archive.open(path) as stream:
            while piece := stream.read(_PIECE):
                held += piece
                if len(held) > limit:
                    raise TooMuch(url=path, limit=f"{limit // 1024 // 1024} MB")
    except (KeyError, ValueError, zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError,
            NotImplementedError, RuntimeError):  # fmt: skip
        # Wrong checksum, wrong place, cut short, unknown method, or encrypted.
        raise FileUnreadable(url=path, expected="ZIP") from None
    return bytes(held)


def members(name: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of every file inside; folders and the leavings of other systems are passed by."""
    total = 0
    with opened(name, body) as archive:
        for info in archive.infolist():
            path = _path(info)
            leaf = path.rsplit("/", 1)[-1]
            if info.is_dir() or not leaf or leaf.startswith(".") or "__MACOSX/" in path:
                continue
            if info.flag_bits & _ENCRYPTED:
                raise FileUnreadable(url=f"{name}/{leaf}", expected="ZIP")
            inside = member(archive, info.filename)
            total += len(inside)
            if total > MAX_TOTAL:
                raise TooMuch(url=name, limit=f"{MAX_TOTAL // 1024 // 1024} MB")
            yield path, inside


def _path(info: zipfile.ZipInfo) -> str:
    """The member's name: Chinese Windows writes GBK where the format knows only cp437."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except UnicodeError:
        return info.filename
