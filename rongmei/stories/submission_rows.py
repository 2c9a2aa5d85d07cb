"""Rows of submissions (投稿): what a correspondent sent to a desk, every step of it, and reasons."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record
from rongmei.network.records import OwnedRecord

if TYPE_CHECKING:
    from datetime import datetime


class SubmissionState(models.TextChoices):
    """Where a submission is with the desk; once it is adopted, its story says the rest."""

    DRAFT = "draft", _("草稿")
    SENT = "sent", _("已收到")
    TAKEN = "taken", _("编辑在看")
    ASKED = "asked", _("退改")
    ADOPTED = "adopted", _("已采用")
    MERGED = "merged", _("已合并采用")
    DECLINED = "declined", _("未采用")
    WITHDRAWN = "withdrawn", _("已撤回")


class Submission(OwnedRecord):
    """A piece for a unit's desk (`unit`), from its first draft on.

    Its id is chosen by the device it is written on, so that a draft that was never online has one,
    and a save that is sent twice is one save. The row holds the text as its author has it; what
    was sent is kept in the entries.
    """

    class Faces(models.TextChoices):
        """What the author says of the people in the pictures."""

        UNSAID = "", _("没有说明")
        NONE = "none", _("照片里没有能认出的人")
        CONSENTED = "consented", _("能认出的人都已同意")
        NOT_YET = "not_yet", _("有人还没有同意")

    from_unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    number = models.CharField(max_length=64, blank=True)
    author_id = models.UUIDField()
    author_name = models.CharField(max_length=40)
    genre = models.CharField(max_length=16, blank=True)
    title = models.CharField(max_length=80, blank=True)
    text = models.TextField(blank=True)
    place = models.CharField(max_length=80, blank=True)
    # [{"uid", "caption"}] of pictures of `from_unit`, in the order in which they are shown.
    pictures = models.JSONField(default=list)
    faces = models.CharField(max_length=10, choices=Faces, default=Faces.UNSAID, blank=True)
    state = models.CharField(max_length=10, choices=SubmissionState, default=SubmissionState.DRAFT)
    sent_at = models.DateTimeField(null=True)
    # By when the desk owes an answer to what was sent last; None while it owes none.
    answer_due_at = models.DateTimeField(null=True)
    first_answer_at = models.DateTimeField(null=True)
    overdue_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    editor_id = models.UUIDField(null=True)
    editor_name = models.CharField(max_length=40, blank=True)
    story = models.ForeignKey(
        "stories.Story", models.PROTECT, null=True, related_name="submissions"
    )

    from_unit_id: uuid.UUID
    story_id: uuid.UUID | None

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["unit", "state", "sent_at"], name="submission_inbox"),
            models.Index(fields=["author_id", "-updated_at"], name="submission_author"),
            models.Index(
                fields=["answer_due_at"], name="submission_due",
                condition=models.Q(answer_due_at__isnull=False),
            ),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "number"], condition=~models.Q(number=""),
                name="submission_number_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft") | (~models.Q(number="") & models.Q(sent_at__isnull=False)),
                name="sent_has_a_number",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["adopted", "merged"], story__isnull=False)
                | (~models.Q(state__in=["adopted", "merged"]) & models.Q(story=None)),
                name="adopted_has_a_story",
            ),
            models.CheckConstraint(
                condition=models.Q(editor_id=None) | ~models.Q(editor_id=models.F("author_id")),
                name="nobody_edits_their_own_submission",
            ),
        ]  # fmt: skip

    @override
    def __str__(self) -> str:
        return self.title or self.number

    @property
    def is_overdue(self) -> bool:
        """Whether the desk was late with the answer it owes."""
        return self.overdue_at is not None and self.answer_due_at is not None


class SubmissionEntry(Record):
    """One step of a submission: who did what when, why, and with `sent` exactly which text.

    `key` is the sender's: a step whose answer was lost is asked for again with the same key, and is
    taken once.
    """

    class Kind(models.TextChoices):
        """What happened."""

        SENT = "sent", _("送出")
        TAKEN = "taken", _("编辑在看")
        ASKED = "asked", _("退改")
        SENT_AGAIN = "sent_again", _("改后再送")
        ADOPTED = "adopted", _("采用")
        MERGED = "merged", _("合并采用")
        DECLINED = "declined", _("未采用")
        WITHDRAWN = "withdrawn", _("撤回")
        OVERDUE = "overdue", _("超过答复时限")

    submission = models.ForeignKey(Submission, models.CASCADE, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    person_id = models.UUIDField(null=True)
    person_name = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    example = models.CharField(max_length=500, blank=True)
    content = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    key = models.UUIDField(null=True)

    submission_id: uuid.UUID
    if TYPE_CHECKING:
        created_at: datetime

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person_id", "key"], condition=models.Q(key__isnull=False),
                name="a_step_is_sent_once",
            )
        ]  # fmt: skip

    @override
    def __str__(self) -> str:
        return f"{self.submission_id} {self.kind}"


class AnswerReason(OwnedRecord):
    """A reason a desk gives often, with an example of how to do better; for the units below too."""

    kind = models.CharField(
        max_length=10,
        choices=[("asked", _("退改")), ("declined", _("未采用"))],
        default="asked",
    )
    words = models.CharField(_("理由"), max_length=200)
    example = models.CharField(_("怎样写更好"), max_length=500)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["kind", "id"]

    @override
    def __str__(self) -> str:
        return self.words
