"""Errors of the planning room."""

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.errors import RongmeiError


class PlanningError(RongmeiError):
    """Base of the planning room's errors."""


class AlreadyDecided(PlanningError):
    """Somebody else decided this pitch first."""

    status = 409
    words = _("这个选题已有结论，你的决定没有写入。请刷新查看。")


class ReasonNeeded(PlanningError):
    """A refusal without a reason."""

    status = 422
    words = _("请写明原因，对方会看到。未做改动。")


class DueInPast(PlanningError):
    """The deadline is over already."""

    status = 422
    words = _("截止时间已经过去，没有保存。请改成将来的时间。")


class NotApproved(PlanningError):
    """The pitch is not approved."""

    status = 409
    words = _("选题还没有通过，不能派单。请先审定选题。")


class NoLine(PlanningError):
    """The unit cannot be reached."""

    status = 409
    words = _("该单位的节点还没有与本节点互联，任务没有下达。请系统管理员先建立互联。")


class UnitClosed(PlanningError):
    """The unit is not active."""

    status = 409
    words = _("该单位已停用，任务没有下达。请选择其他单位。")


class WrongState(PlanningError):
    """The pitch or task is past this step."""

    status = 409
    words = _("当前状态不能这样操作，未做改动。请刷新查看最新进展。")


class AlreadyAnswered(PlanningError):
    """Somebody of the unit answered first."""

    status = 409
    words = _("这个任务已有答复，你的答复没有写入。请刷新查看。")


class NotHere(PlanningError):
    """This is another node's record."""

    status = 409
    words = _("这条记录由其他节点管理，本节点只能查看，未做改动。")


class NotOfUnit(PlanningError):
    """The person cannot take the task."""

    status = 422
    words = _("所选人员不是承接单位的在岗写稿人员，未做改动。请重新选择。")
