"""Relations of a story on its page: tying it to another one, and taking that off."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import NotFound
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, selectors
from rongmei.stories.said import went


def _back(story_id: uuid.UUID) -> HttpResponse:
    return redirect(reverse("stories:story", args=[story_id]) + "?panel=relations")


@require_POST
@page("stories.write")
def link(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """Tie the story to another one by its number."""
    selectors.story_for(request.user, story_id)
    other, kind = request.POST.get("other", ""), request.POST.get("kind", "")
    try:
        went(
            request,
            lambda: actions.story_link(by=request.user, story_id=story_id, other=other, kind=kind),
            _("已关联。"),
        )
    except NotFound:
        messages.error(
            request, _("没有找到编号为“%(number)s”的稿件，没有关联。") % {"number": other[:40]}
        )
    return _back(story_id)


@require_POST
@page("stories.write")
def unlink(request: MemberRequest, link_id: uuid.UUID) -> HttpResponse:
    """Take a relation off."""
    return _back(actions.story_unlink(by=request.user, link_id=link_id))
