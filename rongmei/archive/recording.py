"""Outcomes of fetches on their way into rows: whatever ends while one write goes on is in the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from rongmei.sources.actions import Outcome, fetches_recorded

if TYPE_CHECKING:
    from rongmei.sources.models import Source

AT_ONCE = 200


class Recorder:
    """Writes outcomes in batches; `in_rows` runs a call on the thread that does database work."""

    def __init__(self, in_rows: Callable[..., Awaitable[object]]) -> None:
        self._in_rows = in_rows
        self._ended: list[tuple[Source, Outcome, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, source: Source, outcome: Outcome) -> None:
        """Note an outcome that has no items to be kept with it; returns once it is written."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended.append((source, outcome, written))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        while self._ended:
            batch = self._ended[:AT_ONCE]
            del self._ended[: len(batch)]
            error: Exception | None = None
            try:
                pairs = [(source, outcome) for source, outcome, _ in batch]
                await self._in_rows(fetches_recorded, pairs)
            except Exception as raised:  # noqa: BLE001 - handed on to each who waits
                error = raised
            for _source, _outcome, written in batch:
                if written.done():
                    continue
                if error is None:
                    written.set_result(None)
                else:
                    written.set_exception(error)
