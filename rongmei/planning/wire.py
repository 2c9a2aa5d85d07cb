"""What dispatcher and receiver tell each other when they live on two nodes.

A task is at home at its dispatcher, a response at its receiver; each side keeps a replica of the
other's. Every message carries the whole of what its sender owns, so that a later one makes up for
whatever an earlier one could not do.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from rongmei.kernel.errors import BadInput
from rongmei.network import exchange
from rongmei.network import selectors as network
from rongmei.planning.errors import NoLine
from rongmei.planning.models import Task, TaskResponse

DISPATCHED: Final = "task.dispatched"
UPDATED: Final = "task.updated"
REPLANNED: Final = "task.replanned"
RECEIVED: Final = "task.received"
ANSWERED: Final = "task.answered"
PROGRESSED: Final = "task.progressed"

_TASK_TEXT: Final = (
    "number", "title", "brief", "genre", "state",
    "dispatched_by_name", "verdict_reason", "verdict_by_name",
)  # fmt: skip
_TASK_PLAIN: Final = ("length", "urgent", "references", "pitch_brief", "version")
_TASK_TIMES: Final = ("due_at", "dispatched_at", "verdict_at")
_ANSWER_TEXT: Final = (
    "state", "answered_by_name", "assignee_name", "reason",
    "story_title", "story_state", "published_url",
)  # fmt: skip
_WEB: Final = ("http://", "https://")
_ANSWER_IDS: Final = ("answered_by_id", "assignee_id", "story_id")


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None


def _time(value: Any) -> datetime | None:
    found = datetime.fromisoformat(value) if value else None
    if found is not None and timezone.is_naive(found):
        raise ValueError("a time without its zone")
    return found


def task_body(task: Task) -> dict[str, Any]:
    """A task as its home tells it."""
    return {
        "task_id": str(task.pk),
        "unit_id": str(task.unit_id),
        "to_unit_id": str(task.to_unit_id),
        "dispatched_by_id": str(task.dispatched_by_id),
        **{name: getattr(task, name) for name in (*_TASK_TEXT, *_TASK_PLAIN)},
        **{name: _iso(getattr(task, name)) for name in _TASK_TIMES},
    }


def read_task(body: dict[str, Any]) -> dict[str, Any]:
    """Fields of a task out of a message; BadInput when they are not right."""
    try:
        fields: dict[str, Any] = {name: str(body[name]) for name in _TASK_TEXT}
        fields |= {name: body[name] for name in _TASK_PLAIN}
        fields |= {name: _time(body[name]) for name in _TASK_TIMES}
        for name in ("unit_id", "to_unit_id", "dispatched_by_id"):
            fields[name] = uuid.UUID(body[name])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadInput from error
    return fields


def response_body(response: TaskResponse) -> dict[str, Any]:
    """A response as its home tells it."""
    return {
        "task_id": str(response.task_id),
        "response_id": str(response.pk),
        "unit_id": str(response.unit_id),
        "received_at": _iso(response.created_at),
        "answered_at": _iso(response.answered_at),
        "steps": response.steps,
        "version": response.version,
        **{name: getattr(response, name) for name in _ANSWER_TEXT},
        **{
            name: str(getattr(response, name)) if getattr(response, name) else None
            for name in _ANSWER_IDS
        },
    }


def read_response(body: dict[str, Any]) -> dict[str, Any]:
    """Fields of a response out of a message; BadInput when they are not right."""
    try:
        fields: dict[str, Any] = {name: str(body[name]) for name in _ANSWER_TEXT}
        fields |= {name: uuid.UUID(body[name]) if body[name] else None for name in _ANSWER_IDS}
        fields |= {
            "answered_at": _time(body["answered_at"]),
            "steps": list(body["steps"]),
            "version": int(body["version"]),
        }
        for step in fields["steps"]:
            _time(step["at"])
        # It becomes a link on our pages.
        if fields["published_url"] and not fields["published_url"].startswith(_WEB):
            raise ValueError("not a web address")
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadInput from error
    return fields


def task_id_of(body: dict[str, Any]) -> uuid.UUID:
    """Which task a message is about; BadInput when it does not say."""
    try:
        return uuid.UUID(body["task_id"])
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise BadInput from error


def tell_receiver(task: Task, kind: str = UPDATED) -> None:
    """Send the task to the unit it was given to, where that lives on another node."""
    if network.is_local(task.to_unit_id):
        return
    peer = network.peer_of_unit(task.to_unit_id)
    if peer is None:
        raise NoLine
    exchange.send(
        to=peer, type=kind, subject_id=task.pk, unit_id=task.unit_id, body=task_body(task)
    )


def tell_dispatcher(response: TaskResponse, kind: str) -> None:
    """Send the response to the task's home, where that is another node."""
    if response.task.home is None:
        return
    peer = network.peer_of_unit(response.task.unit_id)
    if peer is None:
        raise NoLine
    exchange.send(
        to=peer, type=kind, subject_id=response.task_id, unit_id=response.unit_id,
        body=response_body(response),
    )  # fmt: skip
