"""校样: a page for printing, and the same as PDF."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from rongmei.kernel.paper import PaperError
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, proofs, selectors


@page("stories.view")
def proof(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The text with numbered lines, for reading on paper and signing."""
    story = selectors.story_for(request.user, story_id)
    return render(request, "stories/proof.html", proofs.proof(request.user, story))


@require_POST
@page("stories.view")
def proof_pdf(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The proof as PDF; where none can be made, back to the page that prints."""
    story = selectors.story_for(request.user, story_id)
    try:
        made = proofs.proof_pdf(request.user, story)
    except PaperError as refused:
        messages.error(request, refused.message)
        return redirect("stories:proof", story.pk)
    actions.proof_export(by=request.user, story_id=story_id)
    answer = HttpResponse(made, content_type="application/pdf")
    name = content_disposition_header(True, proofs.proof_name(story))
    answer.headers["Content-Disposition"] = name or "attachment"
    return answer
