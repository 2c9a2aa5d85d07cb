"""Publicity for model people, and the gate that stories ask."""

from rongmei.kernel.apps import RoomConfig


class ExemplarsConfig(RoomConfig):
    """The exemplars room."""

    name = "rongmei.exemplars"
    label = "exemplars"
    default = True
