"""The state of the archive, for who runs the node: counts, verifying, making the index anew."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import actions, selectors
from rongmei.network.guard import MemberRequest, page


@page("archive.manage")
@require_safe
def state(request: MemberRequest) -> HttpResponse:
    """How much there is, what is being done, and what was found last."""
    return render(request, "archive/state.html", {"state": selectors.archive_state()})


@page("archive.manage")
@require_POST
def run(request: MemberRequest) -> HttpResponse:
    """Have the archive verified or the index made anew."""
    actions.upkeep_ask(by=request.user, kind=request.POST.get("kind", ""))
    messages.success(request, _("已排上，在后台进行；本页会显示进度和结果。"))
    return redirect("archive:state")
