"""Rows of the stories room: stories, signatures of the three reviews, machine checks."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.fields import GenericRelation
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from typing_extensions import override
from wagtail.fields import StreamField
from wagtail.models import LockableMixin, PreviewableMixin, RevisionMixin

from rongmei.kernel.records import Record
from rongmei.network.records import OwnedRecord
from rongmei.stories import (  # noqa: F401 - rows of the same app
    flows,
    link_rows,
    outlink_rows,
    submission_rows,
)
from rongmei.stories.blocks import BODY_BLOCKS
from rongmei.stories.errors import FlowBroken


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
    short_title = models.CharField(_("短标题"), max_length=30, blank=True)
    # What stands beside the text: see particulars.py.
    channel_titles = models.JSONField(_("渠道标题"), default=dict, blank=True)
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
    credits = models.JSONField(_("署名分工"), default=list, blank=True)
    origin = models.CharField(_("来源"), max_length=120, blank=True)
    rights_basis = models.CharField(_("权利依据"), max_length=200, blank=True)
    place = models.CharField(_("地点"), max_length=80, blank=True)
    category = models.CharField(_("栏目"), max_length=40, blank=True)
    tags = models.JSONField(_("标签"), default=list, blank=True)
    subjects = models.JSONField(_("主题分类"), default=list, blank=True)
    channels_wanted = models.JSONField(_("期望渠道"), default=list, blank=True)
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
    # The flow's snapshot and its digest, taken at submission; empty for the built-in flow.
    flow = models.JSONField(default=dict, blank=True, editable=False)
    flow_digest = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    green_reason = models.CharField(max_length=300, blank=True, editable=False)
    # After the green channel somebody reads what went out once more, by this time.
    reread_due_at = models.DateTimeField(null=True, editable=False, db_index=True)
    reread_at = models.DateTimeField(null=True, editable=False)
    reread_by = models.CharField(max_length=40, blank=True, editable=False)
    reread_missed_at = models.DateTimeField(null=True, editable=False)
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
    step = models.CharField(max_length=24)
    step_name = models.CharField(max_length=20, blank=True)
    # The digest of the flow it was signed under; empty for the built-in one.
    flow = models.CharField(max_length=64, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict)
    person_id = models.UUIDField(db_index=True)
    person_name = models.CharField(max_length=40)
    author_id = models.UUIDField()
    role_at = models.CharField(max_length=80, blank=True)
    # Whose seat a delegate (代审) signed in; the signature is the delegate's own.
    for_person = models.UUIDField(null=True)
    for_name = models.CharField(max_length=40, blank=True)
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
            models.CheckConstraint(
                condition=models.Q(for_person=None) | ~models.Q(for_person=models.F("author_id")),
                name="author_never_delegates",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.person_name}"

    def get_step_display(self) -> str:
        """The step's name: the flow's, or the built-in one."""
        known = self.step in Step.values
        return self.step_name or (str(Step(self.step).label) if known else self.step)


class ReviewFlow(OwnedRecord):
    """One version of a unit's review flow for one kind of story; published ones never change.

    Units below follow it unless they have their own.
    """

    class State(models.TextChoices):
        """Life of a version."""

        DRAFT = "draft", _("草拟")
        PUBLISHED = "published", _("施行")
        RETIRED = "retired", _("已废止")

    name = models.CharField(max_length=40)
    # A 栏目 (Story.category); empty for every story of the unit.
    category = models.CharField(max_length=40, blank=True)
    number = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    content = models.JSONField(default=dict)
    digest = models.CharField(max_length=64, blank=True)
    made_by_id = models.UUIDField()
    made_by_name = models.CharField(max_length=40)
    published_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "category"], condition=models.Q(state="published"),
                name="one_flow_in_force",
            ),
            models.CheckConstraint(
                condition=models.Q(state="retired", retired_at__isnull=False)
                | (~models.Q(state="retired") & models.Q(retired_at=None)),
                name="retired_flow_stays_retired",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft")
                | (models.Q(published_at__isnull=False) & ~models.Q(digest="")),
                name="flow_in_force_is_sealed",
            ),
        ]  # fmt: skip

    @override
    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @override
    def clean(self) -> None:
        problems = flows.flow_check(flows.of(self.content))
        if problems:
            raise FlowBroken(flows.words_of(problems))

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        # Whatever way a row is saved, a version that breaks the rules does not come into force.
        if self.state != self.State.DRAFT:
            self.clean()
        super().save(*args, **kwargs)


class Waiting(models.Model):
    """A step of a flow of a unit's own that a story waits at: what the reviewers' queue looks up.

    Stories in the built-in flow need none: their state says it.
    """

    story = models.ForeignKey(Story, models.CASCADE, related_name="waiting")
    step = models.CharField(max_length=24)
    permission = models.CharField(max_length=40)
    # One row a named person; None for whoever holds the permission.
    person_id = models.UUIDField(null=True)
    # The unit above that holds the step; None for the story's own.
    unit_id = models.UUIDField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["permission", "story"], name="waiting_queue")]

    @override
    def __str__(self) -> str:
        return f"{self.story_id} {self.step}"


class ReviewRequest(OwnedRecord):
    """A step of a story that a unit on another node is asked to sign (请审).

    Its home is the story's: there it is what was sent, on the signer's node what came. The answer is
    the signer's own record, a `Signature`.
    """

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", _("等待审签")
        PASSED = "passed", _("已签")
        RETURNED = "returned", _("已退回")
        ENDED = "ended", _("已收回")

    story = models.ForeignKey(Story, models.CASCADE, related_name="requests")
    round = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=24)
    permission = models.CharField(max_length=40)
    to_unit = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    closed_at = models.DateTimeField(null=True)
    # Who wrote and who signed so far, as `identity.marks`: one person may have accounts on two nodes.
    people = models.JSONField(default=list)
    # The story's version that the signer's node was last told of.
    told = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["permission", "to_unit", "state"], name="request_queue")]
        constraints = [
            models.UniqueConstraint(
                fields=["story", "step"], condition=models.Q(state="open"), name="one_open_request"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.story_id} {self.step}"


class Delegation(OwnedRecord):
    """代审: one reviewer's permission at a unit lent to a named person until an end date."""

    permission = models.CharField(max_length=40)
    from_id = models.UUIDField(db_index=True)
    from_name = models.CharField(max_length=40)
    to_id = models.UUIDField(db_index=True)
    to_name = models.CharField(max_length=40)
    reason = models.CharField(max_length=200)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(from_id=models.F("to_id")), name="nobody_lends_to_oneself"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="delegation_ends"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.from_name} → {self.to_name}"


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
    """A remark on a story or on a passage of it, or an answer to one; settled when dealt with."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="comments")
    parent = models.ForeignKey("self", models.CASCADE, null=True, related_name="answers")
    author_id = models.UUIDField()
    author_name = models.CharField(max_length=40)
    text = models.TextField()
    # The passage as it was, what stood around it, and the field or block it stood in.
    quote = models.TextField(blank=True)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    part = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(parent=None) | models.Q(quote="", settled_at=None),
                name="answers_hang_on_a_remark",
            )
        ]

    @override
    def __str__(self) -> str:
        return self.text[:40]


class Subject(Record):
    """A term of a controlled list: IPTC Media Topics (QCodes `medtop:`) or a unit's own.

    None ship with the program; `rongmei subjects` imports them.
    """

    qcode = models.CharField(max_length=64, unique=True)
    name_zh = models.CharField(max_length=80, blank=True, db_index=True)
    name_en = models.CharField(max_length=120, blank=True, db_index=True)
    broader = models.CharField(max_length=64, blank=True)
    unit = models.ForeignKey("network.Unit", models.PROTECT, null=True, related_name="+")
    retired = models.BooleanField(default=False)

    class Meta:
        ordering = ["qcode"]

    @override
    def __str__(self) -> str:
        english = (get_language() or "").startswith("en")
        first, second = (self.name_en, self.name_zh) if english else (self.name_zh, self.name_en)
        return first or second or self.qcode


class Amendment(OwnedRecord):
    """A correction (更正) or withdrawal (撤稿) of a story that was out: its cause, who, and in what words."""

    class Kind(models.TextChoices):
        """What was done."""

        CORRECTION = "correction", _("更正")
        WITHDRAWAL = "withdrawal", _("撤稿")

    story = models.ForeignKey(Story, models.PROTECT, related_name="amendments")
    kind = models.CharField(max_length=10, choices=Kind)
    cause = models.CharField(max_length=24)
    note = models.CharField(max_length=300)
    # The round whose signatures let out what was wrong.
    round = models.PositiveSmallIntegerField(default=1)
    person_id = models.UUIDField(null=True)
    person_name = models.CharField(max_length=40, blank=True)
    happened_at = models.DateTimeField()

    class Meta:
        ordering = ["-happened_at", "-id"]
        indexes = [models.Index(fields=["unit", "happened_at"], name="amendment_unit_at")]

    @override
    def __str__(self) -> str:
        return f"{self.kind} {self.cause}"


class Look(models.Model):
    """Which text of a story a person looked at last: theirs alone, it says nothing of the story."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="looks")
    person_id = models.UUIDField()
    content_hash = models.CharField(max_length=64)
    looked_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "story"], name="one_look")]

    @override
    def __str__(self) -> str:
        return f"{self.story_id} {self.content_hash[:12]}"


