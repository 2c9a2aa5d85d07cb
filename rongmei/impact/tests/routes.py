"""Who may call the addresses of the figures."""

from __future__ import annotations

from rongmei.channels.tests.routes import of_publication
from rongmei.network.testing import Route

VIEW = {"allowed": (("editor", 200), ("analyst", 200)), "refused": (("hq.reporter", 403),)}
ONE = {**VIEW, "refused": (("hq.reporter", 403), ("jc.chief", 404))}

ROUTES = {
    "impact:index": Route(**VIEW),
    "impact:export": Route(**VIEW),
    "impact:detail": Route(args=of_publication, **ONE),
    "api:list_figures": Route(**VIEW),
    "api:get_figures": Route(args=of_publication, **ONE),
    "api:get_hours": Route(args=of_publication, **ONE),
    "api:get_today": Route(**VIEW),
}
