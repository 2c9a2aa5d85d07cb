"""Rows of the assets room: pictures, with who owns them, their rights and AIGC label."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from typing_extensions import override
from wagtail.images.models import AbstractImage, AbstractRendition, Image

from rongmei.kernel.ids import uuid7
from rongmei.network.records import OwnedRecord


class Aigc(models.TextChoices):
    """The `Label` values of GB 45438-2025, annex E, and none."""

    NONE = "", _("非生成合成")
    IS = "1", _("生成合成")
    MAYBE = "2", _("可能为生成合成")
    SUSPECTED = "3", _("疑似生成合成")


class Picture(AbstractImage):
    """A picture of a unit. `digest` is the SHA-256 of the file, so one file is kept once a unit."""

    Aigc = Aigc

    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+", null=True)
    home = models.UUIDField(null=True, blank=True, editable=False)
    digest = models.CharField(max_length=64, blank=True, db_index=True, editable=False)
    credit = models.CharField(_("作者/署名"), max_length=80, blank=True)
    source = models.CharField(_("来源"), max_length=120, blank=True)
    rights = models.CharField(_("权利说明"), max_length=200, blank=True)
    caption = models.CharField(_("图片说明"), max_length=300, blank=True)
    aigc = models.CharField(_("生成合成标识"), max_length=1, choices=Aigc, default="", blank=True)

    wagtail_reference_index_ignore = True
    admin_form_fields = (*Image.admin_form_fields, "caption", "credit", "source", "rights", "aigc")

    class Meta:
        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["unit", "digest"],
                condition=~models.Q(digest=""),
                name="picture_once_a_unit",
            )
        ]

    @override
    def __str__(self) -> str:
        return str(self.title)

    @property
    def dimensions(self) -> str:
        """Width and height in pixels, for people."""
        return f"{self.width} × {self.height}"

    @property
    def is_replica(self) -> bool:
        """Whether this is a copy of another node's picture."""
        return self.home is not None

    @override
    def get_upload_to(self, filename: str) -> str:
        """A name nobody can guess: files of drafts lie beside those of published stories."""
        suffix = Path(filename).suffix.lower()[:6]
        return f"pictures/{secrets.token_hex(16)}{suffix}"


class Upload(models.Model):
    """A file on its way in, piece by piece. Its id is the sending device's; the bytes lie in a file.

    How many bytes there are is the file's own length: no row is written while they come, and after
    any crash the sender goes on from there.
    """

    id = models.UUIDField(primary_key=True)
    unit = models.ForeignKey("network.Unit", models.PROTECT, related_name="+")
    member_id = models.UUIDField(db_index=True)
    name = models.CharField(max_length=120)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    # What became of it; the file of pieces is gone then.
    picture_uid = models.UUIDField(null=True)
    clip_id = models.UUIDField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["created_at"]

    @override
    def __str__(self) -> str:
        return self.name


class Rendition(AbstractRendition):
    """A picture at a size, as Wagtail makes it."""

    image = models.ForeignKey(Picture, models.CASCADE, related_name="renditions")

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["image", "filter_spec", "focal_point_key"], name="rendition_once"
            )
        ]


def clip_path(clip: Clip, filename: str) -> str:
    """A name nobody can guess: files of drafts lie beside those of published stories."""
    return f"clips/{secrets.token_hex(16)}{Path(filename).suffix.lower()[:6]}"


class Clip(OwnedRecord):
    """A video or a recording of a unit. One file is kept once a unit, by its SHA-256.

    A replica that came without its file (it was too large for a message) has none; `remote_url` says
    where it plays at home.
    """

    class Kind(models.TextChoices):
        """What one does with it."""

        VIDEO = "video", _("视频")
        AUDIO = "audio", _("音频")

    kind = models.CharField(max_length=5, choices=Kind)
    mime = models.CharField(max_length=40)
    file = models.FileField(upload_to=clip_path, max_length=120, blank=True)
    digest = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField()
    seconds = models.PositiveIntegerField(null=True)
    remote_url = models.URLField(max_length=300, blank=True)
    title = models.CharField(_("名称"), max_length=255)
    caption = models.CharField(_("说明"), max_length=300, blank=True)
    credit = models.CharField(_("作者/署名"), max_length=80, blank=True)
    source = models.CharField(_("来源"), max_length=120, blank=True)
    rights = models.CharField(_("权利说明"), max_length=200, blank=True)
    aigc = models.CharField(_("生成合成标识"), max_length=1, choices=Aigc, default="", blank=True)
    added_by_id = models.UUIDField(null=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["unit", "digest"], name="clip_once_a_unit")
        ]

    @override
    def __str__(self) -> str:
        return self.title

    @property
    def length(self) -> str:
        """How long it plays, as 3:05; "" when nobody measured it."""
        if self.seconds is None:
            return ""
        minutes, seconds = divmod(self.seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"
