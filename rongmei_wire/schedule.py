"""When each piece comes out: the timetable, and the state file that lets a restart go on.

All times are aware UTC. The timetable is a pure function of the epoch and the pace, so two runs
with the same state file agree about every published date; only pieces released by hand carry a
date of their own, which the state file keeps.
"""

from __future__ import annotations

import json
import os
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rongmei_wire.library import Piece

Clock = Callable[[], datetime]
# Demo pace: long enough to be read as it arrives, short enough to see movement in a minute.
DEMO_GAP_SECONDS = (20.0, 40.0)
# A feed that starts exactly now would show items from the future on a skewed clock.
NEWEST_AT_START = timedelta(minutes=5)


class StateError(RuntimeError):
    """The state file cannot be used."""


@dataclass(frozen=True, slots=True)
class Release:
    """A piece that is out, and since when."""

    piece: Piece
    at: datetime


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


def timetable(pieces: Sequence[Piece], epoch: datetime, pace: str) -> dict[str, datetime]:
    """The due time of each piece id.

    `all` squeezes the whole newsroom into the 30 hours before the epoch. `demo` and a number of
    seconds date the pieces with offset <= 0 before the epoch and let the others out one by one
    after it; a number is the fixed gap, `demo` a gap of 20 to 40 seconds that depends only on the
    piece's place in the queue.
    """
    newest = epoch - NEWEST_AT_START
    if pace == "all":
        span = max((piece.offset for piece in pieces), default=0.0)
        return {piece.id: newest + timedelta(hours=(piece.offset - span) / 2) for piece in pieces}
    fixed = None if pace == "demo" else _gap(pace)
    gaps = random.Random(20)  # noqa: S311 - a fixed seed: the timetable must repeat after a restart
    due: dict[str, datetime] = {}
    next_at = epoch
    for piece in pieces:
        if piece.offset <= 0:
            due[piece.id] = newest + timedelta(hours=piece.offset)
            continue
        next_at += timedelta(seconds=fixed or gaps.uniform(*DEMO_GAP_SECONDS))
        due[piece.id] = next_at
    return due


def _gap(pace: str) -> float:
    try:
        seconds = float(pace)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise ValueError(f"pace is demo, all or a number of seconds, not {pace!r}")
    return seconds


class Schedule:
    """Which pieces are out now. Thread-safe; `on_release` is called once for each new release."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        *,
        pace: str,
        clock: Clock,
        state: Path | None,
        on_release: Callable[[Release], None],
    ) -> None:
        self._pieces = sorted(pieces, key=lambda piece: (piece.offset, piece.id))
        self._clock = clock
        self._state = state
        self._on_release = on_release
        self._lock = threading.RLock()
        saved_epoch, self._out = _read_state(state)
        self.epoch = saved_epoch or clock()
        self._due = timetable(self._pieces, self.epoch, pace)
        if saved_epoch is None:
            self._save()

    def released(self) -> list[Release]:
        """What is out now, newest first, after letting out what has become due."""
        with self._lock:
            self.tick()
            out = [Release(p, self._out[p.id]) for p in self._pieces if p.id in self._out]
        return sorted(out, key=lambda release: (release.at, release.piece.id), reverse=True)

    def tick(self) -> int:
        """Let out every piece that is due; the number of new ones."""
        with self._lock:
            now = self._clock()
            due = [p for p in self._pieces if p.id not in self._out and self._due[p.id] <= now]
            self._let_out([Release(piece, self._due[piece.id]) for piece in due])
            return len(due)

    def release(self, count: int = 1) -> list[Release]:
        """Let out the next `count` pieces now, whatever the timetable says."""
        with self._lock:
            self.tick()
            waiting = [piece for piece in self._pieces if piece.id not in self._out]
            # A millisecond apart, so that "newest first" stays the order of release.
            now = self._clock()
            releases = [
                Release(piece, now + timedelta(milliseconds=place))
                for place, piece in enumerate(waiting[:count])
            ]
            self._let_out(releases)
            return releases

    def published_at(self, piece_id: str) -> datetime | None:
        """When a piece came out, or None while it waits."""
        with self._lock:
            self.tick()
            return self._out.get(piece_id)

    def _let_out(self, releases: list[Release]) -> None:
        if not releases:
            return
        for release in releases:
            # The log line comes first: a kill between the two writes then repeats a line with the
            # same id and date, which a reader can drop; the other order would lose it.
            self._on_release(release)
            self._out[release.piece.id] = release.at
        self._save()

    def _save(self) -> None:
        if self._state is None:
            return
        data = {
            "epoch": self.epoch.isoformat(),
            "released": {piece_id: at.isoformat() for piece_id, at in self._out.items()},
        }
        partial = self._state.with_name(self._state.name + ".part")
        with partial.open("w", encoding="utf-8") as file:
            json.dump(data, file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._state)


def _read_state(state: Path | None) -> tuple[datetime | None, dict[str, datetime]]:
    if state is None or not state.exists():
        return None, {}
    try:
        data = json.loads(state.read_text(encoding="utf-8"))
        epoch = datetime.fromisoformat(data["epoch"])
        out = {key: datetime.fromisoformat(value) for key, value in data["released"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateError(
            f"{state} is not a wire state file ({error}); delete it to start a new epoch"
        ) from error
    return epoch, out
