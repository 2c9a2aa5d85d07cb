"""Rows of the stories room: stories, signatures of the three reviews, machine checks."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override
from wagtail.fields import StreamField
from wagtail.models import LockableMixin, PreviewableMixin, RevisionMixin

from rongmei.network.records import OwnedRecord
from rongmei.stories.blocks import BODY_BLOCKS


class StoryState(models.TextChoices):
    """Life of a story (稿件)."""

    DRAFT = "draft", _("草稿")
    FIRST = "first", _("待初审")
    SECOND = "second", _("待复审")
    FINAL = "final", _("待终审")
    SIGNED = "signed", _("已签发")
    RETURNED = "returned", _("已退回")
    WITHDRAWN = "withdrawn", _("已撤稿")


class Step(models.TextChoices):
    """The three reviews, each with its proof."""

    FIRST = "first", _("初审一校")
    SECOND = "second", _("复审二校")
    FINAL = "final", _("终审三校")


class Story(PreviewableMixin, LockableMixin, RevisionMixin, OwnedRecord):
    """A story as it stands now; its revisions hold every earlier text.

    Publishing never reads this row: a publication carries the text that the final signature covers.
    """

    # Wagtail's reference index costs a dozen queries a save and answers no question of ours.
    wagtail_reference_index_ignore = True

    number = models.CharField(max_length=64, blank=True, db_index=True)
    kicker = models.CharField(_("引题"), max_length=60, blank=True)
    title = models.CharField(_("主题"), max_length=80)
    subtitle = models.CharField(_("副题"), max_length=80, blank=True)
    summary = models.CharField(_("摘要"), max_length=300, blank=True)
    body = StreamField(BODY_BLOCKS, verbose_name=_("正文"), blank=True)
    lead_picture = models.ForeignKey(
        "assets.Picture",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("题图"),
    )
    byline = models.CharField(_("署名"), max_length=120, blank=True)
    origin = models.CharField(_("来源"), max_length=120, blank=True)
    rights_basis = models.CharField(_("权利依据"), max_length=200, blank=True)
    place = models.CharField(_("地点"), max_length=80, blank=True)
    category = models.CharField(_("栏目"), max_length=40, blank=True)
    tags = models.JSONField(_("标签"), default=list, blank=True)
    language = models.CharField(_("语种"), max_length=12, default="zh")
    features_exemplar = models.BooleanField(_("涉先进典型"), default=False)
    embargo_until = models.DateTimeField(_("不早于"), null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=StoryState, default=StoryState.DRAFT, db_index=True
    )
    content_hash = models.CharField(max_length=64, blank=True, editable=False)
    body_text = models.TextField(blank=True, editable=False)
    word_count = models.PositiveIntegerField(default=0, editable=False)
    author_id = models.UUIDField(editable=False, db_index=True)
    author_name = models.CharField(max_length=40, editable=False)
    task_id = models.UUIDField(null=True, blank=True, editable=False, db_index=True)
    pitch_id = models.UUIDField(null=True, blank=True, editable=False)
    document_ids = models.JSONField(default=list, blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    signed_at = models.DateTimeField(null=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    shared_with = models.JSONField(default=list, blank=True, editable=False)
    shared_at = models.DateTimeField(null=True, editable=False)
    withdrawn_reason = models.CharField(max_length=300, blank=True, editable=False)
    # A round is one passage through the three reviews; a return and a new submission start the next.
    round = models.PositiveSmallIntegerField(default=1, editable=False)
    # The revision the present step began with: what "materially changed" is measured against.
    step_revision_id = models.BigIntegerField(null=True, editable=False)
    # The newest revision, if it was saved by itself: its writer's next save takes its place.
    autosaved_revision_id = models.BigIntegerField(null=True, editable=False)

    _revisions = GenericRelation(
        "wagtailcore.Revision",
        content_type_field="base_content_type",
        object_id_field="object_id",
        related_query_name="story",
        for_concrete_model=False,
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("稿件")
        verbose_name_plural = _("稿件")
        indexes = [
            models.Index(fields=["unit", "state", "-id"], name="story_queue"),
            models.Index(fields=["author_id", "-id"], name="story_author"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "number"], condition=~models.Q(number=""), name="story_number_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="signed") | models.Q(signed_at__isnull=False),
                name="signed_has_time",
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.title

    @property
    def revisions(self) -> Any:
        """All saved versions, as Wagtail keeps them."""
        return self._revisions

    def save_version(self, by: Any) -> Any:
        """Keep the present text as a revision; Wagtail's own log stays empty, the audit chain is ours."""
        return self.save_revision(user=by, clean=False, log_action=False)

    def get_preview_template(self, request: Any, mode_name: str) -> str:
        """The page a reader would see."""
        return "stories/preview.html"


class Signature(OwnedRecord):
    """One review and its proof, signed: who, at which step, over exactly which text, with what opinion."""

    class Verdict(models.TextChoices):
        """Pass it on, or give it back."""

        PASSED = "passed", _("通过")
        RETURNED = "returned", _("退回")

    story = models.ForeignKey(Story, models.PROTECT, related_name="signatures")
    round = models.PositiveSmallIntegerField(default=1)
    step = models.CharField(max_length=8, choices=Step)
    verdict = models.CharField(max_length=8, choices=Verdict)
    person_id = models.UUIDField(db_index=True)
    person_name = models.CharField(max_length=40)
    author_id = models.UUIDField()
    role_at = models.CharField(max_length=80, blank=True)
    signed_at = models.DateTimeField()
    content_hash = models.CharField(max_length=64)
    revision_id = models.PositiveBigIntegerField(null=True)
    opinion = models.TextField(blank=True)
    proof = models.JSONField(default=list, blank=True)
    edited = models.BooleanField(default=False)
    seal = models.CharField(max_length=64)
    voided_at = models.DateTimeField(null=True)
    voided_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["signed_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["story", "round", "step"],
                condition=models.Q(verdict="passed", voided_at=None),
                name="one_pass_a_step",
            ),
            models.UniqueConstraint(
                fields=["story", "round", "person_id"],
                condition=models.Q(verdict="passed", voided_at=None),
                name="one_person_one_step",
            ),
            models.CheckConstraint(
                condition=~models.Q(person_id=models.F("author_id")), name="author_never_reviews"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.person_name}"


class Check(OwnedRecord):
    """A machine check of one text: findings with place, level and suggestion."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="checks")
    content_hash = models.CharField(max_length=64)
    findings = models.JSONField(default=list)
    versions = models.JSONField(default=dict)
    blocking = models.PositiveSmallIntegerField(default=0)
    took_ms = models.FloatField(default=0)

    class Meta:
        ordering = ["-id"]

    @override
    def __str__(self) -> str:
        return f"{self.story_id} {len(self.findings)}"


class Comment(OwnedRecord):
    """A remark on a story; settled when answered."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="comments")
    author_id = models.UUIDField()
    author_name = models.CharField(max_length=40)
    text = models.TextField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]

    @override
    def __str__(self) -> str:
        return self.text[:40]
