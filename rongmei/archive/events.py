"""What can happen in the archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from rongmei.kernel.events import DomainEvent


@dataclass(frozen=True, kw_only=True)
class DocumentsStored(DomainEvent):
    """Documents came in or changed; `document_ids` are at most 200 ids as text."""

    name: ClassVar[str] = "archive.documents_stored"
    subject_type: ClassVar[str] = "source"
    document_ids: list[str] = field(default_factory=list)
    new: int = 0


@dataclass(frozen=True, kw_only=True)
class DocumentsRemoved(DomainEvent):
    """Documents were past their time and are gone; `family_ids` are the reprint families they were in."""

    name: ClassVar[str] = "archive.documents_removed"
    subject_type: ClassVar[str] = "retention_run"
    count: int = 0
    family_ids: list[str] = field(default_factory=list)
