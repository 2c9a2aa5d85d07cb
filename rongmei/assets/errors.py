"""Errors of the assets room."""

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class AssetError(RongmeiError):
    """Base of the assets room's errors."""


class PictureTooLarge(AssetError):
    """The file is larger than the limit."""

    status = 413
    words = _("图片超过 30 MB，没有保存。请导出小一些的版本后再传。")


class NotAPicture(AssetError):
    """The file is not a picture we take."""

    status = 422
    words = _("这个文件不是可用的图片，没有保存。请使用 JPEG、PNG、WebP 或 GIF 格式。")


class ClipTooLarge(AssetError):
    """The file is larger than the limit."""

    status = 413
    words = _("音视频文件超过上限，没有保存。请压缩后再传，或请管理员调高上限。")


class NotAClip(AssetError):
    """The file is neither video nor sound that browsers play."""

    status = 422
    words = _(
        "这个文件不是可用的音视频，没有保存。请转成 MP4、MOV、WebM、MP3、M4A、WAV 或 OGG 后再传。"
    )


class ClipBroken(AssetError):
    """The file ends too early, or its index does not add up."""

    status = 422
    words = _("音视频文件不完整或已损坏，没有保存。请重新导出，或重新拷贝后再传。")


class ClipForged(AssetError):
    """A clip from another node does not match its own description."""

    status = 422
    words = _("收到的音视频与其说明不符，没有保存。请对方节点重新发送。")


class PictureForged(AssetError):
    """A picture from another node does not match its own description."""

    status = 422
    words = _("收到的图片与其摘要不符，没有保存。请对方节点重新发送。")


class PictureIsReplica(AssetError):
    """The picture belongs to another node."""

    status = 409
    words = _("这张图片由其他节点管理，此处只读，没有更改。请在它所属的节点上修改。")


class UploadTooLarge(AssetError):
    """The file is larger than this node takes."""

    status = 413
    words = _("文件超过本节点的上限，没有上传，原文件还在你的设备上。请压缩或剪短后再传。")


class UploadQuota(AssetError):
    """The member has too much on its way already."""

    status = 413
    words = _("你还有没传完的大文件，合计超过限额。请先传完或取消它们，原文件还在你的设备上。")


class UploadNoRoom(AssetError):
    """The node's disk is nearly full."""

    status = 507
    words = _("服务器空间不足，没有上传，原文件还在你的设备上。请联系系统管理员。")


class UploadElsewhere(AssetError):
    """The piece does not follow what is here; the answer to a GET says where to go on."""

    status = 409
    words = _("上传的位置与服务器不一致，没有写入。请从服务器记下的位置继续。")


class UploadBroken(AssetError):
    """The piece, or the whole file, does not match its checksum."""

    status = 422
    words = _("这一段在路上损坏了，没有写入。请重传这一段。")


class UploadUnfinished(AssetError):
    """Not all bytes are here yet."""

    status = 409
    words = _("文件还没有传完，没有收入媒资。请接着传。")
