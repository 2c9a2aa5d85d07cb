"""审稿单: the page for printing, one as PDF, many as a ZIP of PDFs."""

from __future__ import annotations

import uuid
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header, url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import NotFound
from rongmei.kernel.paper import PaperError
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, printing, selectors

ZIP_NAME: Final = "review-sheets.zip"


def _file(held: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(held, content_type=kind)
    answer.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return answer


@page("stories.view")
def review_sheet(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """审稿单, as a page for printing."""
    story = selectors.story_for(request.user, story_id)
    return render(request, "stories/sheet.html", printing.sheet(request.user, story))


@require_POST
@page("stories.view")
def sheet_pdf(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """审稿单 as PDF; where none can be made, back to the page that prints."""
    story = selectors.story_for(request.user, story_id)
    try:
        made = printing.sheet_pdf(request.user, story)
    except PaperError as refused:
        messages.error(request, refused.message)
        return redirect("stories:sheet", story.pk)
    actions.sheet_export(by=request.user, story_ids=[story.pk])
    return _file(made, "application/pdf", printing.sheet_name(story))


def _ids(posted: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(one) for one in dict.fromkeys(posted)]
    except ValueError as error:
        raise NotFound from error


@require_POST
@page("stories.view")
def sheets_zip(request: MemberRequest) -> HttpResponse:
    """The sheets of the chosen stories (`ids`), a PDF each, in a ZIP."""
    ids = _ids(request.POST.getlist("ids"))
    back = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}):
        back = "stories:list"
    rows = selectors.stories_for(request.user, ids)
    try:
        made = printing.sheets_zip(request.user, rows)
    except PaperError as refused:
        messages.error(request, refused.message)
        return redirect(back)
    if not rows:
        messages.error(request, _("没有选中稿件，没有导出。"))
        return redirect(back)
    actions.sheet_export(by=request.user, story_ids=ids)
    return _file(made, "application/zip", ZIP_NAME)
