"""Reads of the assets room."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import QuerySet

from rongmei.assets.models import Clip, Picture
from rongmei.assets.types import ClipFacts, PictureFacts
from rongmei.kernel.errors import NotFound
from rongmei.network import policy


def pictures_visible_to(member: Any) -> QuerySet[Picture]:
    """Pictures of the units whose media the member may see, newest first."""
    units = policy.units_for(member, "assets.view")
    found: QuerySet[Picture] = Picture.objects.filter(unit__in=units).select_related("unit")
    return found


def picture_for(member: Any, uid: uuid.UUID) -> Picture:
    """One picture, or NotFound when it is not there for this member."""
    found = pictures_visible_to(member).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def may_use(member: Any, pks: Iterable[int]) -> bool:
    """Whether the member may see, and so use, every one of these pictures."""
    wanted = set(pks)
    return pictures_visible_to(member).filter(pk__in=wanted).count() == len(wanted)


def facts(pks: Iterable[int]) -> dict[int, PictureFacts]:
    """What is published of these pictures, by key; missing ones are left out (one query)."""
    wanted = {pk for pk in pks if pk}
    if not wanted:
        return {}
    names = tuple(PictureFacts.__dataclass_fields__)
    rows = Picture.objects.filter(pk__in=wanted).values_list(*names)
    return {row[0]: PictureFacts(*row) for row in rows}


def pictures_by_pk(pks: Iterable[int]) -> dict[int, Picture]:
    """Picture rows for rendering, with their renditions (two queries)."""
    rows = Picture.objects.filter(pk__in={pk for pk in pks if pk}).prefetch_related("renditions")
    return {row.pk: row for row in rows}


def pks_by_digest(unit_id: uuid.UUID, digests: Iterable[str]) -> dict[str, int]:
    """Keys of a unit's pictures by the digest of their file."""
    rows = Picture.objects.filter(unit_id=unit_id, digest__in=set(digests))
    return dict(rows.values_list("digest", "pk"))


def rendition_of(picture: Picture, spec: str) -> dict[str, Any]:
    """A rendition for a page, made when it is not there: url, width, height. Not inside a write."""
    made = picture.get_rendition(spec)
    return {"url": made.url, "width": made.width, "height": made.height}


def pictures_by_uid(uids: Iterable[uuid.UUID | str]) -> dict[str, Picture]:
    """Picture rows by their uid, with their renditions (two queries)."""
    rows = Picture.objects.filter(uid__in={str(one) for one in uids})
    return {str(row.uid): row for row in rows.prefetch_related("renditions")}


def may_use_uids(member: Any, uids: Iterable[uuid.UUID | str]) -> bool:
    """The same as `may_use`, by uid."""
    wanted = {str(one) for one in uids}
    return pictures_visible_to(member).filter(uid__in=wanted).count() == len(wanted)


def rendition_files(
    pks: Iterable[int], urls: Collection[str], *, most: int
) -> dict[str, tuple[bytes, str]]:
    """Bytes and media type of renditions of these pictures, by their addresses, for a page that
    carries its pictures inside; those past `most` bytes together are left out.

    Reads files: not inside a write.
    """
    found: dict[str, tuple[bytes, str]] = {}
    kinds = {
        "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp",
        "gif": "image/gif",
    }  # fmt: skip
    for picture in pictures_by_pk(pks).values():
        for one in picture.renditions.all():
            kind = kinds.get(one.file.name.rsplit(".", 1)[-1].lower())
            if one.url not in urls:
                continue
            try:
                size = one.file.size
            except OSError:
                continue
            if kind is None or size > most:
                continue
            with one.file.open("rb") as held:
                found[one.url] = (held.read(), kind)
            most -= size
    return found


def clips_visible_to(member: Any) -> QuerySet[Clip]:
    """Videos and recordings of the units whose media the member may see, newest first."""
    units = policy.units_for(member, "assets.view")
    return Clip.objects.filter(unit__in=units).select_related("unit")


def clip_for(member: Any, clip_id: uuid.UUID) -> Clip:
    """One video or recording, or NotFound."""
    found = clips_visible_to(member).filter(pk=clip_id).first()
    if found is None:
        raise NotFound
    return found


def may_use_clips(member: Any, ids: Iterable[str]) -> bool:
    """Whether the member may see, and so use, every one of these videos and recordings."""
    wanted = set(ids)
    return clips_visible_to(member).filter(pk__in=wanted).count() == len(wanted)


def clip_facts(ids: Iterable[str]) -> dict[str, ClipFacts]:
    """What is published of these videos and recordings, by id (no query for none, else one)."""
    wanted = set(ids)
    if not wanted:
        return {}
    names = tuple(ClipFacts.__dataclass_fields__)
    rows = Clip.objects.filter(pk__in=wanted).values_list(*names)
    return {str(row[0]): ClipFacts(*row) for row in rows}


def clips_by_id(ids: Iterable[str]) -> dict[str, Clip]:
    """Rows of videos and recordings for showing them (no query for none, else one)."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {str(row.pk): row for row in Clip.objects.filter(pk__in=wanted)}


def clip_address(clip: Clip) -> str:
    """Where it plays: its file here, or, for one that came without its file, at its home."""
    return str(clip.file.url) if clip.file else clip.remote_url
