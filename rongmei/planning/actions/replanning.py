"""Re-planning: another day for a pitch, and its open tasks move with it."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from rongmei.kernel import audit, db
from rongmei.network import policy
from rongmei.planning import telling, wire
from rongmei.planning.actions.common import (
    OVER,
    at_home,
    in_future,
    locked_pitch,
    locked_task,
    save,
)
from rongmei.planning.errors import WrongState
from rongmei.planning.models import PitchState, Task

if TYPE_CHECKING:
    from rongmei.network.models import Member

_ENDED = (PitchState.REJECTED, PitchState.CANCELLED, PitchState.DONE)


def pitch_replan(*, by: Member, pitch_id: uuid.UUID, due_at: datetime) -> list[Task]:
    """Give a pitch another time; its open tasks move by as much, and their units are told.

    Returns the tasks that moved. A task that would then be due in the past is due as soon as can be
    told: at the pitch's new time. Raises DueInPast, WrongState, NotAllowed.
    """
    in_future(due_at)
    with db.write():
        pitch = locked_pitch(by, pitch_id)
        policy.require(by, "planning.decide", pitch)
        at_home(pitch)
        if pitch.state in _ENDED:
            raise WrongState
        shift = due_at - pitch.due_at if pitch.due_at else timedelta()
        before, pitch.due_at = pitch.due_at, due_at
        save(pitch, "due_at")
        audit.record(by, "pitch.replanned", pitch, before=before, to=due_at)
        tasks = list(
            Task.objects.select_for_update(of=("self",))
            .filter(pitch=pitch, home=None)
            .exclude(state__in=OVER)
        )
        for task in tasks if shift else ():
            later = task.due_at + shift
            _move(by, task, later if later > timezone.now() else due_at)
    return tasks if shift else []


def task_replan(*, by: Member, task_id: uuid.UUID, due_at: datetime) -> Task:
    """The dispatcher gives an open task another deadline; its unit is told.

    Raises DueInPast, WrongState, NotAllowed.
    """
    in_future(due_at)
    with db.write():
        task = locked_task(by, task_id)
        policy.require(by, "planning.dispatch", task)
        at_home(task)
        if task.state in OVER:
            raise WrongState
        _move(by, task, due_at)
    return task


def _move(by: Member, task: Task, due_at: datetime) -> None:
    before, task.due_at = task.due_at, due_at
    save(task, "due_at")
    audit.record(by, "task.replanned", task, before=before, to=due_at)
    telling.replanned(task)
    wire.tell_receiver(task, wire.REPLANNED)
