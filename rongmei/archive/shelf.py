"""Putting answers on the disk while collecting: on a thread of its own, beside the database work."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from rongmei.archive import snapshots
from rongmei.archive.snapshots import Earlier, Held
from rongmei.archive.vault import Vault
from rongmei.archive.warc import Answer

T = TypeVar("T")


class Rows(Protocol):
    """Runs database work on the one thread that does it."""

    async def __call__(self, call: Callable[..., T], *args: object) -> T: ...


class Shelf:
    """The collect process's place for answers: one thread, one segment at a time."""

    def __init__(self, vault: Vault, rows: Rows) -> None:
        self.vault = vault
        self._rows = rows
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vault")

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
