"""Rows of the impact room: counted reads and immutable metric snapshots."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record


class ReadCount(models.Model):
    """Reads of one publication on one hour, counted by ourselves, without cookies."""

    publication = models.ForeignKey("channels.Publication", models.CASCADE, related_name="+")
    hour = models.DateTimeField(db_index=True)
    reads = models.PositiveIntegerField(default=0)
    readers = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["publication", "hour"], name="read_count_once")
        ]

    @override
    def __str__(self) -> str:
        return f"{self.publication_id} {self.hour} {self.reads}"


class MetricSnapshot(Record):
    """A figure as it stood at a time. Never changed; missing is missing, not zero."""

    class Basis(models.TextChoices):
        """Where a figure comes from."""

        COUNTED = "counted", _("自有统计")
        API = "api", _("接口")
        MANUAL = "manual", _("人工填报")
        ESTIMATED = "estimated", _("估算")

    publication = models.ForeignKey("channels.Publication", models.CASCADE, related_name="+")
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    metric = models.CharField(max_length=20)
    mark = models.CharField(max_length=8)
    value = models.BigIntegerField()
    basis = models.CharField(max_length=10, choices=Basis, default=Basis.COUNTED)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "metric", "mark", "basis"], name="snapshot_once"
            )
        ]

    @override
    def save(self, *args: Any, **kwargs: Any) -> None:
        """Only ever adds: a snapshot that could be changed would prove nothing."""
        if not self._state.adding:
            raise TypeError("a MetricSnapshot is never changed")
        super().save(*args, **kwargs)

    @override
    def __str__(self) -> str:
        return f"{self.metric}@{self.mark}={self.value}"


class DaySalt(models.Model):
    """The random salt of one day's reader tokens; removed when the day is over, so that nobody can
    find out afterwards which address a token stood for."""

    day = models.DateField(primary_key=True)
    salt = models.BinaryField()

    @override
    def __str__(self) -> str:
        return str(self.day)


class ReaderSeen(models.Model):
    """A reader's token of today, so that a reader counts once a day and a reload is no new read."""

    publication = models.ForeignKey("channels.Publication", models.CASCADE, related_name="+")
    token = models.CharField(max_length=32)
    day = models.DateField(db_index=True)
    read_at = models.DateTimeField()

    publication_id: uuid.UUID

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["publication", "day", "token"], name="reader_once_a_day"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.publication_id} {self.day}"


class Spooled(models.Model):
    """How far a spool file of reads was counted; written with the counts, so each counts once."""

    name = models.CharField(max_length=80, primary_key=True)
    lines = models.PositiveIntegerField(default=0)
    at = models.DateTimeField(auto_now=True)

    @override
    def __str__(self) -> str:
        return f"{self.name}:{self.lines}"


class Reported(models.Model):
    """The latest totals as told between the publishing node and the story's home node.

    At the publisher: what was last sent. At the story's home: what was last heard.
    """

    publication = models.OneToOneField(
        "channels.Publication", models.CASCADE, primary_key=True, related_name="+"
    )
    reads = models.PositiveIntegerField(default=0)
    readers = models.PositiveIntegerField(default=0)
    reprints = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    publication_id: uuid.UUID

    @override
    def __str__(self) -> str:
        return f"{self.publication_id} {self.reads}"
