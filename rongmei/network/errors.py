"""Errors of the network room."""

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class NetworkError(RongmeiError):
    """Base of the network room's errors."""


class SelfGrant(NetworkError):
    """Nobody grants a role to themselves."""

    status = 403
    words = _("不能给自己授予或延长角色,未做改动。请另一位安全管理员办理。")


class RolesExclude(NetworkError):
    """The three administrators are three people."""

    status = 409
    words = _("系统、安全、审计三种管理员必须由不同的人担任,未做改动。请先收回原有的管理员角色。")


class NotOurUnit(NetworkError):
    """This unit lives on another node."""

    status = 409
    words = _("该单位由其他节点承载,只能在它自己的节点上更改。")
