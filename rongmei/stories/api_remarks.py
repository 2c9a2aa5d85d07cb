"""/api/v1/stories/…/comments: remarks on a story and its passages."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from rongmei.network.tokens import member_of
from rongmei.stories import actions, passages, selectors
from rongmei.stories.models import Comment

router = Router(tags=["stories"])


class NewRemark(Schema):
    """A remark; with `quote` it is on that passage. `before` and `after` tell which of several."""

    text: str
    quote: str = ""
    before: str = ""
    after: str = ""
    part: str = ""


class NewAnswer(Schema):
    """An answer."""

    text: str


class RemarkOut(Schema):
    """A remark as it was made. `part` is the field or block of the passage it is on."""

    id: uuid.UUID
    parent_id: uuid.UUID | None
    author_name: str
    text: str
    quote: str
    part: str
    created_at: datetime
    settled_at: datetime | None
    settled_by: str


class ThreadOut(Schema):
    """A remark, its answers, and where its passage is now. `state`: here, changed, gone, or whole for
    a remark on no passage; `passage` are its words now."""

    remark: RemarkOut
    answers: list[RemarkOut]
    state: str
    passage: str

    @staticmethod
    def resolve_state(thread: passages.Thread) -> str:
        """Where the passage is."""
        return thread.anchor.state

    @staticmethod
    def resolve_passage(thread: passages.Thread) -> str:
        """Its words as they are now."""
        return thread.anchor.quote


@router.get("/{story_id}/comments", response=list[ThreadOut], url_name="story_comments")
def remarks(request: HttpRequest, story_id: uuid.UUID) -> Any:
    """Remarks on a story: open ones in the order of the text, then settled ones."""
    story = selectors.story_for(member_of(request), story_id)
    return passages.threads(story, selectors.comments_of(story))


@router.post("/{story_id}/comments", response={201: RemarkOut}, url_name="story_comments")
def remark(request: HttpRequest, story_id: uuid.UUID, new: NewRemark) -> Status[Comment]:
    """Remark on a story; 422 when the passage is not in its text."""
    return Status(201, actions.comment_add(by=member_of(request), story_id=story_id, **new.dict()))


@router.post(
    "/comments/{comment_id}/answers", response={201: RemarkOut}, url_name="story_comment_answer"
)
def answer(request: HttpRequest, comment_id: uuid.UUID, new: NewAnswer) -> Status[Comment]:
    """Answer a remark; 409 when it is settled."""
    made = actions.comment_answer(by=member_of(request), comment_id=comment_id, text=new.text)
    return Status(201, made)


@router.post("/comments/{comment_id}/settle", response=RemarkOut, url_name="story_comment_settle")
def settle(request: HttpRequest, comment_id: uuid.UUID) -> Comment:
    """Mark a remark as settled."""
    return actions.comment_settle(by=member_of(request), comment_id=comment_id)


@router.post("/comments/{comment_id}/reopen", response=RemarkOut, url_name="story_comment_reopen")
def reopen(request: HttpRequest, comment_id: uuid.UUID) -> Comment:
    """Open a settled remark again."""
    return actions.comment_reopen(by=member_of(request), comment_id=comment_id)
