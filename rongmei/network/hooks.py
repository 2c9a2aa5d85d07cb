"""Hooks of the network room: what rooms above exchange with other nodes."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
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


@dataclass(frozen=True)
class RoadFact:
    """Something that a unit did for the first time, as proof on its road map.

    `read` gives the moment for those of the units where it happened, in one query; `milestone` is
    the step that it speaks for, empty for none.
    """

    key: str
    label: object
    order: int
    read: Callable[[Collection[uuid.UUID]], Mapping[uuid.UUID, datetime]]
    milestone: str = ""


@hookspec
def register_road_facts() -> list[RoadFact]:
    """Return the facts that the room knows for the units' road maps."""
    return []


@hookspec
def register_activities() -> list[Activity]:
    """Return the message types this room understands."""
    return []
