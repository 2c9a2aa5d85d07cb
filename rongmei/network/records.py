"""Abstract rows owned by a unit, with the node they are at home on."""

from __future__ import annotations

import uuid

from django.db import models

from rongmei.kernel.records import Record


class OwnedRecord(Record):
    """A record of a unit. It is written only on its home node; elsewhere it is a replica.

    `home` is None for a record at home here, and the id of the home node for a replica;
    `version` is the number of the last change made at home.
    """

    unit = models.ForeignKey("network.Unit", on_delete=models.PROTECT, related_name="+")
    home = models.UUIDField(null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    unit_id: uuid.UUID

    class Meta:
        abstract = True

    @property
    def is_replica(self) -> bool:
        """Whether this is a read-only copy of another node's record."""
        return self.home is not None
