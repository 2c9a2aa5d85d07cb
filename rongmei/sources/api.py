"""/api/v1/sources: what is watched, how it goes, adding and changing it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import File, Router, Schema, Status, UploadedFile
from ninja.pagination import paginate
from pydantic import Field

from rongmei.network import policy
from rongmei.network.tokens import member_of
from rongmei.sources import actions, selectors
from rongmei.sources.models import FetchLog, Source

if TYPE_CHECKING:
    from rongmei.network.models import Member

router = Router(tags=["sources"])


class StateOut(Schema):
    """How polling stands. `outcome` is a stable word, `message` is for people."""

    outcome: str
    message: str
    http_status: int | None
    due_at: datetime
    last_try_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    items_seen: int
    items_new: int
    left: int
    is_failing: bool
    moved_to: str


class SourceOut(Schema):
    """A watched source. Intervals are seconds."""

    id: uuid.UUID
    unit_id: uuid.UUID
    name: str
    url: str
    home_url: str
    kind: str
    media_class: str
    tier: int
    region: str
    language: str
    options: dict[str, Any]
    full_text: bool
    internal: bool
    shared: bool
    enabled: bool
    min_interval: int
    max_interval: int
    state: StateOut


class SourceChange(Schema):
    """Fields to change; what is left out stays."""

    name: str | None = None
    url: str | None = None
    home_url: str | None = None
    kind: str | None = None
    media_class: str | None = None
    tier: int | None = Field(None, ge=1, le=9)
    region: str | None = Field(None, max_length=40)
    language: str | None = Field(None, max_length=12)
    options: dict[str, Any] | None = None
    full_text: bool | None = None
    shared: bool | None = None
    enabled: bool | None = None
    min_interval: int | None = None
    max_interval: int | None = None


class SourceIn(SourceChange):
    """A new source."""

    unit_id: uuid.UUID
    name: str
    url: str


class LogOut(Schema):
    """One attempt."""

    created_at: datetime
    outcome: str
    message: str
    http_status: int | None
    bytes: int
    took_ms: int
    items_seen: int
    items_new: int


def _reader(request: HttpRequest) -> Member:
    member = member_of(request)
    policy.require(member, "sources.view")
    return member


@router.get("", response=list[SourceOut])
@paginate
def sources_list(request: HttpRequest) -> QuerySet[Source]:
    """Sources in reach."""
    return selectors.sources_visible_to(_reader(request))


@router.post("", response={201: SourceOut})
def source_add(request: HttpRequest, body: SourceIn) -> Source:
    """Watch a new source."""
    member = _reader(request)
    source = actions.source_add(by=member, **body.dict(exclude_none=True))
    return selectors.source_for(member, source.pk)


@router.get("/{source_id}", response=SourceOut)
def source_get(request: HttpRequest, source_id: uuid.UUID) -> Source:
    """One source."""
    return selectors.source_for(_reader(request), source_id)


@router.patch("/{source_id}", response=SourceOut)
def source_change(request: HttpRequest, source_id: uuid.UUID, body: SourceChange) -> Source:
    """Change a source."""
    member = _reader(request)
    selectors.source_for(member, source_id)
    actions.source_change(by=member, source_id=source_id, **body.dict(exclude_unset=True))
    return selectors.source_for(member, source_id)


@router.post("/{source_id}/fetch", response=SourceOut)
def source_fetch(request: HttpRequest, source_id: uuid.UUID) -> Source:
    """Fetch it as soon as possible."""
    member = _reader(request)
    selectors.source_for(member, source_id)
    actions.source_fetch_now(by=member, source_id=source_id)
    return selectors.source_for(member, source_id)


class TakenOut(Schema):
    """How many files were taken; they are read within seconds, see the log."""

    taken: int


@router.post("/{source_id}/files", response={202: TakenOut})
def source_files(
    request: HttpRequest, source_id: uuid.UUID, files: File[list[UploadedFile]]
) -> Status[dict[str, int]]:
    """Hand files to a source of kind `drop`: ninjs, NewsML-G2, JSON Lines, CSV, Word, mail, ZIP."""
    member = _reader(request)
    selectors.source_for(member, source_id)
    taken = actions.files_hand_over(
        by=member, source_id=source_id,
        files=[(one.name or "file", one.chunks()) for one in files],
    )  # fmt: skip
    return Status(202, {"taken": taken})


@router.get("/{source_id}/log", response=list[LogOut])
def source_log(request: HttpRequest, source_id: uuid.UUID) -> list[FetchLog]:
    """Its last attempts, newest first."""
    return selectors.log_of(selectors.source_for(_reader(request), source_id))
