"""Big files over thin lines: taken piece by piece, gone on with after any break, then handed to intake.

The device names the upload and asks where to go on; each piece carries its SHA-256. Bytes go to a
file of the node's own folder (never a public one) without a row being written; the file's length is
the truth. What is not finished in some days is removed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.assets import clips, intake
from rongmei.assets.actions import clip_add, picture_add
from rongmei.assets.errors import (
    AssetError,
    PictureTooLarge,
    UploadBroken,
    UploadElsewhere,
    UploadNoRoom,
    UploadQuota,
    UploadTooLarge,
    UploadUnfinished,
)
from rongmei.assets.models import Upload
from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

PIECE: Final = 4 * 1024 * 1024
KEPT_FOR: Final = timedelta(days=7)
SPARE: Final = 512 * 1024 * 1024


@dataclass(frozen=True)
class Standing:
    """Where an upload is: go on from `offset`; `picture` or `clip` once it was handed in."""

    upload: Upload
    offset: int

    @property
    def picture(self) -> uuid.UUID | None:
        """The picture it became."""
        return self.upload.picture_uid

    @property
    def clip(self) -> uuid.UUID | None:
        """The video or recording it became."""
        return self.upload.clip_id


def folder() -> Path:
    """Where unfinished files lie; several machines need it on a disk that they share."""
    path = Path(settings.RONGMEI_NODE.data) / "uploads"
    path.mkdir(parents=True, exist_ok=True)
    return path


def path_of(upload: Upload) -> Path:
    """The file of an upload's pieces."""
    return folder() / f"{upload.pk.hex}.part"


def _length(upload: Upload) -> int:
    try:
        return path_of(upload).stat().st_size
    except FileNotFoundError:
        return 0


def _taken(upload: Upload) -> bool:
    return bool(upload.picture_uid or upload.clip_id)


def _standing(upload: Upload) -> Standing:
    return Standing(upload, upload.size if _taken(upload) else _length(upload))


def upload_for(member: Member, upload_id: uuid.UUID) -> Upload:
    """The member's own upload, or NotFound."""
    found = Upload.objects.filter(pk=upload_id, member_id=member.pk).first()
    if found is None:
        raise NotFound(_("这次上传已过期或不存在，请从头再传一次，原文件还在你的设备上。"))
    return found


def upload_stand(member: Member, upload_id: uuid.UUID) -> Standing:
    """Where the member's upload is."""
    return _standing(upload_for(member, upload_id))


def upload_begin(
    *, by: Member, upload_id: uuid.UUID, unit_id: uuid.UUID, name: str, size: int
) -> Standing:
    """Announce a file, or ask again where to go on with it.

    Raises UploadTooLarge, UploadQuota, UploadNoRoom, NotAllowed, BadInput, NotFound.
    """
    if size <= 0 or not name.strip():
        raise BadInput(_("空文件不能上传，没有保存。"))
    if size > settings.RONGMEI_UPLOAD_MB * 1024 * 1024:
        raise UploadTooLarge
    if shutil.disk_usage(folder()).free < size + SPARE:
        raise UploadNoRoom
    with db.write():
        policy.require(by, "assets.upload", unit_id)
        known = Upload.objects.filter(pk=upload_id).first()
        if known is not None:
            if known.member_id != by.pk or known.size != size:
                raise NotFound
            return _standing(known)
        open_ = Upload.objects.filter(member_id=by.pk, picture_uid=None, clip_id=None)
        held = open_.aggregate(total=Sum("size"))["total"] or 0
        if held + size > settings.RONGMEI_UPLOAD_QUOTA_MB * 1024 * 1024:
            raise UploadQuota
        made = Upload.objects.create(
            pk=upload_id, unit_id=unit_id, member_id=by.pk, name=Path(name).name[-120:], size=size,
            expires_at=timezone.now() + KEPT_FOR,
        )  # fmt: skip
        audit.record(by, "upload.begun", made, unit_id=unit_id, size=size)
    return Standing(made, 0)


