"""What can happen in the exemplars room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class ExemplarRecommended(DomainEvent):
    """A unit recommends an exemplar."""

    name: ClassVar[str] = "exemplars.recommended"
    subject_type: ClassVar[str] = "exemplar"
    who: str = ""


@dataclass(frozen=True, kw_only=True)
class ClearanceIssued(DomainEvent):
    """A clearance (准宣证) was issued; subject is the exemplar."""

    name: ClassVar[str] = "exemplars.cleared"
    subject_type: ClassVar[str] = "exemplar"
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class ClearanceSuspended(DomainEvent):
    """A clearance was suspended with a reason; subject is the exemplar."""

    name: ClassVar[str] = "exemplars.suspended"
    subject_type: ClassVar[str] = "exemplar"
    number: str = ""
    reason: str = ""
