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


class UsernameTaken(NetworkError):
    """Somebody has this username already."""

    status = 409
    words = _("这个账号名已有人使用,未新建。请换一个账号名。")


class CodeTaken(NetworkError):
    """A unit has this code already."""

    status = 409
    words = _("这个单位代码已被使用,未保存。请换一个代码。")


class UnitCircle(NetworkError):
    """A unit cannot be below itself."""

    status = 409
    words = _("上级不能是本单位或它的下级,未保存。请另选上级。")


class UnitInUse(NetworkError):
    """The unit still has people or units."""

    status = 409
    words = _("该单位还有启用的人员或下级单位,未停用。请先转移或停用它们。")


class NotOneself(NetworkError):
    """This is for somebody else to do."""

    status = 403
    words = _("这项操作不能对自己办理,未做改动。请另一位管理员办理。")


class LastAdmin(NetworkError):
    """Without this administrator nobody could grant roles any more."""

    status = 409
    words = _("这是本节点最后一位在任的同类管理员,未做改动。请先授予另一人这个角色。")


class BadSheet(NetworkError):
    """The file is not a sheet that can be read."""

    status = 422
    words = _("读不出这个表格,未导入任何内容。请用导入模板填写,存为 .xlsx 后再上传。")


class TooManyTokens(NetworkError):
    """Too many live tokens."""

    status = 409
    words = _("你已有 20 个有效令牌,未新建。请先撤销不用的令牌。")
