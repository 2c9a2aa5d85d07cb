"""Errors of the network room."""

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class NetworkError(RongmeiError):
    """Base of the network room's errors."""


class SelfGrant(NetworkError):
    """Nobody grants a role to themselves."""

    status = 403
    words = _("不能给自己授予或延长角色，未做改动。请另一位安全管理员办理。")


class RolesExclude(NetworkError):
    """The three administrators are three people."""

    status = 409
    words = _("系统、安全、审计三种管理员必须由不同的人担任，未做改动。请先收回原有的管理员角色。")


class NotOurUnit(NetworkError):
    """This unit lives on another node."""

    status = 409
    words = _("该单位由其他节点承载，只能在它自己的节点上更改。")


class UsernameTaken(NetworkError):
    """Somebody has this username already."""

    status = 409
    words = _("这个账号名已有人使用，未新建。请换一个账号名。")


class CodeTaken(NetworkError):
    """A unit has this code already."""

    status = 409
    words = _("这个单位代码已被使用，未保存。请换一个代码。")


class UnitCircle(NetworkError):
    """A unit cannot be below itself."""

    status = 409
    words = _("上级不能是本单位或它的下级，未保存。请另选上级。")


class UnitInUse(NetworkError):
    """The unit still has people or units."""

    status = 409
    words = _("该单位还有启用的人员或下级单位，未停用。请先转移或停用它们。")


class RoadOutOfOrder(NetworkError):
    """Milestones are reached one after the other, and not in the future."""

    status = 422
    words = _(
        "建设进度的日期前后不一致，未保存。各步要按顺序达到，计划和达到的日期不能早于前一步，达到日期不能晚于今天。"
    )


class NotOneself(NetworkError):
    """This is for somebody else to do."""

    status = 403
    words = _("这项操作不能对自己办理，未做改动。请另一位管理员办理。")


class LastAdmin(NetworkError):
    """Without this administrator nobody could grant roles any more."""

    status = 409
    words = _("这是本节点最后一位在任的同类管理员，未做改动。请先授予另一人这个角色。")


class BadSheet(NetworkError):
    """The file is not a sheet that can be read."""

    status = 422
    words = _("读不出这个表格，未导入任何内容。请用导入模板填写，存为 .xlsx 后再上传。")


class TooManyTokens(NetworkError):
    """Too many live tokens."""

    status = 409
    words = _("你已有 20 个有效令牌，未新建。请先撤销不用的令牌。")


class NotPeer(NetworkError):
    """The caller is not a node that this one exchanges messages with."""

    status = 403
    words = _("本节点没有与对方互联，消息未收。请先由双方系统管理员用邀请码建立互联。")


class BadSignature(NetworkError):
    """The request's signature does not hold."""

    status = 401
    words = _("消息签名核验不过，未收。请核对两端的节点密钥和时钟。")


class LineClosed(NetworkError):
    """The line to this peer is paused or cut."""

    status = 503
    words = _("线路已暂停或断开，消息留在发件箱里，恢复后自动续传。")


class BadMessage(NetworkError):
    """A message between nodes is not well formed."""

    status = 422
    words = _("消息格式不合规范，未收。请核对两端的程序版本。")


class MessageTooLarge(NetworkError):
    """A message to another node is too large to be sent."""

    status = 413
    words = _("要发给其他节点的内容太大，没有发出，也没有保存。请减少图片或缩小后再试。")


class LineGap(NetworkError):
    """Messages are missing before this one."""

    status = 409
    words = _("中间缺少消息，从缺口处起未收。对方会从缺口重新发送。")


class LineDiverged(NetworkError):
    """The two nodes remember their exchange differently."""

    status = 409
    words = _(
        "两端的收发编号对不上（可能有一端从备份恢复），未收任何消息。请重新建立互联，已收过的不会重复。"
    )


class InvitationUnusable(NetworkError):
    """The invitation is unknown, used or too old."""

    status = 403
    words = _(
        "邀请码无效、已用过或已过期，没有建立互联。请对方重新生成邀请码（1小时内有效，只能用一次）。"
    )


class CannotJoin(NetworkError):
    """The nodes cannot be joined."""

    status = 409
    words = _("无法与该节点互联，未做改动。请核对邀请码。")


class ForgedHome(NetworkError):
    """A node speaks about what is not its own."""

    status = 403
    words = _("对方节点无权改动这条记录，消息未生效。请联系对方系统管理员核实。")


class UnknownActivity(NetworkError):
    """No room here understands this type of message."""

    status = 422
    words = _("本节点还不认识这类消息，已留存未生效。升级程序后点“重放”。")


class NothingToReplay(NetworkError):
    """This message does not wait for a replay."""

    status = 409
    words = _("这条消息已经处理过，未再改动。请刷新查看。")


class NoPassword(NetworkError):
    """This account has no password on this node."""

    status = 409
    words = _("这个账号通过统一身份登录，在这里没有密码可改。请到统一身份系统修改。")
