"""What the assets room contributes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.assets import uploading
from rongmei.assets.api import clip_router, router
from rongmei.assets.api_uploads import router as upload_router
from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep


@hookimpl
def register_rail() -> list[RailItem]:
    """媒资."""
    return [
        RailItem(
            key="assets", label=_("媒资"), url_name="assets:list", icon="photo", order=60,
            permission="assets.view",
        )
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/pictures, /api/v1/clips and /api/v1/uploads."""
    return [("/pictures", router), ("/clips", clip_router), ("/uploads", upload_router)]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Uploads that nobody went on with."""
    return [Sweep("assets.uploads", every=3600.0, run=uploading.uploads_expire)]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "picture.added": _("上传了图片"),
        "picture.received": _("收到图片"),
        "clip.added": _("上传了音视频"),
        "clip.received": _("收到音视频"),
        "upload.begun": _("开始上传文件"),
        "upload.dropped": _("取消了上传"),
    }
