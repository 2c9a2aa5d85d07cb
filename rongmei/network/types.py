"""Words of the network room: kinds of units, roles, reach."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class UnitKind(models.TextChoices):
    """What a unit is in the 1+4 model."""

    HQ = "hq", _("总部融媒体云")
    CENTRE = "centre", _("省公司融媒体中心")
    STATION = "station", _("直属单位融媒体站")
    PLATFORM = "platform", _("全媒体新闻平台")


class Role(models.TextChoices):
    """What a person is at a unit. The three administrators exclude each other."""

    PLANNER = "planner", pgettext_lazy("role", "策划")
    DUTY = "duty", _("值班")
    REPORTER = "reporter", _("记者/通讯员")
    FIRST_REVIEWER = "first_reviewer", _("初审")
    SECOND_REVIEWER = "second_reviewer", _("复审")
    FINAL_REVIEWER = "final_reviewer", _("终审")
    PLATFORM_EDITOR = "platform_editor", _("平台编辑")
    ANALYST = "analyst", _("分析师")
    SYSTEM_ADMIN = "system_admin", _("系统管理员")
    SECURITY_ADMIN = "security_admin", _("安全管理员")
    AUDIT_ADMIN = "audit_admin", _("审计管理员")


ADMIN_ROLES = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})


class Reach(StrEnum):
    """How far a permission goes from the unit where the role is held."""

    OWN = "own"
    TREE = "tree"


class PeerState(models.TextChoices):
    """State of the line to another node."""

    INVITED = "invited", _("待确认")
    ACTIVE = "active", _("互联中")
    PAUSED = "paused", _("已暂停")
    REVOKED = "revoked", _("已解除")


class Milestone(models.TextChoices):
    """Steps of the construction road map (时间表、路线图) of a unit."""

    PLANNED = "planned", _("已立项")
    SET_UP = "set_up", _("机构已设立")
    PLATFORM_UP = "platform_up", _("平台已上线")
    CONNECTED = "connected", _("已与总部互联")
    ACCEPTED = "accepted", _("已验收")
