"""Sweeps: the row is the job. A sweep finds rows that are due and does them.

A lost hint or a killed process costs seconds, never work. Sweeps are registered by rooms through
the `register_sweeps` hook and run by the worker process.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from rongmei.kernel import db
from rongmei.kernel.models import SweepState

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sweep:
    """A named piece of repeated work. `run` does what is due and returns how much it did.

    `every` and `lease` are seconds; the lease must outlast the longest run.
    """

    name: str
    every: float
    run: Callable[[], int]
    lease: float = 120.0


def _claim(sweep: Sweep) -> bool:
    now = timezone.now()
    SweepState.objects.get_or_create(name=sweep.name, defaults={"due_at": now})
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    with db.write():
        claimed = SweepState.objects.filter(free, name=sweep.name, due_at__lte=now).update(
            leased_until=now + timedelta(seconds=sweep.lease)
        )
    return bool(claimed)


def take_over() -> int:
    """Free the sweeps that a killed worker held, as the next one starts; how many there were.

    Only where there can be one worker, on SQLite: elsewhere they wait for their leases' end.
    """
    if db.is_postgresql():
        return 0
    with db.write():
        return SweepState.objects.exclude(leased_until=None).update(leased_until=None)


def due(sweeps: Iterable[Sweep], states: dict[str, SweepState]) -> list[Sweep]:
    """Those of `sweeps` whose time has come, by the states already read."""
    now = timezone.now()
    return [one for one in sweeps if one.name not in states or states[one.name].due_at <= now]


def run_due(sweeps: Iterable[Sweep]) -> int:
    """Run every sweep whose time has come; return how many rows they did."""
    states = {state.name: state for state in SweepState.objects.all()}
    done = 0
    for sweep in due(sweeps, states):
        if _claim(sweep):
            done += run_one(sweep)
    return done


def run_one(sweep: Sweep) -> int:
    """Run one claimed sweep and note how it went; its failure is its own."""
    error, done = "", 0
    try:
        done = sweep.run()
    except Exception:
        error = traceback.format_exc(limit=8)
        log.exception("sweep %s failed", sweep.name)
    now = timezone.now()
    with db.write():
        state = SweepState.objects.get(name=sweep.name)
        state.failures = state.failures + 1 if error else 0
        wait = sweep.every * min(2 ** min(state.failures, 6), 64) if error else sweep.every
        state.due_at, state.leased_until = now + timedelta(seconds=wait), None
        state.last_error = error
        if not error:
            state.last_ok_at = now
        state.save()
    return done
