"""Units, members, permissions, notices, and the line between nodes."""

from importlib import import_module

from typing_extensions import override

from rongmei.kernel.apps import RoomConfig


class NetworkConfig(RoomConfig):
    """The room of units and people, and of the exchange between nodes."""

    name = "rongmei.network"
    label = "network"
    default = True

    @override
    def ready(self) -> None:
        super().ready()
        import_module("rongmei.network.signins").connect()
