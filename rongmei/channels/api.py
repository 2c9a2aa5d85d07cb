"""/api/v1/channels/: publish, look at receipts, take back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.channels import actions, selectors
from rongmei.channels.models import Channel, Delivery, Publication
from rongmei.channels.types import Can
from rongmei.network import policy
from rongmei.network.tokens import member_of

router = Router(tags=["channels"])


class ChannelOut(Schema):
    """A channel: `adapter` is its kind; `by_hand` tells that a person posts."""

    id: uuid.UUID
    unit_id: uuid.UUID
    name: str
    adapter: str
    is_active: bool
    by_hand: bool

    @staticmethod
    def resolve_by_hand(channel: Channel) -> bool:
        """Whether the adapter cannot publish by itself."""
        return not selectors.can(channel, Can.PUBLISH)


class DeliveryOut(Schema):
    """One channel's row of a publication."""

    id: uuid.UUID
    channel_id: uuid.UUID
    channel: str
    state: str
    url: str
    attempts: int
    error: str
    due_at: datetime
    delivered_at: datetime | None
    verified_at: datetime | None
    screenshot_sha256: str

    @staticmethod
    def resolve_channel(row: Delivery) -> str:
        """The channel's name."""
        return row.channel.name

    @staticmethod
    def resolve_screenshot_sha256(row: Delivery) -> str:
        """Digest of the screenshot; "" without one."""
        return row.screenshot_digest


class PublicationOut(Schema):
    """A publication with its rows."""

    id: uuid.UUID
    story_id: uuid.UUID
    unit_id: uuid.UUID
    slug: str
    title: str
    state: str
    content_hash: str
    published_at: datetime
    public_url: str
    correction: str
    withdrawn_reason: str
    deliveries: list[DeliveryOut]


class PublishIn(Schema):
    """What to publish where; `content_hash` is the text that was looked at."""

    story_id: uuid.UUID
    channel_ids: list[uuid.UUID]
    due_at: datetime | None = None
    content_hash: str = ""


class ReasonIn(Schema):
    """Why."""

    reason: str


class NoteIn(Schema):
    """What readers are told."""

    note: str


class ConfirmIn(Schema):
    """Where it was posted by hand, and when."""

    url: str
    posted_at: datetime | None = None


@router.get("/channels", response=list[ChannelOut])
@paginate(LimitOffsetPagination)
def list_channels(request: HttpRequest) -> QuerySet[Channel]:
    """Channels that the caller may see."""
    member = member_of(request)
    policy.require(member, "channels.view")
    return selectors.channels_visible_to(member)


@router.get("/publications", response=list[PublicationOut])
@paginate(LimitOffsetPagination)
def list_publications(request: HttpRequest, state: str = "") -> QuerySet[Publication]:
    """Publications, newest first; `state` is live, corrected or withdrawn."""
    member = member_of(request)
    policy.require(member, "channels.view")
    rows = selectors.with_deliveries(selectors.publications_visible_to(member))
    return rows.filter(state=state) if state else rows


def _out(member: Any, publication_id: uuid.UUID) -> Publication:
    selectors.publication_for(member, publication_id)
    rows = selectors.with_deliveries(selectors.publications_visible_to(member))
    return rows.get(pk=publication_id)


@router.get("/publications/{publication_id}", response=PublicationOut)
def get_publication(request: HttpRequest, publication_id: uuid.UUID) -> Publication:
    """One publication with its receipts."""
    member = member_of(request)
    policy.require(member, "channels.view")
    return _out(member, publication_id)


@router.post("/publications", response=PublicationOut)
def publish(request: HttpRequest, body: PublishIn) -> Publication:
    """Publish a signed story; asking twice publishes once."""
    member = member_of(request)
    made = actions.publication_publish(
        by=member, story_id=body.story_id, channel_ids=body.channel_ids, due_at=body.due_at,
        content_hash=body.content_hash,
    )  # fmt: skip
    return _out(member, made.pk)


@router.post("/publications/{publication_id}/withdraw", response=PublicationOut)
def withdraw(request: HttpRequest, publication_id: uuid.UUID, body: ReasonIn) -> Publication:
    """Take a publication back from every channel."""
    member = member_of(request)
    _out(member, publication_id)
    actions.publication_withdraw(by=member, publication_id=publication_id, reason=body.reason)
    return _out(member, publication_id)


@router.post("/publications/{publication_id}/correct", response=PublicationOut)
def correct(request: HttpRequest, publication_id: uuid.UUID, body: NoteIn) -> Publication:
    """Show a correction; a newer signed text takes the old one's place."""
    member = member_of(request)
    _out(member, publication_id)
    actions.publication_correct(by=member, publication_id=publication_id, note=body.note)
    return _out(member, publication_id)


@router.post("/deliveries/{delivery_id}/confirm", response=DeliveryOut)
def confirm(request: HttpRequest, delivery_id: uuid.UUID, body: ConfirmIn) -> Delivery:
    """Note that it was posted by hand."""
    return actions.delivery_confirm(
        by=member_of(request), delivery_id=delivery_id, url=body.url, posted_at=body.posted_at
    )


@router.post("/deliveries/{delivery_id}/retry", response=DeliveryOut)
def retry(request: HttpRequest, delivery_id: uuid.UUID) -> Delivery:
    """Try a failed delivery again."""
    return actions.delivery_retry(by=member_of(request), delivery_id=delivery_id)
