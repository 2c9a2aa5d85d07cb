"""Verbs of the assets room."""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from typing import IO, TYPE_CHECKING, Any, Final, cast
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext as _

from rongmei.assets import clips, intake
from rongmei.assets import events as said
from rongmei.assets.errors import ClipForged, ClipTooLarge, PictureForged
from rongmei.assets.models import Aigc, Clip, Picture
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.network import policy, selectors

if TYPE_CHECKING:
    from rongmei.network.models import Member

EXPORT_BYTES: Final = 4 * 1024 * 1024
# What is told of a file to other nodes, and how long it may be.
_KEPT: Final = {
    "title": 255, "caption": 300, "credit": 80, "source": 120, "rights": 200, "aigc": 1,
}  # fmt: skip
_CLIP_FACTS: Final = ("kind", "mime", "digest", "size", "seconds")


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
    fields = {name: str(body.get(name, ""))[:most] for name, most in _KEPT.items()}
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


def _spooled(file: IO[bytes]) -> TemporaryUploadedFile:
    """The file on disk, where it may be changed; refused as soon as it is larger than the limit."""
    held = TemporaryUploadedFile("clip", "", 0, None)
    most, size = settings.RONGMEI_CLIP_MB * 1024 * 1024, 0
    file.seek(0)
    while chunk := file.read(clips.CHUNK):
        size += len(chunk)
        if size > most:
            held.close()
            raise ClipTooLarge(
                _("音视频文件超过 %(mb)s MB，没有保存。请压缩后再传，或请管理员调高上限。")
                % {"mb": settings.RONGMEI_CLIP_MB}
            )
        held.write(chunk)
    held.flush()
    return held


def is_clip(file: IO[bytes]) -> bool:
    """Whether a file is a video or a recording by its first bytes; it is left at its start."""
    file.seek(0)
    found = clips.sniff(file.read(64))
    file.seek(0)
    return found is not None


def clip_add(
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
) -> Clip:
    """Keep a video or a recording for a unit; the same file again returns the one already kept.

    Places in its index are blotted out. Raises ClipTooLarge, NotAClip, ClipBroken, NotAllowed, BadInput.
    """
    policy.require(by, "assets.upload", unit_id)
    if aigc not in Aigc.values:
        raise BadInput(_("生成合成标识只能是空、1、2 或 3，没有保存。"))
    held = _spooled(file)
    try:
        taken = clips.take_in(cast(IO[bytes], held.file))
        seconds = taken.seconds
        if seconds is None:
            seconds = clips.probed_seconds(held.temporary_file_path())
        before = Clip.objects.filter(unit_id=unit_id, digest=taken.digest).first()
        if before is not None:
            return before
        clip = Clip(
            unit_id=unit_id, kind=taken.format.kind, mime=taken.format.mime, digest=taken.digest,
            size=taken.size, seconds=seconds, added_by_id=by.pk,
            title=(title.strip() or caption.strip() or _("未命名音视频"))[:255], caption=caption.strip()[:300],
            credit=credit.strip()[:80], source=source.strip()[:120], rights=rights.strip()[:200], aigc=aigc,
        )  # fmt: skip
        held.seek(0)
        clip.file.save(f"clip{taken.format.suffix}", held, save=False)
    finally:
        held.close()
    with db.write():
        again = Clip.objects.filter(unit_id=unit_id, digest=taken.digest).first()
        if again is None:
            clip.save(force_insert=True)
            audit.record(by, "clip.added", clip, digest=taken.digest)
            events.publish(
                said.ClipAdded(
                    subject_id=clip.pk, unit_id=unit_id, title=clip.title, kind=clip.kind
                )
            )
    if again is not None:
        clip.file.delete(save=False)
        return again
    return clip


