"""Nobody has answered: first the unit is reminded, then those above it are told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import db
from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.planning import selectors
from rongmei.planning.models import Task, TaskState
from rongmei.planning.telling import task_url

# Minutes without an answer: (the unit is reminded, those above are told).
LIMITS: Final[dict[bool, tuple[int, int]]] = {False: (30, 60), True: (5, 10)}


def escalate(now: datetime | None = None) -> int:
    """Remind and escalate what is due; return how many notices were given. A sweep."""
    now = now or timezone.now()
    soonest = now - timedelta(minutes=LIMITS[True][0])
    waiting = selectors.with_stage(Task.objects.filter(dispatched_at__lte=soonest))
    given = 0
    for task in selectors.at_stage(waiting, TaskState.OFFERED).select_related("to_unit")[:500]:
        given += _escalate_one(task, now)
    return given


def _escalate_one(task: Task, now: datetime) -> int:
    # A replica's time counts from its arrival: the clock of the other node is not ours.
    since = task.created_at if task.is_replica else task.dispatched_at
    minutes = (now - since).total_seconds() / 60
    remind, tell_above = LIMITS[task.urgent]
    given = 0
    if minutes >= remind:
        given += _tell(task, "planning.respond", "task_late_unit", int(remind))
    if minutes >= tell_above:
        given += _tell(task, "planning.dispatch", "task_late_above", int(tell_above))
    return given


def _tell(task: Task, permission: str, key: str, minutes: int) -> int:
    words = {"unit": task.to_unit.label, "minutes": minutes, "title": task.title}
    with db.write():
        given = network.notify(
            policy.members_with(permission, task.to_unit_id),
            kind="planning.task_late",
            title=_("%(unit)s超过 %(minutes)s 分钟未接任务：%(title)s") % words,
            url=task_url(task),
            urgent=True,
            subject_id=task.pk,
            due_at=task.due_at,
            key=f"{key}:{task.pk}",
        )
    return len(given)
