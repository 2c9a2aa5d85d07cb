"""Verbs of the planning room.

Pitches are submitted and decided; tasks are dispatched, answered and brought to an end. What two
units do to one task are two rows: the task (home: dispatcher) and the response (home: receiver).
"""

from rongmei.planning.actions.answering import (
    task_answer,
    task_assign,
    task_published,
    task_story_progress,
)
from rongmei.planning.actions.dispatching import (
    task_accept_work,
    task_cancel,
    task_dispatch,
    tasks_dispatch,
)
from rongmei.planning.actions.pitches import (
    Decision,
    pitch_cancel,
    pitch_decide,
    pitch_revise,
    pitch_submit,
)
from rongmei.planning.actions.replanning import pitch_replan, task_replan

__all__ = [
    "Decision",
    "pitch_cancel",
    "pitch_decide",
    "pitch_replan",
    "pitch_revise",
    "pitch_submit",
    "task_accept_work",
    "task_answer",
    "task_assign",
    "task_cancel",
    "task_dispatch",
    "task_published",
    "task_replan",
    "task_story_progress",
    "tasks_dispatch",
]
