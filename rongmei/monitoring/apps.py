"""Hot topics, reprints, watches."""

from rongmei.kernel.apps import RoomConfig


class MonitoringConfig(RoomConfig):
    """The monitoring room."""

    name = "rongmei.monitoring"
    label = "monitoring"
    default = True
