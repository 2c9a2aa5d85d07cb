"""The top: settings, addresses, processes and the command line."""

from rongmei.kernel.apps import RoomConfig


class ConfigConfig(RoomConfig):
    """The room that puts the others together."""

    name = "rongmei.config"
    label = "config"
    default = True
