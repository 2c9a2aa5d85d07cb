"""Ageing out: the sweep that removes documents past their time, a batch at a time.

A passage begins once a day, and when a rule has come into effect; its row says how far it is, so
that a killed worker goes on where it was. What is under a hold or pointed to is passed over, and
looked at again by the next passage. The bytes of snapshots are given back afterwards.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Q
from django.utils import timezone

from rongmei.archive import reclaiming, retention
from rongmei.archive.actions import note_changes
from rongmei.archive.events import DocumentsRemoved
from rongmei.archive.models import (
    Document,
    RetentionRule,
    RetentionRun,
    Snapshot,
    SnapshotUse,
)
from rongmei.archive.retention import Ruling
from rongmei.kernel import audit, db, events

BATCH: Final = 200
EVERY: Final = timedelta(days=1)
# Other sweeps of the worker wait behind this one.
SECONDS_A_GO: Final = 3.0


def age_out() -> int:
    """Go on with the present passage, or begin the next; return how many documents went."""
    counted = retention.rulings(timezone.localdate())
    run = _present_run(counted)
    if run is None:
        return 0
    until, done = time.monotonic() + SECONDS_A_GO, 0
    while run.state == RetentionRun.State.RUNNING and time.monotonic() < until:
        done += step(run, counted)
    return done


def run_now(say: Callable[[int], None] | None = None) -> RetentionRun | None:
    """A whole passage at once, for the operator; None where everything is kept for ever.

    `say` is told after each batch how many documents went so far.
    """
    counted = retention.rulings(timezone.localdate())
    run = _present_run(counted, due=True)
    while run is not None and run.state == RetentionRun.State.RUNNING:
        step(run, counted)
        if say is not None:
            say(run.removed)
    return run


def _present_run(counted: Sequence[Ruling], *, due: bool = False) -> RetentionRun | None:
    """The passage that is on, or a new one if it is time for it."""
    last = RetentionRun.objects.order_by("-pk").first()
    if last is not None and last.state == RetentionRun.State.RUNNING:
        return last
    if all(one.days is None for one in counted):
        return None
    if last is not None and not due and not _is_time(last):
        return None
    with db.write():
        return RetentionRun.objects.create()


def _is_time(last: RetentionRun) -> bool:
    since = Q(decided_at__gt=last.created_at, effective_on__lte=timezone.localdate())
    rules = RetentionRule.objects.filter(since, state=RetentionRule.State.IN_FORCE)
    return timezone.now() - last.created_at >= EVERY or rules.exists()


def step(run: RetentionRun, counted: Sequence[Ruling]) -> int:
    """Look at the next `BATCH` documents that are due; return how many were removed."""
    late = retention.outlived(counted, timezone.now())
    rows = [] if late is None else _next(run, late)
    if late is None or not rows:
        with db.write():
            run.state, run.ended_at = RetentionRun.State.DONE, timezone.now()
            run.save(update_fields=["state", "ended_at", "updated_at"])
        return 0
    ids = [pk for _at, pk in rows]
    held = retention.held_of(ids)
    free = [pk for pk in ids if pk not in held]
    used = retention.in_use(free)
    free = [pk for pk in free if pk not in used]
    with db.write():
        gone, snapshots = _remove(free, late, run) if free else ([], 0)
        run.after_at, run.after_id = rows[-1]
        run.removed += len(gone)
        run.held += len(held)
        run.in_use += len(used)
        run.snapshots += snapshots
        run.save()
    return len(gone)


def _next(run: RetentionRun, late: Q) -> list[tuple[datetime, uuid.UUID]]:
    rows = Document.objects.filter(late)
    if run.after_at is not None:
        rows = rows.filter(
            Q(fetched_at__gt=run.after_at) | Q(fetched_at=run.after_at, pk__gt=run.after_id)
        )
    return list(rows.order_by("fetched_at", "pk").values_list("fetched_at", "pk")[:BATCH])


def _remove(ids: Sequence[uuid.UUID], late: Q, run: RetentionRun) -> tuple[list[uuid.UUID], int]:
    """Remove these that are still due and free now that nobody else writes; in the caller's write."""
    db.serialise()
    locked = Document.objects.filter(late, pk__in=ids).select_for_update(of=("self",))
    still = dict(locked.values_list("pk", "fetched_at"))
    kept = retention.held_of(list(still))
    kept |= retention.in_use([pk for pk in still if pk not in kept])
    gone = [pk for pk in still if pk not in kept]
    if not gone:
        return [], 0
    used = SnapshotUse.objects.filter(document__in=gone).values_list("snapshot_id", flat=True)
    snapshots = set(used)
    leaving = Document.objects.filter(pk__in=gone).order_by()
    families = leaving.exclude(family_id=None).values_list("family_id", flat=True).distinct()
    family_ids = sorted(map(str, families))
    leaving.only("pk").delete()
    note_changes(gone, deleted=True)
    events.publish(DocumentsRemoved(subject_id=run.pk, count=len(gone), family_ids=family_ids))
    times = [still[pk] for pk in gone]
    audit.record(None, "documents.removed", run, count=len(gone), first=min(times), last=max(times))
    return gone, _drop_snapshots(snapshots)


def _drop_snapshots(candidates: set[uuid.UUID]) -> int:
    """Drop the rows of snapshots that nothing refers to any more; their bytes go later.

    A repeated answer needs the one that has its body: that one goes when its last repeat has gone.
    """
    dropped = 0
    while candidates:
        rows = Snapshot.objects.filter(pk__in=candidates, uses=None, repeats=None)
        alone = dict(rows.values_list("pk", "same_as_id"))
        Snapshot.objects.filter(pk__in=list(alone)).delete()
        dropped += len(alone)
        candidates = {one for one in alone.values() if one is not None}
    return dropped


def reclaim_due() -> int:
    """Give back the space of snapshots that passages have dropped; return how many bytes."""
    waiting = RetentionRun.objects.filter(
        state=RetentionRun.State.DONE, snapshots__gt=0, reclaimed_at=None
    )
    ids = list(waiting.values_list("pk", flat=True))
    if not ids:
        return 0
    done = reclaiming.reclaim(seconds=SECONDS_A_GO)
    with db.write():
        RetentionRun.objects.filter(pk=max(ids)).update(reclaimed=F("reclaimed") + done.bytes)
        if done.finished:
            RetentionRun.objects.filter(pk__in=ids).update(reclaimed_at=timezone.now())
    return done.bytes
