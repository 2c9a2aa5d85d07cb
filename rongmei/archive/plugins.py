"""The archive's built-in plugin: its processes and its place in the rail."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from rongmei.archive import collecting, indexing
from rongmei.kernel.hooks import Process, RailItem
from rongmei.kernel.plugins import hookimpl


@hookimpl
def register_processes() -> list[Process]:
    """Collecting and indexing."""
    return [Process("collect", collecting.run), Process("index", indexing.run)]


@hookimpl
def register_rail() -> list[RailItem]:
    """资料库 in the rail."""
    return [RailItem("archive", _("资料库"), "archive:list", "archive-box", 20, "archive.view")]
