"""What the network room contributes to the node by hook."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.kernel.hooks import Gauge, Process, RailItem, Subscriber
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network import deliveries, dialer, federation, joining, lines, roadmap
from rongmei.network.api import routers
from rongmei.network.events import NoticeGiven
from rongmei.network.hooks import Activity, RoadFact


@hookimpl
def register_activities() -> list[Activity]:
    """What nodes tell each other about themselves."""
    return [
        Activity(joining.UNITS, joining.apply_units),
        Activity(joining.HEAD, joining.apply_head),
    ]


@hookimpl
def register_road_facts() -> list[RoadFact]:
    """The first account; the joining of the node."""
    return roadmap.BUILT_IN


@hookimpl
def register_processes() -> list[Process]:
    """The process that dials peers; where there is none to dial it only looks now and then."""
    return [Process("exchange", dialer.run)]


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Send notices; keep peers informed; try failed messages again; forget old nonces."""
    return [
        Sweep("network.deliver_notices", every=3.0, run=deliveries.deliver_due, lease=180.0),
        Sweep("network.announce_units", 15, joining.announce_units),
        Sweep("network.announce_heads", 600, joining.announce_heads),
        Sweep("network.retry_failed", 300, federation.retry_failed),
        Sweep("network.forget_nonces", 600, federation.forget_nonces),
    ]


@hookimpl
def register_subscribers() -> list[Subscriber]:
    """Queue each new notice for the ways out."""
    return [Subscriber("network.queue_notices", (NoticeGiven.name,), deliveries.queue)]


@hookimpl
def register_rail() -> list[RailItem]:
    """The lines to other nodes, and System for the three administrators."""
    return [
        RailItem(
            "network", _("互联"), "network:peers", "signal", 90, "network.manage_peers",
            others=("planning.dispatch", "monitoring.manage"),
        ),
        RailItem(
            "system", _("系统"), "network:units", "cog-6-tooth", 95, "network.manage_units",
            others=("network.manage_members", "network.grant_roles", "network.audit"),
        ),
    ]  # fmt: skip


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """me, units, members, notices, audit, tokens."""
    return routers


@hookimpl
def register_gauges() -> list[Gauge]:
    """How notices and lines are, for /metrics."""
    return [
        Gauge("rongmei_notices_due", "Notices that wait to be sent.", deliveries.waiting_count),
        Gauge("rongmei_notices_failed", "Notices that could not be sent.", deliveries.failed_count),
        Gauge("rongmei_exchange_unsent", "Messages not yet acknowledged by peers.", lines.unsent),
        Gauge("rongmei_exchange_stuck", "Messages received that did not take effect.", lines.stuck),
    ]


@hookimpl
def register_audit_words() -> dict[str, object]:
    """The room's lines of the audit log, in words."""
    return {
        "node.made": _("建立了节点"),
        "unit.added": _("新建了单位"),
        "unit.changed": _("修改了单位"),
        "unit.road_set": _("登记了建设进度"),
        "unit.closed": _("停用了单位"),
        "unit.came_under": _("接入了下级节点的单位"),
        "member.added": _("新建了账号"),
        "member.changed": _("修改了账号"),
        "member.profile_changed": _("修改了本人设置"),
        "member.disabled": _("停用了账号"),
        "member.enabled": _("启用了账号"),
        "member.signed_in": _("登录了"),
        "member.signed_out": _("退出了登录"),
        "member.sign_in_failed": _("有人登录失败，账号"),
        "member.code_failed": _("两步验证码输错"),
        "member.password_changed": _("改了本人密码"),
        "member.password_reset": _("重置了密码"),
        "member.sessions_ended": _("结束了其他登录"),
        "member.totp_on": _("启用了两步验证"),
        "member.totp_off": _("停用了两步验证"),
        "member.totp_renewed": _("更换了两步验证"),
        "member.recovery_codes_on": _("生成了恢复代码"),
        "member.recovery_codes_off": _("作废了恢复代码"),
        "member.recovery_codes_renewed": _("更换了恢复代码"),
        "role.granted": _("授予了角色给"),
        "role.revoked": _("收回了角色，原属"),
        "grant.given": _("给了共享授权"),
        "grant.revoked": _("收回了共享授权"),
        "notice_route.added": _("新建了通知渠道"),
        "notice_route.changed": _("修改了通知渠道"),
        "notice_route.removed": _("删除了通知渠道"),
        "token.created": _("新建了接口令牌"),
        "token.revoked": _("作废了接口令牌"),
        "peer.invited": _("发出了互联邀请"),
        "peer.asked": _("请求与节点互联"),
        "peer.joined": _("与节点建立了互联"),
        "peer.went_back": _("节点的进度倒退了"),
        "message.refused": _("拒收了一条消息，来自"),
        "peer.history_differs": _("节点的审计链与此前见证的不一致"),
        "peer.cut": _("断开了线路"),
        "peer.mended": _("接通了线路"),
        "peer.paused": _("暂停了互联"),
        "peer.resumed": _("恢复了互联"),
        "peer.revoked": _("解除了互联"),
        "message.replayed": _("重新处理了一条来文"),
        "message.dismissed": _("放弃了一条来文"),
        "audit.verified": _("验证了审计链"),
        "audit.exported": _("导出了审计日志"),
    }
