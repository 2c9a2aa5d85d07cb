"""Outcomes of fetches on their way into rows: whatever ends while one write goes on is in the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError

from rongmei.kernel import db
from rongmei.sources.actions import Outcome, fetches_recorded

if TYPE_CHECKING:
    from rongmei.sources.models import Source

AT_ONCE = 200
Settle = Callable[[], Outcome]
_AWAY = (OperationalError, InterfaceError)


@dataclass(frozen=True)
class _Ended:
    """A fetch that ended: what is left to be stored of it, how many items that is, who waits."""

    source: Source
    settle: Settle
    weight: int
    written: asyncio.Future[Outcome]


class Recorder:
    """Writes outcomes in batches; `in_rows` runs a call on the thread that does database work."""

    def __init__(self, in_rows: Callable[..., Awaitable[list[Outcome]]]) -> None:
        self._in_rows = in_rows
        self._ended: list[_Ended] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, source: Source, outcome: Outcome) -> Outcome:
        """Note an outcome that has no items to be kept with it; returns once it is written."""
        return await self.settle(source, lambda: outcome)

    async def settle(self, source: Source, settle: Settle, *, weight: int = 0) -> Outcome:
        """Note the outcome that `settle` gives when it has stored the last `weight` items.

        It is called inside the write, on the thread of the rows, and again when the write is not
        kept; so what it does besides writing rows must not add up.
        """
        written: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._ended.append(_Ended(source, settle, weight, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return await written

    async def _write(self) -> None:
        while self._ended:
            batch = self._batch()
            error = await self._written(batch)
            if error is None:
                continue
            # One that cannot be stored must not take the others with it; a base that is away
            # takes none of them, and their leases bring them back.
            alone = len(batch) > 1 and not isinstance(error, _AWAY)
            for one in batch:
                failure = await self._written([one]) if alone else error
                if failure is not None and not one.written.done():
                    one.written.set_exception(failure)

    def _batch(self) -> list[_Ended]:
        """What goes into the next write: it is kept short for those who wait for the gate."""
        count = weight = 0
        for one in self._ended[:AT_ONCE]:
            weight += one.weight
            if count and weight > AT_ONCE:
                break
            count += 1
        batch = self._ended[:count]
        del self._ended[:count]
        return batch

    async def _written(self, batch: Sequence[_Ended]) -> Exception | None:
        try:
            outcomes = await self._in_rows(write_all, batch)
        except Exception as error:  # noqa: BLE001 - handed on to those who wait
            return error
        for one, outcome in zip(batch, outcomes, strict=True):
            if not one.written.done():
                one.written.set_result(outcome)
        return None


def write_all(batch: Sequence[_Ended]) -> list[Outcome]:
    """Store what is left of each, and note how it came out, in one write."""
    with db.write():
        outcomes = [one.settle() for one in batch]
        fetches_recorded(
            [(one.source, outcome) for one, outcome in zip(batch, outcomes, strict=True)]
        )
    return outcomes
