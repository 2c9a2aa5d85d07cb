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


@dataclass(frozen=True, kw_only=True)
class MemberAdded(DomainEvent):
    """An account was made; subject is the member."""

    name: ClassVar[str] = "network.member_added"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True, kw_only=True)
class MemberChanged(DomainEvent):
    """An account's particulars changed; `fields` names them."""

    name: ClassVar[str] = "network.member_changed"
    subject_type: ClassVar[str] = "member"
    fields: str = ""


@dataclass(frozen=True, kw_only=True)
class MemberDisabled(DomainEvent):
    """An account was closed and its sessions ended."""

    name: ClassVar[str] = "network.member_disabled"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True, kw_only=True)
class MemberEnabled(DomainEvent):
    """A closed account was opened again."""

    name: ClassVar[str] = "network.member_enabled"
    subject_type: ClassVar[str] = "member"


@dataclass(frozen=True, kw_only=True)
class UnitAdded(DomainEvent):
    """A unit was made; subject is the unit."""

    name: ClassVar[str] = "network.unit_added"
    subject_type: ClassVar[str] = "unit"


@dataclass(frozen=True, kw_only=True)
class UnitChanged(DomainEvent):
    """A unit changed; `fields` names what."""

    name: ClassVar[str] = "network.unit_changed"
    subject_type: ClassVar[str] = "unit"
    fields: str = ""


@dataclass(frozen=True, kw_only=True)
class GrantGiven(DomainEvent):
    """A unit let another do something with its records."""

    name: ClassVar[str] = "network.grant_given"
    subject_type: ClassVar[str] = "grant"
    to_unit_id: str = ""
    permission: str = ""


@dataclass(frozen=True, kw_only=True)
class GrantRevoked(DomainEvent):
    """A grant between units was taken back."""

    name: ClassVar[str] = "network.grant_revoked"
    subject_type: ClassVar[str] = "grant"
    to_unit_id: str = ""
    permission: str = ""
