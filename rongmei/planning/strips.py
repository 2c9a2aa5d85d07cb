"""Where a pitch or a task is, as a strip of steps like courier tracking."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from rongmei.kernel.ui.shapes import Step, StepState
from rongmei.planning.models import Pitch, PitchState, Task, TaskState

_IN_REVIEW: Final = ("first", "second", "final")
_WRITING, _ACCEPTANCE = 3, 7


def pitch_steps(pitch: Pitch) -> list[Step]:
    """Submitted → decided → dispatched → done."""
    state = pitch.state
    decided = state in {PitchState.APPROVED, PitchState.DISPATCHED, PitchState.DONE}
    refused = state in {PitchState.REJECTED, PitchState.RETURNED, PitchState.CANCELLED}
    verdict = pitch.get_state_display() if refused or state == PitchState.DEFERRED else _("审定")
    return [
        Step(_("报题"), "done", pitch.proposed_by_name, pitch.created_at),
        Step(
            verdict,
            "done" if decided else "failed" if refused else "now",
            pitch.decided_by_name,
            pitch.decided_at,
            note=pitch.reason,
        ),
        Step(_("派单"), _far(state, PitchState.APPROVED, {PitchState.DISPATCHED, PitchState.DONE})),
        Step(
            _("完成"),
            _far(state, PitchState.DISPATCHED, {PitchState.DONE}),
            due=pitch.due_at if decided and state != PitchState.DONE else None,
        ),
    ]


def _far(state: str, now: str, done: set[PitchState]) -> StepState:
    if state in done:
        return "done"
    return "now" if state == now else "next"


def _first_at(task: Task, states: tuple[str, ...]) -> datetime | None:
    response = getattr(task, "response", None)
    for step in response.steps if response else []:
        if step.get("state") in states:
            return datetime.fromisoformat(step["at"])
    return None


def _waits_on(task: Task, position: int) -> str:
    """Whose turn it is at this step: the assignee writes, the dispatcher accepts the work."""
    response = getattr(task, "response", None)
    if position == _WRITING and response and response.assignee_name:
        return str(response.assignee_name)
    return task.unit.label if position == _ACCEPTANCE else task.to_unit.label


def task_steps(task: Task, stage: str) -> list[Step]:
    """Dispatched → received → accepted → writing → in review → signed → published → accepted work."""
    response = getattr(task, "response", None)
    story = response.story_state if response else ""
    answered = response.answered_at if response else None
    declined = stage == TaskState.DECLINED
    reached = [
        (_("下达"), True, task.dispatched_by_name, task.dispatched_at),
        (
            _("送达"),
            task.received_at is not None or (task.is_replica and response is not None),
            "",
            task.received_at or (response.created_at if response else None),
        ),
        (
            _("谢绝") if declined else _("接受"),
            answered is not None,
            response.answered_by_name if response else "",
            answered,
        ),
        (
            _("写稿"),
            story in (*_IN_REVIEW, "signed"),
            response.assignee_name if response else "",
            _first_at(task, _IN_REVIEW),
        ),
        (_("审核"), story == "signed", "", _first_at(task, ("signed",))),
        (_("签发"), story == "signed", "", _first_at(task, ("signed",))),
        (_("发布"), bool(response and response.published_url), "", _first_at(task, ("published",))),
        (_("验收"), task.state == TaskState.DONE, task.verdict_by_name, task.verdict_at),
    ]
    steps, waiting = [], stage not in {TaskState.DECLINED, TaskState.CANCELLED, TaskState.DONE}
    for position, (label, done, who, at) in enumerate(reached):
        state: StepState = "done" if done else "now" if waiting else "next"
        waiting = waiting and done
        if declined and position == 2:
            state = "failed"
        due = task.due_at if state == "now" else None
        if not done:
            who = _waits_on(task, position) if state == "now" else ""
        steps.append(Step(label, state, who, at if done else None, due=due))
    if task.state == TaskState.CANCELLED:
        steps.append(
            Step(
                pgettext("state", "取消"),
                "failed",
                task.verdict_by_name,
                task.verdict_at,
                note=task.verdict_reason,
            )
        )
    return steps
