"""What the network room contributes to the node by hook."""

from __future__ import annotations

from rongmei.kernel.hooks import Gauge, Process
from rongmei.kernel.plugins import hookimpl
from rongmei.kernel.sweeps import Sweep
from rongmei.network import dialer, federation, joining, lines
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
    """Keep peers informed; try failed messages again; forget old nonces."""
    return [
        Sweep("network.announce_units", 15, joining.announce_units),
        Sweep("network.announce_heads", 600, joining.announce_heads),
        Sweep("network.retry_failed", 300, federation.retry_failed),
        Sweep("network.forget_nonces", 600, federation.forget_nonces),
    ]


@hookimpl
def register_gauges() -> list[Gauge]:
    """How the lines are, for /metrics."""
    return [
        Gauge("rongmei_exchange_unsent", "Messages not yet acknowledged by peers.", lines.unsent),
        Gauge("rongmei_exchange_stuck", "Messages received that did not take effect.", lines.stuck),
    ]
