"""/api/v1/submissions: what a phone keeps and sends, and what a desk answers."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.network.tokens import member_of
from rongmei.stories import actions, submissions
from rongmei.stories.actions import Written
from rongmei.stories.submission_rows import Submission, SubmissionEntry

router = Router(tags=["submissions"])


class PictureSent(Schema):
    """A picture of a submission, or with `kind` "clip" a video or a recording."""

    uid: uuid.UUID
    caption: str = ""
    kind: str = "picture"


class Piece(Schema):
    """A piece as a device has it, for the desk of `unit_id`."""

    unit_id: uuid.UUID
    title: str = ""
    text: str = ""
    place: str = ""
    genre: str = ""
    pictures: list[PictureSent] = []
    faces: str = ""
    base_version: int | None = None

    def written(self) -> Written:
        """The same for the actions."""
        pictures = tuple(one.dict() for one in self.pictures)
        return Written(
            title=self.title, text=self.text, place=self.place, genre=self.genre,
            pictures=pictures, faces=self.faces,
        )  # fmt: skip


class Sending(Piece):
    """A piece to be sent; the same `key` again asks for the answer that was lost."""

    key: uuid.UUID


class EntryOut(Schema):
    """One step: who, when, why."""

    kind: str
    words: str
    person_name: str
    reason: str
    example: str
    at: datetime

    @staticmethod
    def resolve_words(entry: SubmissionEntry) -> str:
        """The step's name."""
        return str(entry.get_kind_display())

    @staticmethod
    def resolve_at(entry: SubmissionEntry) -> datetime:
        """When."""
        return entry.created_at


class SubmissionOut(Schema):
    """A submission in a list."""

    id: uuid.UUID
    number: str
    version: int
    unit_id: uuid.UUID
    unit_name: str
    from_unit_id: uuid.UUID
    author_name: str
    title: str
    state: str
    state_words: str
    next_words: str
    editor_name: str
    story_id: uuid.UUID | None
    sent_at: datetime | None
    answer_due_at: datetime | None
    overdue: bool
    updated_at: datetime

    @staticmethod
    def resolve_unit_name(row: Submission) -> str:
        """The desk's unit."""
        return row.unit.label

    @staticmethod
    def resolve_state_words(row: Submission) -> str:
        """The state's name."""
        return str(row.get_state_display())

    @staticmethod
    def resolve_next_words(row: Submission) -> str:
        """What happens next."""
        return submissions.next_words(row)

    @staticmethod
    def resolve_overdue(row: Submission) -> bool:
        """Whether the answer is late."""
        return row.is_overdue


class SubmissionFull(SubmissionOut):
    """A submission with its text and every step."""

    text: str
    place: str
    genre: str
    pictures: list[PictureSent]
    faces: str
    entries: list[EntryOut]

    @staticmethod
    def resolve_entries(row: Submission) -> list[SubmissionEntry]:
        """Oldest first."""
        return submissions.entries_of(row)


class Desk(Schema):
    """Where one may send to."""

    id: uuid.UUID
    name: str


class Look(Schema):
    """A text to be looked at before it is sent."""

    title: str = ""
    text: str = ""
    place: str = ""


class Remark(Schema):
    """What was noticed: `level` is forbid, caution or hint; `found` the words, if any."""

    level: str
    found: str
    advice: str
    suggestion: str


class Answer(Schema):
    """Why, and how to do better."""

    reason: str
    example: str = ""


class Into(Schema):
    """The story to become a part of."""

    story_id: uuid.UUID


def _full(request: HttpRequest, submission_id: uuid.UUID) -> Submission:
    return submissions.submission_for(member_of(request), submission_id)


@router.get("", response=list[SubmissionOut], url_name="submissions")
@paginate(LimitOffsetPagination)
def mine(request: HttpRequest) -> Any:
    """What one wrote, drafts too, last changed first."""
    return submissions.own(member_of(request)).select_related("story")


@router.get("/inbox", response=list[SubmissionOut], url_name="submissions_inbox")
@paginate(LimitOffsetPagination)
def inbox(request: HttpRequest) -> Any:
    """What was sent to the desks one works at, the longest waiting first."""
    return submissions.inbox(member_of(request)).select_related("story")


