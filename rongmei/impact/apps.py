"""Reads, reprints and indices of what was published."""

from rongmei.kernel.apps import RoomConfig


class ImpactConfig(RoomConfig):
    """The impact room."""

    name = "rongmei.impact"
    label = "impact"
    default = True
