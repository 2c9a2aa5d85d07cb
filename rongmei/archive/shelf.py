"""Putting answers on the disk while collecting: on a thread of its own, beside the database work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol, TypeAlias, TypeVar

from django.utils.translation import gettext as _

from rongmei.archive import snapshots
from rongmei.archive.actions import Arrived
from rongmei.archive.snapshots import Earlier, Held
from rongmei.archive.vault import Vault
from rongmei.archive.warc import Answer
from rongmei.kernel.http import Response
from rongmei.sources.types import Item

log = logging.getLogger(__name__)
T = TypeVar("T")
Snapshots: TypeAlias = Mapping[str, Sequence[Held]]
"""Answers that are on the disk, by the identity of the item they brought."""


class Rows(Protocol):
    """Runs database work on the one thread that does it."""

    async def __call__(self, call: Callable[..., T], *args: object) -> T: ...


@dataclass
class Answers:
    """What one fetch was answered: the source itself, its parts, and which of it is on the disk."""

    keeps: bool = True
    whole: Answer | None = None
    parts: dict[str, Answer] = field(default_factory=dict)
    held: dict[int, Held] = field(default_factory=dict)

    def raw(self, answer: Response, at: datetime, **asked: str) -> Answer | None:
        """The answer to be kept, where answers are; `asked` is what asked for news only."""
        return Answer.of(answer, at=at, **asked) if self.keeps else None

    def part(self, raw: Answer | None, items: Iterable[Item]) -> None:
        """Note that these items were listed in a part of the source."""
        if raw is not None:
            self.parts |= dict.fromkeys((one.entry_key for one in items), raw)

    def listed(self, item: Item) -> tuple[Answer, ...]:
        """The answer in which an item was listed."""
        answer = self.parts.get(item.entry_key, self.whole)
        return (answer,) if answer else ()


class Shelf:
    """The collect process's place for answers: one thread, one segment at a time."""

    def __init__(self, vault: Vault, rows: Rows) -> None:
        self.vault = vault
        self._rows = rows
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")

    async def keep(self, batch: Sequence[Arrived], given: Answers, remarks: list[str]) -> Snapshots:
        """The batch's answers, each on the disk; none where the disk refuses, and a word of it."""
        answers = {id(one): one for arrived in batch for one in arrived.answers}
        fresh = [one for key, one in answers.items() if key not in given.held]
        if fresh:
            try:
                put = await self.put(fresh)
            except OSError as error:
                log.error("snapshots were not kept: %s", error)
                remarks.append(_("原始快照没有存下，文献照常保存：%(why)s") % {"why": error})
                return {}
            given.held.update((id(one.answer), one) for one in put)
        return {
            arrived.identity: [given.held[id(one)] for one in arrived.answers]
            for arrived in batch
            if arrived.answers
        }

    async def put(self, answers: Sequence[Answer]) -> list[Held]:
        """Keep these; they are on the disk when this returns. Raises OSError, and then keeps none."""
        known, ends = await self._rows(_known, self.vault, [one.sha256 for one in answers])
        write = partial(_write, self.vault, answers, known, ends)
        return await asyncio.get_running_loop().run_in_executor(self._thread, write)

    def close(self) -> None:
        """Let go of the segment; the next process goes on with it."""
        self._thread.submit(self.vault.pause)
        self._thread.shutdown(wait=True)


def _known(vault: Vault, digests: list[str]) -> tuple[dict[str, Earlier], dict[str, int]]:
    """Which bodies are kept already; before the first write also how far rows reach."""
    ends = {} if vault.taken_up else snapshots.claimed_ends(vault.left_open())
    return snapshots.earlier(digests), ends


def _write(
    vault: Vault, answers: Sequence[Answer], known: dict[str, Earlier], ends: dict[str, int]
) -> list[Held]:
    """Put answers on the disk; a body that is there already is only pointed to."""
    if not vault.taken_up:
        vault.take_up(ends)
    before = [known.get(one.sha256) for one in answers]
    spans = vault.append(
        (answer, same.original if same else None)
        for answer, same in zip(answers, before, strict=True)
    )
    return [
        Held(answer, span, same.id if same else None)
        for answer, span, same in zip(answers, spans, before, strict=True)
    ]
