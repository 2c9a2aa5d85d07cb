"""What can happen in the impact room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class Read(DomainEvent):
    """New reads were counted (one event a batch and publication); subject is the publication."""

    name: ClassVar[str] = "impact.read"
    subject_type: ClassVar[str] = "publication"
    reads: int = 0
