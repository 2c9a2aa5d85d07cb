"""Correcting and withdrawing a story from its page."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel import plugins
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, causes, selectors
from rongmei.stories.models import Story
from rongmei.stories.said import went


def publish_panel(request: HttpRequest, story: Story) -> dict[str, Any]:
    """What the tab 发布 of a story shows: parts of the rooms above, what was corrected, and why one may."""
    parts = [one for some in plugins.manager.hook.register_story_parts() for one in some]
    return {
        # A plugin's own template, which escapes what it was given.
        "parts": [mark_safe(one.render(request, story)) for one in parts],  # noqa: S308
        "causes": list(causes.choices()),
        "amendments": [(one, causes.words_of(one.cause)) for one in selectors.amendments_of(story)],
    }


def _back(story_id: uuid.UUID) -> HttpResponse:
    return redirect(f"{reverse('stories:story', args=[story_id])}?panel=publish")


@require_POST
@page("stories.withdraw")
def withdraw(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """撤稿, with a cause and a reason."""
    posted = request.POST
    went(
        request,
        lambda: actions.story_withdraw(
            by=request.user, story_id=story_id, reason=posted.get("reason", ""),
            cause=posted.get("cause", "other"),
        ),
        _("已撤稿，各渠道随即撤下。回执见下。"),
    )  # fmt: skip
    return _back(story_id)


@require_POST
@page("stories.withdraw")
def correct(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """更正, with a cause and the words that readers see."""
    posted = request.POST
    went(
        request,
        lambda: actions.story_correct(
            by=request.user, story_id=story_id, note=posted.get("note", ""),
            cause=posted.get("cause", "other"),
        ),
        _("已更正，各渠道随即显示更正说明。回执见下。"),
    )  # fmt: skip
    return _back(story_id)
