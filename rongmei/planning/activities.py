"""How messages of other nodes about tasks take effect here.

A dispatcher may speak about its own tasks only, a receiver about its own answers only: `arrival`'s
node must host the unit that the message speaks for.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from rongmei.kernel import audit, events
from rongmei.kernel.errors import BadInput
from rongmei.network import exchange
from rongmei.network import selectors as network
from rongmei.network.errors import ForgedHome
from rongmei.network.hooks import Activity, Arrival
from rongmei.planning import telling, wire
from rongmei.planning.events import TaskAnswered, TaskDispatched, TaskProgressed
from rongmei.planning.models import Genre, Task, TaskResponse, TaskState


def _check_values(fields: dict[str, Any]) -> None:
    if fields["state"] not in TaskState.values or fields.get("genre", "text") not in Genre.values:
        raise BadInput


def _subject(arrival: Arrival) -> uuid.UUID:
    task_id = wire.task_id_of(arrival.body)
    if arrival.subject_id != task_id:
        raise BadInput
    return task_id


def apply_dispatched(arrival: Arrival) -> None:
    """A task for a unit of ours: keep a replica, open our response, tell the unit, acknowledge."""
    task_id = _subject(arrival)
    fields = wire.read_task(arrival.body)
    _check_values(fields)
    exchange.require_home(arrival, network.unit(fields["unit_id"]).node_id)
    if not network.is_local(fields["to_unit_id"]):
        raise ForgedHome
    known = Task.objects.filter(pk=task_id).first()
    if known is not None:
        exchange.require_home(arrival, known.home)
        return
    task = Task(pk=task_id, home=arrival.from_node, **fields)
    task.save(force_insert=True)
    response = TaskResponse.objects.create(unit_id=task.to_unit_id, task=task)
    telling.task_offered(task)
    audit.record(None, "task.arrived", task, unit_id=task.to_unit_id)
    events.publish(TaskDispatched(subject_id=task.pk, unit_id=task.to_unit_id, title=task.title))
    wire.tell_dispatcher(response, wire.RECEIVED)


def apply_updated(arrival: Arrival) -> None:
    """The dispatcher accepted the work, sent it back or called the task off."""
    task_id = _subject(arrival)
    fields = wire.read_task(arrival.body)
    _check_values(fields)
    task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    exchange.require_home(arrival, task.home)
    if (task.unit_id, task.to_unit_id) != (fields["unit_id"], fields["to_unit_id"]):
        raise ForgedHome
    if fields["version"] <= task.version:
        return
    for name, value in fields.items():
        setattr(task, name, value)
    task.save()
    response = TaskResponse.objects.select_for_update(of=("self",)).get(task=task)
    if task.state in {TaskState.DONE, TaskState.CANCELLED, TaskState.IN_PROGRESS}:
        response.state = task.state
        response.version += 1
        response.save(update_fields=["state", "version", "updated_at"])
    telling.unit_learns(task, response)
    audit.record(None, "task.updated", task, unit_id=task.to_unit_id, state=task.state)
    events.publish(
        TaskProgressed(
            subject_id=task.pk, unit_id=task.to_unit_id, title=task.title, state=str(task.state)
        )
    )


def apply_replanned(arrival: Arrival) -> None:
    """The dispatcher gave the task another deadline; how far the unit is with it stays as it is."""
    task_id = _subject(arrival)
    fields = wire.read_task(arrival.body)
    task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    exchange.require_home(arrival, task.home)
    if fields["version"] <= task.version:
        return
    task.due_at, task.version = fields["due_at"], fields["version"]
    task.save(update_fields=["due_at", "version", "updated_at"])
    telling.replanned(task)
    audit.record(None, "task.replanned", task, unit_id=task.to_unit_id, to=task.due_at)


def _our_task(arrival: Arrival) -> Task:
    """A task of ours that the sending node's unit was given."""
    task_id = _subject(arrival)
    task = Task.objects.select_for_update(of=("self",)).get(pk=task_id)
    if task.home is not None:
        raise ForgedHome
    exchange.require_home(arrival, network.unit(task.to_unit_id).node_id)
    return task


def _keep_response(arrival: Arrival, task: Task) -> TaskResponse | None:
    """Keep the replica of the response; None when we have a newer one."""
    fields = wire.read_response(arrival.body)
    _check_values(fields)
    response, made = TaskResponse.objects.get_or_create(
        task=task,
        defaults={
            "pk": arrival.body["response_id"],
            "unit_id": task.to_unit_id,
            "home": arrival.from_node,
            **fields,
        },
    )
    if made:
        return response
    exchange.require_home(arrival, response.home)
    if fields["version"] <= response.version:
        return None
    for name, value in fields.items():
        setattr(response, name, value)
    response.save()
    return response


def apply_received(arrival: Arrival) -> None:
    """The other node has our task: its dispatcher sees when."""
    task = _our_task(arrival)
    _keep_response(arrival, task)
    if task.received_at is None:
        # Our own clock: times of two nodes are not compared.
        task.received_at = timezone.now()
        task.save(update_fields=["received_at", "updated_at"])
    audit.record(None, "task.received", task)
    events.publish(
        TaskProgressed(
            subject_id=task.pk, unit_id=task.to_unit_id, title=task.title, state="received"
        )
    )


def _mirror(task: Task, response: TaskResponse) -> bool:
    """Let our task follow the answer, unless we have closed it; whether it moved."""
    if task.state in {TaskState.DONE, TaskState.CANCELLED} or task.state == response.state:
        return False
    task.state = response.state
    task.version += 1
    task.save(update_fields=["state", "version", "updated_at"])
    return True


def apply_answered(arrival: Arrival) -> None:
    """The unit accepted or declined our task."""
    task = _our_task(arrival)
    response = _keep_response(arrival, task)
    if response is None:
        return
    _mirror(task, response)
    telling.answered(task, response)
    audit.record(None, f"task.{response.state}", task, by_unit=response.unit_id)
    accepted = response.state != TaskState.DECLINED
    events.publish(
        TaskAnswered(
            subject_id=task.pk, unit_id=task.to_unit_id, accepted=accepted, title=task.title
        )
    )


def apply_progressed(arrival: Arrival) -> None:
    """The unit's story for our task came further."""
    task = _our_task(arrival)
    response = _keep_response(arrival, task)
    if response is None:
        return
    if _mirror(task, response) and task.state == TaskState.SUBMITTED:
        telling.work_waits(task, response)
    audit.record(None, "task.progressed", task, story_state=response.story_state)
    events.publish(
        TaskProgressed(
            subject_id=task.pk,
            unit_id=task.to_unit_id,
            title=task.title,
            state=response.story_state or str(response.state),
        )
    )


ACTIVITIES = [
    Activity(wire.DISPATCHED, apply_dispatched),
    Activity(wire.UPDATED, apply_updated),
    Activity(wire.REPLANNED, apply_replanned),
    Activity(wire.RECEIVED, apply_received),
    Activity(wire.ANSWERED, apply_answered),
    Activity(wire.PROGRESSED, apply_progressed),
]
