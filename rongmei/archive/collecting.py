"""The collect process: fetches what is due, politely, and keeps what is new.

One event loop does the waiting; one thread does all database work, so that the process has one
connection and writes one after the other; parsing runs in a small pool of threads. A fetch ends in
one or more short writes of at most `BATCH` items; the source's state moves with the last one. A
process killed in between leaves a lease that runs out, and items that are known when they come
again: nothing is lost and nothing is kept twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone

from rongmei.archive import actions
from rongmei.archive.actions import Arrived
from rongmei.archive.identity import SourceFacts, identity_of
from rongmei.archive.selectors import known_identities
from rongmei.kernel import db
from rongmei.kernel.http import AsyncDoor, Door, Response
from rongmei.kernel.http_errors import BadStatus, HttpError
from rongmei.sources import actions as sources
from rongmei.sources import selectors as source_rows
from rongmei.sources.collectors import parse, with_full_text
from rongmei.sources.collectors.robots import (
    EVERYTHING,
    Robots,
    RobotsCache,
    robots_for_status,
    robots_url,
)
from rongmei.sources.errors import RobotsForbid, SourceError
from rongmei.sources.polite import Politeness
from rongmei.sources.types import (
    Collected,
    Fetched,
    FetchOutcome,
    HotEntry,
    Item,
    SourceSpec,
    outcome_of,
)

if TYPE_CHECKING:
    from rongmei.sources.models import Source

log = logging.getLogger(__name__)
T = TypeVar("T")

AT_ONCE = 16
PAGES_AT_ONCE = 8
IDLE = 0.5
MAX_PAGES_A_FETCH = 200
MAX_PARTS = 20
AGENT = "Rongmei"


@dataclass
class Harvest:
    """What one fetch of a source brought, before it is kept."""

    arrived: list[Arrived] = field(default_factory=list)
    hot: list[HotEntry] = field(default_factory=list)
    seen: int = 0
    remarks: list[str] = field(default_factory=list)


class Collector:
    """Fetches sources through a door; `door` and the clock can be a test's."""

    def __init__(self, door: Door, *, polite: Politeness | None = None) -> None:
        self.door = door
        self.polite = polite or Politeness(clock=time.monotonic)
        self.robots = RobotsCache(time.monotonic)
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self._parsers = ThreadPoolExecutor(2, thread_name_prefix="parse")

    async def in_rows(self, call: Callable[..., T], *args: object) -> T:
        """Run database work on the one thread that does it."""
        return await asyncio.get_running_loop().run_in_executor(self._rows, call, *args)

    async def parsed(self, spec: SourceSpec, fetched: Fetched) -> Collected:
        """Parse on a thread: a large page must not hold up the others."""
        return await asyncio.get_running_loop().run_in_executor(self._parsers, parse, spec, fetched)

    def close(self) -> None:
        """End the threads after what they do now."""
        self._rows.submit(connections.close_all)
        self._rows.shutdown(wait=True)
        self._parsers.shutdown(wait=False)

    async def wishes(self, spec: SourceSpec, url: str) -> Robots:
        """What the site of `url` asks of us, fetched once a day."""
        held = self.robots.get(url)
        if held is not None:
            return held
        try:
            answer = await self.door.fetch(
                robots_url(url), allow_internal=spec.internal, expect=range(400, 600)
            )
            found = robots_for_status(answer.status, answer.body, AGENT)
        except HttpError:
            # No answer at all: the fetch itself will say why, in better words.
            return EVERYTHING
        self.robots.put(url, found)
        return found

    async def get(
        self, spec: SourceSpec, url: str, *, etag: str = "", last_modified: str = ""
    ) -> Response:
        """Fetch one address as a polite guest."""
        robots = await self.wishes(spec, url)
        if not robots.allows(url):
            raise RobotsForbid(url=url, host=url.split("/")[2])
        async with self.polite.turn(url, internal=spec.internal, crawl_delay=robots.delay):
            return await self.door.fetch(
                url, etag=etag, last_modified=last_modified, allow_internal=spec.internal
            )

    async def collect(self, source: Source) -> sources.Outcome:
        """Fetch one source, keep what is new, note how it went."""
        started, spec = time.monotonic(), source_rows.spec_of(source)
        try:
            outcome = await self._collect(source, spec, started)
        except (HttpError, SourceError) as error:
            outcome = _failed(error, started)
            await self.in_rows(sources.fetch_recorded, source, outcome)
        return outcome

    async def _collect(self, source: Source, spec: SourceSpec, started: float) -> sources.Outcome:
        state = source.state
        answer = await self.get(spec, spec.url, etag=state.etag, last_modified=state.last_modified)
        digest = hashlib.sha256(answer.body).hexdigest()
        same = answer.not_modified or digest == state.body_hash
        at = timezone.now()
        harvest = Harvest()
        sample = b""
        if not same:
            fetched = Fetched.from_response(answer, at=at)
            try:
                harvest = await self._harvest(source, spec, await self.parsed(spec, fetched), at)
            except SourceError as error:
                outcome = _failed(error, started, answer)
                await self.in_rows(sources.fetch_recorded, source, outcome)
                return outcome
        word = (
            FetchOutcome.NOT_MODIFIED
            if same
            else FetchOutcome.OK
            if harvest.seen
            else FetchOutcome.EMPTY
        )
        made = sources.Outcome(
            word,
            message=";".join(dict.fromkeys(harvest.remarks))[:500],
            http_status=answer.status, bytes=len(answer.body),
            took_ms=int((time.monotonic() - started) * 1000), items_seen=harvest.seen,
            etag=answer.etag or (state.etag if same else ""),
            last_modified=answer.last_modified or (state.last_modified if same else ""),
            body_hash=state.body_hash if answer.not_modified else digest,
            moved_to=answer.permanent_url or "", sample=sample,
        )  # fmt: skip
        return await self.in_rows(_keep, source, harvest, made, at)

    async def _harvest(
        self, source: Source, spec: SourceSpec, collected: Collected, at: datetime
    ) -> Harvest:
        harvest = Harvest(hot=list(collected.hot))
        harvest.remarks += [str(one) for one in collected.warnings]
        items = list(collected.items)
        if spec.kind == "sitemap":
            for part in collected.next_links[:MAX_PARTS]:
                answer = await self.get(spec, part)
                items += (await self.parsed(spec, Fetched.from_response(answer, at=at))).items
        links = collected.next_links if spec.kind == "page" else ()
        items += [_bare(link) for link in links]
        harvest.seen = len(items) + len(collected.hot)
        facts = facts_of(source)
        known = await self.in_rows(known_identities, items, facts)
        wanted = [one for one in items if known.get(identity_of(one, facts)) != one.content_hash]
        await self._complete(spec, wanted[:MAX_PAGES_A_FETCH], harvest)
        if len(wanted) > MAX_PAGES_A_FETCH:
            # The rest is unknown still, so the next fetch finds it; the body must not look the same.
            harvest.remarks.append(f"余下 {len(wanted) - MAX_PAGES_A_FETCH} 条下次再取")
        return harvest

    async def _complete(self, spec: SourceSpec, items: Sequence[Item], harvest: Harvest) -> None:
        slots = asyncio.Semaphore(PAGES_AT_ONCE)

        async def one(item: Item) -> None:
            async with slots:
                done = await self._with_page(spec, item, harvest)
            if done is not None:
                harvest.arrived.append(Arrived(done, item.content_hash))

        await asyncio.gather(*(one(item) for item in items))

    async def _with_page(self, spec: SourceSpec, item: Item, harvest: Harvest) -> Item | None:
        if not item.url or (item.body and not spec.fetch_full_text):
            return item if item.title else None
        page = SourceSpec(kind="page", url=item.url, internal=spec.internal, language=spec.language)
        try:
            answer = await self.get(page, item.url)
            read = (await self.parsed(page, Fetched.from_response(answer, at=timezone.now()))).items
        except (HttpError, SourceError) as error:
            harvest.remarks.append(str(error))
            # What the feed itself gave is kept; a bare address comes again next time.
            return item if item.title and (item.body or item.summary) else None
        if not read:
            return item if item.title else None
        return with_full_text(item, read[0]) if item.title else read[0]


