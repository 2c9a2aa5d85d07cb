"""Verbs of the archive that rooms above call."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from rongmei.archive.models import Document
from rongmei.kernel.text import sha256


def document_keep(
    *,
    kind: str,
    identity: str,
    unit_id: uuid.UUID,
    title: str,
    body: str,
    source_name: str,
    published_at: datetime,
    url: str = "",
    summary: str = "",
    language: str = "zh",
    region: str = "",
    tags: Iterable[str] = (),
    authors: str = "",
    subject_id: uuid.UUID | None = None,
    shared: bool = True,
    media_class: str = "company",
    image_url: str = "",
) -> Document:
    """Keep a document; inside the caller's write."""
    document, _made = Document.objects.update_or_create(
        identity=identity,
        defaults={
            "kind": kind, "unit_id": unit_id, "title": title, "body": body, "summary": summary,
            "source_name": source_name, "published_at": published_at, "url": url,
            "language": language, "region": region, "tags": list(tags), "authors": authors,
            "subject_id": subject_id, "shared": shared, "media_class": media_class,
            "image_url": image_url, "content_hash": sha256(title + body),
            "body_length": len(body), "fetched_at": timezone.now(),
        },
    )  # fmt: skip
    return document
