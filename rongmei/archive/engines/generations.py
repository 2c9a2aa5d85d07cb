"""Folders of one index on disk: which one is current, and who may write.

    <root>/current.json   {"format": 2, "folder": "g000002", "analyser": "…", "terms": […],
                          "made": "…"}, replaced atomically
    <root>/g000002/       the index itself
    <root>/writer.lock    held by the one writer
    <root>/rebuild.lock   held while a new folder is being filled

Locks are the kernel's (flock): they go with the process that held them, so a lock file left behind
by a killed process blocks nobody. Its content, the process id, is only for people.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from rongmei.archive.errors import IndexBusy, IndexCorrupt, IndexMissing, IndexOutdated

FORMAT = 2
"""Raised when the fields of the index change; an index of another format asks for a rebuild."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One folder of the index and what it was written with."""

    path: Path
    analyser: str
    terms: tuple[str, ...]
    """The node's own terms that its words were cut by; whoever asks it cuts by the same."""
    marker: bytes
    """The content of current.json that names it."""


class Generations:
    """The folders under one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._current_file = root / "current.json"

    def marker(self) -> bytes:
        """What current.json holds; raises IndexMissing where there is none."""
        try:
            return self._current_file.read_bytes()
        except FileNotFoundError:
            raise IndexMissing from None

    def current(self) -> Generation:
        """The folder in use; raises IndexMissing, IndexOutdated or IndexCorrupt."""
        marker = self.marker()
        try:
            content = orjson.loads(marker)
            number, folder, analyser = content["format"], content["folder"], content["analyser"]
            terms = tuple(map(str, content.get("terms", ())))
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise IndexCorrupt(path=str(self._current_file)) from None
        if number != FORMAT:
            raise IndexOutdated(found=number, needed=FORMAT)
        return Generation(self.root / str(folder), str(analyser), terms, marker)

    def create(self, analyser: str, terms: Sequence[str]) -> Generation:
        """A new, empty folder that is not current yet."""
        numbers = [int(path.name[1:]) for path in self._folders()]
        path = self.root / f"g{max(numbers, default=0) + 1:06}"
        path.mkdir(parents=True)
        # Folder names may come again after a folder was lost; what names a folder must not.
        content = {
            "format": FORMAT,
            "folder": path.name,
            "analyser": analyser,
            "terms": list(terms),
            "made": uuid.uuid4().hex,
        }
        return Generation(path, analyser, tuple(terms), orjson.dumps(content))

    def make_current(self, generation: Generation) -> None:
        """Put a folder in place for all readers at once, and lastingly."""
        fresh = self.root / f"{self._current_file.name}.{os.getpid()}"
        with fresh.open("wb") as file:
            file.write(generation.marker)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._current_file)
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def remove_others(self, kept: Generation | None) -> None:
        """Delete every other folder. Processes that still read one keep its open files."""
        for path in self._folders():
            if kept is None or path != kept.path:
                shutil.rmtree(path, ignore_errors=True)

    def _folders(self) -> list[Path]:
        return [p for p in self.root.glob("g*") if p.is_dir() and p.name[1:].isdecimal()]

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold `<root>/<name>.lock`; raises IndexBusy at once where another holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f"{name}.lock").open("a+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                holder = file.read(20).decode("ascii", "replace").strip()
                raise IndexBusy(process=holder) from None
            file.truncate(0)
            file.write(str(os.getpid()).encode())
            file.flush()
            yield
