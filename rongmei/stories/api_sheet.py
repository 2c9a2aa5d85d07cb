"""/api/v1/review/…/sheet: the review sheet as PDF, one or many."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from rongmei.network.tokens import member_of
from rongmei.stories import actions, printing, proofs, selectors

router = Router(tags=["review"])


class Chosen(Schema):
    """Which stories; at most 50."""

    ids: list[uuid.UUID]


@router.post("/sheets", url_name="story_sheets")
def sheets(request: HttpRequest, chosen: Chosen) -> HttpResponse:
    """The review sheets of these stories as a ZIP of PDFs; 404 when one is not there for the member."""
    by = member_of(request)
    made = printing.sheets_zip(by, selectors.stories_for(by, chosen.ids))
    actions.sheet_export(by=by, story_ids=chosen.ids)
    return HttpResponse(made, content_type="application/zip")


@router.post("/stories/{story_id}/sheet", url_name="story_sheet")
def sheet(request: HttpRequest, story_id: uuid.UUID) -> HttpResponse:
    """The review sheet as PDF; it is written on the audit chain that it was given out."""
    by = member_of(request)
    made = printing.sheet_pdf(by, selectors.story_for(by, story_id))
    actions.sheet_export(by=by, story_ids=[story_id])
    return HttpResponse(made, content_type="application/pdf")


@router.post("/stories/{story_id}/proof", url_name="story_proof")
def proof(request: HttpRequest, story_id: uuid.UUID) -> HttpResponse:
    """The text with numbered lines as PDF; it is written on the audit chain that it was given out."""
    by = member_of(request)
    made = proofs.proof_pdf(by, selectors.story_for(by, story_id))
    actions.proof_export(by=by, story_id=story_id)
    return HttpResponse(made, content_type="application/pdf")
