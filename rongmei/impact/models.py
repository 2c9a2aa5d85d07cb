"""Rows of the impact room: counted reads and immutable metric snapshots."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.kernel.records import Record


class ReadCount(models.Model):
    """Reads of one publication on one hour, counted by ourselves, without cookies."""

    publication = models.ForeignKey("channels.Publication", models.CASCADE, related_name="+")
    hour = models.DateTimeField()
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
    def __str__(self) -> str:
        return f"{self.metric}@{self.mark}={self.value}"
