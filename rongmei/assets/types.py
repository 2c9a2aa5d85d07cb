"""What the assets room hands to rooms above."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class PictureFacts:
    """What is published of a picture: a signature over a story covers all of `published()`."""

    pk: int
    uid: uuid.UUID
    unit_id: uuid.UUID | None
    digest: str
    title: str
    caption: str
    credit: str
    source: str
    rights: str
    aigc: str
    width: int
    height: int

    def published(self) -> dict[str, Any]:
        """The facts a reader sees, JSON-able, the same on every node."""
        kept = asdict(self)
        for local in ("pk", "uid", "unit_id", "width", "height"):
            kept.pop(local)
        return kept


@dataclass(frozen=True)
class ClipFacts:
    """What is published of a video or a recording: a signature covers all of `published()`."""

    id: uuid.UUID
    unit_id: uuid.UUID
    kind: str
    mime: str
    digest: str
    title: str
    caption: str
    credit: str
    source: str
    rights: str
    aigc: str
    seconds: int | None
    size: int

    def published(self) -> dict[str, Any]:
        """The facts a reader sees, JSON-able, the same on every node."""
        kept = asdict(self)
        for local in ("id", "unit_id"):
            kept.pop(local)
        return kept
