"""Hooks of the kernel: what any room may contribute to the node's own running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event as ThreadEvent
from typing import TYPE_CHECKING

from rongmei.kernel.plugins import hookspec

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import Router

    from rongmei.kernel.models import Event
    from rongmei.kernel.sweeps import Sweep


@dataclass(frozen=True)
class Subscriber:
    """A follower of events: `handle` is called once for each event named in `names`, in order."""

    name: str
    names: tuple[str, ...]
    handle: Callable[[Event], None]


@dataclass(frozen=True)
class RailItem:
    """An entry of the workbench's rail. `key` marks the active one.

    `permission`, or any of `others`, opens it; with neither it is open to every member.
    """

    key: str
    label: object
    url_name: str
    icon: str
    order: int
    permission: str = ""
    badge: Callable[[HttpRequest], int] | None = None
    others: tuple[str, ...] = ()


@hookspec
def register_sweeps() -> list[Sweep]:
    """Return the room's sweeps; the worker process runs them."""
    return []


@hookspec
def register_subscribers() -> list[Subscriber]:
    """Return the room's followers of events; the worker process calls them."""
    return []


@hookspec
def register_rail() -> list[RailItem]:
    """Return the room's entries in the workbench's rail."""
    return []


@hookspec
def register_api() -> list[tuple[str, Router]]:
    """Return (prefix, router) pairs to be mounted below /api/v1/."""
    return []


@dataclass(frozen=True)
class Gauge:
    """A figure for /metrics: Prometheus name, help text, and how to read it (cheaply)."""

    name: str
    help: str
    read: Callable[[], float]


@hookspec
def register_gauges() -> list[Gauge]:
    """Return the room's figures for /metrics."""
    return []


@dataclass(frozen=True)
class Process:
    """A process of the node. `run` works until the event is set, and returns soon after.

    It starts in a fork of the supervisor: nothing may have opened a connection or a thread before.
    """

    name: str
    run: Callable[[ThreadEvent], None]


@hookspec
def register_processes() -> list[Process]:
    """Return the processes that this room needs to have running."""
    return []


@hookspec
def register_audit_words() -> dict[str, object]:
    """Return what the room's audit lines are called, by action: a verb phrase before its object."""
    return {}
