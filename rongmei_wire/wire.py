"""The example wire as an object: start it, ask it, stop it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rongmei_wire.bulk import FAULT_KINDS, Bulk
from rongmei_wire.evidence import EvidenceLog
from rongmei_wire.library import Library, default_library
from rongmei_wire.newsroom import LOCAL, Newsroom, article_path
from rongmei_wire.schedule import Clock, Release, Schedule, utc_now
from rongmei_wire.server import WireServer
from rongmei_wire.site import Site

TICK_SECONDS = 0.5


class Wire:
    """A local news source in a thread of this process.

    pace: `all`, `demo` or a number of seconds between releases. port 0 takes a free port. `log` and
    `state` are files; without a state file every start is a new epoch. `articles` switches on
    `/bulk/` (mappings with `title`, `body`, and optionally an ISO `date`), where `fault_rate` (0 to 1)
    of the requests fail by `fault_seed` in one of the ways of `faults`, `odd_rate` of the files are in
    another encoding than they say, and `out` limits how many articles are there before `publish`. `clock` returns aware UTC and is for tests.

    Raises ValueError for an unknown pace, StateError for a broken state file, ArticleError for a
    broken article, OSError when the port is taken.
    """

    def __init__(
        self,
        *,
        pace: str | float = "all",
        port: int = 0,
        host: str = "127.0.0.1",
        log: str | os.PathLike[str] | None = None,
        state: str | os.PathLike[str] | None = None,
        clock: Clock = utc_now,
        articles: Iterable[Mapping[str, object]] | None = None,
        fault_rate: float = 0.0,
        fault_seed: int = 0,
        faults: Sequence[str] = FAULT_KINDS,
        odd_rate: float = 0.0,
        out: int | None = None,
        library: Library | None = None,
    ) -> None:
        self._address = (host, port)
        self._library = library or default_library()
        self._log = EvidenceLog(Path(log) if log is not None else None)
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._server: WireServer | None = None
        self._schedule = Schedule(
            self._library.pieces,
            pace=str(pace),
            clock=clock,
            state=Path(state) if state is not None else None,
            on_release=self._note_release,
        )
        bulk = None
        if articles is not None:
            bulk = Bulk(
                articles,
                epoch=self._schedule.epoch,
                fault_rate=fault_rate,
                fault_seed=fault_seed,
                faults=faults,
                odd_rate=odd_rate,
                out=out,
                stop=self._stop,
            )
        self._bulk = bulk
        newsroom = Newsroom(self._library, self._schedule)
        self._site = Site(newsroom, clock=clock, bulk=bulk, stop=self._stop)
        self.url = ""

    def start(self) -> Self:
        """Listen and begin to release. `url` is set when this returns."""
        self._server = WireServer(self._address, self._site, self._log)
        host, port = self._server.server_address[:2]
        self.url = self._site.base = f"http://{host!s}:{port}"
        self._log.write("start", epoch=self._schedule.epoch.isoformat(), url=self.url)
        self._schedule.tick()
        serve = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        release = threading.Thread(target=self._release_as_due, daemon=True)
        self._threads = [serve, release]
        for thread in self._threads:
            thread.start()
        return self

    def stop(self) -> None:
        """Hang up on everybody and close the log. Safe to call twice."""
        self._stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._server = None
        for thread in self._threads:
            thread.join(timeout=5)
        self._threads = []
        self._log.close()

    def release(self, n: int = 1) -> list[str]:
        """Let the next `n` waiting pieces out now; their ids, fewer when fewer were waiting."""
        return [release.piece.id for release in self._schedule.release(n)]

    def publish(self, count: int) -> int:
        """Let the next `count` bulk articles out now; how many are out altogether."""
        return self._bulk.publish(count) if self._bulk else 0

    def released(self) -> list[str]:
        """The ids of everything that is out, newest first."""
        return [release.piece.id for release in self._schedule.released()]

    def requests(self) -> list[dict[str, Any]]:
        """The request lines of the evidence log so far (the newest 20,000)."""
        return self._log.lines("request")

    def asked(self) -> int:
        """How many requests there were so far."""
        return self._log.count("request")

    def releases(self) -> list[dict[str, Any]]:
        """The release lines of the evidence log so far."""
        return self._log.lines("release")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _release_as_due(self) -> None:
        while not self._stop.wait(TICK_SECONDS):
            self._schedule.tick()

    def _note_release(self, release: Release) -> None:
        self._log.write(
            "release",
            id=release.piece.id,
            medium=release.piece.medium,
            title=release.piece.title,
            published=release.at.astimezone(LOCAL).isoformat(timespec="seconds"),
            path=article_path(release.piece),
        )
