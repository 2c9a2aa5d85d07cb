"""/api/v1/stories/…/versions: a story's saved texts, how two differ, and bringing one back."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from rongmei.network.tokens import member_of
from rongmei.stories import actions, reading, selectors, versions
from rongmei.stories.api import StoryFull
from rongmei.stories.comparing import Row

router = Router(tags=["stories"])


class VersionOut(Schema):
    """A saved text: who saved it when, and the steps signed over it."""

    id: int
    at: datetime
    who: str
    title: str
    signed: list[str]


class SegmentOut(Schema):
    """A run of text: same, gone or new."""

    kind: str
    text: str


class FieldOut(Schema):
    """A part outside the body that differs."""

    name: str
    segments: list[SegmentOut]


class PieceOut(Schema):
    """A piece of the body that differs. `kind`: changed, marked (emphasis or links only), gone, new,
    moved (from place `other`). `number` counts pieces of the later text, of the earlier for gone."""

    kind: str
    what: str
    number: int
    other: int
    segments: list[SegmentOut]

    @staticmethod
    def resolve_what(row: Row) -> str:
        """paragraph, item, heading, quote, picture, lead or the block's kind."""
        return row.piece.kind


class ComparisonOut(Schema):
    """How one version differs from another."""

    before: int
    after: int
    characters_new: int
    characters_gone: int
    fields: list[FieldOut]
    pieces: list[PieceOut]


class Restore(Schema):
    """The newest version that was seen."""

    base_revision: int | None


@router.get("/{story_id}/versions", response=list[VersionOut], url_name="story_versions")
def list_versions(request: HttpRequest, story_id: uuid.UUID) -> Any:
    """The newest hundred versions of a story, newest first; none for a replica."""
    story = selectors.story_for(member_of(request), story_id)
    return [
        VersionOut(
            id=one.pk, at=one.at, who=one.who, title=one.words,
            signed=[signature.step for signature in one.signatures],
        )
        for one in reading.versions(story, selectors.signatures_of(story))
    ]  # fmt: skip


@router.get(
    "/{story_id}/versions/{before}/to/{after}", response=ComparisonOut, url_name="story_compare"
)
def compare(request: HttpRequest, story_id: uuid.UUID, before: int, after: int) -> Any:
    """How version `after` differs from version `before`."""
    story = selectors.story_for(member_of(request), story_id)
    found = versions.compared(story, before, after).found
    return {
        "before": before, "after": after, "characters_new": found.count("new"),
        "characters_gone": found.count("gone"), "fields": found.fields,
        "pieces": [row for row in found.rows if row.kind not in {"same", "left"}],
    }  # fmt: skip


@router.post("/{story_id}/versions/{version}/restore", response=StoryFull, url_name="story_restore")
def restore(request: HttpRequest, story_id: uuid.UUID, version: int, seen: Restore) -> Any:
    """Save an earlier text as the newest version; 409 when the story changed since `base_revision`."""
    return actions.story_restore(
        by=member_of(request),
        story_id=story_id,
        revision_id=version,
        base_revision=seen.base_revision,
    )
