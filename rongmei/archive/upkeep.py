"""The upkeep process: does the long work on the archive that somebody asked for, one at a time.

The row is the job. Its `seen_at` moves with the work; a job that has not moved for a while was
killed with its process, and is begun again: both kinds of work may be done twice. A rebuild fills a
new index beside the old one, which answers until the new one takes its place.

It also sees to it that words are cut by the terms that the dictionary has now: when they are others
than the index was made with and have rested, a rebuild is asked for. Rebuilding an archive of a million
documents takes a quarter of an hour, so that a fiftieth of the time, at most, goes into it.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connections
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import indexing, verifying
from rongmei.archive.errors import ArchiveError
from rongmei.archive.models import Change, Upkeep
from rongmei.kernel import audit, db

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0
TELL_EVERY = 1.0
LOST_AFTER = timedelta(minutes=10)
LOOK_AT_TERMS = 30.0
TERMS_REST = 300.0
# So many times what the last rebuild took goes by before terms ask for the next.
PATIENCE = 50


def run(stop: threading.Event) -> None:
    """Until `stop` is set: do what was asked for, oldest first."""
    terms = Terms()
    while not stop.is_set():
        try:
            terms.look(time.monotonic())
            if not run_next():
                close_old_connections()
                stop.wait(LOOK_EVERY)
        except DatabaseError:
            log.exception("the database did not answer; trying again")
            connections.close_all()
            stop.wait(LOOK_EVERY)
    connections.close_all()


def run_next() -> bool:
    """Do one job that waits, or that was left by a killed process; False when there is none."""
    job = _claim()
    if job is None:
        return False
    try:
        result, state = _do(job), Upkeep.State.DONE
    except DatabaseError:
        raise
    except ArchiveError as error:
        result, state = {"error": str(error)}, Upkeep.State.FAILED
    except Exception as error:
        log.exception("upkeep %s failed", job.kind)
        words = _("处理时出错（%(what)s），原有内容和索引没有变。请看日志后再试。")
        result = {"error": words % {"what": type(error).__name__}}
        state = Upkeep.State.FAILED
    with db.write():
        Upkeep.objects.filter(pk=job.pk).update(state=state, result=result, ended_at=timezone.now())
    return True


class Terms:
    """Asks for a rebuild when the dictionary's terms are no longer those of the index."""

    def __init__(self) -> None:
        self._looked = float("-inf")
        self._seen: frozenset[str] | None = None
        self._since = 0.0

    def look(self, now: float) -> bool:
        """Look, once in a while, at seconds `now`; whether a rebuild was asked for."""
        if now - self._looked < LOOK_AT_TERMS:
            return False
        self._looked = now
        terms = indexing.own_terms()
        if terms != self._seen:
            self._seen, self._since = terms, now
        try:
            differ = indexing.search_index().reader().info().other_terms
        except ArchiveError:
            # No index, or one that is made anew anyway.
            return False
        return differ and now - self._since >= TERMS_REST and _ask_for_terms(len(terms))


def _ask_for_terms(count: int) -> bool:
    with db.write():
        db.serialise()
        rows = Upkeep.objects.filter(kind=Upkeep.Kind.REBUILD)
        last = rows.exclude(ended_at=None).order_by("-ended_at").first()
        if last is not None and last.ended_at is not None:
            took = last.ended_at - last.created_at
            if timezone.now() < last.ended_at + PATIENCE * took:
                return False
        if rows.filter(state__in=(Upkeep.State.WAITING, Upkeep.State.RUNNING)).exists():
            return False
        job = Upkeep.objects.create(kind=Upkeep.Kind.REBUILD, by_name=_("词表有变"))
        audit.record(None, "archive.upkeep_asked", job, kind=job.kind, terms=count)
    return True


def _claim() -> Upkeep | None:
    now = timezone.now()
    lost = Q(state=Upkeep.State.RUNNING, seen_at__lt=now - LOST_AFTER)
    due = Upkeep.objects.filter(Q(state=Upkeep.State.WAITING) | lost).order_by("pk")
    if not due.exists():
        return None
    with db.write():
        job = due.select_for_update().first()
        if job is not None:
            job.state, job.seen_at, job.done = Upkeep.State.RUNNING, now, 0
            job.save(update_fields=["state", "seen_at", "done", "updated_at"])
    return job


def _do(job: Upkeep) -> dict[str, Any]:
    tell = _Teller(job)
    if job.kind == Upkeep.Kind.REBUILD:
        total = Change.objects.count()
        return {"rebuilt": indexing.rebuild(lambda done: tell(done, total))}
    full = job.kind == Upkeep.Kind.VERIFY_ALL
    return verifying.verify(full=full, say=tell).facts()


class _Teller:
    """Notes in the job's row how far it is, at most once a second."""

    def __init__(self, job: Upkeep) -> None:
        self._job = job
        self._said = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._said < TELL_EVERY:
            return
        self._said = now
        with db.write():
            Upkeep.objects.filter(pk=self._job.pk).update(
                done=done, total=max(done, total), seen_at=timezone.now()
            )
