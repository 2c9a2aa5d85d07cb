"""Sending to other nodes: an envelope is a row, written with what it tells."""

from __future__ import annotations

import uuid
from typing import Any

from rongmei.kernel import db, events
from rongmei.network.events import EnvelopeQueued
from rongmei.network.models import Envelope, Peer
from rongmei.network.types import PeerState

_ORDER_LOCK = 7_003


def send(
    *,
    to: Peer,
    type: str,
    subject_id: uuid.UUID | None,
    unit_id: uuid.UUID | None,
    body: dict[str, Any],
) -> Envelope:
    """Put a message into the peer's outbox; only inside a write.

    `body` must be JSON-able. It leaves when the line is up, in order, once.
    """
    if not db.in_write():
        raise RuntimeError("exchange.send() outside kernel.db.write()")
    db.serialise(_ORDER_LOCK)
    envelope = Envelope.objects.create(
        peer=to, type=type, subject_id=subject_id, unit_id=unit_id, body=body
    )
    events.publish(
        EnvelopeQueued(subject_id=subject_id, unit_id=unit_id, peer_id=str(to.pk), type=type)
    )
    return envelope


def active_peers() -> list[Peer]:
    """Peers that messages may be sent to."""
    return list(Peer.objects.filter(state=PeerState.ACTIVE).select_related("node"))
