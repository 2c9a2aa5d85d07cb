"""/api/v1/pictures: list, look at, add."""

from __future__ import annotations

import uuid
from typing import IO, Any, cast

from django.http import HttpRequest
from ninja import File, Form, Router, Schema, UploadedFile
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.assets import actions, selectors
from rongmei.assets.models import Picture
from rongmei.network.tokens import member_of

router = Router(tags=["assets"])


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
