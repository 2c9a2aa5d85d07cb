"""The shell's context: who is signed in, the rail that their roles open, unread notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext

from rongmei.kernel import plugins, streams
from rongmei.kernel.hooks import RailItem
from rongmei.kernel.ui.shapes import Link, Shell
from rongmei.network import policy, selectors

if TYPE_CHECKING:
    from rongmei.network.models import Member


def rail_items() -> list[RailItem]:
    """All rail entries that rooms registered, in order."""
    found: list[RailItem] = [
        item for items in plugins.manager.hook.register_rail() for item in items
    ]
    return sorted(found, key=lambda item: item.order)


# The letter after "g" that goes to a rail entry.
LETTERS: Final = {
    "desk": "t", "sources": "c", "archive": "a", "monitoring": "m", "planning": "p",
    "stories": "s", "review": "r", "assets": "d", "channels": "b", "impact": "i",
    "screen": "w", "network": "n", "system": "y", "exemplars": "x",
}  # fmt: skip
NOTICE_EVENTS: Final = ("network.notice_given",)
_LINE_PAGES: Final = ("peer", "line", "envelope", "received", "exchange", "road")
_OWN_PAGES: Final = ("settings", "token", "notice")
# Pages of the archive that have an entry of their own.
_ARCHIVE_PAGES: Final = {
    "state": "archive_state", "retention": "archive_retention", "rule": "archive_retention",
    "hold": "archive_holds",
}  # fmt: skip


def _active(request: HttpRequest) -> str:
    """The rail's key of this page: its namespace; network and archive have several entries."""
    match = request.resolver_match
    name = (match.url_name if match else "") or ""
    if match is not None and match.namespace == "archive":
        return _ARCHIVE_PAGES.get(name.split("_")[0].removesuffix("s"), "archive")
    if match is None or match.namespace != "network":
        return (match.namespace if match else "") or ""
    if name.startswith(_OWN_PAGES):
        return ""
    if name == "road_change":
        return "system"
    return "network" if name.startswith(_LINE_PAGES) else "system"


def _opens(request: HttpRequest, item: RailItem) -> bool:
    asked = tuple(filter(None, (item.permission, *item.others)))
    return not asked or any(policy.anywhere(request.user, name) for name in asked)


def _url(name: str) -> str:
    """The address of a page that another room may or may not have."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _rail(request: HttpRequest) -> list[dict[str, Any]]:
    active = _active(request)
    shown = []
    for item in rail_items():
        if not _opens(request, item):
            continue
        url = _url(item.url_name)
        if not url:
            continue
        badge = item.badge(request) if item.badge else 0
        shown.append(
            {
                "key": LETTERS.get(item.key, ""),
                "label": item.label,
                "url": url,
                "icon": item.icon,
                "active": item.key == active,
                "badge": badge,
            }
        )
    return shown


def top_bar(member: Member, unread: int) -> Shell:
    """The top bar of a member's pages."""
    return Shell(
        search_url=_url("desk:search"),
        palette_url=_url("desk:palette"),
        events_url=streams.signed_url(str(member.pk), NOTICE_EVENTS),
        events=" ".join(NOTICE_EVENTS),
        bell_url=_url("desk:bell"),
        unit_label=member.unit.label,
        notices_url=reverse("network:notices"),
        notices_count=unread,
        member_name=member.label,
        member_note=member.unit.label,
        member_menu=(
            Link(gettext("我的设置"), reverse("network:settings"), "user-circle"),
            Link(gettext("登录与安全"), reverse("mfa_index"), "shield-check"),
            Link(gettext("登录记录"), _url("usersessions_list"), "computer-desktop"),
            Link(
                gettext("退出登录"),
                reverse("account_logout"),
                "arrow-right-start-on-rectangle",
                post=True,
            ),
        ),
        home_url="/desk/",
        sample=settings.RONGMEI_NODE.demo,
    )


def shell(request: HttpRequest) -> dict[str, Any]:
    """Variables every page of the workbench has; nothing is queried for strangers."""
    common = {"node": settings.RONGMEI_NODE, "is_demo": settings.RONGMEI_NODE.demo}
    member = getattr(request, "user", None)
    if member is None or not member.is_authenticated or request.headers.get("HX-Request"):
        return common
    member = cast("Member", member)
    if not request.path.startswith(("/desk", "/accounts", "/cms")):
        return common
    unread = selectors.unread_count(member)
    return {
        **common,
        "member": member,
        "rail": _rail(request),
        "shell": top_bar(member, unread),
        "unread": unread,
        "permissions": policy.permissions_of(member),
    }
