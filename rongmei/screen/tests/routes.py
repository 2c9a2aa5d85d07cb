"""Who may call the wall's addresses."""

from __future__ import annotations

from rongmei.network.testing import Route

LOOK = (("planner", 200), ("duty", 200), ("editor", 200))
NOT = (("yl.reporter", 403), ("sysadmin", 403))
ROUTES = {
    "screen:scene": Route(allowed=LOOK, refused=NOT),
    "screen:tile": Route(args=lambda cast: {"key": "tasks"}, allowed=LOOK, refused=NOT),
}
