"""The screen's built-in plugin: its tiles, and its place in the rail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl
from rongmei.screen.hooks import Tile
from rongmei.screen.tiles import TILES


@hookimpl
def register_tiles() -> list[Tile]:
    """The five tiles of the daily scene."""
    return TILES


@hookimpl
def register_rail() -> list[RailItem]:
    """大屏."""
    return [
        RailItem("screen", _("大屏"), "screen:scene", "presentation-chart-bar", 85, "screen.view")
    ]
