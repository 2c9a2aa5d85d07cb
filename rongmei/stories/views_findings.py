"""Buttons beside a finding: replace, and let stand with a reason."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import RongmeiError
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions


def _done(request: MemberRequest, story_id: uuid.UUID, words: str, act: Any) -> HttpResponse:
    try:
        act()
    except RongmeiError as refused:
        if refused.status in {403, 404}:
            raise
        messages.error(request, refused.message)
    else:
        messages.success(request, words)
    # The review page sends on to the story's own where the member may not sign.
    return redirect("review:story" if request.POST.get("review") else "stories:story", story_id)


def whole(posted: str) -> int:
    """A place as a page sends it; -1, where nothing stands, for anything else."""
    return int(posted) if posted.isascii() and posted.isdigit() and len(posted) < 9 else -1


@page("stories.view")
@require_POST
def finding_replace(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """替换: this place, by what the check suggests."""
    posted = request.POST
    return _done(
        request, story_id, _("已替换并保存。"),
        lambda: actions.finding_replace(
            by=request.user, story_id=story_id, content_hash=posted.get("content_hash", ""),
            code=posted.get("code", ""), found=posted.get("found", ""), part=posted.get("part", ""),
            start=whole(posted.get("start", "")),
        ),
    )  # fmt: skip


@page("stories.view")
@require_POST
def finding_settle(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """确认保留, with a reason."""
    posted = request.POST
    return _done(
        request, story_id, _("已记下你的理由，随稿件流转。"),
        lambda: actions.finding_settle(
            by=request.user, story_id=story_id, code=posted.get("code", ""),
            found=posted.get("found", ""), reason=posted.get("reason", ""),
        ),
    )  # fmt: skip
