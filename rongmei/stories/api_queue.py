"""/api/v1/review/queue and /batch: what waits for the member, and signing several simple stories."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from rongmei.network.tokens import member_of
from rongmei.stories import actions, waiting
from rongmei.stories.types import Picked

router = Router(tags=["review"])


class WaitsOut(Schema):
    """A story in the queue. `due_for` is embargo, task, step or ""; `alone` says why it must be signed
    by itself ("" when it may be signed with others); `levels` counts the machine's findings."""

    story_id: uuid.UUID
    title: str
    number: str
    unit_id: uuid.UUID
    state: str
    step: str
    content_hash: str
    since: datetime
    due: datetime | None
    due_for: str
    green: bool
    exemplar: bool
    checked: bool
    levels: dict[str, int]
    changed: bool
    fresh: bool
    alone: str


class Looked(Schema):
    """Which text was looked at."""

    content_hash: str


class Pick(Schema):
    """A story to sign, at which step, over exactly which text."""

    story_id: uuid.UUID
    step: str
    content_hash: str


class Picks(Schema):
    """At most 50, with one opinion for all."""

    picks: list[Pick]
    opinion: str = ""


class OutcomeOut(Schema):
    """What became of one: `error` is "" when it was signed."""

    story_id: uuid.UUID
    title: str
    error: str


@router.get("/queue", response=list[WaitsOut], url_name="review_queue")
def queue(request: HttpRequest, sort: str = "due", limit: int = 50, offset: int = 0) -> Any:
    """What waits for the member, by deadline (`due`), `risk` or waiting time (`since`)."""
    by = member_of(request)
    ranked = waiting.ranked(waiting.queue_of(by), sort)
    rows = waiting.rows_of(by, ranked[max(offset, 0) :][: max(min(limit, 100), 0)])
    names = ("story_id", "unit_id", "state", "content_hash", "since", "due", "due_for", "green",
             "exemplar", "checked", "levels", "changed", "fresh")  # fmt: skip
    return [
        {
            **{name: getattr(one.waits, name) for name in names}, "title": one.story.title,
            "number": one.story.number, "step": one.step.key if one.step else "", "alone": one.alone,
        }
        for one in rows
    ]  # fmt: skip


@router.post("/stories/{story_id}/look", response={204: None}, url_name="review_look")
def look(request: HttpRequest, story_id: uuid.UUID, text: Looked) -> Status[None]:
    """Say that the member has looked at this text of the story."""
    by = member_of(request)
    actions.story_look(by=by, story_id=story_id, content_hash=text.content_hash)
    return Status(204, None)


@router.post("/batch", response=list[OutcomeOut], url_name="review_batch")
def batch(request: HttpRequest, chosen: Picks) -> Any:
    """Sign several simple stories, each by itself; one that is refused stops none of the others."""
    picks = [Picked(one.story_id, one.step, one.content_hash) for one in chosen.picks]
    return actions.batch_pass(by=member_of(request), picks=picks, opinion=chosen.opinion)
