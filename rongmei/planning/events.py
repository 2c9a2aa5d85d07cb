"""What can happen in the planning room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class PitchSubmitted(DomainEvent):
    """A pitch waits for a decision; subject is the pitch."""

    name: ClassVar[str] = "planning.pitch_submitted"
    subject_type: ClassVar[str] = "pitch"
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class PitchDecided(DomainEvent):
    """A pitch was approved, rejected, returned or deferred; subject is the pitch."""

    name: ClassVar[str] = "planning.pitch_decided"
    subject_type: ClassVar[str] = "pitch"
    state: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskDispatched(DomainEvent):
    """A task was dispatched by, or arrived for, a unit of this node; unit is the receiver."""

    name: ClassVar[str] = "planning.task_dispatched"
    subject_type: ClassVar[str] = "task"
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskAnswered(DomainEvent):
    """A task was accepted or declined; unit is the receiver."""

    name: ClassVar[str] = "planning.task_answered"
    subject_type: ClassVar[str] = "task"
    accepted: bool = False
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class TaskProgressed(DomainEvent):
    """A task came further: received, written, reviewed, signed, published, accepted, cancelled."""

    name: ClassVar[str] = "planning.task_progressed"
    subject_type: ClassVar[str] = "task"
    state: str = ""
    title: str = ""
