"""Pages of the workbench's shell: Today, search, the palette, the bell, the style guide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from rongmei.desk import selectors, today
from rongmei.desk.context import top_bar
from rongmei.desk.links import link
from rongmei.impact import selectors as impact
from rongmei.kernel.ui import guide as kit
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import SIGNED_IN, MemberRequest, page

LOOKED, SINCE = "desk_looked_at", "desk_since"
# Coming back within this time is still the same look at Today.
SAME_LOOK = timedelta(minutes=20)


def _since(request: MemberRequest) -> datetime:
    """Until when the member had seen Today: their last look but this one, at most a week ago."""
    now = timezone.now()
    looked = parse_datetime(request.session.get(LOOKED, "") or "")
    since = parse_datetime(request.session.get(SINCE, "") or "")
    if since is None or looked is None or now - looked > SAME_LOOK:
        since = looked or now - timedelta(hours=24)
        request.session[SINCE] = since.isoformat()
        request.session[LOOKED] = now.isoformat()
    return max(since, now - timedelta(days=7))


@page(SIGNED_IN)
@require_safe
def today_page(request: MemberRequest) -> HttpResponse:
    """What waits for me, what changed since I last looked, what is wrong."""
    member = request.user
    since = _since(request)
    waiting = today.waiting_for(member)
    context: dict[str, Any] = {
        "now": timezone.now(),
        "since": since,
        "waiting": waiting[:20],
        "waiting_count": len(waiting),
        "changes": today.changes_since(member, since),
        "troubles": today.troubles_of(member),
        "topics": today.hot_topics(member),
        "administers": not policy.anywhere(member, "planning.view"),
        "may_write": policy.anywhere(member, "stories.write"),
        "may_pitch": policy.anywhere(member, "planning.pitch"),
        "write_url": link("stories:new"),
        "submit_url": link("phone:write") if policy.anywhere(member, "stories.submit") else "",
        "pitch_url": link("planning:pitch_new"),
    }
    if policy.anywhere(member, "impact.view"):
        context["figures"] = impact.today_figures(member)
    return render(request, "desk/today.html", context)


@page(SIGNED_IN)
@require_safe
def search_page(request: MemberRequest) -> HttpResponse:
    """One box over everything in reach."""
    words = request.GET.get("q", "").strip()
    sections = selectors.search(request.user, words)
    return render(
        request,
        "desk/search.html",
        {"q": words, "sections": sections, "total": sum(one.total for one in sections)},
    )


@page(SIGNED_IN)
@require_safe
def palette(request: MemberRequest) -> HttpResponse:
    """The palette's answer: pages and commands first, then records; a fragment."""
    words = request.GET.get("q", "").strip()
    commands = selectors.commands_for(request.user, words)
    sections = selectors.search(request.user, words, limit=3) if len(words) > 1 else []
    recent = [] if words else today.changes_since(
        request.user, timezone.now() - timedelta(hours=24), 5
    )  # fmt: skip
    return render(
        request,
        "desk/_palette.html",
        {"q": words, "commands": commands[:12], "sections": sections, "recent": recent},
    )


@page(SIGNED_IN)
@require_safe
def bell(request: MemberRequest) -> HttpResponse:
    """The bell with its number, asked for again when a notice was given."""
    shell = top_bar(request.user, network.unread_count(request.user))
    return render(request, "ui/_bell.html", {"shell": shell})


@page(SIGNED_IN)
@require_safe
def guide(request: MemberRequest) -> HttpResponse:
    """Every component of the interface with invented data."""
    return render(request, "ui/guide.html", kit.context(timezone.now()))
