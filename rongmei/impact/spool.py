"""The spool of reads: web processes append a line, the worker counts the lines.

Reading a page must never wait for the database's one writer, so a read is one `write()` to a file.
The kernel has the line when the call returns: `kill -9` of any process loses nothing; a power cut
may lose what the disk had not yet got (some seconds). A file is taken over whole under a lock, and
how many of its lines are counted is written in the same transaction as the counts.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from rongmei.kernel.ids import uuid7

_OPEN = "reads.spool"
# Some minutes of a flood; beyond it reads are dropped rather than the disk filled.
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Line:
    """One read: which page, by which token, when."""

    slug: str
    token: str
    at: datetime


def folder() -> Path:
    """Where the spool lives."""
    return Path(settings.RONGMEI_NODE.data) / "reads"


@contextmanager
def _locked(path: Path, how: int) -> Iterator[int]:
    """The file at `path`, locked, and certain not to have been taken over in between."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, how)
            try:
                same = os.fstat(handle).st_ino == path.stat().st_ino
            except FileNotFoundError:
                same = False
            if same:
                yield handle
                return
        finally:
            os.close(handle)


def note(slug: str, token: str, at: datetime) -> bool:
    """Append a read; False when the spool is full. No database, no waiting for one."""
    place = folder()
    place.mkdir(parents=True, exist_ok=True)
    line = f"{slug}\t{token}\t{at.timestamp():.0f}\n".encode()
    with _locked(place / _OPEN, fcntl.LOCK_SH) as handle:
        if os.fstat(handle).st_size > MOST_BYTES:
            return False
        os.write(handle, line)
    return True


def take() -> list[Path]:
    """Close the open file, if it holds anything, and return all closed files, oldest first."""
    place = folder()
    current = place / _OPEN
    if not place.exists():
        return []
    if current.exists() and current.stat().st_size:
        with _locked(current, fcntl.LOCK_EX):
            current.rename(place / f"{uuid7().hex}.taken")
    return sorted(place.glob("*.taken"))


def read(path: Path, skip: int = 0) -> Iterator[Line]:
    """The lines of a closed file; a broken one (a write cut short) is passed over as an empty slug."""
    with path.open(encoding="utf-8", errors="replace") as held:
        for number, raw in enumerate(held):
            if number < skip:
                continue
            slug, _tab, rest = raw.rstrip("\n").partition("\t")
            token, _tab, at = rest.partition("\t")
            fine = at.isdigit() and len(token) == 32
            yield Line(
                slug if fine else "", token, datetime.fromtimestamp(int(at) if fine else 0, UTC)
            )
