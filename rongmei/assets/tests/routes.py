"""Who may call the assets room's addresses."""

from __future__ import annotations

import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from rongmei.assets import actions, uploading
from rongmei.assets.models import Upload
from rongmei.assets.tests.clips import mp4
from rongmei.kernel.ids import uuid7
from rongmei.network.testing import Cast, Route


def _bytes() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 48), "navy").save(out, "JPEG")
    return out.getvalue()


def picture(cast: Cast) -> dict[str, Any]:
    """Yunling's; the same bytes again are the same picture."""
    by = cast["yl.reporter"]
    kept = actions.picture_add(by=by, unit_id=by.unit_id, file=io.BytesIO(_bytes()), title="示例")
    return {"uid": kept.uid}


def clip(cast: Cast) -> dict[str, Any]:
    """Yunling's; the same bytes again are the same clip."""
    by = cast["yl.reporter"]
    kept = actions.clip_add(by=by, unit_id=by.unit_id, file=io.BytesIO(mp4()), title="示例")
    return {"clip_id": kept.pk}


def clip_by_api(cast: Cast) -> dict[str, Any]:
    file = SimpleUploadedFile("示例.mp4", mp4(), "video/mp4")
    return {"title": "示例", "file": file, "unit_id": str(cast.unit("yunling").pk)}


def _facts(cast: Cast) -> dict[str, Any]:
    file = SimpleUploadedFile("示例.jpg", _bytes(), "image/jpeg")
    return {"title": "示例", "credit": "示例 摄", "file": file}


def by_form(cast: Cast) -> dict[str, Any]:
    return {**_facts(cast), "unit": str(cast.unit("yunling").pk)}


def by_api(cast: Cast) -> dict[str, Any]:
    return {**_facts(cast), "unit_id": str(cast.unit("yunling").pk)}


SEES_ONE = {
    "args": picture,
    "allowed": (("yl.reporter", 200), ("planner", 200)),
    "refused": (("jc.chief", 404), ("jc.reporter", 404)),
}


def upload(cast: Cast) -> dict[str, Any]:
    """An upload of yl.reporter's, on its way."""
    by = cast["yl.reporter"]
    made = Upload.objects.filter(member_id=by.pk).first()
    if made is None:
        made = uploading.upload_begin(
            by=by, upload_id=uuid7(), unit_id=by.unit_id, name="示例.jpg", size=len(_bytes())
        ).upload
    return {"upload_id": made.pk}


def whole(cast: Cast) -> dict[str, Any]:
    """One of which every byte is here."""
    held, data = upload(cast), _bytes()
    path = uploading.path_of(Upload.objects.get(pk=held["upload_id"]))
    path.write_bytes(data)
    return held


def coming(cast: Cast) -> dict[str, Any]:
    return {
        "id": str(uuid7()),
        "name": "示例.jpg",
        "size": 10,
        "unit_id": str(cast.unit("yunling").pk),
    }


ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "assets:list": Route(
        allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.nobody", 403))
    ),
    "assets:picture": Route(**{**SEES_ONE, "refused": (*SEES_ONE["refused"], ("sysadmin", 403))}),
    "assets:clips": Route(
        allowed=(("yl.reporter", 200),), refused=(("sysadmin", 403), ("yl.nobody", 403))
    ),
    "assets:clip": Route(
        **{**SEES_ONE, "args": clip, "refused": (*SEES_ONE["refused"], ("sysadmin", 403))}
    ),
    "assets:upload": (
        Route(allowed=(("yl.reporter", 200),), refused=(("yl.planner", 403), ("sysadmin", 403))),
        Route(
            method="POST",
            data=by_form,
            allowed=(("yl.reporter", 302),),
            refused=(("jc.reporter", 422), ("yl.planner", 403)),
        ),
    ),
    "api:pictures": (
        Route(signed_in=True),
        Route(
            method="POST",
            data=by_api,
            form=True,
            allowed=(("yl.reporter", 201),),
            refused=(("jc.reporter", 403), ("yl.planner", 403)),
        ),
    ),
    "api:picture": Route(**SEES_ONE),
    "api:clips": (
        Route(signed_in=True),
        Route(
            method="POST",
            data=clip_by_api,
            form=True,
            allowed=(("yl.reporter", 201),),
            refused=(("jc.reporter", 403), ("yl.planner", 403)),
        ),
    ),
    "api:clip": Route(**{**SEES_ONE, "args": clip}),
    "api:uploads": Route(
        method="POST",
        data=coming,
        allowed=(("yl.reporter", 200),),
        refused=(("jc.reporter", 403), ("planner", 403), ("yl.nobody", 403)),
    ),
    "api:upload": (
        Route(
            args=upload,
            allowed=(("yl.reporter", 200),),
            refused=(("yl.first", 404), ("jc.reporter", 404)),
        ),
        Route(args=upload, method="DELETE", allowed=(("yl.reporter", 204),), signed_in=True),
    ),
    "api:upload_finish": Route(
        args=whole,
        method="POST",
        data=lambda cast: {},
        allowed=(("yl.reporter", 200),),
        refused=(("yl.first", 404), ("jc.reporter", 404)),
    ),
}
