"""/api/v1/uploads: files that come piece by piece and go on after a break."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema, Status

from rongmei.assets import uploading
from rongmei.network.tokens import member_of

router = Router(tags=["assets"])
_BYTES = {
    "requestBody": {
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        "required": True,
    }
}


class UploadIn(Schema):
    """A file to come. The device makes the id; without `unit_id` it is for one's own unit."""

    id: uuid.UUID
    name: str
    size: int
    unit_id: uuid.UUID | None = None


class UploadOut(Schema):
    """Go on from `offset`, with at most `piece` bytes; `picture` or `clip` is what it became."""

    id: uuid.UUID
    name: str
    size: int
    offset: int
    piece: int = uploading.PIECE
    picture: uuid.UUID | None
    clip: uuid.UUID | None
    taken: bool


class Finish(Schema):
    """The whole file's SHA-256, where the device can reckon it."""

    sha256: str = ""
    title: str = ""
    credit: str = ""


def _out(at: uploading.Standing) -> UploadOut:
    held = at.upload
    return UploadOut(
        id=held.pk, name=held.name, size=held.size, offset=at.offset, picture=at.picture,
        clip=at.clip, taken=bool(at.picture or at.clip),
    )  # fmt: skip


@router.post("", response=UploadOut, url_name="uploads")
def begin(request: HttpRequest, new: UploadIn) -> Any:
    """Announce a file, or ask again where to go on with it."""
    by = member_of(request)
    return _out(
        uploading.upload_begin(
            by=by, upload_id=new.id, unit_id=new.unit_id or by.unit_id, name=new.name, size=new.size
        )
    )


@router.get("/{upload_id}", response=UploadOut, url_name="upload")
def stand(request: HttpRequest, upload_id: uuid.UUID) -> Any:
    """Where the upload is."""
    return _out(uploading.upload_stand(member_of(request), upload_id))


@router.put("/{upload_id}", response=UploadOut, url_name="upload", openapi_extra=_BYTES)
def append(request: HttpRequest, upload_id: uuid.UUID, offset: int, sha256: str = "") -> Any:
    """Add a piece at `offset`, which must be where the file ends; 409 when it is not."""
    return _out(
        uploading.upload_append(
            by=member_of(request), upload_id=upload_id, offset=offset, piece=request.body, sha256=sha256
        )
    )  # fmt: skip


@router.post("/{upload_id}/finish", response=UploadOut, url_name="upload_finish")
def finish(request: HttpRequest, upload_id: uuid.UUID, whole: Finish) -> Any:
    """Hand the whole file in; asked again, it says what it became the first time."""
    return _out(uploading.upload_finish(by=member_of(request), upload_id=upload_id, **whole.dict()))


@router.delete("/{upload_id}", response={204: None}, url_name="upload")
def drop(request: HttpRequest, upload_id: uuid.UUID) -> Any:
    """Give an upload up."""
    uploading.upload_drop(by=member_of(request), upload_id=upload_id)
    return Status(204, None)
