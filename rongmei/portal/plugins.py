"""What the portal registers: the open interface."""

from __future__ import annotations

from ninja import Router

from rongmei.kernel.plugins import hookimpl
from rongmei.portal.api import router


@hookimpl
def register_api() -> list[tuple[str, Router]]:
    """/api/v1/public/."""
    return [("/public/", router)]
