"""Verbs of the monitoring room that rooms above call."""

from __future__ import annotations

import uuid
from datetime import datetime

from rongmei.monitoring.models import Watch


def watch_register(
    *,
    subject_id: uuid.UUID,
    unit_id: uuid.UUID,
    title: str,
    text: str,
    since: datetime,
    own_document_id: uuid.UUID | None = None,
) -> None:
    """Look for reprints of `text` from now on; inside the caller's write."""
    Watch.objects.update_or_create(
        subject_id=subject_id,
        defaults={
            "unit_id": unit_id, "title": title, "minhash": b"", "body_length": len(text),
            "since": since, "own_document_id": own_document_id,
        },
    )  # fmt: skip
