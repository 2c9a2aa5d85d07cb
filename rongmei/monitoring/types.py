"""Shapes that the monitoring room hands to rooms above."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class ReprintFound:
    """A document that carries a watched text; similarity from 0 to 1."""

    document_id: uuid.UUID
    title: str
    source_name: str
    url: str
    published_at: datetime
    similarity: float
