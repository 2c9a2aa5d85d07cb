"""The machine's findings while somebody writes: over the text on the screen, saved or not."""

from __future__ import annotations

import uuid

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import BadInput, RongmeiError
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, canonical, checking, findings, selectors
from rongmei.stories import policy as rules
from rongmei.stories.errors import NotEditable
from rongmei.stories.models import Story


def _on_screen(request: MemberRequest, story_id: uuid.UUID) -> Story:
    """The story with what the editor's form holds; fields it cannot read keep their saved words."""
    story = selectors.story_for(request.user, story_id)
    if not rules.may_edit(request.user, story):
        raise NotEditable
    form = Story.get_edit_handler().get_form_class()(
        request.POST, instance=story, for_user=request.user
    )
    # Half-written blocks are no reason not to look at the rest.
    form.defer_required_fields()
    try:
        form.is_valid()
    except (LookupError, ValueError) as error:
        # Wagtail's blocks expect their own fields and fail without a word when they are not there.
        raise BadInput(_("编辑器送来的内容不完整，没有检查。请刷新页面。")) from error
    unsaved: Story = form.instance
    return unsaved


def _answer(request: MemberRequest, story: Story, problem: str = "") -> HttpResponse:
    content = canonical.content_of(story)
    report = checking.run(story, content)
    found = findings.shown(story, [one.as_json() for one in report.findings], content)
    shown = {
        "story": story, "findings": found, "levels": findings.levels_of(found), "problem": problem,
        "versions": report.versions, "personal": sum(one["personal"] for one in found),
    }  # fmt: skip
    return render(request, "stories/_live.html", shown, status=422 if problem else 200)


@page("stories.view")
@require_POST
def live_check(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """What the rules find in the text on the screen; nothing is written."""
    return _answer(request, _on_screen(request, story_id))


@page("stories.view")
@require_POST
def live_settle(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """保留并说明理由, from the editor: the finding may stand in words that are not saved yet."""
    posted = request.POST
    if "finding-code" not in posted:
        return HttpResponseBadRequest()
    unsaved, problem = _on_screen(request, story_id), ""
    try:
        actions.finding_settle(
            by=request.user, story_id=story_id, code=posted["finding-code"],
            found=posted.get("finding-found", ""), reason=posted.get("finding-reason", ""),
            unsaved=unsaved,
        )  # fmt: skip
    except RongmeiError as refused:
        if refused.status in {403, 404}:
            raise
        problem = refused.message
    return _answer(request, unsaved, problem)
