"""/api/v1/stories/…/check and …/findings: what the machine finds, and dealing with it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from rongmei.network.tokens import member_of
from rongmei.stories import actions, canonical, checking, findings, selectors
from rongmei.stories import policy as rules
from rongmei.stories.api import StoryFull
from rongmei.stories.errors import NotEditable
from rongmei.stories.models import Check, Story

router = Router(tags=["stories"])


class NoteOut(Schema):
    """Who let a finding stand, and why."""

    person_name: str
    reason: str
    updated_at: datetime


class FindingOut(Schema):
    """A finding; `start` and `end` count characters of its part. `note` says who let it stand."""

    level: str
    code: str
    part: str
    start: int
    end: int
    found: str
    excerpt: str
    advice: str
    suggestion: str
    how: str
    note: NoteOut | None


class ReportOut(Schema):
    """What the machine finds in one text, and by which versions of its rules.

    `expired`: a report was kept, and the rules have changed since; this one is made anew.
    """

    content_hash: str
    expired: bool
    versions: dict[str, str]
    levels: dict[str, int]
    findings: list[FindingOut]


class Unsaved(Schema):
    """Named fields of a story, as they would be saved."""

    fields: dict[str, Any]


class Replacement(Schema):
    """Which place of which text."""

    content_hash: str
    code: str
    found: str
    part: str
    start: int


class Standing(Schema):
    """Which finding stands, and why."""

    code: str
    found: str
    reason: str


def _report(story: Story, check: Check, expired: bool = False) -> dict[str, Any]:
    return {
        "content_hash": check.content_hash, "expired": expired, "versions": check.versions,
        "levels": findings.levels_of(check.findings), "findings": findings.shown(story, check.findings),
    }  # fmt: skip


@router.get("/{story_id}/check", response=ReportOut, url_name="story_check")
def story_check(request: HttpRequest, story_id: uuid.UUID) -> Any:
    """The machine's report on a story's present text."""
    story = selectors.story_for(member_of(request), story_id)
    return _report(story, *checking.present(story, selectors.latest_check(story)))


@router.post("/{story_id}/check", response=ReportOut, url_name="story_check")
def story_check_unsaved(request: HttpRequest, story_id: uuid.UUID, text: Unsaved) -> Any:
    """What the machine would find if these fields were saved; nothing is written."""
    by = member_of(request)
    story = selectors.story_for(by, story_id)
    if not rules.may_edit(by, story):
        raise NotEditable
    actions.fields_set(story, text.fields)
    story.content_hash = canonical.hash_of(canonical.content_of(story))
    return _report(story, checking.fresh(story))


@router.post("/{story_id}/findings/replace", response=StoryFull, url_name="finding_replace")
def finding_replace(request: HttpRequest, story_id: uuid.UUID, place: Replacement) -> Any:
    """Put the suggestion in this place and save; 409 when the text is another one by now."""
    return actions.finding_replace(by=member_of(request), story_id=story_id, **place.dict())


@router.post("/{story_id}/findings/settle", response={204: None}, url_name="finding_settle")
def finding_settle(request: HttpRequest, story_id: uuid.UUID, why: Standing) -> Any:
    """Let a finding at 慎 or 提示 stand, with a reason."""
    actions.finding_settle(by=member_of(request), story_id=story_id, **why.dict())
    return Status(204, None)
