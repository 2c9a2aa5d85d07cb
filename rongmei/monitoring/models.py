"""Rows of the monitoring room: hot topics, reprint families, watches on our own words."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record


class ReprintFamily(Record):
    """Documents that carry (nearly) the same text; the earliest published is the origin."""

    origin = models.ForeignKey("archive.Document", models.SET_NULL, null=True, related_name="+")
    size = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return f"{self.pk} ×{self.size}"


class Fingerprint(models.Model):
    """MinHash of a document's body, and the family it was put in (None: nobody else has the text)."""

    document = models.OneToOneField("archive.Document", models.CASCADE, related_name="+")
    family = models.ForeignKey(ReprintFamily, models.SET_NULL, null=True, related_name="members")
    content_hash = models.CharField(max_length=64)
    minhash = models.BinaryField()
    # The body's length in letters and digits: with the minima it tells what stands in what.
    letters = models.PositiveIntegerField(default=0)
    similarity = models.FloatField(default=1.0)
    published_at = models.DateTimeField(db_index=True)

    @override
    def __str__(self) -> str:
        return str(self.document_id)


class Topic(Record):
    """A hot topic (热点事件): a cluster of shared documents about one event."""

    title = models.CharField(max_length=300)
    keywords = models.JSONField(default=list)
    region = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=12, default="zh")
    heat = models.FloatField(default=0, db_index=True)
    document_count = models.PositiveIntegerField(default=0)
    source_count = models.PositiveIntegerField(default=0)
    family_count = models.PositiveIntegerField(default=0)
    last_hour = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    found_at = models.DateTimeField(null=True)
    explain = models.JSONField(default=dict)
    history = models.JSONField(default=list)
    method = models.CharField(max_length=20, default="burst-1")

    @override
    def __str__(self) -> str:
        return self.title


class TopicDocument(models.Model):
    """A document's place in a topic, and the weighted words it was placed by."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="entries")
    document = models.OneToOneField(
        "archive.Document", models.CASCADE, primary_key=True, related_name="+"
    )
    score = models.FloatField(default=0)
    words = models.JSONField(default=dict)
    published_at = models.DateTimeField(db_index=True)

    @override
    def __str__(self) -> str:
        return f"{self.topic_id} {self.document_id}"


class TopicMark(Record):
    """What one unit made of a topic. Other units see the topic as before."""

    class State(models.TextChoices):
        """Open is the absence of another word."""

        OPEN = "open", _("关注中")
        PITCHED = "pitched", _("已报选题")
        DISMISSED = "dismissed", _("已忽略")

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="marks")
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    reason = models.CharField(max_length=200, blank=True)
    by_id = models.UUIDField()
    by_name = models.CharField(max_length=40)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "unit"], name="topic_mark_once")]

    @override
    def __str__(self) -> str:
        return f"{self.topic_id} {self.state}"


class Watch(Record):
    """A text of ours whose reprints are looked for. Upper rooms register it by an opaque id.

    `checked_at` None means that documents which came before the watch are still to be looked at.
    """

    subject_id = models.UUIDField(unique=True)
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    minhash = models.BinaryField()
    body_length = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()
    own_document_id = models.UUIDField(null=True)
    checked_at = models.DateTimeField(null=True, db_index=True)

    @override
    def __str__(self) -> str:
        return self.title


class Band(models.Model):
    """A band of a fingerprint's MinHash: what shares one is worth comparing.

    A table and not a structure in memory: a restart costs nothing, several workers agree, and a
    batch of 100 documents is looked up by a few indexed queries. Kept for 14 days. Every document
    has 16, so they are as lean as can be: one index, no key to the fingerprint; what leads to a
    fingerprint that is gone is passed over until its turn comes.
    """

    hash = models.BigIntegerField()
    print_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["hash", "print_id"], name="band_hash")]

    @override
    def __str__(self) -> str:
        return str(self.hash)


class WatchBand(models.Model):
    """A band of a watched text; kept as long as the watch."""

    hash = models.BigIntegerField(db_index=True)
    watch = models.ForeignKey(Watch, models.CASCADE, related_name="bands")

    @override
    def __str__(self) -> str:
        return str(self.hash)


class Reprint(Record):
    """A document found to carry a watched text, with the sentences that prove it."""

    watch = models.ForeignKey(Watch, models.CASCADE, related_name="reprints")
    document = models.ForeignKey("archive.Document", models.CASCADE, related_name="+")
    similarity = models.FloatField()
    evidence = models.JSONField(default=list)
    found_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["watch", "document"], name="reprint_once")]

    @property
    def percent(self) -> int:
        """The likeness in whole per cent."""
        return round(self.similarity * 100)

    @override
    def __str__(self) -> str:
        return f"{self.watch_id} {self.document_id}"