def _bare(link: str) -> Item:
    return Item(
        entry_key=hashlib.sha256(link.encode()).hexdigest(), url=link, canonical_url=link, title=""
    )


def facts_of(source: Source) -> SourceFacts:
    """What the archive keeps of a source."""
    return SourceFacts(
        id=source.pk, unit_id=source.unit_id, name=source.name, media_class=source.media_class,
        region=source.region, language=source.language, shared=source.shared,
    )  # fmt: skip


def _failed(
    error: HttpError | SourceError, started: float, answer: Response | None = None
) -> sources.Outcome:
    status = error.details.get("status_code") if isinstance(error, BadStatus) else None
    retry_after = getattr(error, "retry_after", None)
    return sources.Outcome(
        outcome_of(error),
        message=str(error),
        http_status=int(str(status)) if status else (answer.status if answer else None),
        bytes=len(answer.body) if answer else 0,
        took_ms=int((time.monotonic() - started) * 1000),
        failure=error.kind,
        retry_after=retry_after,
        sample=answer.body[: sources.SAMPLE_BYTES] if answer else b"",
    )


def _keep(
    source: Source, harvest: Harvest, outcome: sources.Outcome, at: datetime
) -> sources.Outcome:
    """Store in short writes of at most BATCH items; the state moves with the last one."""
    facts, new = facts_of(source), 0
    batches = list(_in_batches(harvest.arrived, actions.BATCH)) or [[]]
    for number, batch in enumerate(batches, 1):
        with db.write():
            new += actions.documents_store(batch, source=facts, at=at).new
            if number == len(batches):
                if harvest.hot:
                    actions.hot_list_store(harvest.hot, source=facts, at=at)
                outcome = _counted(outcome, new)
                sources.fetch_recorded(source, outcome)
    return outcome


