"""Units, members, permissions, notices, and the line between nodes."""

from rongmei.kernel.apps import RoomConfig


class NetworkConfig(RoomConfig):
    """The room of units and people, and of the exchange between nodes."""

    name = "rongmei.network"
    label = "network"
    default = True
