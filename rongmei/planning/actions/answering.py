"""Verbs over tasks by who received them, and what stories and channels report of them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.planning import selectors, telling, wire
from rongmei.planning.actions.common import (
    OVER,
    at_home,
    locked_task,
    response_of,
    save,
)
from rongmei.planning.errors import (
    AlreadyAnswered,
    NotHere,
    NotOfUnit,
    ReasonNeeded,
    WrongState,
)
from rongmei.planning.events import (
    TaskAnswered,
    TaskProgressed,
)
from rongmei.planning.models import (
    Task,
    TaskResponse,
    TaskState,
)

if TYPE_CHECKING:
    from rongmei.network.models import Member

_BY_STORY: Final[dict[str, TaskState]] = {"signed": TaskState.SUBMITTED}


def _locked_answer(by: Member, task_id: uuid.UUID) -> tuple[Task, TaskResponse]:
    """The task and our unit's response to it, locked, for somebody who may answer for the unit."""
    task = locked_task(by, task_id)
    policy.require(by, "planning.respond", task.to_unit_id)
    response = response_of(task)
    if response is None or response.is_replica:
        raise NotHere
    if task.state in {TaskState.DONE, TaskState.CANCELLED}:
        raise WrongState
    return task, response


def _writer(task: Task, member_id: uuid.UUID) -> Member:
    for member in selectors.writers_of(task.to_unit_id):
        if member.pk == member_id:
            return member
    raise NotOfUnit


def task_answer(
    *,
    by: Member,
    task_id: uuid.UUID,
    accept: bool,
    reason: str = "",
    assignee_id: uuid.UUID | None = None,
) -> TaskResponse:
    """Accept a task for one's unit, perhaps for somebody, or decline it with a reason.

    A writer who accepts without naming anybody takes it on. Of two answers the second gets
    AlreadyAnswered.
    """
    if not accept and not reason.strip():
        raise ReasonNeeded
    with db.write():
        task, response = _locked_answer(by, task_id)
        if response.state != TaskState.OFFERED:
            raise AlreadyAnswered
        assignee = _writer(task, assignee_id) if accept and assignee_id else None
        if accept and assignee is None and policy.allows(by, "stories.write", task.to_unit_id):
            assignee = by
        response.state = TaskState.ACCEPTED if accept else TaskState.DECLINED
        response.reason = reason.strip()[:300]
        response.answered_by_id, response.answered_by_name = by.pk, str(by)[:40]
        response.answered_at = timezone.now()
        _assign(response, assignee)
        save(
            response, "state", "reason", "answered_by_id", "answered_by_name", "answered_at",
            "assignee_id", "assignee_name",
        )  # fmt: skip
        audit.record(by, "task.accepted" if accept else "task.declined", response, reason=reason)
        events.publish(
            TaskAnswered(
                subject_id=task.pk, unit_id=task.to_unit_id, accepted=accept, title=task.title
            )
        )
        if assignee is not None:
            telling.assigned(task, response, assignee)
        if task.home is None:
            task.state = response.state
            save(task, "state")
            telling.answered(task, response)
        wire.tell_dispatcher(response, wire.ANSWERED)
    return response


def _assign(response: TaskResponse, assignee: Member | None) -> None:
    response.assignee_id = assignee.pk if assignee else None
    response.assignee_name = str(assignee)[:40] if assignee else ""


def task_assign(*, by: Member, task_id: uuid.UUID, assignee_id: uuid.UUID) -> TaskResponse:
    """Give an accepted task to a writer of the unit."""
    with db.write():
        task, response = _locked_answer(by, task_id)
        if response.state not in {TaskState.ACCEPTED, TaskState.IN_PROGRESS}:
            raise WrongState
        assignee = _writer(task, assignee_id)
        _assign(response, assignee)
        save(response, "assignee_id", "assignee_name")
        audit.record(by, "task.assigned", response, assignee=response.assignee_name)
        telling.assigned(task, response, assignee)
        wire.tell_dispatcher(response, wire.PROGRESSED)
    return response


def _own_response(task_id: uuid.UUID) -> TaskResponse:
    response = (
        TaskResponse.objects.select_for_update(of=("self",))
        .select_related("task")
        .filter(task_id=task_id)
        .first()
    )
    if response is None:
        raise NotFound
    at_home(response)
    return response


def task_story_progress(
    *, task_id: uuid.UUID, story_id: uuid.UUID, story_title: str, story_state: str
) -> None:
    """Note how far the story written for a task is; a signed story may be accepted.

    Inside the caller's write. A finished, declined or cancelled task only remembers it.
    """
    response = _own_response(task_id)
    if response.story_state == story_state and response.story_id == story_id:
        return
    response.story_id, response.story_title = story_id, story_title[:200]
    response.story_state = story_state
    response.steps = [*response.steps, {"state": story_state, "at": timezone.now().isoformat()}]
    _progress(response, _BY_STORY.get(story_state, TaskState.IN_PROGRESS))


def task_published(*, task_id: uuid.UUID, url: str) -> None:
    """Note where the story written for a task was published. Inside the caller's write."""
    response = _own_response(task_id)
    if response.published_url:
        return
    response.published_url = url[:500]
    now = timezone.now().isoformat()
    response.steps = [*response.steps, {"state": "published", "at": now}]
    _progress(response, TaskState.SUBMITTED)


def _progress(response: TaskResponse, state: TaskState) -> None:
    task = Task.objects.select_for_update(of=("self",)).get(pk=response.task_id)
    moved = response.state not in OVER and response.state != state
    if moved:
        response.state = state
    save(response, "state", "story_id", "story_title", "story_state", "steps", "published_url")
    audit.record(None, "task.progressed", response, story_state=response.story_state)
    events.publish(
        TaskProgressed(
            subject_id=task.pk,
            unit_id=task.to_unit_id,
            title=task.title,
            state=response.steps[-1]["state"],
        )
    )
    if task.home is None and moved:
        task.state = state
        save(task, "state")
        if state == TaskState.SUBMITTED:
            telling.work_waits(task, response)
    response.task = task
    wire.tell_dispatcher(response, wire.PROGRESSED)
