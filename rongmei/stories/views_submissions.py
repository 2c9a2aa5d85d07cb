"""Pages of submissions: one's own, the desk's inbox, one piece with its course, and reasons."""

from __future__ import annotations

import uuid
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, submissions
from rongmei.stories.said import went
from rongmei.stories.submission_rows import Submission, SubmissionState

PAGE_SIZE: Final = 50
BADGES: Final = {
    SubmissionState.DRAFT: "", SubmissionState.SENT: "now", SubmissionState.TAKEN: "now",
    SubmissionState.ASKED: "failed", SubmissionState.ADOPTED: "done", SubmissionState.MERGED: "done",
    SubmissionState.DECLINED: "failed", SubmissionState.WITHDRAWN: "",
}  # fmt: skip
BOXES: Final = ("mine", "inbox", "done")


def _rows(request: MemberRequest, box: str) -> Any:
    if box == "mine":
        return submissions.own(request.user).defer("text")
    rows = submissions.inbox(request.user)
    if box == "inbox":
        return rows.filter(state__in=submissions.WITH_DESK)
    return rows.exclude(state__in=submissions.WITH_DESK).order_by("-sent_at", "-id")


@page("stories.submit", "stories.desk")
def submission_list(request: MemberRequest) -> HttpResponse:
    """What I sent and where it is; for who works at a desk, what waits for an answer."""
    at_desk = policy.units_for(request.user, "stories.desk")
    waiting = submissions.waiting_for(request.user) if at_desk else 0
    box = request.GET.get("box", "inbox" if waiting else "mine")
    box = box if box in BOXES else "mine"
    found = Paginator(_rows(request, box), PAGE_SIZE).get_page(request.GET.get("page"))
    figures = (
        submissions.figures_of(request.user) if box == "mine" else submissions.figures(at_desk)
    )
    shown = {
        "page": found, "box": box, "waiting": waiting, "badges": BADGES, "figures": figures,
        "at_desk": bool(at_desk), "may_write": policy.anywhere(request.user, "stories.submit"),
        "may_head": policy.anywhere(request.user, "stories.review_final"),
    }  # fmt: skip
    return render(request, "stories/submissions.html", shown)


def _shown(request: MemberRequest, row: Submission) -> dict[str, Any]:
    member = request.user
    entries = submissions.entries_of(row)
    at_desk = policy.allows(member, "stories.desk", row) and row.author_id != member.pk
    open_ = at_desk and row.state in submissions.WITH_DESK
    reasons = submissions.answers_offered(row.unit_id) if open_ else []
    return {
        "row": row, "entries": entries, "course": submissions.course(row, entries),
        "badge": BADGES[SubmissionState(row.state)], "next": submissions.next_words(row),
        "pictures": submissions.pictures_of(row), "at_desk": at_desk, "open": open_,
        "mine": row.author_id == member.pk, "reasons": reasons,
        "mergeable": list(submissions.mergeable(member, row)[:30]) if open_ else [],
        "with_desk": row.state in submissions.WITH_DESK,
        "may_write": row.author_id == member.pk and row.state in submissions.WRITABLE,
        "remarks": submissions.look_over(member, row.title, row.text, row.place) if open_ else [],
    }  # fmt: skip


@page("stories.submit", "stories.desk")
def submission_detail(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """One piece: where it is, who has it, by when there will be an answer, and every step so far."""
    row = submissions.submission_for(request.user, submission_id)
    return render(request, "stories/submission.html", _shown(request, row))


def _answered(
    request: MemberRequest, submission_id: uuid.UUID, words: str, verb: Any, **how: Any
) -> HttpResponse:
    went(request, lambda: verb(by=request.user, submission_id=submission_id, **how), words)
    return redirect("submissions:submission", submission_id)


def _answer(request: MemberRequest) -> dict[str, str]:
    """Reason and example: what was written, else the one that was picked."""
    picked = request.POST.get("picked", "")
    words, _sep, example = picked.partition("\n")
    return {
        "reason": request.POST.get("reason", "").strip() or words,
        "example": request.POST.get("example", "").strip() or example,
    }


@require_POST
@page("stories.desk")
def take(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """我来看."""
    words = _("作者已经看到你在看。24 小时的答复时限继续计时。")
    return _answered(request, submission_id, words, actions.submission_take)


@require_POST
@page("stories.desk")
def ask(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """退改, with a reason."""
    words = _("已请作者修改，改好会再送回给你。")
    return _answered(request, submission_id, words, actions.submission_ask, **_answer(request))


@require_POST
@page("stories.desk")
def decline(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """不采用, with a reason."""
    words = _("已告诉作者没有采用和原因。")
    return _answered(request, submission_id, words, actions.submission_decline, **_answer(request))


@require_POST
@page("stories.desk")
def adopt(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """采用, and on to the story."""
    _row, story = actions.submission_adopt(by=request.user, submission_id=submission_id)
    messages.success(request, _("已采用并建稿，作者已收到通知。改好后送审。"))
    return redirect("stories:story", story.pk)


@require_POST
@page("stories.desk")
def merge(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """并入 a story that is still being written."""
    try:
        into = uuid.UUID(request.POST.get("story", ""))
    except ValueError as error:
        raise BadInput(_("请选一篇还在写的稿件，没有改动。")) from error
    _row, story = actions.submission_merge(
        by=request.user, submission_id=submission_id, story_id=into
    )
    messages.success(request, _("已并入这篇稿件的末尾，作者已署名。"))
    return redirect("stories:story", story.pk)


@require_POST
@page("stories.submit")
def withdraw(request: MemberRequest, submission_id: uuid.UUID) -> HttpResponse:
    """撤回 one's own piece."""
    words = _("已撤回。")
    return _answered(
        request, submission_id, words, actions.submission_withdraw, reason=request.POST.get("reason", "")
    )  # fmt: skip


@page("stories.desk")
def reasons(request: MemberRequest) -> HttpResponse:
    """Reasons that the desk gives often, each with an example; heads of desks add and retire them."""
    units = network.units_in_reach(request.user, "stories.review_final")
    if request.method == "POST":
        posted = request.POST
        unit = units.filter(code=posted.get("unit", "")).first()
        if unit is None:
            policy.require(request.user, "stories.review_final")
            raise NotFound
        try:
            actions.reason_add(
                by=request.user, unit_id=unit.pk, kind=posted.get("kind", ""),
                words=posted.get("words", ""), example=posted.get("example", ""),
            )  # fmt: skip
        except BadInput as refused:
            messages.error(request, refused.message)
        return redirect("submissions:reasons")
    shown = {
        "units": list(units), "own": list(submissions.reasons_visible_to(request.user)),
        "shipped": submissions.shipped_reasons(), "headed": {one.pk for one in units},
    }  # fmt: skip
    return render(request, "stories/submission_reasons.html", shown)


@require_POST
@page("stories.review_final")
def reason_retire(request: MemberRequest, reason_id: uuid.UUID) -> HttpResponse:
    """Offer a reason no longer."""
    actions.reason_retire(by=request.user, reason_id=reason_id)
    messages.success(request, _("已停用。"))
    return redirect(reverse("submissions:reasons"))
