"""Every address of a node. Rooms own their own patterns; this file only says where they hang."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from rongmei.config.api import api
from rongmei.config.views import healthz, media, metrics

# Room → prefix. The portal comes last: it owns the root.
PLACES = {
    "desk": "desk/",
    "network": "desk/network/",
    "sources": "desk/sources/",
    "archive": "desk/archive/",
    "assets": "desk/assets/",
    "monitoring": "desk/monitoring/",
    "planning": "desk/planning/",
    "exemplars": "desk/exemplars/",
    "stories": "desk/stories/",
    "channels": "desk/channels/",
    "impact": "desk/impact/",
    "screen": "screen/",
    "portal": "",
}


def _room_patterns() -> list[URLPattern | URLResolver]:
    found: list[URLPattern | URLResolver] = []
    for room, prefix in PLACES.items():
        if not find_spec(f"rongmei.{room}.urls"):
            continue
        module = import_module(f"rongmei.{room}.urls")
        found.append(path(prefix, include((module.urlpatterns, room))))
        # Patterns that hang at the root: /exchange/v1/, /cms/, addresses of feeds.
        found.extend(getattr(module, "root_patterns", []))
    return found


urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path("api/v1/", api.urls),
    path("i18n/language/", set_language, name="set_language"),
    path("media/<path:path>", media, name="media"),
    *_room_patterns(),
]
