"""Remarks on a story's page, on its review page and beside the editor."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, passages, selectors
from rongmei.stories.models import Comment, Story


def _people(story: Story, found: list[passages.Thread], member: Any) -> list[str]:
    """Names of those who have a part in the story so far, for naming them with @."""
    names = [story.author_name, *(one.person_name for one in selectors.signatures_of(story))]
    for one in found:
        names += [one.remark.author_name, *(answer.author_name for answer in one.answers)]
    return [name for name in dict.fromkeys(names) if name and name != member.name][:8]


def talk_of(request: MemberRequest, story: Story) -> dict[str, Any]:
    """What the panel 讨论 shows."""
    found = passages.threads(story, selectors.comments_of(story))
    return {
        "story": story, "threads": found, "marks": passages.marks(found),
        "open_remarks": sum(not one.settled for one in found),
        "settled_remarks": sum(one.settled for one in found),
        "people": _people(story, found, request.user),
    }  # fmt: skip


def _answer(request: MemberRequest, story: Story, made: Comment) -> HttpResponse:
    """The panel alone for a script, which puts it in place; else the story's page at the remark."""
    if request.headers.get("HX-Request"):
        return render(request, "stories/_talk.html", talk_of(request, story))
    place = f"?panel=talk#remark-{made.parent_id or made.pk}"
    return redirect(reverse("stories:story", args=[story.pk]) + place)


@require_POST
@page("stories.view")
def comment(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """A remark, perhaps on a passage."""
    names = ("text", "quote", "before", "after")
    said = {name: request.POST.get(name, "") for name in names}
    made = actions.comment_add(by=request.user, story_id=story_id, **said)
    return _answer(request, made.story, made)


@require_POST
@page("stories.view")
def answer(request: MemberRequest, comment_id: uuid.UUID) -> HttpResponse:
    """An answer to a remark."""
    text = request.POST.get("text", "")
    made = actions.comment_answer(by=request.user, comment_id=comment_id, text=text)
    return _answer(request, made.story, made)


@require_POST
@page("stories.view")
def settle(request: MemberRequest, comment_id: uuid.UUID) -> HttpResponse:
    """Settle a remark."""
    made = actions.comment_settle(by=request.user, comment_id=comment_id)
    return _answer(request, made.story, made)


@require_POST
@page("stories.view")
def reopen(request: MemberRequest, comment_id: uuid.UUID) -> HttpResponse:
    """Open a settled remark again."""
    made = actions.comment_reopen(by=request.user, comment_id=comment_id)
    return _answer(request, made.story, made)
