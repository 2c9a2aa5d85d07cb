"""Pitches, decisions, tasks and their answers."""

from rongmei.kernel.apps import RoomConfig


class PlanningConfig(RoomConfig):
    """The planning room."""

    name = "rongmei.planning"
    label = "planning"
    default = True
