"""The media big database: documents kept, searched, exported."""

from rongmei.kernel.apps import RoomConfig


class ArchiveConfig(RoomConfig):
    """The archive room."""

    name = "rongmei.archive"
    label = "archive"
    default = True
