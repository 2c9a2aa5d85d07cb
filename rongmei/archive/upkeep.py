"""The upkeep process: does the long work on the archive that somebody asked for, one at a time.

The row is the job. Its `seen_at` moves with the work; a job that has not moved for a while was
killed with its process, and is begun again: both kinds of work may be done twice. A rebuild fills a
new index beside the old one, which answers until the new one takes its place.
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
from rongmei.kernel import db

log = logging.getLogger(__name__)
LOOK_EVERY = 1.0
TELL_EVERY = 1.0
LOST_AFTER = timedelta(minutes=10)


def run(stop: threading.Event) -> None:
    """Until `stop` is set: do what was asked for, oldest first."""
    while not stop.is_set():
        try:
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
