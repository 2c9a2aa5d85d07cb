"""What the network room contributes to the node: sweeps, followers, rail, API."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from ninja import Router

from rongmei.kernel.hooks import Gauge, RailItem, Subscriber
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network import deliveries
from rongmei.network.api import routers
from rongmei.network.events import NoticeGiven


@hookimpl
def register_sweeps() -> list[Sweep]:
    """Send the notices that are due."""
    return [Sweep("network.deliver_notices", every=3.0, run=deliveries.deliver_due, lease=180.0)]


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
    """How many notices wait to leave."""
    return [
        Gauge("rongmei_notices_due", "Notices that wait to be sent.", deliveries.waiting_count),
        Gauge("rongmei_notices_failed", "Notices that could not be sent.", deliveries.failed_count),
    ]
