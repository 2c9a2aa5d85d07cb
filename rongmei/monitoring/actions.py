"""Verbs of the monitoring room: watch a text of ours, judge a topic."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import NotFound
from rongmei.monitoring import copies
from rongmei.monitoring.errors import ReasonMissing, TopicUnchanged
from rongmei.monitoring.events import TopicMarked
from rongmei.monitoring.models import Topic, TopicMark, Watch, WatchBand
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

State = TopicMark.State


def watch_register(
    *,
    subject_id: uuid.UUID,
    unit_id: uuid.UUID,
    title: str,
    text: str,
    since: datetime,
    own_document_id: uuid.UUID | None = None,
) -> None:
    """Look for reprints of `text` published after `since`; inside the caller's write.

    Registered again (after a correction), the new text takes the place of the old one. Documents
    that the archive has already are looked at within a minute.
    """
    sketch = copies.sketch(text)
    watch, _ = Watch.objects.update_or_create(
        subject_id=subject_id,
        defaults={
            "unit_id": unit_id, "title": title[:300], "body": text, "minhash": sketch.minima,
            "body_length": len(text), "since": since, "own_document_id": own_document_id,
            "checked_at": None,
        },
    )  # fmt: skip
    WatchBand.objects.filter(watch=watch).delete()
    WatchBand.objects.bulk_create(WatchBand(hash=one, watch=watch) for one in sketch.bands)


def topic_dismiss(*, by: Member, topic_id: uuid.UUID, reason: str) -> None:
    """Take the topic off the list of one's own unit, with a reason that colleagues read."""
    if not reason.strip():
        raise ReasonMissing
    _mark(by, topic_id, State.DISMISSED, reason=reason.strip(), permission="monitoring.manage")


def topic_restore(*, by: Member, topic_id: uuid.UUID, reason: str = "") -> None:
    """Put a dismissed topic back on the list of one's own unit."""
    _mark(by, topic_id, State.OPEN, reason=reason.strip(), permission="monitoring.manage")


def topic_mark_pitched(*, by: Member, topic_id: uuid.UUID) -> None:
    """Note that one's own unit made a pitch of the topic; called by planning inside its write."""
    _mark(by, topic_id, State.PITCHED, permission="monitoring.view", again=True)


def _mark(
    by: Member,
    topic_id: uuid.UUID,
    state: str,
    *,
    permission: str,
    reason: str = "",
    again: bool = False,
) -> None:
    with db.write():
        topic = Topic.objects.select_for_update().filter(pk=topic_id, document_count__gte=2).first()
        if topic is None:
            raise NotFound
        policy.require(by, permission, by.unit_id)
        mark = TopicMark.objects.filter(topic=topic, unit=by.unit_id).first()
        if (mark.state if mark else State.OPEN) == state:
            if again:
                return
            raise TopicUnchanged
        TopicMark.objects.update_or_create(
            topic=topic, unit_id=by.unit_id,
            defaults={
                "state": state, "reason": reason[:200], "by_id": by.pk, "by_name": by.name[:40]
            },
        )  # fmt: skip
        audit.record(by, f"topic.{state}", topic, unit_id=by.unit_id, reason=reason[:200])
        events.publish(
            TopicMarked(
                subject_id=topic.pk, unit_id=by.unit_id, title=topic.title, state=state,
                reason=reason[:200],
            )
        )  # fmt: skip
