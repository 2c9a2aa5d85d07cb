"""Files of another node, or of anybody, straight into the archive: for the operator.

The way of the file drop without the waiting: the unit's own source for files takes them, the same
readers read them and the same verb keeps them. A file larger than a reader takes is read in parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from django.utils import timezone

from rongmei.archive.actions import BATCH, Arrived, documents_store
from rongmei.archive.identity import entry_hash_of, facts_of, identity_of
from rongmei.kernel import audit, db
from rongmei.network.selectors import unit_by_code
from rongmei.sources import actions as sources
from rongmei.sources.readers import MAX_FILE, Given, read
from rongmei.sources.selectors import spec_of

PART: Final = 16 * 1024 * 1024


@dataclass
class Imported:
    """What came of an import; `same` had been given before in the very same words."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    same: int = 0
    remarks: list[str] = field(default_factory=list)


def parts_of(path: Path) -> Iterator[bytes]:
    """A file whole, or, when it is one of lines too large for that, in parts of whole lines."""
    if path.stat().st_size <= MAX_FILE:
        yield path.read_bytes()
        return
    with path.open("rb") as held:
        while lines := held.readlines(PART):
            yield b"".join(lines)


def file_import(
    path: Path, *, unit_code: str, say: Callable[[Imported], None] = lambda _so_far: None
) -> Imported:
    """Read a file into a unit's archive, batch by batch; again is harmless: what is known stays.

    Raises a `SourceError` that says why when the file cannot be read; what was kept before stays.
    """
    source = sources.drop_of_unit(unit_id=unit_by_code(unit_code).pk)
    facts, spec = facts_of(source), spec_of(source)
    done = Imported()
    for body in parts_of(path):
        given = Given(path.name, body, timezone.now(), spec)
        items = read(given)
        while batch := list(itertools.islice(items, BATCH)):
            named = {identity_of(one, facts): one for one in batch}
            arrived = [
                Arrived(one, name, entry_hash_of(one, trusts_lastmod=False))
                for name, one in named.items()
            ]
            with db.write():
                kept = documents_store(arrived, source=facts, at=timezone.now())
            done.seen += len(batch)
            done.new += kept.new
            done.changed += kept.changed
            done.known += kept.known
            done.same += len(kept.same)
            say(done)
        done.remarks += map(str, dict.fromkeys(given.remarks[:20]))
    with db.write():
        audit.record(
            None, "archive.imported", unit_id=facts.unit_id, file=path.name[:80], seen=done.seen,
            new=done.new,
        )  # fmt: skip
    return done
