"""Shapes that the stories room hands to rooms above."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class SignedPackage:
    """A story exactly as the final signature covers it."""

    story_id: uuid.UUID
    unit_id: uuid.UUID
    unit_name: str
    number: str
    kicker: str
    title: str
    subtitle: str
    summary: str
    html: str
    text: str
    byline: str
    origin: str
    category: str
    tags: list[str]
    language: str
    place: str
    lead_image: dict[str, Any] | None
    images: list[dict[str, Any]]
    signatures: list[Any]
    content_hash: str
    signed_at: datetime
    embargo_until: datetime | None
    task_id: uuid.UUID | None
    pitch_id: uuid.UUID | None
