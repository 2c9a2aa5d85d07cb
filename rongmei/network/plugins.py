"""What the network room contributes to the node by hook."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.kernel.hooks import Gauge, Process, RailItem, Subscriber
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network import deliveries, dialer, federation, joining, lines
from rongmei.network.api import routers
from rongmei.network.events import NoticeGiven
from rongmei.network.hooks import Activity


@hookimpl
def register_activities() -> list[Activity]:
    """What nodes tell each other about themselves."""
    return [
        Activity(joining.UNITS, joining.apply_units),
        Activity(joining.HEAD, joining.apply_head),
    ]


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
    """System, for the three administrators."""
    return [
        RailItem(
            "system", _("系统"), "network:units", "cog-6-tooth", 95, "network.manage_units",
            others=("network.manage_members", "network.grant_roles", "network.audit"),
        )
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
