"""Rows of the channels room: where we publish, what was published, and the receipts."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.network.records import OwnedRecord


def receipt_storage() -> FileSystemStorage:
    """Screenshots of what was posted by hand: outside the public media folder."""
    return FileSystemStorage(location=settings.RONGMEI_NODE.data / "receipts")


class Channel(OwnedRecord):
    """A place to publish on: our own site, an account on a platform, a paper by hand."""

    name = models.CharField(_("名称"), max_length=60)
    adapter = models.CharField(_("类型"), max_length=20)
    settings = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    order = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["order", "name"]
        constraints = [models.UniqueConstraint(fields=["unit", "name"], name="channel_name_once")]

    @override
    def __str__(self) -> str:
        return self.name


class Publication(OwnedRecord):
    """A signed story made public: exactly the text the final signature covers, frozen.

    `on_site_at` is when its page on our own site opened (None: not there). `public_at` is when the
    first channel took it. `tag_line` holds the tags as |a|b| so that one can be looked up.
    """

    class State(models.TextChoices):
        """Live or taken back."""

        LIVE = "live", _("已发布")
        CORRECTED = "corrected", _("已更正")
        WITHDRAWN = "withdrawn", _("已撤下")

    story = models.ForeignKey("stories.Story", models.PROTECT, related_name="publications")
    slug = models.CharField(max_length=24, unique=True)
    title = models.CharField(max_length=80)
    package = models.JSONField()
    html = models.TextField()
    text = models.TextField()
    image_url = models.CharField(max_length=500, blank=True)
    summary = models.CharField(max_length=300, blank=True)
    byline = models.CharField(max_length=120, blank=True)
    source_name = models.CharField(max_length=120, blank=True)
    content_hash = models.CharField(max_length=64)
    category = models.CharField(max_length=40, blank=True)
    tag_line = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.LIVE, db_index=True)
    published_at = models.DateTimeField(db_index=True)
    public_at = models.DateTimeField(null=True)
    on_site_at = models.DateTimeField(null=True, db_index=True)
    public_url = models.URLField(max_length=1000, blank=True)
    published_by_id = models.UUIDField()
    published_by_name = models.CharField(max_length=40)
    corrected_at = models.DateTimeField(null=True)
    correction = models.CharField(max_length=300, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-published_at"]
        constraints = [
            models.UniqueConstraint(fields=["story", "content_hash", "unit"], name="publish_once")
        ]
        indexes = [
            models.Index(fields=["category", "-published_at"], name="publication_category"),
        ]

    story_id: uuid.UUID

    @override
    def __str__(self) -> str:
        return self.title


class Delivery(OwnedRecord):
    """A publication on its way to one channel; the row is the job, its key is unique."""

    class State(models.TextChoices):
        """Life of a delivery (投递)."""

        DUE = "due", _("待发")
        SENDING = "sending", _("发送中")
        BY_HAND = "by_hand", _("待人工发布")
        DELIVERED = "delivered", _("成功")
        VERIFIED = "verified", _("已核验")
        DIFFERS = "differs", _("不一致")
        FAILED = "failed", _("失败")
        WITHDRAWING = "withdrawing", _("待撤")
        WITHDRAWN = "withdrawn", _("已撤")

    publication = models.ForeignKey(Publication, models.CASCADE, related_name="deliveries")
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="deliveries")
    state = models.CharField(max_length=12, choices=State, default=State.DUE)
    due_at = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    checks = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=300, blank=True)
    url = models.URLField(max_length=1000, blank=True)
    delivered_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    screenshot = models.FileField(upload_to="%Y/%m/", storage=receipt_storage, blank=True)
    screenshot_digest = models.CharField(max_length=64, blank=True)
    receipt = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "channel"], name="deliver_once")
        ]
        indexes = [models.Index(fields=["state", "due_at"], name="delivery_due")]

    publication_id: uuid.UUID
    channel_id: uuid.UUID

    @override
    def __str__(self) -> str:
        return f"{self.publication.title} → {self.channel.name}"
