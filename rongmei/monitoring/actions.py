"""Verbs of the monitoring room."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from rongmei.kernel import audit, db
from rongmei.monitoring import selectors
from rongmei.monitoring.models import Topic

if TYPE_CHECKING:
    from rongmei.network.models import Member


def topic_mark_pitched(*, by: Member, topic_id: uuid.UUID) -> None:
    """Note that somebody made a pitch of the topic."""
    topic = selectors.topic_for(by, topic_id)
    with db.write():
        Topic.objects.filter(pk=topic.pk).update(state=Topic.State.PITCHED)
        audit.record(by, "topic.pitched", topic)
