"""The public face of the all-media news platform."""

from rongmei.kernel.apps import RoomConfig


class PortalConfig(RoomConfig):
    """The portal room."""

    name = "rongmei.portal"
    label = "portal"
    default = True
