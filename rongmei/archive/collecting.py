"""The collect process: fetches what is due, politely, and keeps what is new.

One event loop does the waiting; one thread does all database work, so that the process has one
connection and writes one after the other; parsing runs in a small pool of threads. What a fetch
brings is kept in short writes of at most `BATCH` items while the rest is still on its way, so that
an item can be found a moment after it came; the source's state moves last. A process killed in
between leaves a lease that runs out, and items that are known when they come again: nothing is
lost and nothing is kept twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from django.db import DatabaseError, close_old_connections, connections
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import actions, snapshots
from rongmei.archive.actions import Arrived
from rongmei.archive.handed import take_in
from rongmei.archive.identity import (
    SourceFacts,
    entry_hash_of,
    facts_of,
    identity_in_crowd,
    identity_of,
)
from rongmei.archive.linked import PAGE_RULES, also_internal, bare, joined, ms_since
from rongmei.archive.recording import Recorder
from rongmei.archive.selectors import known_entries, known_words
from rongmei.archive.shelf import Answers, Shelf, Snapshots
from rongmei.archive.vault import Vault
from rongmei.kernel import db
from rongmei.kernel.http import AsyncDoor, Door, Limits, Response
from rongmei.kernel.http_errors import BadStatus, HttpError, Kind
from rongmei.sources import actions as sources
from rongmei.sources import selectors as source_rows
from rongmei.sources.collectors import parse
from rongmei.sources.errors import SourceError
from rongmei.sources.polite import PER_HOST, Guest, Politeness
from rongmei.sources.types import (
    Collected,
    Fetched,
    FetchOutcome,
    Hints,
    HotEntry,
    Item,
    SourceSpec,
    outcome_of,
)

if TYPE_CHECKING:
    from rongmei.sources.models import Source

log = logging.getLogger(__name__)
T = TypeVar("T")

# A source that waits for its host's turn has a place too, so there are many.
AT_ONCE = 128
PAGES_AT_ONCE = 8
IDLE = 0.5
BETWEEN_CLAIMS = 0.05
KEEP_EVERY = 0.5
HOLD_EVERY = 20.0
MAX_PAGES_A_FETCH = 200
MAX_CHANGED_A_FETCH = 50
MAX_PARTS = 20
MAX_ITEMS = 10_000
GIVEN_UP = 3.0
KEY = 16
_WEIGHTS: dict[Kind, float] = {"hard": GIVEN_UP, "soft": 1.0, "temporary": 0.1}
PAGE_LIMITS = Limits(max_bytes=5 * 1024 * 1024)


@dataclass(frozen=True)
class Entry:
    """An item as its source gives it, with its name in the archive and the hash of its words."""

    item: Item
    identity: str
    entry_hash: str
    known: bool = False
    # Whether the address is that of this entry alone, so that its page may complete it.
    own_page: bool = True

    @property
    def key(self) -> str:
        """A short name for the list of entries that gave trouble."""
        return self.identity[:KEY]


@dataclass
class Harvest:
    """What one fetch of a source brings, filled while it goes on."""

    facts: SourceFacts
    at: datetime
    answers: Answers = field(default_factory=Answers)
    waiting: list[Arrived] = field(default_factory=list)
    hot: list[HotEntry] = field(default_factory=list)
    seen: int = 0
    new: int = 0
    left: int = 0
    remarks: list[str] = field(default_factory=list)
    troubles: list[HttpError | SourceError] = field(default_factory=list)
    trouble: dict[str, float] = field(default_factory=dict)
    parts: dict[str, list[str]] = field(default_factory=dict)
    # How many new items may still come today, and what the feed asks of its readers.
    allowance: int = source_rows.UNLIMITED
    hints: Hints | None = None

    def failed(self, entry: Entry, error: HttpError | SourceError) -> bool:
        """Note that an article's page could not be read; True when it is to be tried again."""
        self.troubles.append(error)
        times = self.trouble.get(entry.key, 0.0) + _WEIGHTS[error.kind]
        self.trouble[entry.key] = times
        again = times < GIVEN_UP
        self.left += again
        return again

    def kept(self, stored: actions.Stored) -> None:
        """Note what became of a batch."""
        self.new += stored.new
        self.trouble.update({identity[:KEY]: GIVEN_UP for identity in stored.same})

    def words(self) -> str:
        """What the person who looks after the source should know."""
        said = list(dict.fromkeys(self.remarks))
        if self.troubles:
            said.append(
                _("%(count)s 篇的原文页面没有取到，已保留订阅源给出的内容：%(why)s")
                % {"count": len(self.troubles), "why": self.troubles[0]}
            )
        if self.left and self.new >= self.allowance:
            said.append(_("已到每日新条目上限，还有 %(count)s 条明天再取") % {"count": self.left})
        elif self.left:
            said.append(_("还有 %(count)s 条留到下次再取") % {"count": self.left})
        return ";".join(said)


