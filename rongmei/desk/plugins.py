"""The desk's built-in plugin: Today in the rail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.kernel.hooks import RailItem
from rongmei.kernel.plugins import hookimpl


@hookimpl
def register_rail() -> list[RailItem]:
    """今日, for every member."""
    return [RailItem("desk", _("今日"), "desk:today", "home", 0)]
