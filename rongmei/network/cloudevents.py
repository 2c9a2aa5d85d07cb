"""Envelopes on the wire: CloudEvents 1.0 in JSON batches, checked strictly on arrival.

Beside the standard attributes each event carries three extensions: `seq`, the sender's number of
the message as a decimal string; `prevseq`, the number of the message before it to the same peer
(so that a gap is seen although numbers are shared by all peers); `unitid`, whose record it is.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from rongmei.network.errors import BadMessage
from rongmei.network.models import Envelope

CONTENT_TYPE: Final = "application/cloudevents-batch+json"
MAX_BATCH: Final = 200
MAX_BYTES: Final = 8 * 1024 * 1024
_PREFIX: Final = "net.rongmei."
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_ATTRIBUTE: Final = re.compile(r"[a-z0-9]{1,20}")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")
_REQUIRED: Final = frozenset(
    {"specversion", "id", "source", "type", "time", "datacontenttype", "data", "seq", "prevseq"}
)


@dataclass(frozen=True)
class Message:
    """One message as it arrived, well formed but not yet believed."""

    id: uuid.UUID
    type: str
    subject_id: uuid.UUID | None
    unit_id: uuid.UUID | None
    seq: int
    previous: int
    time: datetime
    body: dict[str, Any]


def source_of(node_id: uuid.UUID) -> str:
    """The CloudEvents source of a node."""
    return f"urn:rongmei:node:{node_id}"


def encode_one(envelope: Envelope, *, node_id: uuid.UUID, previous: int) -> bytes:
    """One envelope as a CloudEvents JSON object."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": source_of(node_id),
        "type": _PREFIX + envelope.type,
        "time": envelope.created_at.isoformat(),
        "datacontenttype": "application/json",
        "seq": str(envelope.seq),
        "prevseq": str(previous),
        "data": envelope.body,
    }
    if envelope.subject_id:
        event["subject"] = str(envelope.subject_id)
    if envelope.unit_id:
        event["unitid"] = str(envelope.unit_id)
    return orjson.dumps(event)


def join(events: Iterable[bytes]) -> bytes:
    """A batch out of encoded events."""
    return b"[" + b",".join(events) + b"]"


def decode(raw: bytes, *, node_id: uuid.UUID) -> list[Message]:
    """The messages of a batch that the node `node_id` sent; BadMessage when anything is off."""
    if len(raw) > MAX_BYTES:
        raise BadMessage
    try:
        batch = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadMessage from error
    if not isinstance(batch, list) or len(batch) > MAX_BATCH:
        raise BadMessage
    return [_decode_one(event, node_id) for event in batch]


def _decode_one(event: Any, node_id: uuid.UUID) -> Message:
    if not isinstance(event, dict) or not event.keys() >= _REQUIRED:
        raise BadMessage
    if not all(_ATTRIBUTE.fullmatch(name) for name in event):
        raise BadMessage
    fixed = (event["specversion"], event["source"], event["datacontenttype"])
    if fixed != ("1.0", source_of(node_id), "application/json"):
        raise BadMessage
    kind, body = event["type"], event["data"]
    if not isinstance(kind, str) or not kind.startswith(_PREFIX) or not isinstance(body, dict):
        raise BadMessage
    name = kind.removeprefix(_PREFIX)
    if not _NAME.fullmatch(name) or len(name) > 60:
        raise BadMessage
    message = Message(
        id=_uuid(event["id"]),
        type=name,
        subject_id=_uuid(event["subject"]) if "subject" in event else None,
        unit_id=_uuid(event["unitid"]) if "unitid" in event else None,
        seq=_number(event["seq"]),
        previous=_number(event["prevseq"]),
        time=_time(event["time"]),
        body=body,
    )
    if message.previous >= message.seq:
        raise BadMessage
    return message


def _uuid(value: Any) -> uuid.UUID:
    try:
        found = uuid.UUID(value)
    except (ValueError, TypeError, AttributeError) as error:
        raise BadMessage from error
    if str(found) != value:
        raise BadMessage
    return found


def _number(value: Any) -> int:
    if not isinstance(value, str) or not _NUMBER.fullmatch(value):
        raise BadMessage
    return int(value)


def _time(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (ValueError, TypeError) as error:
        raise BadMessage from error
    if found.tzinfo is None:
        raise BadMessage
    return found
