"""Reads of the planning room: pitches and tasks in reach, and what waits."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Case, CharField, Count, F, Min, Q, QuerySet, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from rongmei.kernel.errors import NotFound
from rongmei.kernel.rows import named_in_lists
from rongmei.network import policy
from rongmei.planning.clashes import Clash, clashes
from rongmei.planning.models import Pitch, PitchState, Task, TaskResponse, TaskState

if TYPE_CHECKING:
    from rongmei.network.models import Member

__all__ = ["Clash", "clashes"]
CLOSED = (TaskState.DONE, TaskState.CANCELLED)


def pitches_visible_to(member: Member) -> QuerySet[Pitch]:
    """Pitches of the units in reach, newest first."""
    units = policy.units_for(member, "planning.view")
    return Pitch.objects.filter(unit__in=units).select_related("unit")


def pitch_for(member: Member, pitch_id: uuid.UUID) -> Pitch:
    """One pitch in reach; NotFound otherwise."""
    found = pitches_visible_to(member).filter(pk=pitch_id).first()
    if found is None:
        raise NotFound
    return found


def pitches_to_decide(member: Member) -> QuerySet[Pitch]:
    """Pitches that wait for this member's decision, oldest first."""
    units = policy.units_for(member, "planning.decide")
    waiting = (PitchState.SUBMITTED, PitchState.DEFERRED)
    return (
        Pitch.objects.filter(unit__in=units, state__in=waiting, home=None)
        .select_related("unit")
        .order_by("id")
    )


@dataclass(frozen=True)
class Agenda:
    """The planning meeting (编前会) of a day."""

    day: date
    waiting: list[Pitch]
    decided: list[Pitch]
    due: list[Task]


def agenda(member: Member, day: date) -> Agenda:
    """What waits, what was decided on this day, and the tasks that are due by its end."""
    start = timezone.make_aware(datetime.combine(day, time.min))
    end = start + timedelta(days=1)
    units = policy.units_for(member, "planning.decide")
    decided = pitches_visible_to(member).filter(
        unit__in=units, decided_at__gte=start, decided_at__lt=end
    )
    due = at_stage(tasks_visible_to(member).filter(due_at__lt=end), *_OPEN)
    return Agenda(
        day=day,
        waiting=list(pitches_to_decide(member)[:100]),
        decided=list(
            decided.exclude(state__in=(PitchState.SUBMITTED,)).order_by("decided_at")[:100]
        ),
        due=list(due.order_by("due_at")[:50]),
    )


_OPEN = (
    TaskState.OFFERED,
    TaskState.ACCEPTED,
    TaskState.IN_PROGRESS,
    TaskState.SUBMITTED,
)


def with_stage(rows: QuerySet[Task]) -> QuerySet[Task]:
    """Annotate `stage`: where the task is, as far as this node knows.

    At home the dispatcher's row knows; for a replica its own unit's answer does, unless the
    dispatcher has closed the task.
    """
    return rows.annotate(
        stage=Case(
            When(Q(home=None) | Q(state__in=CLOSED), then=F("state")),
            default=Coalesce(F("response__state"), F("state")),
            output_field=CharField(),
        )
    )


def at_stage(rows: QuerySet[Task], *stages: str) -> QuerySet[Task]:
    """Those of the annotated tasks that are at one of these stages."""
    return rows.filter(**{"stage__in": stages})


def past_due(rows: QuerySet[Task]) -> QuerySet[Task]:
    """Those of the annotated tasks that are not over, and whose time is."""
    over = (TaskState.DONE, TaskState.DECLINED, TaskState.CANCELLED)
    return rows.filter(due_at__lt=timezone.now()).exclude(**{"stage__in": over})


def tasks_visible_to(member: Member) -> QuerySet[Task]:
    """Tasks that units in reach dispatched or received, newest first, with their `stage`."""
    units = policy.units_for(member, "planning.view")
    rows = Task.objects.filter(Q(unit__in=units) | Q(to_unit__in=units))
    return with_stage(rows).select_related("unit", "to_unit", "response")


def tasks_received_by(member: Member) -> QuerySet[Task]:
    """Tasks given to the member's own unit, and to units they may answer for."""
    units = {member.unit_id, *policy.units_for(member, "planning.respond")}
    return tasks_visible_to(member).filter(to_unit__in=units)


def tasks_dispatched_by(member: Member) -> QuerySet[Task]:
    """Tasks that the member's own unit gave out, and units they may dispatch for."""
    units = {member.unit_id, *policy.units_for(member, "planning.dispatch")}
    return tasks_visible_to(member).filter(unit__in=units)


def task_for(member: Member, task_id: uuid.UUID) -> Task:
    """One task in reach; NotFound otherwise."""
    found = tasks_visible_to(member).filter(pk=task_id).select_related("pitch").first()
    if found is None:
        raise NotFound
    return found


def due_times(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each of these tasks is due; nothing else is told of it. Unknown ones are left out."""
    return dict(Task.objects.filter(pk__in=set(ids)).values_list("pk", "due_at"))


def dispatcher_of(task_id: uuid.UUID) -> uuid.UUID | None:
    """The unit that gave a task; for what the program does by itself, no member asks."""
    return Task.objects.filter(pk=task_id).values_list("unit_id", flat=True).first()


def tasks_of_pitch(pitch: Pitch) -> QuerySet[Task]:
    """The tasks that came of a pitch."""
    rows = with_stage(Task.objects.filter(pitch=pitch))
    return rows.select_related("unit", "to_unit", "response").order_by("id")


def tasks_waiting_for(member: Member) -> QuerySet[Task]:
    """Tasks that wait for this member: to be answered, to be written, or to be accepted."""
    rows = tasks_visible_to(member)
    answer = Q(to_unit__in=policy.units_for(member, "planning.respond"), stage=TaskState.OFFERED)
    write = Q(
        response__assignee_id=member.pk, stage__in=(TaskState.ACCEPTED, TaskState.IN_PROGRESS)
    )
    judge = Q(
        unit__in=policy.units_for(member, "planning.dispatch"), home=None,
        stage=TaskState.SUBMITTED,
    )  # fmt: skip
    return rows.filter(answer | write | judge).order_by("due_at")


def counts_by_state(rows: QuerySet[Pitch]) -> dict[str, int]:
    """How many pitches are in each state."""
    return dict(rows.order_by().values_list("state").annotate(Count("id")))


def counts_by_stage(rows: QuerySet[Task]) -> dict[str, int]:
    """How many tasks are at each stage."""
    # `stage` is an annotation, which the type checker does not see here.
    return dict(rows.order_by().values_list("stage").annotate(Count("id")))  # type: ignore[misc]


def writers_of(unit_id: uuid.UUID) -> list[Member]:
    """Members of the unit who may be given a task."""
    return [
        member
        for member in policy.members_with("stories.write", unit_id)
        if member.unit_id == unit_id
    ]


def first_answered(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each unit first answered a task: a mark on its road map."""
    rows = TaskResponse.objects.filter(unit__in=unit_ids, answered_at__isnull=False)
    return dict(rows.order_by().values_list("unit").annotate(at=Min("answered_at")))


def documents_of_pitches(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, those that a pitch names."""
    found = named_in_lists(Pitch, "document_ids", [str(one) for one in ids])
    return {uuid.UUID(one) for one in found}