@contextmanager
def _alone(path: Path) -> Iterator[int]:
    """The open file, with nobody else writing to it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def upload_append(
    *, by: Member, upload_id: uuid.UUID, offset: int, piece: bytes, sha256: str = ""
) -> Standing:
    """Add a piece at `offset`, which must be where the file ends.

    Raises UploadElsewhere when it is not, UploadBroken when the piece does not match its checksum,
    UploadTooLarge when it is too long.
    """
    upload = upload_for(by, upload_id)
    if len(piece) > PIECE or offset + len(piece) > upload.size:
        raise UploadTooLarge
    if not piece or (sha256 and hashlib.sha256(piece).hexdigest() != sha256.lower()):
        raise UploadBroken
    if _taken(upload):
        return _standing(upload)
    with _alone(path_of(upload)) as handle:
        if os.fstat(handle).st_size != offset:
            raise UploadElsewhere
        os.lseek(handle, offset, os.SEEK_SET)
        view = memoryview(piece)
        while view:
            view = view[os.write(handle, view) :]
    return Standing(upload, offset + len(piece))


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def upload_finish(
    *, by: Member, upload_id: uuid.UUID, sha256: str = "", title: str = "", credit: str = ""
) -> Standing:
    """Hand the whole file to intake; asked again, it says what it became the first time.

    Raises UploadUnfinished, UploadBroken, and what intake refuses: the file is dropped then.
    """
    upload = upload_for(by, upload_id)
    if _taken(upload):
        return _standing(upload)
    path = path_of(upload)
    if _length(upload) != upload.size:
        raise UploadUnfinished
    if sha256 and _digest(path) != sha256.lower():
        path.unlink(missing_ok=True)
        raise UploadBroken
    try:
        fields = _handed_in(by, upload, path, title or Path(upload.name).stem, credit)
    except AssetError:
        upload_drop(by=by, upload_id=upload_id)
        raise
    with db.write():
        Upload.objects.filter(pk=upload.pk).update(**fields)
    for name, value in fields.items():
        setattr(upload, name, value)
    path.unlink(missing_ok=True)
    return _standing(upload)


def _handed_in(
    by: Member, upload: Upload, path: Path, title: str, credit: str
) -> dict[str, uuid.UUID]:
    """Give the file to the intake that its first bytes ask for; what it became."""
    with path.open("rb") as handle:
        moving = clips.sniff(handle.read(4096)) is not None
        handle.seek(0)
        how = {
            "by": by,
            "unit_id": upload.unit_id,
            "file": handle,
            "title": title,
            "credit": credit,
        }
        if moving:
            return {"clip_id": clip_add(**how).pk}  # type: ignore[arg-type]
        if upload.size > intake.MAX_BYTES:
            raise PictureTooLarge
        return {"picture_uid": picture_add(**how).uid}  # type: ignore[arg-type]


def upload_drop(*, by: Member, upload_id: uuid.UUID) -> None:
    """Give an upload up; what it became already stays."""
    with db.write():
        upload = Upload.objects.filter(pk=upload_id, member_id=by.pk).first()
        if upload is None:
            return
        path = path_of(upload)
        audit.record(by, "upload.dropped", upload, unit_id=upload.unit_id)
        upload.delete()
    path.unlink(missing_ok=True)


def uploads_expire() -> int:
    """Remove what nobody went on with, and files whose row is gone."""
    now = timezone.now()
    with db.write():
        keys = list(Upload.objects.filter(expires_at__lt=now).values_list("pk", flat=True)[:200])
        Upload.objects.filter(pk__in=keys).delete()
    known = {one.hex for one in Upload.objects.values_list("pk", flat=True)}
    gone = 0
    for path in folder().glob("*.part"):
        if path.stem not in known and now.timestamp() - path.stat().st_mtime > 3600:
            path.unlink(missing_ok=True)
            gone += 1
    return len(keys) + gone
