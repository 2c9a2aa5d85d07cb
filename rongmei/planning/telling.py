"""Notices of the planning room: who is told what, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.network import selectors as network_selectors
from rongmei.planning.models import Pitch, Task, TaskResponse, TaskState

if TYPE_CHECKING:
    from rongmei.network.models import Member


def task_url(task: Task) -> str:
    """Where the task is looked at."""
    return reverse("planning:task", args=[task.pk])


def pitch_waits(pitch: Pitch) -> None:
    """A pitch waits for those who decide."""
    network.notify(
        policy.members_with("planning.decide", pitch.unit_id),
        kind="planning.pitch_waits",
        title=_("选题待审：%(title)s") % {"title": pitch.title},
        url=reverse("planning:pitch", args=[pitch.pk]),
        body=pitch.news_point,
        subject_id=pitch.pk,
        key=f"pitch_waits:{pitch.pk}:{pitch.version}",
    )


def pitch_decided(pitch: Pitch, proposer: Member | None) -> None:
    """The proposer learns what became of it, with the reason."""
    if proposer is None or proposer.pk == pitch.decided_by_id:
        return
    words = {"state": pitch.get_state_display(), "title": pitch.title}
    network.notify(
        [proposer],
        kind="planning.pitch_decided",
        title=_("选题%(state)s:%(title)s") % words,
        url=reverse("planning:pitch", args=[pitch.pk]),
        body=pitch.reason,
        subject_id=pitch.pk,
        key=f"pitch_decided:{pitch.pk}:{pitch.version}",
    )


def task_offered(task: Task) -> None:
    """A task waits for an answer of its unit."""
    title = _("突发任务待接：%(title)s") if task.urgent else _("任务待接：%(title)s")
    network.notify(
        policy.members_with("planning.respond", task.to_unit_id),
        kind="planning.task_offered",
        title=title % {"title": task.title},
        url=task_url(task),
        body=task.brief[:300],
        urgent=task.urgent,
        subject_id=task.pk,
        due_at=task.due_at,
        key=f"task_offered:{task.pk}",
    )


def assigned(task: Task, response: TaskResponse, member: Member) -> None:
    """The assignee learns that the task is theirs."""
    if member.pk == response.answered_by_id:
        return
    network.notify(
        [member],
        kind="planning.task_assigned",
        title=_("任务交给你：%(title)s") % {"title": task.title},
        url=task_url(task),
        urgent=task.urgent,
        subject_id=task.pk,
        due_at=task.due_at,
        key=f"task_assigned:{task.pk}:{member.pk}",
    )


def dispatcher_learns(task: Task, title: str, *, body: str = "", key: str) -> None:
    """The one who dispatched the task (or, when gone, who may dispatch) is told."""
    people = policy.members_with("planning.dispatch", task.unit_id)
    own = [one for one in people if one.pk == task.dispatched_by_id]
    network.notify(
        own or people,
        kind="planning.task_answered",
        title=title,
        url=task_url(task),
        body=body,
        subject_id=task.pk,
        key=key,
    )


def answered(task: Task, response: TaskResponse) -> None:
    """The dispatcher learns the answer."""
    unit = network_selectors.unit(response.unit_id).label
    words = {"unit": unit, "title": task.title}
    declined = response.state == TaskState.DECLINED
    title = _("%(unit)s谢绝了任务：%(title)s") if declined else _("%(unit)s接受了任务：%(title)s")
    dispatcher_learns(
        task, title % words, body=response.reason, key=f"task_answered:{task.pk}:{response.version}"
    )


def work_waits(task: Task, response: TaskResponse) -> None:
    """The dispatcher may accept the work."""
    dispatcher_learns(
        task,
        _("任务待验收：%(title)s") % {"title": task.title},
        body=response.story_title,
        key=f"task_submitted:{task.pk}:{response.version}",
    )


def unit_learns(task: Task, response: TaskResponse | None) -> None:
    """Assignee and whoever answered learn the dispatcher's decision."""
    people = policy.members_with("planning.respond", task.to_unit_id)
    concerned = {response.assignee_id, response.answered_by_id} if response else set()
    words = {"state": task.get_state_display(), "title": task.title}
    network.notify(
        [one for one in people if one.pk in concerned] or people,
        kind="planning.task_updated",
        title=_("任务%(state)s:%(title)s") % words,
        url=task_url(task),
        body=task.verdict_reason,
        subject_id=task.pk,
        key=f"task_updated:{task.pk}:{task.version}",
    )


def replanned(task: Task) -> None:
    """The unit that has the task learns of its new deadline; where it lives elsewhere, it is told there."""
    if not network_selectors.is_local(task.to_unit_id):
        return
    response = TaskResponse.objects.filter(task=task).first()
    people = policy.members_with("planning.respond", task.to_unit_id)
    concerned = {response.assignee_id, response.answered_by_id} if response else set()
    network.notify(
        [one for one in people if one.pk in concerned] or people,
        kind="planning.task_replanned",
        title=_("任务改期：%(title)s") % {"title": task.title},
        url=task_url(task),
        urgent=task.urgent,
        subject_id=task.pk,
        due_at=task.due_at,
        key=f"task_replanned:{task.pk}:{task.version}",
    )
