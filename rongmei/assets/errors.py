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


class PictureForged(AssetError):
    """A picture from another node does not match its own description."""

    status = 422
    words = _("收到的图片与其摘要不符，没有保存。请对方节点重新发送。")


class PictureIsReplica(AssetError):
    """The picture belongs to another node."""

    status = 409
    words = _("这张图片由其他节点管理，此处只读，没有更改。请在它所属的节点上修改。")
