"""The permission matrix, as data: which role may do what, and how far it reaches.

A permission is "room.verb". TREE means the unit where the role is held and all below it; OWN means
that unit only. Nothing else grants anything, except a row in `Grant`. The matrix is shown on
/desk/network/matrix/ and tested role by role.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from rongmei.network.types import Reach, Role

OWN, TREE = Reach.OWN, Reach.TREE

PERMISSIONS: Final[dict[str, object]] = {
    "sources.view": _("查看信源"),
    "sources.manage": _("增改信源"),
    "sources.mark_internal": _("允许信源访问内网地址"),
    "archive.view": _("检索媒体大数据库"),
    "archive.export": _("导出资料"),
    "archive.manage": _("核对资料库、重建索引、提出保留规则"),
    "archive.manage_terms": _("管理词表"),
    "archive.retention": _("查看、核准保留规则"),
    "archive.hold": _("保全资料、解除保全"),
    "assets.view": _("查看媒资"),
    "assets.upload": _("上传媒资"),
    "monitoring.view": _("查看热点与转载"),
    "monitoring.manage": _("处置热点、设专题"),
    "planning.view": _("查看选题与任务"),
    "planning.pitch": _("报选题"),
    "planning.decide": _("审定选题"),
    "planning.dispatch": _("下达任务"),
    "planning.respond": _("接受或谢绝任务"),
    "stories.view": _("查看稿件"),
    "stories.write": _("写稿、改稿、送审"),
    "stories.submit": pgettext_lazy("to a desk", "投稿"),
    "stories.desk": _("处理来稿"),
    "stories.review_first": _("初审一校"),
    "stories.review_second": _("复审二校"),
    "stories.review_final": _("终审三校、签发"),
    "stories.withdraw": _("撤稿"),
    "stories.share": _("向上级推送稿件"),
    "stories.manage_flows": _("管理审核流程"),
    "stories.manage_lexicons": _("提交与核准词库"),
    "exemplars.view": _("查看典型"),
    "exemplars.manage": _("推荐与核准典型"),
    "channels.view": _("查看渠道与发布单"),
    "channels.publish": pgettext_lazy("verb", "发布"),
    "channels.manage": _("设置渠道"),
    "channels.withdraw": _("从渠道撤下"),
    "impact.view": _("查看传播效果"),
    "screen.view": _("看大屏"),
    "network.view": _("查看单位与互联状态"),
    "network.manage_units": _("管理单位"),
    "network.manage_members": _("管理人员账号"),
    "network.grant_roles": _("授予与收回角色"),
    "network.manage_grants": _("跨单位共享授权"),
    "network.manage_peers": _("管理节点互联"),
    "network.manage_notices": _("设置通知渠道"),
    "network.audit": _("查审计日志、验审计链"),
}

_EVERYONE: Final = {
    "archive.view": OWN,
    "assets.view": OWN,
    "monitoring.view": OWN,
    "network.view": OWN,
    "stories.view": OWN,
    "planning.view": OWN,
}
_READS_DOWN: Final = {
    "sources.view": TREE,
    "archive.view": TREE,
    "assets.view": TREE,
    "monitoring.view": TREE,
    "planning.view": TREE,
    "stories.view": TREE,
    "exemplars.view": TREE,
    "channels.view": TREE,
    "impact.view": TREE,
    "screen.view": TREE,
    "network.view": TREE,
}

MATRIX: Final[dict[Role, dict[str, Reach]]] = {
    Role.PLANNER: {
        **_READS_DOWN,
        "archive.export": OWN,
        "archive.manage_terms": OWN,
        "monitoring.manage": OWN,
        "planning.pitch": OWN,
        "planning.decide": TREE,
        "planning.dispatch": TREE,
        "planning.respond": OWN,
        "exemplars.manage": OWN,
        "stories.manage_lexicons": OWN,
    },
    Role.DUTY: {
        **_READS_DOWN,
        "sources.manage": OWN,
        "monitoring.manage": TREE,
        "planning.pitch": OWN,
        "stories.withdraw": OWN,
        "channels.withdraw": TREE,
    },
    Role.REPORTER: {
        **_EVERYONE,
        "assets.upload": OWN,
        "planning.pitch": OWN,
        "planning.respond": OWN,
        "stories.write": OWN,
        "stories.submit": OWN,
        "stories.desk": OWN,
    },
    Role.FIRST_REVIEWER: {
        **_EVERYONE,
        "assets.upload": OWN,
        "planning.pitch": OWN,
        "stories.write": OWN,
        "stories.submit": OWN,
        "stories.desk": OWN,
        "stories.review_first": OWN,
    },
    Role.SECOND_REVIEWER: {
        **_EVERYONE,
        "assets.upload": OWN,
        "planning.pitch": OWN,
        "stories.write": OWN,
        "stories.submit": OWN,
        "stories.desk": OWN,
        "stories.review_second": OWN,
        "stories.manage_lexicons": OWN,
    },
    Role.FINAL_REVIEWER: {
        **_READS_DOWN,
        "assets.upload": OWN,
        "planning.pitch": OWN,
        "planning.decide": OWN,
        "planning.dispatch": TREE,
        "planning.respond": OWN,
        "stories.write": OWN,
        "stories.submit": OWN,
        "stories.desk": OWN,
        "stories.review_final": OWN,
        "stories.withdraw": OWN,
        "stories.share": OWN,
        "stories.manage_flows": TREE,
        "stories.manage_lexicons": OWN,
    },
    Role.PLATFORM_EDITOR: {
        **_EVERYONE,
        "assets.upload": OWN,
        "channels.view": OWN,
        "channels.publish": OWN,
        "channels.withdraw": OWN,
        "impact.view": OWN,
        "screen.view": OWN,
    },
    Role.ANALYST: {
        **_READS_DOWN,
        "archive.export": OWN,
        "archive.manage_terms": OWN,
        "monitoring.manage": OWN,
    },
    Role.SYSTEM_ADMIN: {
        "network.view": TREE,
        "network.manage_units": TREE,
        "network.manage_members": TREE,
        "network.manage_peers": OWN,
        "network.manage_notices": OWN,
        "sources.view": TREE,
        "sources.manage": TREE,
        "sources.mark_internal": OWN,
        "archive.manage": OWN,
        "archive.retention": OWN,
        "channels.view": TREE,
        "channels.manage": TREE,
        "stories.manage_flows": TREE,
    },
    Role.SECURITY_ADMIN: {
        "network.view": TREE,
        "network.grant_roles": TREE,
        "network.manage_grants": OWN,
        "archive.retention": TREE,
        "archive.hold": TREE,
    },
    Role.AUDIT_ADMIN: {
        "network.view": TREE,
        "network.audit": TREE,
        "archive.retention": TREE,
        "archive.hold": TREE,
    },
}