@router.get("/desks", response=list[Desk], url_name="submission_desks")
def desks(request: HttpRequest) -> Any:
    """Where one may send to."""
    return [Desk(id=one.pk, name=one.label) for one in submissions.desks_for(member_of(request))]


@router.post("/check", response=list[Remark], url_name="submission_check")
def check(request: HttpRequest, look: Look) -> Any:
    """Wording, personal data, and the five questions; nothing is kept."""
    return submissions.look_over(member_of(request), look.title, look.text, look.place)


@router.get("/{submission_id}", response=SubmissionFull, url_name="submission")
def one(request: HttpRequest, submission_id: uuid.UUID) -> Any:
    """One submission with every step."""
    return _full(request, submission_id)


@router.put("/{submission_id}", response=SubmissionFull, url_name="submission")
def save(request: HttpRequest, submission_id: uuid.UUID, piece: Piece) -> Any:
    """Keep a draft under the id the device gave it; 409 when another device changed it since."""
    actions.submission_save(
        by=member_of(request), submission_id=submission_id, unit_id=piece.unit_id,
        written=piece.written(), base_version=piece.base_version,
    )  # fmt: skip
    return _full(request, submission_id)


@router.delete("/{submission_id}", response={204: None}, url_name="submission")
def discard(request: HttpRequest, submission_id: uuid.UUID) -> Any:
    """Throw away a draft that was never sent."""
    actions.submission_discard(by=member_of(request), submission_id=submission_id)
    return Status(204, None)


@router.post("/{submission_id}/send", response=SubmissionFull, url_name="submission_send")
def send(request: HttpRequest, submission_id: uuid.UUID, sending: Sending) -> Any:
    """Send it; the same key again returns what was taken the first time."""
    actions.submission_send(
        by=member_of(request), submission_id=submission_id, unit_id=sending.unit_id, key=sending.key,
        written=sending.written(), base_version=sending.base_version,
    )  # fmt: skip
    return _full(request, submission_id)


@router.post("/{submission_id}/withdraw", response=SubmissionFull, url_name="submission_withdraw")
def withdraw(request: HttpRequest, submission_id: uuid.UUID) -> Any:
    """Take one's own piece back."""
    actions.submission_withdraw(by=member_of(request), submission_id=submission_id)
    return _full(request, submission_id)


@router.post("/{submission_id}/take", response=SubmissionFull, url_name="submission_take")
def take(request: HttpRequest, submission_id: uuid.UUID) -> Any:
    """Say that one is reading it."""
    actions.submission_take(by=member_of(request), submission_id=submission_id)
    return _full(request, submission_id)


@router.post("/{submission_id}/ask", response=SubmissionFull, url_name="submission_ask")
def ask(request: HttpRequest, submission_id: uuid.UUID, answer: Answer) -> Any:
    """Give it back to be improved."""
    actions.submission_ask(by=member_of(request), submission_id=submission_id, **answer.dict())
    return _full(request, submission_id)


@router.post("/{submission_id}/decline", response=SubmissionFull, url_name="submission_decline")
def decline(request: HttpRequest, submission_id: uuid.UUID, answer: Answer) -> Any:
    """Not use it."""
    actions.submission_decline(by=member_of(request), submission_id=submission_id, **answer.dict())
    return _full(request, submission_id)


@router.post("/{submission_id}/adopt", response=SubmissionFull, url_name="submission_adopt")
def adopt(request: HttpRequest, submission_id: uuid.UUID) -> Any:
    """Make a story of it."""
    actions.submission_adopt(by=member_of(request), submission_id=submission_id)
    return _full(request, submission_id)


@router.post("/{submission_id}/merge", response=SubmissionFull, url_name="submission_merge")
def merge(request: HttpRequest, submission_id: uuid.UUID, into: Into) -> Any:
    """Make it a part of a story that is still being written."""
    actions.submission_merge(
        by=member_of(request), submission_id=submission_id, story_id=into.story_id
    )
    return _full(request, submission_id)
