"""What the verbs of planning share: locked rows, and what every pitch and task must keep."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel.errors import BadInput
from rongmei.kernel.text import squeeze
from rongmei.planning import selectors
from rongmei.planning.errors import (
    DueInPast,
    NotHere,
)
from rongmei.planning.models import (
    Pitch,
    Task,
    TaskResponse,
    TaskState,
)

if TYPE_CHECKING:
    from rongmei.network.models import Member

OVER: Final = (TaskState.DONE, TaskState.CANCELLED, TaskState.DECLINED)


def in_future(moment: datetime | None) -> None:
    if moment is not None and moment <= timezone.now():
        raise DueInPast


def checked_title(text: str) -> str:
    title = squeeze(text)
    if not 2 <= len(title) <= 120:
        raise BadInput(_("标题要有 2 至 120 字，没有保存。请修改标题。"))
    return title


def at_home(record: Pitch | Task | TaskResponse) -> None:
    if record.is_replica:
        raise NotHere


def save(record: Pitch | Task | TaskResponse, *fields: str) -> None:
    record.version += 1
    record.save(update_fields=[*fields, "version", "updated_at"])


def locked_pitch(by: Member, pitch_id: uuid.UUID) -> Pitch:
    """The pitch, locked; who may not see it is told that there is none."""
    selectors.pitch_for(by, pitch_id)
    return Pitch.objects.select_for_update(of=("self",)).get(pk=pitch_id)


def locked_task(by: Member, task_id: uuid.UUID) -> Task:
    selectors.task_for(by, task_id)
    return Task.objects.select_for_update(of=("self",)).get(pk=task_id)


def response_of(task: Task) -> TaskResponse | None:
    return TaskResponse.objects.select_for_update(of=("self",)).filter(task=task).first()


def follow(response: TaskResponse, state: TaskState) -> None:
    response.state = state
    save(response, "state")
