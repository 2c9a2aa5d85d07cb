"""What can happen in the channels room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class Published(DomainEvent):
    """A signed story was released to channels; subject is the publication."""

    name: ClassVar[str] = "channels.published"
    subject_type: ClassVar[str] = "publication"
    title: str = ""
    story_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivered(DomainEvent):
    """A channel has it, at `url`; subject is the publication."""

    name: ClassVar[str] = "channels.delivered"
    subject_type: ClassVar[str] = "publication"
    title: str = ""
    story_id: str = ""
    channel: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class Corrected(DomainEvent):
    """A correction is shown to readers; subject is the publication."""

    name: ClassVar[str] = "channels.corrected"
    subject_type: ClassVar[str] = "publication"
    title: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Withdrawn(DomainEvent):
    """A publication was taken back from all channels; subject is the publication."""

    name: ClassVar[str] = "channels.withdrawn"
    subject_type: ClassVar[str] = "publication"
    title: str = ""
    story_id: str = ""
    reason: str = ""
