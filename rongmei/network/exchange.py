"""Sending to other nodes: an envelope is a row, written with what it tells."""

from __future__ import annotations

import uuid
from typing import Any, Final

import orjson

from rongmei.kernel import db, events
from rongmei.network.errors import ForgedHome, MessageTooLarge
from rongmei.network.events import EnvelopeQueued
from rongmei.network.hooks import Arrival
from rongmei.network.models import Envelope, Peer
from rongmei.network.types import PeerState

# Below the size of a batch, so that every message that was accepted can also be sent.
MAX_BODY: Final = 7 * 1024 * 1024


def send(
    *,
    to: Peer,
    type: str,
    subject_id: uuid.UUID | None,
    unit_id: uuid.UUID | None,
    body: dict[str, Any],
) -> Envelope:
    """Put a message into the peer's outbox; only inside a write.

    `body` must be JSON-able and at most 7 MB as JSON (MessageTooLarge otherwise). It leaves when
    the line is up, in order, once.
    """
    if not db.in_write():
        raise RuntimeError("exchange.send() outside kernel.db.write()")
    if len(orjson.dumps(body)) > MAX_BODY:
        raise MessageTooLarge
    db.serialise()
    envelope = Envelope.objects.create(
        peer=to, type=type, subject_id=subject_id, unit_id=unit_id, body=body
    )
    events.publish(
        EnvelopeQueued(subject_id=subject_id, unit_id=unit_id, peer_id=str(to.pk), type=type)
    )
    return envelope


def require_home(arrival: Arrival, home: uuid.UUID | None) -> None:
    """Refuse a message about a record that is not at home at the sender (None: at home here)."""
    if home != arrival.from_node:
        raise ForgedHome


def active_peers() -> list[Peer]:
    """Peers that messages may be sent to; while a line is paused or cut they wait in the outbox."""
    joined = (PeerState.ACTIVE, PeerState.PAUSED)
    return list(Peer.objects.filter(state__in=joined).select_related("node"))
