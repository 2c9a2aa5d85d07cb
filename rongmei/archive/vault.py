"""Where snapshots lie on the disk: segment files of WARC spans, appended to by one process each.

    <data>/snapshots/2026-11/RM-20261124T211600Z-1f2e3d4c.warc.gz.open   being written, locked
    <data>/snapshots/2026-11/RM-20261123T090000Z-0a1b2c3d.warc.gz        closed, never written again

A span is on the disk before any row says so; what a killed process left half-written stands behind
the last row's span, and is cut off when the file is taken up again. Whoever copies or rewrites
whole segments holds the folder's lock: shared to copy, alone to rewrite.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from rongmei.archive import warc
from rongmei.archive.errors import SnapshotGone
from rongmei.archive.warc import Answer, Original

OPEN = ".open"
SUFFIX = ".warc.gz"
MAX_BYTES = 64 * 1024 * 1024
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a segment."""

    segment: str
    offset: int
    length: int


class Folder:
    """All segments of a node, to read."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path_of(self, segment: str) -> Path:
        """Where a segment lies; raises SnapshotGone when it is nowhere."""
        closed = self.closed_path(segment)
        for path in (closed, closed.with_name(segment + OPEN), closed):
            if path.exists():
                return path
        raise SnapshotGone(segment=segment)

    def closed_path(self, segment: str) -> Path:
        """Where a segment lies, or will lie, when it is closed."""
        return self.root / f"{segment[3:7]}-{segment[7:9]}" / segment

    def read(self, span: Span) -> bytes:
        """The bytes of a span. Raises SnapshotGone when they are not there."""
        try:
            with self._opened(span.segment) as file:
                file.seek(span.offset)
                raw = file.read(span.length)
        except OSError as error:
            raise SnapshotGone(segment=span.segment, cause=str(error)) from error
        if len(raw) != span.length:
            raise SnapshotGone(segment=span.segment, offset=span.offset)
        return raw

    def _opened(self, segment: str) -> BinaryIO:
        # It may be closed, and so renamed, between the look and the opening.
        with suppress(FileNotFoundError):
            return self.path_of(segment).open("rb")
        return self.path_of(segment).open("rb")

    def segments(self) -> dict[str, int]:
        """Name and size of every segment."""
        found = {}
        for path in sorted(self.root.glob(f"*/RM-*{SUFFIX}*")):
            name = path.name.removesuffix(OPEN)
            if name.endswith(SUFFIX):
                with suppress(FileNotFoundError):
                    found[name] = path.stat().st_size
        return found

    def left_open(self) -> list[str]:
        """Segments that somebody writes, or wrote when he was killed."""
        names = (path.name for path in sorted(self.root.glob(f"*/RM-*{SUFFIX}{OPEN}")))
        return [name.removesuffix(OPEN) for name in names]

    @contextmanager
    def standing(self) -> Iterator[None]:
        """No segment is rewritten or removed meanwhile; appending goes on."""
        with self._locked(fcntl.LOCK_SH):
            yield

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Whether segments may be rewritten now: not while they are copied."""
        try:
            with self._locked(fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield True
        except BlockingIOError:
            yield False

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "segments.lock").open("a+b") as file:
            fcntl.flock(file, how)
            yield


class Vault(Folder):
    """Appends answers to a segment of its own."""

    def __init__(
        self, root: Path, *, max_bytes: int = MAX_BYTES, clock: Callable[[], datetime] | None = None
    ) -> None:
        super().__init__(root)
        self._max_bytes = max_bytes
        self._clock = clock or (lambda: datetime.now(UTC))
        self._name = ""
        self._file: BinaryIO | None = None
        self._end = 0
        self.taken_up = False

    def take_up(self, claimed: dict[str, int]) -> None:
        """Clear up what killed processes left: `claimed` says how far rows reach in each segment.

        What is torn behind that is cut. The youngest that is small enough is gone on with, the
        others are closed. A segment whose writer lives is locked, and left alone.
        """
        self.taken_up = True
        for name in self.left_open():
            path = self.closed_path(name).with_name(name + OPEN)
            try:
                file = path.open("r+b")
            except FileNotFoundError:
                continue
            if not _lock(file) or not path.exists():
                file.close()
                continue
            self.close()
            self._name, self._file = name, file
            self._end = _cut(file, claimed.get(name, 0))

    def append(self, answers: Iterable[tuple[Answer, Original | None]]) -> list[Span]:
        """Keep these; they are on the disk when this returns. Raises OSError, and then keeps none."""
        spans = []
        try:
            file = self._ready()
            for answer, original in answers:
                raw = warc.span(answer, original)
                file.write(raw)
                spans.append(Span(self._name, self._end, len(raw)))
                self._end += len(raw)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            self._drop()
            raise
        return spans

    def append_raw(self, pieces: Sequence[bytes]) -> list[Span]:
        """The same for spans that were written before, copied as they are."""
        spans = []
        file = self._ready()
        for raw in pieces:
            file.write(raw)
            spans.append(Span(self._name, self._end, len(raw)))
            self._end += len(raw)
        file.flush()
        os.fsync(file.fileno())
        return spans

    def _ready(self) -> BinaryIO:
        now = self._clock()
        if self._file is not None and (self._end >= self._max_bytes or self._is_of_yesterday(now)):
            self.close()
        if self._file is None:
            self._begin(now)
        assert self._file is not None
        return self._file

    def _is_of_yesterday(self, now: datetime) -> bool:
        begun = datetime.strptime(self._name[3:19], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return (now - begun).total_seconds() >= _DAY

    def _begin(self, now: datetime) -> None:
        name = f"RM-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}{SUFFIX}"
        place = self.closed_path(name).parent
        place.mkdir(parents=True, exist_ok=True)
        file = (place / (name + OPEN)).open("xb")
        _lock(file)
        self._name, self._file = name, file
        self._end = file.write(warc.head(name))
        file.flush()
        _sync(place)
        _sync(self.root)

    def _drop(self) -> None:
        """Leave a file that could not be written: what it has too much is cut when taken up."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._file = None

    def close(self) -> None:
        """Close the present segment for good."""
        if self._file is None:
            return
        closed = self.closed_path(self._name)
        self._file.flush()
        os.fsync(self._file.fileno())
        closed.with_name(self._name + OPEN).rename(closed)
        _sync(closed.parent)
        self._file.close()
        self._file = None

    def pause(self) -> None:
        """Let go of the segment without closing it: the next process goes on with it."""
        self._drop()


def _cut(file: BinaryIO, claimed: int) -> int:
    """Cut what is torn behind `claimed`; a file shorter than that is left as evidence."""
    size = file.seek(0, os.SEEK_END)
    end = warc.whole_until(file, claimed) if size > claimed else size
    if end < size:
        file.truncate(end)
        os.fsync(file.fileno())
    return file.seek(end)


def _lock(file: BinaryIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