def clip_hand(*, by: Member, clip: Clip, to_unit: uuid.UUID) -> Clip:
    """A unit's own row for another unit's clip, which was sent to it with a piece; the file is the same.

    The caller has made sure that it was; `by` must be allowed to add to the assets there.
    """
    policy.require(by, "assets.upload", to_unit)
    if clip.unit_id == to_unit:
        return clip
    with db.write():
        known = Clip.objects.filter(unit_id=to_unit, digest=clip.digest).first()
        if known is not None:
            return known
        made = Clip(unit_id=to_unit, added_by_id=by.pk, file=clip.file.name)
        same = (
            "kind",
            "mime",
            "digest",
            "size",
            "seconds",
            "caption",
            "credit",
            "source",
            "rights",
        )
        for name in (*same, "title", "aigc"):
            setattr(made, name, getattr(clip, name))
        made.save(force_insert=True)
        audit.record(by, "clip.added", made, digest=made.digest)
        events.publish(
            said.ClipAdded(subject_id=made.pk, unit_id=to_unit, title=made.title, kind=made.kind)
        )
    return made


def clip_export(clip: Clip, *, limit: int = EXPORT_BYTES) -> dict[str, Any]:
    """The clip for another node: facts, where it plays, and its bytes in base64 if they are few.

    Reads a file: call it outside a write.
    """
    data = b""
    if clip.file and clip.size <= limit:
        with clip.file.open("rb") as handle:
            data = handle.read()
    return {
        "id": str(clip.pk),
        "unit": str(clip.unit_id),
        **{name: getattr(clip, name) for name in (*_CLIP_FACTS, *_KEPT)},
        "url": urljoin(settings.RONGMEI_NODE.url + "/", clip.file.url) if clip.file else "",
        "data": base64.b64encode(data).decode("ascii"),
    }


def _clip_bytes(body: dict[str, Any]) -> bytes:
    """The bytes that came with a clip, if any did and they are what the facts say."""
    data = base64.b64decode(str(body["data"]), validate=True)
    if not data:
        return data
    found = clips.sniff(data[:64])
    same = found is not None and (found.kind, found.mime) == (body["kind"], body["mime"])
    if not same or hashlib.sha256(data).hexdigest() != body["digest"] or len(data) != body["size"]:
        raise ClipForged
    return data


def clip_import(body: dict[str, Any], *, home: uuid.UUID) -> Clip:
    """Keep a read-only copy of another node's clip; inside the write that receives it.

    A file that came along is checked against its digest; one that was too large stays at home, and is
    shown from there only if the address is the home node's own. Raises ClipForged.
    """
    try:
        unit_id, clip_id = uuid.UUID(str(body["unit"])), uuid.UUID(str(body["id"]))
        kind, digest = Clip.Kind(str(body["kind"])), str(body["digest"])
        data, size = _clip_bytes(body), int(body["size"])
        seconds = None if body["seconds"] is None else int(body["seconds"])
        mime, url = str(body["mime"]), str(body["url"])
    except (KeyError, TypeError, ValueError, binascii.Error) as error:
        raise ClipForged from error
    unit = selectors.unit(unit_id)
    if unit.node_id != home or len(digest) != 64 or size < 0 or not mime.startswith(f"{kind}/"):
        raise ClipForged
    if url and urlsplit(url).netloc != urlsplit(unit.node.url).netloc:
        raise ClipForged
    known = Clip.objects.select_for_update().filter(unit_id=unit_id, digest=digest).first()
    if known is not None and known.home != home:
        raise ClipForged
    clip = known or Clip(
        pk=clip_id, unit_id=unit_id, home=home, kind=kind, mime=mime[:40], digest=digest, size=size
    )
    clip.seconds, clip.remote_url = seconds, url[:300]
    for name, most in _KEPT.items():
        setattr(clip, name, str(body.get(name, ""))[:most])
    if data and not clip.file:
        found = clips.sniff(data[:64])
        clip.file.save(f"clip{found.suffix if found else ''}", ContentFile(data), save=False)
    clip.save(force_insert=known is None)
    if known is None:
        audit.record(None, "clip.received", clip, digest=digest)
    return clip