class Lexicon(OwnedRecord):
    """A unit's own rules: they hold for its stories and for those of the units below."""

    class Kind(models.TextChoices):
        """What its entries are."""

        WORDS = "words", _("词语")
        PEOPLE = "people", _("人名职务")
        SOURCES = "sources", _("可转载来源")

    kind = models.CharField(_("种类"), max_length=10, choices=Kind, default=Kind.WORDS)
    name = models.CharField(_("名称"), max_length=40)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="lexicon_name_once")]

    @override
    def __str__(self) -> str:
        return self.name


class LexiconVersion(OwnedRecord):
    """A whole state of a lexicon: proposed by one person, put in force by another, never changed."""

    class State(models.TextChoices):
        """Life of a version."""

        PROPOSED = "proposed", _("等待核准")
        APPROVED = "approved", _("核准施行")
        REFUSED = "refused", _("未核准")

    lexicon = models.ForeignKey(Lexicon, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    entries = models.JSONField(default=list)
    size = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    # The columns (栏目) it holds for, all when empty; the days it holds on.
    categories = models.JSONField(default=list)
    effective_on = models.DateField()
    valid_until = models.DateField(null=True)
    note = models.CharField(max_length=300)
    made_by_id = models.UUIDField()
    made_by_name = models.CharField(max_length=40)
    decided_by_id = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["lexicon", "number"], name="lexicon_version_once"),
            models.UniqueConstraint(
                fields=["lexicon"], condition=models.Q(state="proposed"), name="one_proposal_a_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved")
                | (models.Q(decided_by_id__isnull=False) & ~models.Q(decided_by_id=models.F("made_by_id"))),
                name="lexicon_takes_two_people",
            ),
        ]  # fmt: skip

    @override
    def __str__(self) -> str:
        return f"{self.lexicon} {self.number}"


class FindingNote(OwnedRecord):
    """A finding that a person let stand, and why: it holds while these very words are in the story."""

    story = models.ForeignKey(Story, models.CASCADE, related_name="finding_notes")
    code = models.CharField(max_length=24)
    found = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    person_id = models.UUIDField()
    person_name = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["story", "code", "found"], name="one_note_a_finding")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.code} {self.person_name}"
