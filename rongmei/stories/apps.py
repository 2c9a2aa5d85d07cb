"""Stories, their checks, three reviews and three proofs."""

from rongmei.kernel.apps import RoomConfig


class StoriesConfig(RoomConfig):
    """The stories room."""

    name = "rongmei.stories"
    label = "stories"
    default = True
