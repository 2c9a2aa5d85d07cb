"""Rows of the planning room: pitches, tasks and their answers."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from typing_extensions import override

from rongmei.kernel.records import Record
from rongmei.network.records import OwnedRecord


class PitchState(models.TextChoices):
    """Life of a pitch (选题)."""

    DRAFT = "draft", _("草稿")
    SUBMITTED = "submitted", _("已报")
    RETURNED = "returned", _("退改")
    DEFERRED = "deferred", _("缓议")
    REJECTED = "rejected", _("否决")
    APPROVED = "approved", _("通过")
    DISPATCHED = "dispatched", _("已派")
    DONE = "done", _("完成")
    CANCELLED = "cancelled", pgettext_lazy("state", "撤销")


class TaskState(models.TextChoices):
    """Life of a task (任务) as its dispatcher sees it."""

    OFFERED = "offered", _("待接")
    ACCEPTED = "accepted", _("已接")
    DECLINED = "declined", _("拒接")
    IN_PROGRESS = "in_progress", _("进行中")
    SUBMITTED = "submitted", _("待验收")
    DONE = "done", _("完成")
    CANCELLED = "cancelled", pgettext_lazy("state", "取消")


class Genre(models.TextChoices):
    """What form the work should take."""

    TEXT = "text", _("文字")
    PICTURES = "pictures", _("图片")
    VIDEO = "video", _("视频")
    NEW_MEDIA = "new_media", _("新媒体")


class PitchKind(models.TextChoices):
    """What kind of reporting it is."""

    REGULAR = "regular", _("常规")
    THEME = "theme", pgettext_lazy("kind", "主题")
    EVENT = "event", _("活动")
    EXEMPLAR = "exemplar", _("典型")
    BREAKING = "breaking", _("突发")


class Pitch(OwnedRecord):
    """A proposed story idea (选题): what, why, who leads, by when."""

    number = models.CharField(max_length=24, blank=True, db_index=True)
    title = models.CharField(_("标题"), max_length=120)
    news_point = models.CharField(_("新闻点"), max_length=300, blank=True)
    kind = models.CharField(_("类型"), max_length=20, choices=PitchKind, default=PitchKind.REGULAR)
    angle = models.TextField(_("角度与要求"), blank=True)
    place = models.CharField(_("地点"), max_length=80, blank=True)
    expected = models.CharField(_("预期效果"), max_length=200, blank=True)
    flags = models.JSONField(default=list, blank=True)
    due_at = models.DateTimeField(_("完成时限"), null=True, blank=True)
    state = models.CharField(max_length=12, choices=PitchState, default=PitchState.SUBMITTED)
    proposed_by_id = models.UUIDField()
    proposed_by_name = models.CharField(max_length=40)
    decided_by_id = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)
    topic_id = models.UUIDField(null=True, db_index=True)
    document_ids = models.JSONField(default=list, blank=True)
    brief = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="pitch_state")]

    @override
    def __str__(self) -> str:
        return self.title


class Task(OwnedRecord):
    """Work dispatched to a unit (任务). Home: who dispatches. `unit` is the dispatcher's."""

    pitch = models.ForeignKey(Pitch, models.PROTECT, null=True, related_name="tasks")
    number = models.CharField(max_length=24, blank=True, db_index=True)
    title = models.CharField(_("标题"), max_length=120)
    brief = models.TextField(_("要求"), blank=True)
    genre = models.CharField(_("形式"), max_length=12, choices=Genre, default=Genre.TEXT)
    length = models.PositiveIntegerField(_("字数/时长"), null=True, blank=True)
    urgent = models.BooleanField(_("突发"), default=False)
    to_unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    due_at = models.DateTimeField(_("截止"))
    state = models.CharField(max_length=12, choices=TaskState, default=TaskState.OFFERED)
    dispatched_by_id = models.UUIDField()
    dispatched_by_name = models.CharField(max_length=40)
    dispatched_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True)
    references = models.JSONField(default=list, blank=True)
    # What the pitch said when the task was dispatched; the other node has no pitch to look at.
    pitch_brief = models.JSONField(default=dict, blank=True)
    verdict_reason = models.CharField(max_length=300, blank=True)
    verdict_by_name = models.CharField(max_length=40, blank=True)
    verdict_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["to_unit", "state"], name="task_for"),
            models.Index(fields=["state", "due_at"], name="task_due"),
        ]

    @override
    def __str__(self) -> str:
        return self.title


class TaskResponse(OwnedRecord):
    """What the receiving unit made of a task. Home: who answers. `unit` is the receiver's."""

    task = models.OneToOneField(Task, models.PROTECT, related_name="response")
    state = models.CharField(max_length=12, choices=TaskState, default=TaskState.OFFERED)
    answered_by_id = models.UUIDField(null=True)
    answered_by_name = models.CharField(max_length=40, blank=True)
    answered_at = models.DateTimeField(null=True)
    assignee_id = models.UUIDField(null=True)
    assignee_name = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    story_id = models.UUIDField(null=True)
    story_title = models.CharField(max_length=200, blank=True)
    story_state = models.CharField(max_length=20, blank=True)
    # [{"state": story state, "at": ISO time}], one for each change, as its home saw it.
    steps = models.JSONField(default=list, blank=True)
    published_url = models.URLField(max_length=500, blank=True)

    @override
    def __str__(self) -> str:
        return f"{self.task_id} {self.state}"


class PlanFeed(Record):
    """A member's address for calendar programs; only the digest of its key is kept."""

    member = models.OneToOneField("network.Member", models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)

    @override
    def __str__(self) -> str:
        return str(self.member)
