"""Verbs of the monitoring room."""

from __future__ import annotations

import uuid
from datetime import datetime


def watch_register(
    *, subject_id: uuid.UUID, unit_id: uuid.UUID, title: str, text: str, since: datetime,
    own_document_id: uuid.UUID | None = None,
) -> None:  # fmt: skip
    """Watch for reprints of a text; inside the caller's write."""