def _counted(outcome: sources.Outcome, new: int) -> sources.Outcome:
    fields = {**outcome.__dict__, "items_new": new}
    return sources.Outcome(**fields)


def _in_batches(rows: list[Arrived], size: int) -> Iterable[list[Arrived]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


async def _run(stop: threading.Event) -> None:
    async with AsyncDoor() as door:
        collector = Collector(door)
        running: set[asyncio.Task[object]] = set()
        try:
            while not stop.is_set():
                room = AT_ONCE - len(running)
                claimed = await _claim(collector, room) if room > 0 else []
                for source in claimed:
                    task: asyncio.Task[object] = asyncio.create_task(_one(collector, source))
                    running.add(task)
                    task.add_done_callback(running.discard)
                if not claimed:
                    await asyncio.sleep(IDLE)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
            collector.close()


async def _claim(collector: Collector, limit: int) -> list[Source]:
    try:
        return await collector.in_rows(_claim_rows, limit)
    except DatabaseError:
        log.exception("the database did not answer; trying again")
        await collector.in_rows(connections.close_all)
        await asyncio.sleep(1.0)
        return []


def _claim_rows(limit: int) -> list[Source]:
    close_old_connections()
    # A plain read first: claiming takes the write gate, and mostly nothing is due.
    if not source_rows.due_states(timezone.now(), 1):
        return []
    return sources.sources_claim(limit=limit)


async def _one(collector: Collector, source: Source) -> None:
    try:
        await collector.collect(source)
    except DatabaseError:
        log.exception("source %s: the database did not take it; its lease will run out", source.pk)
    except Exception:
        log.exception("source %s failed in an unexpected way", source.pk)


def run(stop: threading.Event) -> None:
    """The collect process, until `stop` is set."""
    asyncio.run(_run(stop))
