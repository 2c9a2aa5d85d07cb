"""Errors of the channels room, and the three ways in which a delivery can fail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class ChannelsError(RongmeiError):
    """Base of the channels room's errors."""


class TextChanged(ChannelsError):
    """The signed text is no longer the one that was looked at."""

    status = 409
    words = _("签发的文字与你看到的不一致，没有发布任何内容。请刷新后核对新的签发稿，再发布。")


class EmbargoNotReached(ChannelsError):
    """The story may not be public yet."""

    status = 409
    words = _("稿件限时未到，没有发布任何内容。请设定不早于限时的定时发布，或到时再发。")


class NoChannel(ChannelsError):
    """No channel was chosen, or one of them is not usable."""

    status = 422
    words = _("没有选择可用的渠道，没有发布任何内容。请选择同一单位的启用渠道。")


class AlreadyWithdrawn(ChannelsError):
    """The publication was taken back."""

    status = 409
    words = _("这份发布单已撤下，内容不会再公开。要重新发布，请先改稿并重新审签。")


class OlderTextPublished(ChannelsError):
    """An earlier text of the story is public."""

    status = 409
    words = _(
        "这篇稿件的旧版仍在线，没有新建发布单。请在原发布单上“更正发布”，读者会看到更正说明。"
    )


class OnlyAtHome(ChannelsError):
    """The record belongs to another node."""

    status = 409
    words = _("这是其他节点的发布单，本节点只能查看，未做改动。请联系发布单位办理。")


class NotInThisState(ChannelsError):
    """The delivery is in a state where this cannot be done."""

    status = 409
    words = _("这条投递的状态已变化，未做改动。请刷新后按当前状态处理。")


class BadScreenshot(ChannelsError):
    """The file is not a picture, or too large."""

    status = 422
    words = _("截图无法识别或超过 10 MB,回执没有保存。请换一张 PNG、JPEG 或 WebP 图片。")


class NameTaken(ChannelsError):
    """The unit has a channel of this name."""

    status = 409
    words = _("本单位已有同名渠道，没有保存。请换一个名称。")


class DeliveryProblem(ChannelsError):
    """A delivery did not go through."""

    status = 502


class Retriable(DeliveryProblem):
    """The channel may take it later; `defer` is in seconds, None leaves it to the schedule."""

    words = _("渠道暂时没有接收，内容未丢失。系统会自动重试。")

    def __init__(self, message: object = "", *, defer: float | None = None) -> None:
        super().__init__(message)
        self.defer = defer


class NeedsHuman(DeliveryProblem):
    """The channel can only be served by hand."""

    words = _("这个渠道未接入接口，内容已备好。请复制发布后登记链接和截图。")


class Permanent(DeliveryProblem):
    """The channel will never take this."""

    words = _("渠道拒绝了这条内容，其他渠道不受影响。请按提示修改后重新投递。")


class NoLongerSigned(DeliveryProblem):
    """The story was changed or lost its signatures before its publication came due."""

    words = _("稿件在发布前被改动或撤回签发，没有公开任何内容。请重新审签后再发布。")
