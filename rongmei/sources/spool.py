"""Files handed over: the folder of a source into which people and programs put them.

`incoming/` is where they wait, uploaded, pushed, or simply copied there; the collect process reads
them, and moves each to `read/`, where it stays a month, or to `refused/` with the reason beside it,
where it stays until somebody deals with it. Moving is the last step: a process killed before it
reads the file again, and knows the items. Names given from outside are only ever the last part of
a name here.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from rongmei.sources.errors import TooMuch
from rongmei.sources.readers import MAX_FILE

# A file copied into the folder by hand is left alone until it has not grown for this long.
SETTLED_SECONDS = 2.0
KEPT_SECONDS = 30 * 86_400
MAX_WAITING = 2_000
_UNSAFE = re.compile(r"[^\w.()()《》“”—-]+")
_NAME_BYTES = 120
_STAMP = "{:.0f}-{}-"
_STAMPED = re.compile(r"^\d{10,}-[0-9a-f]{8}-")


@dataclass(frozen=True, slots=True)
class Handed:
    """A file in the spool; `why` says why it was refused, `at` when it came (seconds since 1970)."""

    path: Path
    name: str
    size: int
    at: float
    why: str = ""

    @property
    def key(self) -> str:
        """Its name in the folder, unique there."""
        return self.path.name


def folder_of(source_id: uuid.UUID, part: str = "incoming") -> Path:
    """The folder of a source; made when it is not there."""
    place = _place(source_id, part)
    place.mkdir(parents=True, exist_ok=True)
    return place


def _place(source_id: uuid.UUID, part: str) -> Path:
    place: Path = settings.RONGMEI_NODE.data / "drop" / str(source_id) / part
    return place


def put(source_id: uuid.UUID, name: str, pieces: Iterable[bytes], limit: int = MAX_FILE) -> Path:
    """Keep a file until it is read: whole and on the disk when this returns, or not at all.

    Raises `TooMuch` beyond `limit` bytes.
    """
    place = folder_of(source_id)
    part = place / f".{uuid.uuid4().hex}.part"
    size = 0
    try:
        with part.open("xb") as out:
            for piece in pieces:
                size += len(piece)
                if size > limit:
                    raise TooMuch(url=name, limit=f"{limit // 1024 // 1024} MB")
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        kept = place / (_STAMP.format(time.time(), uuid.uuid4().hex[:8]) + safe_name(name))
        part.replace(kept)
    finally:
        part.unlink(missing_ok=True)
    _sync(place)
    return kept


def safe_name(name: str) -> str:
    """The last part of a name, without anything a file system or a shell could take amiss."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    clean = _UNSAFE.sub("_", last).lstrip(".") or "file"
    stem, dot, suffix = clean.rpartition(".")
    room = _NAME_BYTES - len(suffix.encode()) - 1
    if dot and room > 0:
        return stem.encode()[:room].decode(errors="ignore") + dot + suffix
    return clean.encode()[:_NAME_BYTES].decode(errors="ignore")


def waiting(source_id: uuid.UUID, now: float | None = None) -> list[Handed]:
    """Files ready to be read, oldest first; at most `MAX_WAITING`.

    What is still being copied (hidden, or changed a moment ago) waits for the next time.
    """
    settled = (time.time() if now is None else now) - SETTLED_SECONDS
    return [
        one
        for one in _listed(source_id, "incoming")
        if _STAMPED.match(one.key) or one.at <= settled
    ][:MAX_WAITING]


def refused(source_id: uuid.UUID) -> list[Handed]:
    """Files that could not be read, newest first, each with the reason."""
    return _listed(source_id, "refused")[::-1]


def find_refused(source_id: uuid.UUID, key: str) -> Handed | None:
    """A refused file by its key."""
    return next((one for one in refused(source_id) if one.key == key), None)


def _listed(source_id: uuid.UUID, part: str) -> list[Handed]:
    found: list[Handed] = []
    place = _place(source_id, part)
    if not place.is_dir():
        return found
    with os.scandir(place) as entries:
        for entry in entries:
            if (
                entry.name.startswith(".")
                or entry.name.endswith(".why")
                or not entry.is_file(follow_symlinks=False)
            ):
                continue
            about, path = entry.stat(follow_symlinks=False), Path(entry.path)
            found.append(
                Handed(
                    path, _STAMPED.sub("", entry.name), about.st_size, about.st_mtime, _why(path)
                )
            )
    return sorted(found, key=lambda one: (one.at, one.key))


def _why(path: Path) -> str:
    try:
        return path.with_name(path.name + ".why").read_text(encoding="utf-8")[:500]
    except OSError:
        return ""


def settle(one: Handed, source_id: uuid.UUID, why: str = "") -> None:
    """Move a file that was dealt with: to `read/`, or with a reason to `refused/`."""
    place = folder_of(source_id, "refused" if why else "read")
    target = place / one.key
    if why:
        note = target.with_name(target.name + ".why")
        note.write_text(why, encoding="utf-8")
    one.path.replace(target)
    _sync(place)


def again(one: Handed, source_id: uuid.UUID) -> None:
    """Put a refused file back to be read once more."""
    one.path.replace(folder_of(source_id) / one.key)
    one.path.with_name(one.path.name + ".why").unlink(missing_ok=True)


def discard(one: Handed) -> None:
    """Remove a refused file for good."""
    one.path.unlink(missing_ok=True)
    one.path.with_name(one.path.name + ".why").unlink(missing_ok=True)


def prune(now: float | None = None) -> int:
    """Remove what was read more than a month ago, and unfinished uploads of yesterday."""
    clock = time.time() if now is None else now
    root: Path = settings.RONGMEI_NODE.data / "drop"
    removed = 0
    for pattern, age in (("*/read/*", KEPT_SECONDS), ("*/incoming/.*.part", 86_400)):
        for path in root.glob(pattern):
            if clock - path.stat().st_mtime > age:
                path.unlink(missing_ok=True)
                removed += 1
    return removed


def _sync(place: Path) -> None:
    """Make the renames in a folder survive a power cut."""
    held = os.open(place, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
