"""/api/v1/stories: read, write, review, share; each through the same actions as the pages."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.network.tokens import member_of
from rongmei.stories import actions, canonical, ninjs, selectors
from rongmei.stories.models import Signature, Story

router = Router(tags=["stories"])


class StoryOut(Schema):
    """A story in a list."""

    id: uuid.UUID
    number: str
    unit_id: uuid.UUID
    title: str
    state: str
    round: int
    author_name: str
    word_count: int
    content_hash: str
    latest_revision_id: int | None
    task_id: uuid.UUID | None
    is_replica: bool
    created_at: datetime
    updated_at: datetime
    signed_at: datetime | None


class SignatureOut(Schema):
    """A signature; `seal` is the SHA-256 over its fields."""

    step: str
    round: int
    verdict: str
    person_name: str
    role_at: str
    signed_at: datetime
    content_hash: str
    opinion: str
    seal: str
    voided_at: datetime | None


class StoryFull(StoryOut):
    """A story with its text and signatures. `body` holds canonical blocks."""

    kicker: str
    subtitle: str
    summary: str
    byline: str
    origin: str
    rights_basis: str
    place: str
    category: str
    tags: list[str]
    language: str
    short_title: str
    channel_titles: dict[str, str]
    credits: list[dict[str, Any]]
    subjects: list[str]
    channels_wanted: list[str]
    features_exemplar: bool
    embargo_until: datetime | None
    body: list[dict[str, Any]]
    signatures: list[SignatureOut]

    @staticmethod
    def resolve_body(story: Story) -> list[dict[str, Any]]:
        """Blocks as signatures cover them."""
        blocks: list[dict[str, Any]] = canonical.content_of(story)["body"]
        return blocks

    @staticmethod
    def resolve_signatures(story: Story) -> list[Signature]:
        """All signatures, voided ones too."""
        return selectors.signatures_of(story)


class NewStory(Schema):
    """What a story begins with."""

    unit_id: uuid.UUID
    title: str
    task_id: uuid.UUID | None = None
    template: str = ""


class Save(Schema):
    """Named fields, over the revision they were written on."""

    base_revision: int | None
    fields: dict[str, Any]


class Pass(Schema):
    """A signature: over exactly this content hash."""

    step: str
    content_hash: str
    opinion: str = ""
    proof: list[str] = []


class Reason(Schema):
    """Why."""

    reason: str


class Why(Reason):
    """Why, in words, and as one of the causes statistics count by."""

    cause: str = "other"


class Correction(Schema):
    """What readers are told, and why."""

    note: str
    cause: str = "other"


@router.get("", response=list[StoryOut])
@paginate(LimitOffsetPagination)
def stories(request: HttpRequest, state: str = "", unit: str = "") -> Any:
    """Stories the member may read, newest first; `unit` is a unit's code."""
    rows = selectors.stories_listed_to(member_of(request))
    if state:
        rows = rows.filter(state=state)
    return rows.filter(unit__code=unit) if unit else rows


@router.get("/{story_id}", response=StoryFull)
def story(request: HttpRequest, story_id: uuid.UUID) -> Any:
    """One story."""
    return selectors.story_for(member_of(request), story_id)


@router.post("", response={201: StoryFull})
def create(request: HttpRequest, new: NewStory) -> Any:
    """Begin a story."""
    return actions.story_create(by=member_of(request), **new.dict())


@router.patch("/{story_id}", response=StoryFull)
def save(request: HttpRequest, story_id: uuid.UUID, change: Save) -> Any:
    """Save named fields; 409 when the story changed since `base_revision`."""
    return actions.story_save(
        by=member_of(request),
        story_id=story_id,
        fields=change.fields,
        base_revision=change.base_revision,
    )


@router.post("/{story_id}/submit", response=StoryFull)
def submit(request: HttpRequest, story_id: uuid.UUID, urgent: str = "") -> Any:
    """Send to the first review; with a reason why it is `urgent`, by the green channel."""
    return actions.story_submit(by=member_of(request), story_id=story_id, urgent=urgent)


@router.post("/{story_id}/pass", response=StoryFull)
def pass_step(request: HttpRequest, story_id: uuid.UUID, signature: Pass) -> Any:
    """Pass and sign a step."""
    return actions.review_pass(by=member_of(request), story_id=story_id, **signature.dict())


@router.post("/{story_id}/return", response=StoryFull)
def give_back(request: HttpRequest, story_id: uuid.UUID, why: Reason) -> Any:
    """Return to the author with a reason."""
    return actions.review_return(by=member_of(request), story_id=story_id, reason=why.reason)


@router.post("/{story_id}/withdraw", response=StoryFull, url_name="story_withdraw")
def withdraw(request: HttpRequest, story_id: uuid.UUID, why: Why) -> Any:
    """Take out of use with a reason."""
    return actions.story_withdraw(by=member_of(request), story_id=story_id, **why.dict())


@router.post("/{story_id}/correct", response=StoryFull, url_name="story_correct")
def correct(request: HttpRequest, story_id: uuid.UUID, said: Correction) -> Any:
    """Tell readers on every channel what was wrong in a story that was signed off."""
    return actions.story_correct(by=member_of(request), story_id=story_id, **said.dict())


@router.post("/{story_id}/share", response=StoryFull)
def share(request: HttpRequest, story_id: uuid.UUID) -> Any:
    """Offer to the units above."""
    return actions.story_share(by=member_of(request), story_id=story_id)


@router.get("/{story_id}/ninjs", response={200: dict[str, Any]})
def as_ninjs(request: HttpRequest, story_id: uuid.UUID, response: HttpResponse) -> Any:
    """The signed story as IPTC ninjs 3.1; 409 while it is not signed."""
    return ninjs.of_package(selectors.package_visible_to(member_of(request), story_id))
