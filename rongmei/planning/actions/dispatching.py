"""Verbs over tasks by their dispatcher: sent out, cancelled, accepted or sent back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning import telling, wire
from rongmei.planning.actions.common import (
    OVER,
    at_home,
    checked_title,
    follow,
    in_future,
    locked_pitch,
    locked_task,
    response_of,
    save,
)
from rongmei.planning.errors import (
    NoLine,
    NotApproved,
    ReasonNeeded,
    UnitClosed,
    WrongState,
)
from rongmei.planning.events import (
    TaskDispatched,
    TaskProgressed,
)
from rongmei.planning.models import (
    Genre,
    Pitch,
    PitchState,
    Task,
    TaskResponse,
    TaskState,
)
from rongmei.planning.numbers import next_number

if TYPE_CHECKING:
    from rongmei.network.models import Member


def task_dispatch(
    *,
    by: Member,
    pitch_id: uuid.UUID | None,
    to_unit_id: uuid.UUID,
    title: str,
    brief: str,
    genre: str,
    due_at: datetime,
    length: int | None = None,
    urgent: bool = False,
) -> Task:
    """Give a unit of this node or another one a task, out of an approved pitch or without one."""
    policy.require(by, "planning.dispatch", to_unit_id)
    policy.require(by, "planning.dispatch", by.unit_id)
    if genre not in Genre.values:
        raise BadInput
    in_future(due_at)
    to_unit = network.unit(to_unit_id)
    if not to_unit.is_active:
        raise UnitClosed
    if not network.is_local(to_unit_id) and network.peer_of_unit(to_unit_id) is None:
        raise NoLine
    with db.write():
        pitch = _pitch_for_dispatch(by, pitch_id)
        task = Task.objects.create(
            unit_id=by.unit_id,
            pitch=pitch,
            number=next_number(Task, "RW"),
            title=checked_title(title),
            brief=brief.strip(),
            genre=genre,
            length=length,
            urgent=urgent,
            to_unit=to_unit,
            due_at=due_at,
            dispatched_by_id=by.pk,
            dispatched_by_name=str(by)[:40],
            dispatched_at=timezone.now(),
            references=pitch.brief.get("documents", []) if pitch else [],
            pitch_brief=_brief_of(pitch),
        )
        if network.is_local(to_unit_id):
            task.received_at = task.dispatched_at
            task.save(update_fields=["received_at"])
            TaskResponse.objects.create(unit=to_unit, task=task)
            telling.task_offered(task)
        else:
            wire.tell_receiver(task, wire.DISPATCHED)
        audit.record(by, "task.dispatched", task, to_unit=to_unit.code, pitch=pitch_id)
        events.publish(TaskDispatched(subject_id=task.pk, unit_id=to_unit_id, title=task.title))
    return task


def _pitch_for_dispatch(by: Member, pitch_id: uuid.UUID | None) -> Pitch | None:
    if pitch_id is None:
        return None
    pitch = locked_pitch(by, pitch_id)
    policy.require(by, "planning.dispatch", pitch)
    at_home(pitch)
    if pitch.state not in {PitchState.APPROVED, PitchState.DISPATCHED}:
        raise NotApproved
    if pitch.state != PitchState.DISPATCHED:
        pitch.state = PitchState.DISPATCHED
        save(pitch, "state")
    return pitch


def _brief_of(pitch: Pitch | None) -> dict[str, Any]:
    if pitch is None:
        return {}
    names = ("number", "title", "news_point", "angle", "place", "expected", "proposed_by_name")
    return {name: getattr(pitch, name) for name in names}


def task_cancel(*, by: Member, task_id: uuid.UUID, reason: str) -> Task:
    """The dispatcher calls a task off, with a reason; its unit is told."""
    if not reason.strip():
        raise ReasonNeeded
    with db.write():
        task = locked_task(by, task_id)
        policy.require(by, "planning.dispatch", task)
        at_home(task)
        if task.state in OVER:
            raise WrongState
        _judge(by, task, TaskState.CANCELLED, reason.strip())
        audit.record(by, "task.cancelled", task, reason=reason)
    return task


def task_accept_work(*, by: Member, task_id: uuid.UUID, ok: bool, reason: str = "") -> Task:
    """The dispatcher accepts the work, or sends it back with a reason."""
    if not ok and not reason.strip():
        raise ReasonNeeded
    with db.write():
        task = locked_task(by, task_id)
        policy.require(by, "planning.dispatch", task)
        at_home(task)
        if task.state != TaskState.SUBMITTED:
            raise WrongState
        _judge(by, task, TaskState.DONE if ok else TaskState.IN_PROGRESS, reason.strip())
        audit.record(by, "task.done" if ok else "task.sent_back", task, reason=reason)
    return task


def _judge(by: Member, task: Task, state: TaskState, reason: str) -> None:
    task.state = state
    task.verdict_reason = reason[:300]
    task.verdict_by_name, task.verdict_at = str(by)[:40], timezone.now()
    save(task, "state", "verdict_reason", "verdict_by_name", "verdict_at")
    response = response_of(task)
    if response is not None and not response.is_replica:
        follow(response, state)
        telling.unit_learns(task, response)
    wire.tell_receiver(task)
    events.publish(
        TaskProgressed(
            subject_id=task.pk, unit_id=task.to_unit_id, title=task.title, state=str(state)
        )
    )
    if state in OVER:
        _close_pitch(task)


def _close_pitch(task: Task) -> None:
    """A pitch is done when none of its tasks is open and one of them is done."""
    if task.pitch_id is None:
        return
    states = set(Task.objects.filter(pitch=task.pitch_id).values_list("state", flat=True))
    if states <= set(OVER) and TaskState.DONE in states:
        pitch = Pitch.objects.select_for_update(of=("self",)).get(pk=task.pitch_id)
        pitch.state = PitchState.DONE
        save(pitch, "state")
        audit.record(None, "pitch.done", pitch)
