"""The big screen: one scene, and each tile as a fragment of its own."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rongmei.kernel import events, streams
from rongmei.network.guard import MemberRequest, page
from rongmei.screen import selectors
from rongmei.screen.hooks import Tile


def _triggers(tile: Tile) -> str:
    """htmx triggers: the tile's events, at most one a second, and every half minute for the ages."""
    names = sorted(
        name
        for name in events.REGISTRY
        if any(name.startswith(prefix) for prefix in tile.events)
    )  # fmt: skip
    return ", ".join([*(f"sse:{name} throttle:1s" for name in names), "every 30s"])


@page("screen.view")
@require_safe
def scene(request: MemberRequest) -> HttpResponse:
    """A scene, `?scene=` by its key, the daily one without: at most five tiles."""
    asked = request.GET.get("scene", "daily")
    key = asked if asked in selectors.SCENES else "daily"
    names = selectors.event_names(key)
    listened = [
        name for name in sorted(events.REGISTRY) if any(name.startswith(one) for one in names)
    ]
    context = {
        "tiles": [
            (selectors.show(request.user, one), _triggers(one)) for one in selectors.tiles(key)
        ],
        "scene": key,
        "scenes": selectors.SCENES.items(),
        "scene_name": selectors.SCENES[key],
        "events_url": streams.signed_url(str(request.user.pk), names),
        "events": " ".join(listened),
        "sample": settings.RONGMEI_NODE.demo,
        "node": settings.RONGMEI_NODE,
    }
    return render(request, "screen/scene.html", context)


@page("screen.view")
@require_safe
def tile(request: MemberRequest, key: str) -> HttpResponse:
    """One tile, read now."""
    one = selectors.tile(key)
    context = {
        "shown": selectors.show(request.user, one),
        "triggers": _triggers(one),
        "sample": settings.RONGMEI_NODE.demo,
    }
    return render(request, "screen/_tile.html", context)
