"""/api/v1/stories/word: stories out of Word documents; /api/v1/stories/…/word: stories as such."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router, Schema, Status, UploadedFile

from rongmei.network import policy
from rongmei.network.tokens import member_of
from rongmei.stories import actions, selectors, word_in, word_out
from rongmei.stories.api import StoryFull
from rongmei.stories.models import Story
from rongmei.stories.views_word import file_answer

router = Router(tags=["stories"])


class TrackedOut(Schema):
    """A tracked change: `kind` is new or gone."""

    kind: str
    text: str
    author: str
    at: str


class SaidOut(Schema):
    """A comment, and the passage it is on."""

    author: str
    at: str
    text: str
    quote: str


class DocumentOut(Schema):
    """What a document holds. A document with `tracked` or `comments` becomes a story only when its
    `digest` is given as `seen`; the text has every change accepted."""

    digest: str
    title: str
    blocks: list[dict[str, Any]]
    pictures: int
    tracked: list[TrackedOut]
    comments: list[SaidOut]
    remarks: list[str]

    @staticmethod
    def resolve_pictures(found: word_in.Document) -> int:
        """How many pictures would be kept."""
        return len(found.pictures)


class FromWord(Schema):
    """For which unit; the digest that was seen; a headline instead of the document's own."""

    unit_id: uuid.UUID
    seen: str = ""
    title: str = ""
    task_id: uuid.UUID | None = None


def _data(file: UploadedFile) -> bytes:
    held: bytes = file.read(word_in.MAX_FILE + 1)
    return held


@router.post("/word/preview", response=DocumentOut, url_name="story_word_preview")
def preview(request: HttpRequest, file: File[UploadedFile]) -> word_in.Document:
    """Look into a document; nothing is kept."""
    policy.require(member_of(request), "stories.write")
    return word_in.read(_data(file))


@router.post("/word", response={201: StoryFull}, url_name="story_from_word")
def from_word(
    request: HttpRequest, about: Form[FromWord], file: File[UploadedFile]
) -> Status[Story]:
    """Begin a story with what a document holds."""
    made = actions.story_from_word(by=member_of(request), data=_data(file), **about.dict())
    return Status(201, made)


@router.post("/{story_id}/word", url_name="story_word")
def as_word(request: HttpRequest, story_id: uuid.UUID) -> HttpResponse:
    """The story as a Word document; giving it out is on record."""
    member = member_of(request)
    story = selectors.story_for(member, story_id)
    made = word_out.story_docx(story)
    actions.word_export(by=member, story_id=story_id)
    return file_answer(made, word_out.file_name(story))


@router.post("/{story_id}/versions/{before}/to/{after}/word", url_name="story_changes_word")
def changes_as_word(
    request: HttpRequest, story_id: uuid.UUID, before: int, after: int
) -> HttpResponse:
    """What changed between two versions, as a Word document with tracked changes."""
    member = member_of(request)
    story = selectors.story_for(member, story_id)
    made = word_out.changes_of(story, before, after)
    actions.word_export(by=member, story_id=story_id, changes=(before, after))
    return file_answer(made, word_out.file_name(story))
