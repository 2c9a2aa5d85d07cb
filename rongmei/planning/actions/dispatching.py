"""Verbs over tasks by their dispatcher: sent out, cancelled, accepted or sent back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

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
from rongmei.planning.numbers import next_numbers

if TYPE_CHECKING:
    from rongmei.network.models import Member, Unit


@dataclass(frozen=True)
class Order:
    """What is asked of a unit, the same for every unit it goes to."""

    title: str
    brief: str
    due_at: datetime
    length: int | None = None
    urgent: bool = False


MOST_TASKS: Final = 400


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
    (task,) = tasks_dispatch(
        by=by, pitch_id=pitch_id, to_unit_ids=[to_unit_id], genres=[genre], title=title, brief=brief,
        due_at=due_at, length=length, urgent=urgent,
    )  # fmt: skip
    return task


def tasks_dispatch(
    *,
    by: Member,
    pitch_id: uuid.UUID | None,
    to_unit_ids: Sequence[uuid.UUID],
    genres: Sequence[str],
    title: str,
    brief: str,
    due_at: datetime,
    length: int | None = None,
    urgent: bool = False,
) -> list[Task]:
    """Give every one of these units a task in each of these forms: all of them, or none.

    A unit that is closed or cannot be reached is named in the error, and nothing is dispatched: the
    dispatcher decides whether the others get theirs. Raises NotAllowed, UnitClosed, NoLine,
    NotApproved, DueInPast, BadInput.
    """
    units = network.units_even_closed(to_unit_ids)
    forms = list(dict.fromkeys(genres))
    if not units or not forms or not set(forms) <= set(Genre.values):
        raise BadInput(_("请至少选一个承接单位和一种形式，任务没有下达。"))
    if len(units) * len(forms) > MOST_TASKS:
        raise BadInput(_("一次最多下达 %(n)s 个任务，没有下达。请分批。") % {"n": MOST_TASKS})
    policy.require(by, "planning.dispatch", by.unit_id)
    for unit in units:
        policy.require(by, "planning.dispatch", unit.pk)
    in_future(due_at)
    here = _reachable(units)
    order = Order(checked_title(title), brief.strip(), due_at, length, urgent)
    with db.write():
        pitch = _pitch_for_dispatch(by, pitch_id)
        numbers = iter(next_numbers(Task, "RW", len(units) * len(forms)))
        return [
            _dispatch(by, pitch, unit, form, order, next(numbers), here=unit.pk in here)
            for unit in units
            for form in forms
        ]


def _reachable(units: Sequence[Unit]) -> set[uuid.UUID]:
    """Ids of those hosted here; raises, with their names, when some are closed or have no line."""
    closed = [one.label for one in units if not one.is_active]
    if closed:
        raise UnitClosed(
            _("%(units)s已停用，任务没有下达。请去掉后再下达。") % {"units": "、".join(closed)}
        )
    here = set(network.local_units())
    away = [one for one in units if one.pk not in here]
    cut = [one.label for one in away if network.peer_of_unit(one.pk) is None]
    if cut:
        raise NoLine(
            _(
                "%(units)s的节点还没有与本节点互联，任务没有下达。请去掉后再下达，或请系统管理员先建立互联。"
            )
            % {"units": "、".join(cut)}
        )
    return here


def _dispatch(
    by: Member,
    pitch: Pitch | None,
    to_unit: Unit,
    genre: str,
    order: Order,
    number: str,
    *,
    here: bool,
) -> Task:
    now = timezone.now()
    task = Task.objects.create(
        unit_id=by.unit_id, pitch=pitch, number=number, title=order.title, brief=order.brief,
        genre=genre, length=order.length, urgent=order.urgent, to_unit=to_unit, due_at=order.due_at,
        dispatched_by_id=by.pk, dispatched_by_name=str(by)[:40], dispatched_at=now,
        received_at=now if here else None,
        references=pitch.brief.get("documents", []) if pitch else [], pitch_brief=_brief_of(pitch),
    )  # fmt: skip
    if here:
        TaskResponse.objects.create(unit=to_unit, task=task)
        telling.task_offered(task)
    else:
        wire.tell_receiver(task, wire.DISPATCHED)
    audit.record(
        by, "task.dispatched", task, to_unit=to_unit.code, pitch=pitch.pk if pitch else None
    )
    events.publish(TaskDispatched(subject_id=task.pk, unit_id=to_unit.pk, title=task.title))
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
