"""Reads of the monitoring room."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from rongmei.kernel.errors import NotFound
from rongmei.monitoring.models import Topic
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member


def topics_visible_to(member: Member) -> QuerySet[Topic]:
    """All topics, for members who may look at them."""
    if not policy.anywhere(member, "monitoring.view"):
        return Topic.objects.none()
    return Topic.objects.all()


def topic_for(member: Member, topic_id: uuid.UUID) -> Topic:
    """One topic; NotFound otherwise."""
    found = topics_visible_to(member).filter(pk=topic_id).first()
    if found is None:
        raise NotFound
    return found
