"""/api/v1/stories/…/links: language versions and what follows what."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from rongmei.network.tokens import member_of
from rongmei.stories import actions, relations, selectors

router = Router(tags=["stories"])


class NewLink(Schema):
    """`other` is a story's number or id; `kind` is translation or update."""

    other: str
    kind: str


class RelationOut(Schema):
    """A story beside another; `how` is translation, before or after. `link_id` where they are tied directly."""

    how: str
    link_id: uuid.UUID | None
    story_id: uuid.UUID
    number: str
    title: str
    language: str
    state: str


def _out(one: relations.Relation) -> dict[str, Any]:
    story = one.story
    return {
        "how": one.how, "link_id": one.link_id, "story_id": story.pk, "number": story.number,
        "title": story.title, "language": story.language, "state": story.state,
    }  # fmt: skip


@router.get("/{story_id}/links", response=list[RelationOut], url_name="story_links")
def listed(request: HttpRequest, story_id: uuid.UUID) -> Any:
    """Stories beside this one, as far as the member may read them."""
    member = member_of(request)
    return [
        _out(one) for one in relations.related_to(member, selectors.story_for(member, story_id))
    ]


@router.post("/{story_id}/links", response={201: list[RelationOut]}, url_name="story_links")
def link(request: HttpRequest, story_id: uuid.UUID, new: NewLink) -> Any:
    """Tie the story to another one."""
    member = member_of(request)
    actions.story_link(by=member, story_id=story_id, **new.dict())
    return Status(201, listed(request, story_id))


@router.delete("/links/{link_id}", response={204: None}, url_name="story_unlink")
def unlink(request: HttpRequest, link_id: uuid.UUID) -> Any:
    """Take a relation off."""
    actions.story_unlink(by=member_of(request), link_id=link_id)
    return Status(204, None)
