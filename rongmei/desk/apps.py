"""The workbench's shell: Today, search, commands."""

from rongmei.kernel.apps import RoomConfig


class DeskConfig(RoomConfig):
    """The desk room."""

    name = "rongmei.desk"
    label = "desk"
    default = True
