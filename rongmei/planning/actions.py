"""Verbs of the planning room."""

from __future__ import annotations

import uuid


def task_story_progress(
    *, task_id: uuid.UUID, story_id: uuid.UUID, story_title: str, story_state: str
) -> None:
    """Note how the story made for a task stands; inside the caller's write."""
