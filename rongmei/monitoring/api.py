"""/api/v1/monitoring/: hot topics with their heat explained, and reprints."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.monitoring import actions, selectors
from rongmei.monitoring.models import Topic
from rongmei.network import policy
from rongmei.network.tokens import member_of

router = Router(tags=["monitoring"])


class TopicOut(Schema):
    """A hot topic; `explain` holds the terms that add up to `heat`."""

    id: uuid.UUID
    title: str
    keywords: list[str]
    region: str
    state: str
    heat: float
    method: str
    document_count: int
    source_count: int
    family_count: int
    last_hour: int
    first_at: datetime
    last_at: datetime
    history: list[int]
    explain: dict[str, Any]


class LineOut(Schema):
    """A document of a topic."""

    id: uuid.UUID
    title: str
    source: str
    tier: int
    url: str
    published_at: datetime
    family_id: uuid.UUID | None


class ReprintOut(Schema):
    """A reprint of a text of ours."""

    document_id: uuid.UUID
    title: str
    source_name: str
    url: str
    published_at: datetime
    similarity: float


class DismissIn(Schema):
    """Why a topic is dismissed."""

    reason: str


@router.get("topics", response=list[TopicOut])
@paginate(LimitOffsetPagination)
def topic_list(request: HttpRequest) -> QuerySet[Topic]:
    """Topics, hottest first."""
    member = member_of(request)
    policy.require(member, "monitoring.view")
    return selectors.topics_visible_to(member).order_by("-heat", "id")


@router.get("topics/{topic_id}", response=TopicOut)
def topic(request: HttpRequest, topic_id: uuid.UUID) -> Topic:
    """One topic."""
    return selectors.topic_for(member_of(request), topic_id)


@router.get("topics/{topic_id}/documents", response=list[LineOut])
def topic_documents(request: HttpRequest, topic_id: uuid.UUID) -> list[LineOut]:
    """The documents of a topic, earliest first."""
    member = member_of(request)
    lines = selectors.lines_of(member, selectors.topic_for(member, topic_id))
    return [
        LineOut(
            id=one.document.pk, title=one.document.title, source=one.document.source_name,
            tier=one.tier, url=one.document.url, published_at=one.document.published_at,
            family_id=one.family_id,
        )
        for one in lines
    ]  # fmt: skip


@router.post("topics/{topic_id}/dismiss", response=TopicOut)
def topic_dismiss(request: HttpRequest, topic_id: uuid.UUID, given: DismissIn) -> Topic:
    """Take a topic off the unit's list."""
    member = member_of(request)
    actions.topic_dismiss(by=member, topic_id=topic_id, reason=given.reason)
    return selectors.topic_for(member, topic_id)


@router.get("reprints/{subject_id}", response=list[ReprintOut])
def reprints(request: HttpRequest, subject_id: uuid.UUID) -> list[ReprintOut]:
    """Reprints of a story or publication of a unit in reach."""
    member = member_of(request)
    rows = selectors.reprint_rows(member, selectors.watch_for(member, subject_id))
    return [
        ReprintOut(
            document_id=one.document_id, title=one.document.title,
            source_name=one.document.source_name, url=one.document.url,
            published_at=one.document.published_at, similarity=one.similarity,
        )
        for one in rows
    ]  # fmt: skip
