"""Collecting what is handed over rather than fetched: files in a source's spool, letters in its mailbox.

The same way as for feeds from the item on: kept in short writes while the rest is read. A file is
moved, and a mailbox's cursor set, after its items are kept; whoever is killed in between reads it
again and knows them.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol, TypeVar

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import actions
from rongmei.archive.actions import Arrived, Stored
from rongmei.archive.identity import SourceFacts, entry_hash_of, identity_of
from rongmei.kernel import db, mailbox
from rongmei.kernel.http_errors import TooLarge
from rongmei.sources import actions as sources
from rongmei.sources import spool
from rongmei.sources.errors import MailRefused, SourceError
from rongmei.sources.readers import MAX_FILE, Given, read
from rongmei.sources.types import FetchOutcome, Item, SourceSpec

if TYPE_CHECKING:
    from rongmei.sources.models import Source

T = TypeVar("T")
FILES_AT_ONCE = 200
LETTERS_AT_ONCE = 50
MAX_LETTER = 25 * 1024 * 1024
# Letters of one look are held together in memory.
MAX_LETTERS_BYTES = 64 * 1024 * 1024
MAIL_SECONDS = 120.0
_REASONS_SHOWN = 3


class Rows(Protocol):
    """Runs database work on the one thread that does it."""

    async def __call__(self, call: Callable[..., T], *args: object) -> T: ...


@dataclass
class Intake:
    """What came of one look: counts, remarks, and how far a mailbox was read."""

    spec: SourceSpec
    facts: SourceFacts
    seen: int = 0
    new: int = 0
    received: int = 0
    left: int = 0
    cursor: str = ""
    remarks: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def outcome(self, started: float) -> sources.Outcome:
        """The record of it. Files that could not be read are named; they do not fail the source."""
        said = list(dict.fromkeys(self.failures[:_REASONS_SHOWN] + self.remarks))
        if self.left:
            said.append(_("还有 %(count)s 条留到下次再取") % {"count": self.left})
        word = FetchOutcome.NOT_MODIFIED
        if self.failures:
            word = FetchOutcome.FILES_LEFT
        elif self.received:
            word = FetchOutcome.OK if self.seen else FetchOutcome.EMPTY
        return sources.Outcome(
            word, message=";".join(said)[:500], received=self.received, items_seen=self.seen,
            items_new=self.new, left=self.left, cursor=self.cursor,
            took_ms=int((time.monotonic() - started) * 1000),
        )  # fmt: skip


async def take_in(
    source: Source, spec: SourceSpec, facts: SourceFacts, *, rows: Rows, work: Executor
) -> sources.Outcome:
    """Read what waits for a source; raises `HttpError` or `SourceError` when the mailbox cannot be."""
    started = time.monotonic()
    intake = Intake(spec, facts)
    loop = asyncio.get_running_loop()
    if source.kind == "mail":
        letters = await loop.run_in_executor(work, _letters, source, intake)
        for uid, body in letters:
            await _read(Parcel(f"{uid}.eml", body), intake, rows, work)
    else:
        files = await loop.run_in_executor(work, spool.waiting, source.pk)
        intake.left = max(0, len(files) - FILES_AT_ONCE)
        for one in files[:FILES_AT_ONCE]:
            body = await loop.run_in_executor(work, _bytes, one)
            why = await _read(Parcel(one.name, body), intake, rows, work)
            await loop.run_in_executor(work, spool.settle, one, source.pk, why)
    return intake.outcome(started)


@dataclass(frozen=True)
class Parcel:
    """Something handed over."""

    name: str
    body: bytes


def _bytes(one: spool.Handed) -> bytes:
    """A file's content; one larger than any file may be is read only so far as to be refused."""
    with one.path.open("rb") as held:
        return held.read(MAX_FILE + 1)


async def _read(parcel: Parcel, intake: Intake, rows: Rows, work: Executor) -> str:
    """Keep a parcel's items, batch by batch; returns why it could not be read, or nothing."""
    loop = asyncio.get_running_loop()
    given = Given(parcel.name, parcel.body, timezone.now(), intake.spec)
    intake.received += len(parcel.body)
    items = read(given)
    why = ""
    try:
        while batch := await loop.run_in_executor(work, _next, items, intake):
            stored = await rows(_keep, batch, intake.facts)
            intake.seen += len(batch)
            intake.new += stored.new
    except SourceError as error:
        why = str(error)
        intake.failures.append(why)
    intake.remarks += map(str, dict.fromkeys(given.remarks[:20]))
    return why


def _next(items: Iterator[Item], intake: Intake) -> list[Arrived]:
    """The next batch of a file; an item that comes twice in it once."""
    found: dict[str, Arrived] = {}
    for item in itertools.islice(items, actions.BATCH):
        name = identity_of(item, intake.facts)
        found[name] = Arrived(item, name, entry_hash_of(item, trusts_lastmod=False))
    return list(found.values())


def _keep(batch: list[Arrived], facts: SourceFacts) -> Stored:
    with db.write():
        return actions.documents_store(batch, source=facts, at=timezone.now())


def _letters(source: Source, intake: Intake) -> list[tuple[int, bytes]]:
    """What came since the last look, oldest first; at most `LETTERS_AT_ONCE`."""
    # On the own network, and only there, an old server without encryption is put up with.
    place = replace(sources.mail_place(source.url), plain=source.internal)
    validity, _mark, last = source.state.cursor.partition(":")
    found: list[tuple[int, bytes]] = []
    try:
        with mailbox.opened(
            place, source.secret, internal=source.internal, limit=MAX_LETTER, total=MAIL_SECONDS
        ) as box:
            # Another UIDVALIDITY means that the numbers began anew (RFC 3501, 2.3.1.1).
            after = int(last or 0) if validity == str(box.validity) else 0
            numbers = box.newer_than(after)
            held = 0
            for uid in numbers[:LETTERS_AT_ONCE]:
                size = box.size(uid)
                held += min(size, MAX_LETTER)
                if found and held > MAX_LETTERS_BYTES:
                    break
                after = uid
                if size > MAX_LETTER:
                    intake.failures.append(
                        str(TooLarge(url=f"{place.url}#{uid}", limit=MAX_LETTER))
                    )
                elif body := box.letter(uid):
                    found.append((uid, body))
            intake.left = sum(one > after for one in numbers)
            intake.cursor = f"{box.validity}:{after}"
    except (mailbox.LoginRefused, mailbox.FolderMissing) as error:
        raise MailRefused(url=place.url, said=str(error)[:200]) from None
    return found
