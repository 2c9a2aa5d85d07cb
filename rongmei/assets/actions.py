"""Verbs of the assets room."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from typing import IO, TYPE_CHECKING, Any, Final

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from rongmei.assets import events as said
from rongmei.assets import intake
from rongmei.assets.errors import PictureForged
from rongmei.assets.models import Picture
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.network import policy, selectors

if TYPE_CHECKING:
    from rongmei.network.models import Member

EXPORT_BYTES: Final = 4 * 1024 * 1024
_KEPT: Final = ("title", "caption", "credit", "source", "rights", "aigc")


def _store(picture: Picture, taken: intake.TakenIn) -> None:
    """Put the bytes into storage under a name nobody can guess; the row is not saved."""
    picture.file.save(f"picture{taken.suffix}", ContentFile(taken.data), save=False)
    picture.width, picture.height = taken.width, taken.height
    picture.file_size = len(taken.data)
    picture.file_hash = hashlib.sha1(taken.data, usedforsecurity=False).hexdigest()


def picture_add(
    *,
    by: Member,
    unit_id: uuid.UUID,
    file: IO[bytes],
    title: str,
    caption: str = "",
    credit: str = "",
    source: str = "",
    rights: str = "",
    aigc: str = "",
) -> Picture:
    """Keep a picture for a unit and return it; the same file again returns the one already kept.

    What the file's own IPTC and EXIF say fills the fields left empty; places of exposure are taken
    out of the file. Raises PictureTooLarge, NotAPicture, NotAllowed, BadInput.
    """
    policy.require(by, "assets.upload", unit_id)
    if aigc not in Picture.Aigc.values:
        raise BadInput(_("生成合成标识只能是空、1、2 或 3，没有保存。"))
    taken = intake.take_in(file.read(intake.MAX_BYTES + 1))
    before: Picture | None = Picture.objects.filter(unit_id=unit_id, digest=taken.digest).first()
    if before is not None:
        return before
    picture = Picture(
        unit_id=unit_id, digest=taken.digest, uploaded_by_user=by,
        title=(title.strip() or caption.strip() or taken.caption or _("未命名图片"))[:255],
        caption=(caption.strip() or taken.caption)[:300],
        credit=(credit.strip() or taken.credit)[:80],
        source=(source.strip() or taken.source)[:120],
        rights=(rights.strip() or taken.rights)[:200],
        aigc=aigc or taken.aigc,
    )  # fmt: skip
    _store(picture, taken)
    with db.write():
        again: Picture | None = Picture.objects.filter(unit_id=unit_id, digest=taken.digest).first()
        if again is None:
            picture.save()
            audit.record(by, "picture.added", picture, unit_id=unit_id, digest=taken.digest)
            events.publish(
                said.PictureAdded(subject_id=picture.uid, unit_id=unit_id, title=picture.title)
            )
    if again is not None:
        picture.file.delete(save=False)
        return again
    return picture


def picture_hand(*, by: Member, picture: Picture, to_unit: uuid.UUID) -> Picture:
    """A unit's own copy of another unit's picture, which was sent to it with a piece.

    The caller has made sure that it was; `by` must be allowed to add pictures there. Reads and
    writes files: call it outside a write.
    """
    policy.require(by, "assets.upload", to_unit)
    if picture.unit_id == to_unit:
        return picture
    facts = {name: getattr(picture, name) for name in _KEPT}
    with picture.file.open("rb") as handle:
        return picture_add(by=by, unit_id=to_unit, file=handle, **facts)


def picture_export(picture: Picture, *, limit: int = EXPORT_BYTES) -> dict[str, Any]:
    """The picture for another node: facts, and its bytes in base64 (at most `limit` before that).

    `digest` is the original's; when the bytes had to be made smaller `sent_digest` differs from
    it. Reads a file: call it outside a write.
    """
    with picture.file.open("rb") as handle:
        data = handle.read()
    sent = intake.shrink(data, limit)
    return {
        "uid": str(picture.uid),
        "unit": str(picture.unit_id),
        "digest": picture.digest,
        "sent_digest": hashlib.sha256(sent).hexdigest(),
        **{name: getattr(picture, name) for name in _KEPT},
        "data": base64.b64encode(sent).decode("ascii"),
    }


def picture_import(body: dict[str, Any], *, home: uuid.UUID) -> Picture:
    """Keep a read-only copy of another node's picture; inside the write that receives it.

    Its bytes are decoded and checked against `sent_digest` first; what came before is returned
    again, with its facts renewed. Raises PictureForged.
    """
    try:
        unit_id, uid = uuid.UUID(str(body["unit"])), uuid.UUID(str(body["uid"]))
        data = base64.b64decode(str(body["data"]), validate=True)
        digest, sent_digest = str(body["digest"]), str(body["sent_digest"])
    except (KeyError, ValueError, binascii.Error) as error:
        raise PictureForged from error
    if hashlib.sha256(data).hexdigest() != sent_digest or len(digest) != 64:
        raise PictureForged
    if selectors.unit(unit_id).node_id != home:
        raise PictureForged
    fields = {name: str(body.get(name, ""))[:255] for name in _KEPT}
    known: Picture | None = (
        Picture.objects.select_for_update().filter(unit_id=unit_id, digest=digest).first()
    )
    if known is not None:
        if known.home != home:
            raise PictureForged
        for name, value in fields.items():
            setattr(known, name, value)
        known.save()
        return known
    taken = intake.take_in(data)
    picture = Picture(uid=uid, unit_id=unit_id, home=home, digest=digest, **fields)
    _store(picture, taken)
    picture.save()
    audit.record(None, "picture.received", picture, unit_id=unit_id, digest=digest)
    return picture
