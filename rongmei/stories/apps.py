"""Stories, their checks, three reviews and three proofs."""

from __future__ import annotations

from importlib import import_module

from typing_extensions import override

from rongmei.kernel.apps import RoomConfig


class StoriesConfig(RoomConfig):
    """The stories room."""

    name = "rongmei.stories"
    label = "stories"
    default = True

    @override
    def ready(self) -> None:
        super().ready()
        # Before Wagtail makes a default policy from Django's model permissions.
        import_module("rongmei.stories.editor.permissions").register()
