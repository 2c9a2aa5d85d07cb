"""Rows of the exemplars room: people and teams held up as models, and their clearances."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.network.records import OwnedRecord


class Exemplar(OwnedRecord):
    """A person or team recommended as a model (典型)."""

    class State(models.TextChoices):
        """Where the recommendation stands."""

        RECOMMENDED = "recommended", _("已推荐")
        CLEARED = "cleared", _("已准宣")
        SUSPENDED = "suspended", _("已中止")

    name = models.CharField(_("姓名或集体名称"), max_length=80)
    deeds = models.TextField(_("事迹材料"))
    consent_note = models.CharField(_("本人知情同意"), max_length=300, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.RECOMMENDED)

    @override
    def __str__(self) -> str:
        return self.name


class Clearance(OwnedRecord):
    """Permission to hold somebody up as a model (准宣证): scope and end."""

    exemplar = models.ForeignKey(Exemplar, models.PROTECT, related_name="clearances")
    number = models.CharField(max_length=24, unique=True)
    scope = models.CharField(_("范围"), max_length=20, default="internal")
    wording = models.TextField(_("核定表述"), blank=True)
    valid_until = models.DateField(_("有效期至"))
    issued_by_id = models.UUIDField()
    issued_by_name = models.CharField(max_length=40)
    suspended_at = models.DateTimeField(null=True)
    suspended_reason = models.CharField(max_length=300, blank=True)

    @override
    def __str__(self) -> str:
        return self.number
