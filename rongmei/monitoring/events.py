"""What can happen in the monitoring room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class TopicFound(DomainEvent):
    """A topic became hot for the first time; `heat` is its heat then."""

    name: ClassVar[str] = "monitoring.topic_found"
    subject_type: ClassVar[str] = "topic"
    title: str = ""
    heat: float = 0.0


@dataclass(frozen=True, kw_only=True)
class TopicsMoved(DomainEvent):
    """Documents joined topics or heat was counted anew: lists and walls may ask again."""

    name: ClassVar[str] = "monitoring.topics_moved"
    subject_type: ClassVar[str] = "topic"
    topics: int = 0


@dataclass(frozen=True, kw_only=True)
class TopicMarked(DomainEvent):
    """A unit dismissed a topic, took it up again, or pitched it; `state` says which."""

    name: ClassVar[str] = "monitoring.topic_marked"
    subject_type: ClassVar[str] = "topic"
    title: str = ""
    state: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ReprintSeen(DomainEvent):
    """A document was found to carry a text of ours; the subject is what was watched."""

    name: ClassVar[str] = "monitoring.reprint_seen"
    subject_type: ClassVar[str] = "watch"
    title: str = ""
    source: str = ""
    document_id: str = ""
