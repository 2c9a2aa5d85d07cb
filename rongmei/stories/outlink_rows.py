"""Rows of links: each address that stories lead to, and how it answered when it was last asked."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override


class Outlink(models.Model):
    """An address outside; every story that leads there reads the same answer."""

    class State(models.TextChoices):
        """How it answered. Not asked yet is a state too."""

        UNCHECKED = "unchecked", _("还没有核过")
        FINE = "fine", _("打得开")
        DEAD = "dead", _("打不开")
        UNSURE = "unsure", _("没有核通")

    key = models.CharField(max_length=64, unique=True)
    url = models.CharField(max_length=2000)
    state = models.CharField(max_length=10, choices=State, default=State.UNCHECKED)
    why = models.CharField(max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_index=True)
    # When a story with it was last saved: what nobody uses is not asked any more.
    used_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return self.url
