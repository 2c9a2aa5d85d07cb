"""/api/v1/sources: what is watched, how it goes, adding and changing it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import File, Router, Schema, Status, UploadedFile
from ninja.pagination import paginate
from pydantic import Field

from rongmei.network import policy
from rongmei.network.tokens import member_of
from rongmei.sources import actions, selectors, trying
from rongmei.sources.models import FetchLog, Source
from rongmei.sources.views_groups import chosen_of

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
    is_over_quota: bool
    quiet_since: datetime | None
    failing_since: datetime | None
    polls: int
    unchanged: int
    why: dict[str, Any]
    why_words: str

    @staticmethod
    def resolve_why_words(state: Any) -> str:
        """Why it is due when it is, for people."""
        return selectors.due_words(state)


class GroupOut(Schema):
    """A group of sources."""

    id: uuid.UUID
    unit_id: uuid.UUID
    name: str
    note: str
    shared: bool


class GroupIn(Schema):
    """A new group."""

    unit_id: uuid.UUID
    name: str
    note: str = ""
    shared: bool = False


class GroupChange(Schema):
    """What changes of a group; what is left out stays."""

    name: str | None = None
    note: str | None = None
    shared: bool | None = None


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
    max_items_day: int
    max_bytes_day: int
    follow_moves: bool
    moved_from: str
    standing: str
    groups: list[GroupOut]
    state: StateOut

    @staticmethod
    def resolve_standing(source: Any) -> str:
        """One of failing, undead, quiet, over_quota, waiting, ok, paused."""
        return str(getattr(source, "standing", ""))


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
    max_items_day: int | None = Field(None, ge=0)
    max_bytes_day: int | None = Field(None, ge=0)
    follow_moves: bool | None = None
    groups: list[uuid.UUID] | None = None


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
def sources_list(request: HttpRequest, q: str = "", sort: str = "") -> QuerySet[Source]:
    """Sources in reach, narrowed by `state`, `kind`, `class`, `region`, `tier`, `language`, `unit`
    and `group` (each may come several times); `q` looks in names, hosts, addresses and groups."""
    chosen = replace(chosen_of(request.GET), text=q.strip()[:200], sort=sort)
    return selectors.sources_listed(_reader(request), chosen)


class Many(Schema):
    """One thing done to many: `way` is enable, pause, fetch, pace, class, join or leave."""

    ids: list[uuid.UUID] = Field(max_length=5000)
    way: str
    value: str = ""


class ManyOut(Schema):
    """How many changed, and how many were left because they are not the caller's."""

    changed: int
    left: int


@router.post("/many", response=ManyOut)
def sources_many(request: HttpRequest, body: Many) -> Any:
    """Do one thing to many sources."""
    return actions.sources_change_many(
        by=_reader(request), source_ids=body.ids, way=body.way, value=body.value
    )


@router.get("/groups", response=list[GroupOut])
def groups_list(request: HttpRequest) -> Any:
    """Groups in reach and those that others share."""
    return selectors.groups_visible_to(_reader(request))


@router.post("/groups", response={201: GroupOut})
def group_add(request: HttpRequest, body: GroupIn) -> Any:
    """Make a group."""
    return actions.group_add(by=_reader(request), **body.dict())


@router.patch("/groups/{group_id}", response=GroupOut)
def group_change(request: HttpRequest, group_id: uuid.UUID, body: GroupChange) -> Any:
    """Rename or share a group."""
    member = _reader(request)
    selectors.group_for(member, group_id)
    return actions.group_change(by=member, group_id=group_id, **body.dict(exclude_unset=True))


@router.delete("/groups/{group_id}", response={204: None})
def group_remove(request: HttpRequest, group_id: uuid.UUID) -> Status[None]:
    """Remove a group; its sources stay."""
    member = _reader(request)
    selectors.group_for(member, group_id)
    actions.group_remove(by=member, group_id=group_id)
    return Status(204, None)


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


class TrialOut(Schema):
    """What reading a source once brings; nothing is stored."""

    ok: bool
    outcome: str
    message: str
    count: int
    feed_title: str
    titles: list[tuple[str, str]]


@router.post("/{source_id}/try", response=TrialOut)
def source_try(request: HttpRequest, source_id: uuid.UUID) -> Any:
    """Read it once, now, and say what came: of a mailbox, what waits in it."""
    member = _reader(request)
    source = selectors.source_for(member, source_id)
    policy.require(member, "sources.manage", source)
    return trying.try_held(source)


@router.post("/{source_id}/move", response=SourceOut)
def source_move(request: HttpRequest, source_id: uuid.UUID, back: bool = False) -> Source:
    """Take over the address it moved to, or with `back` return to the one before."""
    member = _reader(request)
    selectors.source_for(member, source_id)
    actions.source_follow(by=member, source_id=source_id, back=back)
    return selectors.source_for(member, source_id)


@router.get("/{source_id}/log", response=list[LogOut])
def source_log(request: HttpRequest, source_id: uuid.UUID) -> list[FetchLog]:
    """Its last attempts, newest first."""
    return selectors.log_of(selectors.source_for(_reader(request), source_id))
