"""The reviewer's day: the queue, a glance at a story without leaving it, signing several simple ones."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, checking, findings, package, reading, selectors, team, waiting
from rongmei.stories.errors import NotInBatch
from rongmei.stories.models import StoryState
from rongmei.stories.types import Outcome, Picked
from rongmei.stories.waiting import Waits

PAGE_SIZE: Final = 50


def _chosen(request: MemberRequest, rows: list[Waits]) -> tuple[list[Waits], dict[str, Any]]:
    """The rows that the address asks for, and the filters with their counts."""
    now = timezone.now()
    asked = {name: request.GET.getlist(name) for name in ("state", "unit", "flag")}
    states, units = Counter(one.state for one in rows), Counter(str(one.unit_id) for one in rows)
    found = [
        one
        for one in rows
        if (not asked["state"] or one.state in asked["state"])
        and (not asked["unit"] or str(one.unit_id) in asked["unit"])
        and all(waiting.flagged(one, flag, now) for flag in asked["flag"])
    ]
    labels = network.unit_labels(uuid.UUID(one) for one in units)
    words = {
        "late": _("已超时"), "green": _("绿色通道"), "exemplar": _("涉先进典型"),
        "fresh": _("没看过"), "clean": _("检查无提示"),
    }  # fmt: skip
    flags = Counter(
        flag for one in rows for flag in waiting.FLAGS if waiting.flagged(one, flag, now)
    )
    return found, {
        "states": [(one.value, one.label, states[one]) for one in StoryState if states[one]],
        "units": [(str(pk), label, units[str(pk)]) for pk, label in labels.items()],
        "flags": [(name, label, flags[name]) for name, label in words.items() if flags[name]],
    }


@page("stories.view")
def review_queue(request: MemberRequest) -> HttpResponse:
    """What waits for this member's signature, in the order to take it; filters live in the address."""
    began = time.perf_counter()
    everything = waiting.queue_of(request.user)
    found, filters = _chosen(request, everything)
    sort = request.GET.get("sort", "due")
    found = waiting.ranked(found, sort)
    rows = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = {
        "page": rows, "rows": waiting.rows_of(request.user, list(rows)), **filters,
        "sort": sort if sort in waiting.SORTS else "due", "any": bool(everything),
        "more": len(everything) >= waiting.MOST, "most": waiting.MOST,
        "rereads": selectors.rereads_due(request.user)[:5],
        "may_see_team": policy.anywhere(request.user, team.MAY),
        "may_manage_flows": policy.anywhere(request.user, "stories.manage_flows"),
        "took_ms": round((time.perf_counter() - began) * 1000),
    }  # fmt: skip
    return render(request, "stories/queue.html", shown)


@page("stories.view")
def glance(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """A story beside the queue: what changed at this step, the text, the findings."""
    story = selectors.story_for(request.user, story_id)
    check, expired = checking.present(story, selectors.latest_check(story))
    shown = {
        "story": story, "check": check, "check_expired": expired,
        "findings": findings.shown(story, check.findings),
        "changed": reading.since_step_began(story), **package.reading(story),
    }  # fmt: skip
    return render(request, "stories/glance.html", shown)


@require_POST
@page("stories.view")
def look(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """The page that shows a text says that it was shown."""
    text = request.POST.get("content_hash", "")
    actions.story_look(by=request.user, story_id=story_id, content_hash=text)
    return HttpResponse(status=204)


def picked(ids: Iterable[str], offered: Sequence[str]) -> list[Picked]:
    """The chosen rows, each over the text and at the step it was offered with ("id step hash")."""
    chosen, found = set(ids), []
    for one in offered:
        parts = one.split(" ")
        if len(parts) != 3 or parts[0] not in chosen:
            continue
        try:
            found.append(Picked(uuid.UUID(parts[0]), parts[1], parts[2]))
        except ValueError as error:
            raise NotFound from error
    return found


def _tell(request: MemberRequest, outcomes: Sequence[Outcome]) -> None:
    signed = sum(not one.error for one in outcomes)
    if signed:
        words = ngettext("已签名通过 %(n)s 篇。", "已签名通过 %(n)s 篇。", signed)
        messages.success(request, words % {"n": signed})
    for one in outcomes:
        if one.error:
            words = _("%(title)s：%(why)s") % {"title": one.title, "why": one.error}
            messages.error(request, words)
    if not outcomes:
        messages.error(request, _("没有选中稿件，没有签名。"))


@require_POST
@page("stories.view")
def batch(request: MemberRequest) -> HttpResponse:
    """Sign the chosen stories, each with a signature of its own; each refusal is said."""
    posted = request.POST
    picks = picked(posted.getlist("ids"), posted.getlist("pick"))
    try:
        opinion = posted.get("opinion", "")
        _tell(request, actions.batch_pass(by=request.user, picks=picks, opinion=opinion))
    except NotInBatch as refused:
        messages.error(request, refused.message)
    back = request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()})
    return redirect(back if safe else "review:queue")
