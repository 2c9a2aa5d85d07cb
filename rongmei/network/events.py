"""What can happen in the network room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class NoticeGiven(DomainEvent):
    """Somebody has a new notice; subject is the notice, `member_id` whose it is."""

    name: ClassVar[str] = "network.notice_given"
    subject_type: ClassVar[str] = "notice"
    member_id: str = ""


@dataclass(frozen=True, kw_only=True)
class EnvelopeQueued(DomainEvent):
    """A message for a peer waits in the outbox; subject is what it is about."""

    name: ClassVar[str] = "network.envelope_queued"
    subject_type: ClassVar[str] = "envelope"
    peer_id: str = ""
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class EnvelopeApplied(DomainEvent):
    """A message from a peer took effect; subject is what it is about."""

    name: ClassVar[str] = "network.envelope_applied"
    subject_type: ClassVar[str] = "envelope"
    peer_id: str = ""
    type: str = ""


@dataclass(frozen=True, kw_only=True)
class RolesChanged(DomainEvent):
    """A role was granted or taken back; subject is the member."""

    name: ClassVar[str] = "network.roles_changed"
    subject_type: ClassVar[str] = "member"
