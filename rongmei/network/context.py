"""The shell's context: who is signed in, the rail that their roles open, unread notices."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from rongmei.kernel import plugins
from rongmei.kernel.hooks import RailItem
from rongmei.network import policy, selectors


def rail_items() -> list[RailItem]:
    """All rail entries that rooms registered, in order."""
    found: list[RailItem] = [
        item for items in plugins.manager.hook.register_rail() for item in items
    ]
    return sorted(found, key=lambda item: item.order)


def _rail(request: HttpRequest) -> list[dict[str, Any]]:
    match = request.resolver_match
    active = (match.namespace if match else "") or ""
    shown = []
    for item in rail_items():
        if item.permission and not policy.anywhere(request.user, item.permission):
            continue
        try:
            url = reverse(item.url_name)
        except NoReverseMatch:
            continue
        badge = item.badge(request) if item.badge else 0
        shown.append(
            {
                "key": item.key,
                "label": item.label,
                "url": url,
                "icon": item.icon,
                "active": item.key == active,
                "badge": badge,
            }
        )
    return shown


def shell(request: HttpRequest) -> dict[str, Any]:
    """Variables every page of the workbench has; nothing is queried for strangers."""
    common = {"node": settings.RONGMEI_NODE, "is_demo": settings.RONGMEI_NODE.demo}
    member = getattr(request, "user", None)
    if member is None or not member.is_authenticated or request.headers.get("HX-Request"):
        return common
    if not request.path.startswith(("/desk", "/accounts", "/cms")):
        return common
    return {
        **common,
        "member": member,
        "rail": _rail(request),
        "unread": selectors.unread_count(member),
        "permissions": policy.permissions_of(member),
    }
