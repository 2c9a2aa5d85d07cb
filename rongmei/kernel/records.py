"""Abstract rows: what every kept record has."""

from __future__ import annotations

import uuid

from django.db import models

from rongmei.kernel.ids import uuid7


class Record(models.Model):
    """A row with a UUIDv7 and the times it was made and last changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    pk: uuid.UUID

    class Meta:
        abstract = True
