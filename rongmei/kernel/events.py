"""Events are rows, written with what they tell; followers read them with a cursor.

A crash between commit and announcement loses nothing, because there is no announcement: there is
only the row. `docs/reference/events.md` lists every event.
"""

from __future__ import annotations

import dataclasses
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from typing_extensions import override

from rongmei.kernel import context, db
from rongmei.kernel.ids import uuid7
from rongmei.kernel.models import Cursor, Event
from rongmei.kernel.rows import insert_values

_IN_COLUMNS = frozenset({"subject_id", "unit_id"})
REGISTRY: dict[str, type[DomainEvent]] = {}


@dataclass(frozen=True, kw_only=True)
class DomainEvent:
    """Base of all events. Subclasses set `name` and add documented, JSON-able fields."""

    name: ClassVar[str] = ""
    subject_type: ClassVar[str] = ""

    subject_id: uuid.UUID | None = None
    unit_id: uuid.UUID | None = None

    @override
    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.name:
            REGISTRY[cls.name] = cls


def publish(*happened: DomainEvent) -> None:
    """Write the events; only inside the transaction that makes them true."""
    if not db.in_write():
        raise RuntimeError("events.publish() outside kernel.db.write(): it could tell a lie")
    db.serialise()
    actor = context.current().actor_id
    insert_values(
        Event,
        [
            {
                "id": uuid7(),
                "name": event.name,
                "unit_id": event.unit_id,
                "subject_type": event.subject_type,
                "subject_id": event.subject_id,
                "actor_id": actor,
                "payload": _payload(event),
            }
            for event in happened
        ],
    )


def _payload(event: DomainEvent) -> dict[str, Any]:
    # Not `asdict`: it copies every list, item by item.
    told = [one.name for one in dataclasses.fields(event) if one.name not in _IN_COLUMNS]
    encoder = DjangoJSONEncoder()
    return {
        name: value
        if isinstance(value := getattr(event, name), str | int | float | bool | None | list | dict)
        else encoder.default(value)
        for name in told
    }


def since(seq: int, *, names: Iterable[str] = (), limit: int = 200) -> list[Event]:
    """Events after `seq` in order; with `names`, only those."""
    rows = Event.objects.filter(seq__gt=seq).order_by("seq")
    wanted = tuple(names)
    if wanted:
        rows = rows.filter(name__in=wanted)
    return list(rows[:limit])


def latest_seq() -> int:
    """The number of the newest event; 0 when there is none."""
    newest = Event.objects.order_by("-seq").values_list("seq", flat=True).first()
    return newest or 0


def follow(
    follower: str, handler: Callable[[Event], None], *, names: Iterable[str], limit: int = 200
) -> int:
    """Give the follower's next events to `handler`, one transaction each; return how many.

    The cursor moves in the same transaction as the handler's own writes: an event is handled
    once, or not yet.
    """
    cursor, _ = Cursor.objects.get_or_create(name=follower)
    rows = since(cursor.seq, names=names, limit=limit)
    for event in rows:
        with db.write():
            # Another worker may have come first: only the one that moves the cursor handles it.
            moved = Cursor.objects.filter(name=follower, seq__lt=event.seq).update(seq=event.seq)
            if moved:
                handler(event)
    return len(rows)


def wait_for_change(seconds: float, *, since: int | str, step: float = 0.2) -> bool:
    """Sleep until something is committed after the mark `since`, at most `seconds`; whether it was.

    The mark is `db.data_version()` from before the reader last looked: taken afterwards, what was
    committed in between would wait for the whole time.
    """
    deadline = time.monotonic() + seconds
    while db.data_version() == since:
        left = deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(step, left))
    return True
