"""What the planning room contributes by hook."""

from __future__ import annotations

import uuid

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.archive.hooks import DocumentAction, DocumentUse
from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.monitoring.hooks import TopicAction
from rongmei.network.hooks import Activity, RoadFact
from rongmei.planning import escalation, selectors
from rongmei.planning.activities import ACTIVITIES
from rongmei.planning.api import pitch_router, task_router


def _waiting(request: HttpRequest) -> int:
    return selectors.tasks_waiting_for(request.user).count()  # type: ignore[arg-type]


@hookimpl
def register_rail() -> list[RailItem]:
    """策划 in the rail, with the number of tasks that wait for me."""
    return [
        RailItem(
            key="planning", label=_("策划"), url_name="planning:pitches", icon="light-bulb",
            order=40, permission="planning.view", badge=_waiting,
        )
    ]  # fmt: skip


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Remind units of tasks that nobody has answered."""
    return [Sweep("planning.escalate", 30, escalation.escalate)]


@hookimpl
def register_activities() -> list[Activity]:
    """Tasks and answers between nodes."""
    return ACTIVITIES


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/pitches and /api/v1/tasks."""
    return [("/pitches", pitch_router), ("/tasks", task_router)]


def _pitch_of_document(document_id: uuid.UUID) -> str:
    return f"{reverse('planning:pitch_new')}?document={document_id}"


@hookimpl
def register_document_actions() -> list[DocumentAction]:
    """报选题 out of a document."""
    return [DocumentAction(_("报选题"), _pitch_of_document, "planning.pitch", "light-bulb", 10)]


@hookimpl
def register_document_uses() -> list[DocumentUse]:
    """Documents that a pitch grew out of."""
    return [DocumentUse(_("选题引用"), selectors.documents_of_pitches)]


def _pitch_url(topic_id: uuid.UUID) -> str:
    return f"{reverse('planning:pitch_new')}?topic={topic_id}"


@hookimpl
def register_topic_actions() -> list[TopicAction]:
    """报选题 out of a hot topic."""
    return [TopicAction("pitch", _("报选题"), "light-bulb", "planning.pitch", _pitch_url, 10)]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "pitch.submitted": _("报了选题"),
        "pitch.revised": _("修改了选题"),
        "pitch.approved": _("同意了选题"),
        "pitch.returned": _("退改了选题"),
        "pitch.deferred": _("缓议了选题"),
        "pitch.rejected": _("否决了选题"),
        "pitch.cancelled": _("取消了选题"),
        "pitch.done": _("选题完成"),
        "task.dispatched": _("下达了任务"),
        "task.arrived": _("收到上级任务"),
        "task.received": _("对方收到任务"),
        "task.accepted": _("接受了任务"),
        "task.declined": _("谢绝了任务"),
        "task.in_progress": _("开始做任务"),
        "task.submitted": _("交了任务"),
        "task.assigned": _("指定了任务的承办人"),
        "task.cancelled": _("取消了任务"),
        "task.done": _("验收通过了任务"),
        "task.sent_back": _("退回了任务"),
        "task.progressed": _("推进了任务"),
        "task.updated": _("任务有更新"),
        "pitch.replanned": _("给选题改了期"),
        "task.replanned": _("给任务改了期"),
        "plan.feed_made": _("生成了日历地址"),
        "plan.feed_stopped": _("停用了日历地址"),
    }


@hookimpl
def register_road_facts() -> list[RoadFact]:
    """What the room knows of a unit's coming to life."""
    return [RoadFact("task", _("首次接任务"), 30, selectors.first_answered)]