class Collector:
    """Fetches sources through a door; `door`, `polite` and `clock` can be a test's."""

    def __init__(
        self, door: Door, *, polite: Politeness | None = None, vault: Vault | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.clock = clock
        self.guest = Guest(door, polite or Politeness(clock=clock), clock=clock)
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self._parsers = ThreadPoolExecutor(2, thread_name_prefix="parse")
        self._recorder = Recorder(lambda *call: self.in_rows(*call))
        self.shelf = Shelf(vault or Vault(snapshots.folder_path()), self.in_rows)

    async def in_rows(self, call: Callable[..., T], *args: object) -> T:
        """Run database work on the one thread that does it."""
        return await asyncio.get_running_loop().run_in_executor(self._rows, call, *args)

    async def parsed(self, spec: SourceSpec, answer: Response, at: datetime) -> Collected:
        """Parse on a thread: a large page must not hold up the others."""
        fetched = Fetched.from_response(answer, at=at)
        return await asyncio.get_running_loop().run_in_executor(self._parsers, parse, spec, fetched)

    def close(self) -> None:
        """End the threads after what they do now."""
        self._rows.submit(connections.close_all)
        self._rows.shutdown(wait=True)
        self._parsers.shutdown(wait=False)
        self.shelf.close()

    async def collect(self, source: Source) -> sources.Outcome:
        """Fetch one source, keep what is new, note how it went; every failure becomes a record."""
        started = time.monotonic()
        try:
            return await self._collect(source, started)
        except (HttpError, SourceError) as error:
            outcome = _failed(error, started)
        except DatabaseError:
            # Nothing can be recorded now; the lease runs out and the source is fetched again.
            raise
        except Exception as error:
            log.exception("source %s failed in an unexpected way", source.pk)
            outcome = sources.Outcome(
                FetchOutcome.INTERNAL,
                message=_("处理时出错(%(what)s)。已保存的内容不受影响，系统会自动重试。")
                % {"what": f"{type(error).__name__}: {error}"[:200]},
                took_ms=ms_since(started), failure="soft",
            )  # fmt: skip
        await self._recorder.record(source, outcome)
        return outcome

    async def _collect(self, source: Source, started: float) -> sources.Outcome:
        spec, state = source_rows.spec_of(source), source.state
        if spec.kind in {"drop", "mail"}:
            taken = await take_in(
                source, spec, facts_of(source), rows=self.in_rows, work=self._parsers
            )
            await self._recorder.record(source, taken)
            return taken
        etag, modified = source_rows.validators_of(state, timezone.now())
        answer = await self.guest.get(
            spec.url, internal=spec.internal, etag=etag, last_modified=modified
        )
        digest = hashlib.sha256(answer.body).hexdigest()
        same = answer.not_modified or digest == state.body_hash
        harvest = Harvest(
            facts_of(source), timezone.now(), trouble=dict(state.trouble),
            answers=Answers(keeps=snapshots.wanted(source.media_class)),
            allowance=source_rows.allowance_of(source, timezone.now()),
        )  # fmt: skip
        index = False
        if not same:
            harvest.answers.whole = harvest.answers.raw(
                answer, harvest.at, etag=etag, last_modified=modified
            )
            try:
                collected = await self.parsed(spec, answer, harvest.at)
            except SourceError as error:
                outcome = _failed(error, started, answer)
                await self._recorder.record(source, outcome)
                return outcome
            # The index of a sitemap may stay the same while its parts change.
            index = spec.kind == "sitemap" and bool(collected.next_links)
            await self._harvest(spec, collected, harvest, state.parts)
        outcome = sources.Outcome(
            _word(harvest, same=same, index=index),
            http_status=answer.status, received=len(answer.body), took_ms=ms_since(started),
            items_seen=harvest.seen, items_new=harvest.new, left=harvest.left,
            etag="" if index else answer.etag or (state.etag if same else ""),
            last_modified=""
            if index
            else answer.last_modified or (state.last_modified if same else ""),
            body_hash="" if index else state.body_hash if answer.not_modified else digest,
            moved_to=answer.permanent_url or "", trouble=harvest.trouble,
            parts=harvest.parts if not same else state.parts, hints=harvest.hints,
        )  # fmt: skip
        while len(harvest.waiting) > actions.BATCH:
            await self._keep_batch(harvest)
        held = await self.shelf.keep(harvest.waiting, harvest.answers, harvest.remarks)
        settle = partial(_settled, source, harvest, outcome, held)
        return await self._recorder.settle(source, settle, weight=len(harvest.waiting))

    async def _harvest(
        self, spec: SourceSpec, collected: Collected, harvest: Harvest, parts: dict[str, list[str]]
    ) -> None:
        harvest.hot, harvest.hints = list(collected.hot), collected.hints
        harvest.remarks += [str(one) for one in collected.warnings]
        items = list(collected.items)
        if spec.kind == "sitemap" and collected.next_links:
            items += await self._parts(spec, collected.next_links, harvest, parts)
        elif spec.kind == "page":
            items += [bare(link) for link in collected.next_links]
        if spec.kind == "page" and not spec.options.get("links"):
            # The address is itself an article: there is no other page to fetch.
            spec = replace(spec, fetch_full_text=False)
        items = items[:MAX_ITEMS]
        harvest.seen = len(items) + len(harvest.hot)
        entries = entries_of(items, spec, harvest.facts)
        wanted = await self.in_rows(_wanted, entries, harvest)
        await self._complete(spec, wanted, harvest)

    async def _parts(
        self,
        spec: SourceSpec,
        links: Sequence[str],
        harvest: Harvest,
        before: dict[str, list[str]],
    ) -> list[Item]:
        """Items of the parts of a sitemap that changed; one broken part does not stop the others."""
        items: list[Item] = []
        failure: HttpError | SourceError | None = None
        for link in links[:MAX_PARTS]:
            etag, modified = before.get(link, ["", ""])
            try:
                answer = await self.guest.get(
                    link, internal=also_internal(spec, link), etag=etag, last_modified=modified
                )
                found = await self.parsed(spec, answer, harvest.at)
            except (HttpError, SourceError) as error:
                failure = error
                harvest.remarks.append(str(error))
                continue
            harvest.parts[link] = (
                [etag, modified] if answer.not_modified else [answer.etag, answer.last_modified]
            )
            items += found.items
            raw = harvest.answers.raw(answer, harvest.at, etag=etag, last_modified=modified)
            harvest.answers.part(raw, found.items)
        if failure is not None and not harvest.parts:
            raise failure
        return items

    async def _complete(self, spec: SourceSpec, entries: Sequence[Entry], harvest: Harvest) -> None:
        """Fetch the articles' pages, and keep what has come every half second."""
        to_fetch = []
        for entry in entries:
            if _needs_page(entry, spec):
                to_fetch.append(entry)
            elif entry.item.title:
                listed = harvest.answers.listed(entry.item)
                arrived = Arrived(entry.item, entry.identity, entry.entry_hash, listed)
                harvest.waiting.append(arrived)
        slots = asyncio.Semaphore(PAGES_AT_ONCE)

        async def one(entry: Entry) -> None:
            async with slots:
                arrived = await self._with_page(spec, entry, harvest)
            if arrived is not None:
                harvest.waiting.append(arrived)

        pending = {asyncio.create_task(one(entry)) for entry in to_fetch}
        try:
            while pending:
                done, pending = await asyncio.wait(pending, timeout=KEEP_EVERY)
                for task in done:
                    task.result()
                while pending and harvest.waiting:
                    await self._keep_batch(harvest)
        finally:
            for task in pending:
                task.cancel()

    async def _keep_batch(self, harvest: Harvest) -> None:
        """Store some of what has come, its snapshots first."""
        batch = harvest.waiting[: actions.BATCH]
        held = await self.shelf.keep(batch, harvest.answers, harvest.remarks)
        await self.in_rows(_keep, harvest, batch, held)
        del harvest.waiting[: len(batch)]

    async def _with_page(self, spec: SourceSpec, entry: Entry, harvest: Harvest) -> Arrived | None:
        item = entry.item
        listed = harvest.answers.listed(item)
        page = SourceSpec(
            kind="page", url=item.url, internal=also_internal(spec, item.url),
            language=spec.language, timezone=spec.timezone,
            options={key: rule for key, rule in spec.options.items() if key in PAGE_RULES},
        )  # fmt: skip
        try:
            answer = await self.guest.get(item.url, internal=page.internal, limits=PAGE_LIMITS)
            at = timezone.now()
            read = (await self.parsed(page, answer, at)).items[0]
        except (HttpError, SourceError) as error:
            again = harvest.failed(entry, error)
            if entry.known or not item.title or not (item.body or item.summary):
                # Less than the archive has, or nothing to keep: it comes again next time.
                return None
            # What the feed itself gave is kept at once.
            return Arrived(item, entry.identity, "" if again else entry.entry_hash, listed)
        harvest.trouble.pop(entry.key, None)
        answers = (*listed, *filter(None, [harvest.answers.raw(answer, at)]))
        return Arrived(joined(item, read), entry.identity, entry.entry_hash, answers)


def _needs_page(entry: Entry, spec: SourceSpec) -> bool:
    item = entry.item
    complete = item.title and item.body and not spec.fetch_full_text
    return bool(item.url) and entry.own_page and not complete


def entries_of(items: Iterable[Item], spec: SourceSpec, facts: SourceFacts) -> list[Entry]:
    """The items under the archive's names for them, each once.

    An address or an id that a source gives to several items (its front page, or 1 for all) names none
    of them: they would take each other's place for ever. Such items go by their headline as well, and
    so do those of a feed without any address: some feeds number theirs anew with each answer.
    """
    lastmod = spec.kind == "sitemap"
    named = [(item, identity_of(item, facts)) for item in items]
    sayings: dict[str, set[str]] = {}
    for item, identity in named:
        sayings.setdefault(identity, set()).add(item.content_hash)
    found: dict[str, Entry] = {}
    for item, identity in named:
        alone = len(sayings[identity]) == 1
        told = alone and (item.canonical_url or spec.kind != "feed")
        name = identity if told else identity_in_crowd(item, facts)
        if name not in found:
            hashed = entry_hash_of(item, trusts_lastmod=lastmod)
            found[name] = Entry(item, name, hashed, own_page=alone)
    return list(found.values())


def _wanted(entries: Sequence[Entry], harvest: Harvest) -> list[Entry]:
    """The entries to be fetched now: what is unknown, then what changed; the rest is left."""
    known = known_entries([one.identity for one in entries], harvest.facts.id)
    unknown = [one for one in entries if one.identity not in known]
    telling = [one.entry_hash for one in unknown if len(one.item.body) >= actions.TELLING]
    if telling:
        words = known_words(harvest.facts.id, telling)
        unknown = [
            one
            for one in unknown
            if one.entry_hash not in words or len(one.item.body) < actions.TELLING
        ]
    listed = {one.key for one in entries}
    harvest.trouble = {key: n for key, n in harvest.trouble.items() if key in listed}
    unknown = [one for one in unknown if harvest.trouble.get(one.key, 0) < GIVEN_UP]
    changed = [
        replace(one, known=True)
        for one in entries
        if known.get(one.identity) is not None
        and known[one.identity] != one.entry_hash
        and harvest.trouble.get(one.key, 0) < GIVEN_UP
    ][:MAX_CHANGED_A_FETCH]
    wanted = [*unknown, *changed]
    most = min(MAX_PAGES_A_FETCH, harvest.allowance)
    harvest.left += max(0, len(unknown) - most)
    return wanted[:most]


def _word(harvest: Harvest, *, same: bool, index: bool) -> FetchOutcome:
    if same or (index and not harvest.seen):
        return FetchOutcome.NOT_MODIFIED
    if harvest.troubles:
        return FetchOutcome.PARTLY
    return FetchOutcome.OK if harvest.seen else FetchOutcome.EMPTY


def _failed(
    error: HttpError | SourceError, started: float, answer: Response | None = None
) -> sources.Outcome:
    status, sample, headers = None, b"", {}
    if isinstance(error, BadStatus):
        status, sample, headers = error.status_code, error.excerpt, error.headers
    elif answer is not None:
        status, sample = answer.status, answer.body[: sources.SAMPLE_BYTES]
        headers = dict(answer.headers)
    return sources.Outcome(
        outcome_of(error),
        message=str(error),
        http_status=status,
        received=len(answer.body) if answer else len(sample),
        took_ms=ms_since(started),
        failure=error.kind,
        retry_after=error.retry_after,
        sample=sample,
        headers=headers,
    )


def _keep(harvest: Harvest, batch: Sequence[Arrived], held: Snapshots) -> None:
    """Store a batch in one short write."""
    with db.write():
        stored = actions.documents_store(batch, source=harvest.facts, at=timezone.now())
        snapshots.note(held, stored.touched)
    harvest.kept(stored)


def _settled(
    source: Source, harvest: Harvest, outcome: sources.Outcome, held: Snapshots
) -> sources.Outcome:
    """Store the rest in the write that moves the source's state; the outcome as it is then.

    What it counts stays its own until then: a write that is rolled back is done again.
    """
    kept = replace(harvest, trouble=dict(harvest.trouble))
    if kept.waiting:
        _keep(kept, kept.waiting, held)
    if kept.hot:
        kept.new += actions.hot_list_store(kept.hot, source=kept.facts, at=kept.at)
    message = kept.words()[:500]
    return replace(outcome, items_new=kept.new, trouble=kept.trouble, message=message)


class Rounds:
    """Claims what is due and has it fetched, until told to stop."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.running: dict[uuid.UUID, asyncio.Task[None]] = {}
        self._busy: Counter[str] = Counter()
        self._held_at = collector.clock()

    async def go(self, stop: threading.Event) -> None:
        """Go on until `stop` is set; what is not finished then is given back."""
        try:
            await self._quietly(sources.sources_take_over)
            while not stop.is_set():
                room = AT_ONCE - len(self.running)
                claimed = await self._claim(room) if room > 0 else []
                for source in claimed:
                    self._start(source)
                await self._hold()
                # Places that become free are given out together, in one write.
                await asyncio.sleep(BETWEEN_CLAIMS if claimed else IDLE)
        finally:
            unfinished = list(self.running)
            for task in list(self.running.values()):
                task.cancel()
            await asyncio.gather(*self.running.values(), return_exceptions=True)
            await self._quietly(sources.sources_release, unfinished)

    def _start(self, source: Source) -> None:
        if source.pk in self.running:
            # Its lease ran out under a long database outage; it is still being fetched.
            return
        task = asyncio.create_task(self._one(source))
        self.running[source.pk] = task
        self._busy[source.host] += 1
        task.add_done_callback(lambda _task: self._ended(source))

    def _ended(self, source: Source) -> None:
        self.running.pop(source.pk, None)
        self._busy[source.host] -= 1
        if not self._busy[source.host]:
            del self._busy[source.host]

    async def _one(self, source: Source) -> None:
        try:
            await self.collector.collect(source)
        except DatabaseError:
            log.exception("source %s: the database did not take it; again later", source.pk)

    async def _hold(self) -> None:
        if self.running and self.collector.clock() - self._held_at > HOLD_EVERY:
            self._held_at = self.collector.clock()
            await self._quietly(sources.sources_hold, list(self.running))

    async def _claim(self, limit: int) -> list[Source]:
        return await self._quietly(_claim_rows, limit, dict(self._busy)) or []

    async def _quietly(self, call: Callable[..., T], *args: object) -> T | None:
        try:
            return await self.collector.in_rows(call, *args)
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            await self.collector.in_rows(connections.close_all)
            await asyncio.sleep(1.0)
            return None


def _claim_rows(limit: int, busy: dict[str, int]) -> list[Source]:
    close_old_connections()
    # A plain read first: claiming takes the write gate, and mostly nothing is due.
    if not source_rows.is_any_due(timezone.now()):
        return []
    return sources.sources_claim(limit=limit, busy=busy, per_host=PER_HOST)


async def _run(stop: threading.Event) -> None:
    async with AsyncDoor(max_concurrent=2 * AT_ONCE) as door:
        collector = Collector(door)
        try:
            await Rounds(collector).go(stop)
        finally:
            collector.close()


def run(stop: threading.Event) -> None:
    """The collect process, until `stop` is set."""
    asyncio.run(_run(stop))


async def _once(ids: Iterable[uuid.UUID] | None) -> list[tuple[Source, sources.Outcome]]:
    done: list[tuple[Source, sources.Outcome]] = []
    async with AsyncDoor(max_concurrent=2 * AT_ONCE) as door:
        collector = Collector(door)
        try:
            claim = partial(sources.sources_claim, limit=AT_ONCE, only=ids)
            while claimed := await collector.in_rows(claim):
                outcomes = await asyncio.gather(*(collector.collect(one) for one in claimed))
                done += zip(claimed, outcomes, strict=True)
                if ids is not None:
                    break
        finally:
            collector.close()
    return done


def collect_once(
    ids: Iterable[uuid.UUID] | None = None,
) -> list[tuple[Source, sources.Outcome]]:
    """Fetch these sources now, or all that are due; for the command line."""
    return asyncio.run(_once(list(ids) if ids is not None else None))
