"""Reads of the media big database."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Q

from rongmei.archive.models import Document
from rongmei.kernel.errors import NotFound
from rongmei.network import policy


def document_for(member: Any, document_id: uuid.UUID) -> Document:
    """A document the member may see."""
    units = policy.units_for(member, "archive.view")
    found = Document.objects.filter(Q(shared=True) | Q(unit__in=units), pk=document_id).first()
    if found is None:
        raise NotFound
    return found
