"""How the unit's reviewing goes, for the one who signs its stories off."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from rongmei.network.guard import MemberRequest, page
from rongmei.stories import team
from rongmei.stories.models import StoryState


@page(team.MAY)
def review_team(request: MemberRequest) -> HttpResponse:
    """Load, turnaround, returns and corrections over the days in the address."""
    asked = request.GET.get("days", "")
    found = team.of(request.user, int(asked) if asked.isdigit() else 0)
    waiting = [(StoryState(state).label, state, n, at) for state, n, at in found.waiting]
    shown = {"team": found, "waiting": waiting, "periods": team.PERIODS}
    return render(request, "stories/team.html", shown)
