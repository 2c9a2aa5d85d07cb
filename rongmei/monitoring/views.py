"""Pages of the monitoring room: hot topics, one topic, reprint families, reprints of ours, hot lists."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.ui.shapes import Bar, Entry
from rongmei.monitoring import actions, explaining, selectors
from rongmei.monitoring.models import TopicMark
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page

PAGE_SIZE = 40
SPANS = (("6", 6), ("24", 24), ("72", 72))


def _document_url(document_id: uuid.UUID) -> str:
    try:
        return reverse("archive:document", args=[document_id])
    except NoReverseMatch:
        return ""


def _hours(request: MemberRequest) -> int:
    return dict(SPANS).get(request.GET.get("hours", ""), 72)


@page("monitoring.view")
def topic_list(request: MemberRequest) -> HttpResponse:
    """Hot topics, hottest first."""
    started = time.perf_counter()
    rows = selectors.topics_listed(
        request.user,
        states=request.GET.getlist("state"),
        regions=request.GET.getlist("region"),
        hours=_hours(request),
        words=request.GET.get("q", "").strip()[:60],
    )
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    top = max((one.heat for one in shown), default=0.0) or 1.0
    context: dict[str, Any] = {
        "page": shown,
        "rows": [(one, max(0.0, one.heat / top)) for one in shown],
        "states": TopicMark.State.choices,
        "regions": selectors.region_counts(request.user),
        "spans": SPANS,
        "counted_at": selectors.counted_at(),
        "took_ms": (time.perf_counter() - started) * 1000,
    }
    return render(request, "monitoring/topics.html", context)


@page("monitoring.view")
def topic(request: MemberRequest, topic_id: uuid.UUID) -> HttpResponse:
    """One topic: how it spread, who said it, and why it is hot."""
    found = selectors.topic_for(request.user, topic_id)
    lines = selectors.lines_of(request.user, found)
    groups = selectors.groups_of(lines)
    context: dict[str, Any] = {
        "topic": found,
        "heat": round(found.heat),
        "state": getattr(found, "state", ""),
        "groups": [(one, _document_url(one.first.document.pk)) for one in groups],
        "spread": _spread(lines),
        "tiers": _tiers(lines),
        "lines": explaining.heat_lines(found.explain),
        "total": explaining.heat_total(found.explain),
        "buckets": explaining.hours(found.history, found.explain),
        "marks": selectors.marks_of(request.user, found),
        "actions": [
            (one, one.url(found.pk)) for one in selectors.topic_actions(request.user)
        ],
        "may_manage": policy.allows(request.user, "monitoring.manage", request.user.unit_id),
    }  # fmt: skip
    return render(request, "monitoring/topic.html", context)


def _spread(lines: list[selectors.Line]) -> list[Entry]:
    """The way it went: the first report, the first of each tier and region, the newest; newest first."""
    found: list[Entry] = []
    seen: set[tuple[str, object]] = set()
    for at, line in enumerate(lines):
        marks = {("tier", line.tier), ("region", line.document.region), ("ours", line.ours)}
        marks = {one for one in marks if one[1]}
        note = ""
        if at == 0:
            note = _("首发")
        elif ("tier", line.tier) in marks - seen:
            note = _("首家%(tier)s媒体跟进") % {"tier": explaining.tier_name(line.tier)}
        elif ("region", line.document.region) in marks - seen:
            note = _("%(region)s媒体首次报道") % {"region": line.document.region}
        elif at == len(lines) - 1:
            note = _("最新一篇")
        seen |= marks
        if note:
            found.append(
                Entry(
                    line.document.title, line.document.published_at, line.document.source_name,
                    "flag" if at == 0 else "", note, _document_url(line.document.pk),
                    "done" if at == 0 else "",
                )
            )  # fmt: skip
    return found[:1] + found[1:][-7:] if len(found) > 8 else found


def _tiers(lines: list[selectors.Line]) -> list[Bar]:
    sources: dict[int, set[str]] = {1: set(), 2: set(), 3: set()}
    for line in lines:
        sources.setdefault(line.tier, set()).add(line.document.source_name)
    return [Bar(explaining.tier_name(tier), len(found)) for tier, found in sorted(sources.items())]


@require_POST
@page("monitoring.manage")
def dismiss(request: MemberRequest, topic_id: uuid.UUID) -> HttpResponse:
    """Take a topic off the unit's list, with a reason."""
    found = selectors.topic_for(request.user, topic_id)
    actions.topic_dismiss(by=request.user, topic_id=found.pk, reason=request.POST.get("reason", ""))
    messages.success(request, _("已忽略这个热点，本单位的列表里不再出现；可随时恢复。"))
    return redirect("monitoring:topic", topic_id=found.pk)


@require_POST
@page("monitoring.manage")
def restore(request: MemberRequest, topic_id: uuid.UUID) -> HttpResponse:
    """Put a topic back on the unit's list."""
    found = selectors.topic_for(request.user, topic_id)
    actions.topic_restore(by=request.user, topic_id=found.pk, reason=request.POST.get("reason", ""))
    messages.success(request, _("已恢复关注。"))
    return redirect("monitoring:topic", topic_id=found.pk)


@page("monitoring.view")
def family(request: MemberRequest, family_id: uuid.UUID) -> HttpResponse:
    """One text and who carries it, with the sentences that match."""
    found = selectors.family_for(request.user, family_id)
    copies = selectors.copies_of(request.user, found)
    context: dict[str, Any] = {
        "family": found,
        "copies": [(one, _document_url(one.line.document.pk)) for one in copies],
        "first": copies[0] if copies else None,
    }
    return render(request, "monitoring/family.html", context)


@page("monitoring.view")
def reprints_found(request: MemberRequest) -> HttpResponse:
    """Reprints of our texts that were found in the last 24 hours."""
    rows = selectors.reprints_found(request.user, timezone.now() - timedelta(days=1))
    shown = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": shown, "rows": [(one, _document_url(one.document_id)) for one in shown]}
    return render(request, "monitoring/reprints_found.html", context)


@page("monitoring.view")
def reprints(request: MemberRequest, subject_id: uuid.UUID) -> HttpResponse:
    """Who reprinted a text of ours."""
    watch = selectors.watch_for(request.user, subject_id)
    rows = selectors.reprint_rows(request.user, watch)
    context = {"watch": watch, "rows": [(one, _document_url(one.document_id)) for one in rows]}
    return render(request, "monitoring/reprints.html", context)


@page("monitoring.view")
def hot_lists(request: MemberRequest) -> HttpResponse:
    """Hot lists as they stand, with movement."""
    return render(
        request, "monitoring/hot_lists.html", {"lists": selectors.hot_lists(request.user)}
    )
