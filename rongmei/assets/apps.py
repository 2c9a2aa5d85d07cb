"""Pictures and other media, with their rights and labels."""

from rongmei.kernel.apps import RoomConfig


class AssetsConfig(RoomConfig):
    """The assets room."""

    name = "rongmei.assets"
    label = "assets"
    default = True
