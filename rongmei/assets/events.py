"""What can happen in the assets room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class ClipAdded(DomainEvent):
    """A unit keeps a new video or recording; subject is the clip, `kind` is video or audio."""

    name: ClassVar[str] = "assets.clip_added"
    subject_type: ClassVar[str] = "clip"
    title: str = ""
    kind: str = ""


@dataclass(frozen=True, kw_only=True)
class PictureAdded(DomainEvent):
    """A unit keeps a new picture; subject is the picture's uid."""

    name: ClassVar[str] = "assets.picture_added"
    subject_type: ClassVar[str] = "picture"
    title: str = ""
