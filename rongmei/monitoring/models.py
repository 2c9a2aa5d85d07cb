"""Rows of the monitoring room: hot topics, reprint families, watches on our own words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record


class ReprintFamily(Record):
    """Documents that carry (nearly) the same text. The first one known is the origin."""

    origin = models.ForeignKey("archive.Document", models.SET_NULL, null=True, related_name="+")
    size = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.pk} ×{self.size}"


class Fingerprint(models.Model):
    """MinHash of a document's body, and the family it was put in."""

    document = models.OneToOneField(
        "archive.Document", models.CASCADE, primary_key=True, related_name="+"
    )
    family = models.ForeignKey(ReprintFamily, models.CASCADE, related_name="members")
    minhash = models.BinaryField()
    similarity = models.FloatField(default=1.0)
    published_at = models.DateTimeField(db_index=True)

    @override
    def __str__(self) -> str:
        return str(self.document_id)


class Topic(Record):
    """A hot topic (热点事件): a cluster of documents about one event."""

    class State(models.TextChoices):
        """What people made of it."""

        OPEN = "open", _("关注中")
        PITCHED = "pitched", _("已转选题")
        DISMISSED = "dismissed", _("已忽略")

    title = models.CharField(max_length=300)
    keywords = models.JSONField(default=list)
    region = models.CharField(max_length=40, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    heat = models.FloatField(default=0, db_index=True)
    document_count = models.PositiveIntegerField(default=0)
    source_count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    explain = models.JSONField(default=dict)
    history = models.JSONField(default=list)
    method = models.CharField(max_length=20, default="burst-1")
    vector = models.JSONField(default=dict)

    @override
    def __str__(self) -> str:
        return self.title


class TopicDocument(models.Model):
    """A document's place in a topic."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="entries")
    document = models.OneToOneField(
        "archive.Document", models.CASCADE, primary_key=True, related_name="+"
    )
    score = models.FloatField(default=0)
    published_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.topic_id} {self.document_id}"


class Watch(Record):
    """A text of ours whose reprints are looked for. Upper rooms register it by an opaque id."""

    subject_id = models.UUIDField(unique=True)
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    title = models.CharField(max_length=300)
    minhash = models.BinaryField()
    body_length = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    own_document_id = models.UUIDField(null=True)

    @override
    def __str__(self) -> str:
        return self.title


class Reprint(Record):
    """A document found to carry a watched text, with the evidence."""

    watch = models.ForeignKey(Watch, models.CASCADE, related_name="reprints")
    document = models.ForeignKey("archive.Document", models.CASCADE, related_name="+")
    similarity = models.FloatField()
    evidence = models.JSONField(default=list)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "document"], name="reprint_once")]

    @override
    def __str__(self) -> str:
        return f"{self.watch_id} {self.document_id}"
