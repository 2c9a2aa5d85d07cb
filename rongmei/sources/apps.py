"""What is watched: sources, how to fetch and parse them."""

from rongmei.kernel.apps import RoomConfig


class SourcesConfig(RoomConfig):
    """The sources room."""

    name = "rongmei.sources"
    label = "sources"
    default = True
