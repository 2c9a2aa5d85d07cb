"""Reads of the monitoring room that rooms above use."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.db.models import Count

from rongmei.monitoring.models import Reprint
from rongmei.monitoring.types import ReprintFound


def reprints_of(subject_id: uuid.UUID) -> list[ReprintFound]:
    """Documents found to carry the watched text, newest first."""
    rows = Reprint.objects.filter(watch__subject_id=subject_id).select_related("document")
    return [
        ReprintFound(
            row.document_id, row.document.title, row.document.source_name, row.document.url,
            row.document.published_at, row.similarity,
        )
        for row in rows.order_by("-document__published_at")
    ]  # fmt: skip


def reprint_counts(subject_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many reprints each subject has; subjects without any are left out."""
    rows = Reprint.objects.filter(watch__subject_id__in=list(subject_ids))
    counted = rows.values_list("watch__subject_id").annotate(n=Count("id"))
    return dict(counted)
