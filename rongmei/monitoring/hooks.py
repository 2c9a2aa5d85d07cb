"""Hooks of the monitoring room: what rooms above let people do with a topic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rongmei.kernel.plugins import hookspec

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True)
class TopicAction:
    """A button on a topic's page. `url` makes its address; `permission` (held anywhere) opens it."""

    key: str
    label: object
    icon: str
    permission: str
    url: Callable[[uuid.UUID], str]
    order: int = 50


@hookspec
def register_topic_actions() -> list[TopicAction]:
    """Return what can be done with a topic: 报选题 is the planning room's."""
    return []
