"""/api/v1/pictures and /api/v1/clips: list, look at, add."""

from __future__ import annotations

import uuid
from typing import IO, Any, cast

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, UploadedFile
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.assets import actions, selectors
from rongmei.assets.models import Clip, Picture
from rongmei.network.tokens import member_of

router = Router(tags=["assets"])
clip_router = Router(tags=["assets"])


class PictureOut(Schema):
    """A picture's facts. `digest` is the SHA-256 of its file."""

    uid: uuid.UUID
    unit_id: uuid.UUID
    title: str
    caption: str
    credit: str
    source: str
    rights: str
    aigc: str
    width: int
    height: int
    digest: str
    url: str

    @staticmethod
    def resolve_url(picture: Picture) -> str:
        """Address of the original."""
        return str(picture.file.url)


class PictureIn(Schema):
    """What comes with a file."""

    unit_id: uuid.UUID
    title: str = ""
    caption: str = ""
    credit: str = ""
    source: str = ""
    rights: str = ""
    aigc: str = ""


@router.get("", response=list[PictureOut])
@paginate(LimitOffsetPagination)
def pictures(request: HttpRequest) -> Any:
    """Pictures of the units in reach, newest first."""
    return selectors.pictures_visible_to(member_of(request))


@router.get("/{uid}", response=PictureOut)
def picture(request: HttpRequest, uid: uuid.UUID) -> Any:
    """One picture."""
    return selectors.picture_for(member_of(request), uid)


@router.post("", response={201: PictureOut})
def add(request: HttpRequest, facts: Form[PictureIn], file: File[UploadedFile]) -> Any:
    """Add a picture (multipart/form-data); the same file again returns the one already kept."""
    return actions.picture_add(
        by=member_of(request), file=cast(IO[bytes], file.file), **facts.dict()
    )


class ClipOut(Schema):
    """A video's or a recording's facts. `digest` is the SHA-256 of its file; `seconds` may be unknown."""

    id: uuid.UUID
    unit_id: uuid.UUID
    kind: str
    mime: str
    title: str
    caption: str
    credit: str
    source: str
    rights: str
    aigc: str
    seconds: int | None
    size: int
    digest: str
    url: str

    @staticmethod
    def resolve_url(clip: Clip) -> str:
        """Where it plays."""
        return selectors.clip_address(clip)


@clip_router.get("", response=list[ClipOut])
@paginate(LimitOffsetPagination)
def clips(request: HttpRequest, kind: str = "") -> Any:
    """Videos and recordings of the units in reach, newest first; `kind` is video or audio."""
    rows = selectors.clips_visible_to(member_of(request))
    return rows.filter(kind=kind) if kind else rows


@clip_router.get("/{clip_id}", response=ClipOut)
def clip(request: HttpRequest, clip_id: uuid.UUID) -> Any:
    """One video or recording."""
    return selectors.clip_for(member_of(request), clip_id)


@clip_router.post("", response={201: ClipOut})
def clip_add(request: HttpRequest, facts: Form[PictureIn], file: File[UploadedFile]) -> Any:
    """Add a video or a recording (multipart/form-data); the same file again returns the one kept."""
    return actions.clip_add(by=member_of(request), file=cast(IO[bytes], file.file), **facts.dict())
