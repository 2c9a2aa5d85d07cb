"""Hooks of the network room: what rooms above exchange with other nodes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rongmei.kernel.plugins import hookspec


@dataclass(frozen=True)
class Arrival:
    """A message as it came: from which node, about what, with which body."""

    id: uuid.UUID
    type: str
    from_node: uuid.UUID
    subject_id: uuid.UUID | None
    unit_id: uuid.UUID | None
    body: dict[str, Any]


@dataclass(frozen=True)
class Activity:
    """A type of message between nodes and how it takes effect here.

    `apply` runs inside the transaction that notes the message as received; it must check that the
    sending node may say this (its units, its records) and may be called only once per message.
    """

    type: str
    apply: Callable[[Arrival], None]


@hookspec
def register_activities() -> list[Activity]:
    """Return the message types this room understands."""
    return []
