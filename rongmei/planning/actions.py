"""Verbs of the planning room that rooms above call."""

from __future__ import annotations

import uuid

from rongmei.planning.models import TaskResponse


def task_published(*, task_id: uuid.UUID, url: str) -> None:
    """Note where the work of a task was published; inside the caller's write."""
    TaskResponse.objects.filter(task_id=task_id).update(published_url=url)
