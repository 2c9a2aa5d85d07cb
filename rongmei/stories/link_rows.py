"""Rows that tie stories to each other; apart from `models.py` only because that file is full."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override

from rongmei.network.records import OwnedRecord


class StoryLink(OwnedRecord):
    """One story in its relation to another: a language version of it, or the 续报 that follows it.

    Links are no part of what is signed: they say nothing to a reader that the stories do not say.
    """

    class Kind(models.TextChoices):
        """What the story is to the other one."""

        TRANSLATION = "translation", _("语言版本")
        UPDATE = "update", _("续报")

    story = models.ForeignKey("stories.Story", models.CASCADE, related_name="links")
    kind = models.CharField(max_length=12, choices=Kind)
    other = models.ForeignKey("stories.Story", models.CASCADE, related_name="linked_by")
    made_by_id = models.UUIDField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            # A story follows one other, and is a version of one other: chains, not webs.
            models.UniqueConstraint(fields=["story", "kind"], name="one_link_a_kind"),
            models.CheckConstraint(
                condition=~models.Q(story=models.F("other")), name="no_link_to_oneself"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.story_id} {self.kind} {self.other_id}"
