"""Channels, publications, deliveries and receipts."""

from rongmei.kernel.apps import RoomConfig


class ChannelsConfig(RoomConfig):
    """The channels room."""

    name = "rongmei.channels"
    label = "channels"
    default = True
