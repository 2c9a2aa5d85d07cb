"""Hooks of the channels room: an adapter for each place that one can publish on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rongmei.channels.types import Can, ChannelInfo, Parcel, Rendered, Seen, Sent, SettingField
from rongmei.kernel.plugins import hookspec


class ChannelAdapter(Protocol):
    """One kind of channel. Every call happens outside transactions and may go to the network.

    Failures are `errors.Retriable` (ask again later), `errors.NeedsHuman` (a person must act) or
    `errors.Permanent`. `deliver` may be called again for the same `delivery_id` after a crash and
    must then not publish twice.
    """

    key: str
    label: object
    can: Can
    settings: tuple[SettingField, ...]

    def render(self, package: Mapping[str, Any], html: str, channel: ChannelInfo) -> Rendered:
        """The publication in this channel's shape, with the platform's limits measured."""
        ...

    def deliver(self, parcel: Parcel) -> Sent:
        """Publish; return where it stands."""
        ...

    def verify(self, parcel: Parcel) -> Seen:
        """Read it back and compare title and text."""
        ...

    def withdraw(self, parcel: Parcel) -> dict[str, Any]:
        """Take it down; return the channel's answer."""
        ...


@hookspec
def register_channels() -> list[ChannelAdapter]:
    """Return the adapters this plugin brings; a later plugin's adapter wins over the same key."""
    return []
