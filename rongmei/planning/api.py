"""Pitches and tasks over /api/v1/."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import paginate

from rongmei.network.tokens import member_of
from rongmei.planning import actions, selectors
from rongmei.planning.models import Pitch, Task

pitch_router = Router(tags=["pitches"])
task_router = Router(tags=["tasks"])


class PitchOut(Schema):
    """A pitch."""

    id: uuid.UUID
    number: str
    title: str
    news_point: str
    kind: str
    angle: str
    place: str
    expected: str
    state: str
    unit_id: uuid.UUID
    proposed_by_name: str
    decided_by_name: str
    decided_at: datetime | None
    reason: str
    due_at: datetime | None
    created_at: datetime


class PitchIn(Schema):
    """A new pitch."""

    unit_id: uuid.UUID
    title: str
    news_point: str = ""
    kind: str = "regular"
    angle: str = ""
    place: str = ""
    expected: str = ""
    due_at: datetime | None = None
    topic_id: uuid.UUID | None = None
    document_ids: list[uuid.UUID] = []


class DecisionIn(Schema):
    """What is decided of a pitch; all but approval need a reason."""

    decision: Literal["approve", "reject", "return", "defer"]
    reason: str = ""


class TaskOut(Schema):
    """A task with its stage as far as this node knows."""

    id: uuid.UUID
    number: str
    title: str
    brief: str
    genre: str
    length: int | None
    urgent: bool
    unit_id: uuid.UUID
    to_unit_id: uuid.UUID
    due_at: datetime
    stage: str
    dispatched_at: datetime
    received_at: datetime | None
    assignee: str = ""
    published_url: str = ""

    @staticmethod
    def resolve_assignee(task: Task) -> str:
        """Who writes, once somebody does."""
        response = getattr(task, "response", None)
        return response.assignee_name if response else ""

    @staticmethod
    def resolve_published_url(task: Task) -> str:
        """Where it was published, once it was."""
        response = getattr(task, "response", None)
        return response.published_url if response else ""


class TaskIn(Schema):
    """A new task."""

    pitch_id: uuid.UUID | None = None
    to_unit_id: uuid.UUID
    title: str
    brief: str = ""
    genre: str = "text"
    due_at: datetime
    length: int | None = None
    urgent: bool = False


class OrderIn(Schema):
    """The same work for several units, in several forms."""

    pitch_id: uuid.UUID | None = None
    to_unit_ids: list[uuid.UUID]
    genres: list[str] = ["text"]
    title: str
    brief: str = ""
    due_at: datetime
    length: int | None = None
    urgent: bool = False


class AnswerIn(Schema):
    """Whether the unit takes the task; a refusal needs a reason."""

    accept: bool
    reason: str = ""
    assignee_id: uuid.UUID | None = None


@pitch_router.get("", response=list[PitchOut])
@paginate
def list_pitches(request: HttpRequest, state: str = "") -> QuerySet[Pitch]:
    """Pitches in reach, newest first."""
    rows = selectors.pitches_visible_to(member_of(request))
    return rows.filter(state=state) if state else rows


@pitch_router.get("/{uuid:pitch_id}", response=PitchOut)
def get_pitch(request: HttpRequest, pitch_id: uuid.UUID) -> Pitch:
    """One pitch."""
    return selectors.pitch_for(member_of(request), pitch_id)


@pitch_router.post("", response={201: PitchOut})
def submit_pitch(request: HttpRequest, pitch: PitchIn) -> Pitch:
    """Propose a story idea."""
    return actions.pitch_submit(by=member_of(request), **pitch.dict())


@pitch_router.post("/{uuid:pitch_id}/decision", response=PitchOut)
def decide_pitch(request: HttpRequest, pitch_id: uuid.UUID, decision: DecisionIn) -> Pitch:
    """Decide a pitch."""
    return actions.pitch_decide(by=member_of(request), pitch_id=pitch_id, **decision.dict())


class TimeIn(Schema):
    """Another time."""

    due_at: datetime


@pitch_router.post("/{uuid:pitch_id}/replan", response=PitchOut)
def replan_pitch(request: HttpRequest, pitch_id: uuid.UUID, time: TimeIn) -> Pitch:
    """Another time for a pitch; its open tasks move by as much."""
    member = member_of(request)
    actions.pitch_replan(by=member, pitch_id=pitch_id, due_at=time.due_at)
    return selectors.pitch_for(member, pitch_id)


@task_router.post("/{uuid:task_id}/replan", response=TaskOut)
def replan_task(request: HttpRequest, task_id: uuid.UUID, time: TimeIn) -> Task:
    """Another deadline for a task."""
    member = member_of(request)
    actions.task_replan(by=member, task_id=task_id, due_at=time.due_at)
    return selectors.task_for(member, task_id)


@task_router.get("", response=list[TaskOut])
@paginate
def list_tasks(request: HttpRequest, stage: str = "") -> QuerySet[Task]:
    """Tasks in reach, newest first."""
    rows = selectors.tasks_visible_to(member_of(request))
    return selectors.at_stage(rows, stage) if stage else rows


@task_router.get("/{uuid:task_id}", response=TaskOut)
def get_task(request: HttpRequest, task_id: uuid.UUID) -> Task:
    """One task."""
    return selectors.task_for(member_of(request), task_id)


@task_router.post("", response={201: TaskOut})
def dispatch_task(request: HttpRequest, task: TaskIn) -> Any:
    """Give a unit a task."""
    member = member_of(request)
    made = actions.task_dispatch(by=member, **task.dict())
    return selectors.task_for(member, made.pk)


@task_router.post("/orders", response={201: list[TaskOut]})
def dispatch_tasks(request: HttpRequest, order: OrderIn) -> Any:
    """Give several units a task each, in each form: all of them, or none."""
    member = member_of(request)
    made = actions.tasks_dispatch(by=member, **order.dict())
    return selectors.tasks_visible_to(member).filter(pk__in=[one.pk for one in made]).order_by("id")


@task_router.post("/{uuid:task_id}/answer", response=TaskOut)
def answer_task(request: HttpRequest, task_id: uuid.UUID, answer: AnswerIn) -> Task:
    """Accept or decline a task for one's unit."""
    member = member_of(request)
    actions.task_answer(by=member, task_id=task_id, **answer.dict())
    return selectors.task_for(member, task_id)
