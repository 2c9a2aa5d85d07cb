"""Words of the channels room: what an adapter can do, what it gets and what it answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Any, Final

# Where a publication's page is on our own site; the portal's address book is tested against it.
SITE_PATH: Final = "/a/{slug}/"


class Can(Flag):
    """What an adapter is able to do by itself; what is missing is done by hand."""

    NOTHING = 0
    DRAFT = auto()
    PUBLISH = auto()
    VERIFY = auto()
    WITHDRAW = auto()
    METRICS = auto()


@dataclass(frozen=True)
class SettingField:
    """One setting of a channel: its key, its words, and the choices if it is a choice."""

    key: str
    label: object
    help: object = ""
    required: bool = False
    choices: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True)
class ChannelInfo:
    """A channel as an adapter sees it."""

    id: uuid.UUID
    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Parcel:
    """A delivery as an adapter sees it. `delivery_id` is the idempotency key to hand on.

    `package` is the frozen package of the publication; `site_url` the page on our own site.
    """

    delivery_id: uuid.UUID
    publication_id: uuid.UUID
    channel: ChannelInfo
    title: str
    html: str
    text: str
    package: Mapping[str, Any]
    site_url: str
    url: str = ""


@dataclass(frozen=True)
class Limit:
    """One figure a platform asks for: how much there is, how much may be. Lengths are characters."""

    label: object
    actual: int
    limit: int

    @property
    def ok(self) -> bool:
        return self.actual <= self.limit


@dataclass(frozen=True)
class Rendered:
    """A publication in the shape one channel wants."""

    title: str
    html: str
    text: str
    author: str = ""
    digest: str = ""
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True)
class Sent:
    """The channel took it: where it stands, and what the channel answered (JSON-able)."""

    url: str
    receipt: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """What was found when the channel was read back; `difference` says where it departs."""

    same: bool
    difference: str = ""
    receipt: dict[str, Any] = field(default_factory=dict)
