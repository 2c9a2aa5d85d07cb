"""The big screen; it only reads."""

from rongmei.kernel.apps import RoomConfig


class ScreenConfig(RoomConfig):
    """The screen room."""

    name = "rongmei.screen"
    label = "screen"
    default = True
