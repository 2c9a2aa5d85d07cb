"""Pictures and their metadata, rights and AIGC labels."""

from __future__ import annotations

import mimetypes
from importlib import import_module

from typing_extensions import override

from rongmei.kernel.apps import RoomConfig


class AssetsConfig(RoomConfig):
    """The assets room."""

    name = "rongmei.assets"
    label = "assets"
    default = True

    @override
    def ready(self) -> None:
        super().ready()
        # Wagtail's own policy looks at Django's groups, which open nothing here.
        import_module("rongmei.assets.choosing").register()
        # Files are served by their ending; not every system knows these.
        for one in import_module("rongmei.assets.clips").FORMATS:
            mimetypes.add_type(one.mime, one.suffix)
