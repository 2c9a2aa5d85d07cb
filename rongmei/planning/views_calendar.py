"""The plan as a calendar, and moving what is on it."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST, require_safe

from rongmei.kernel.errors import BadInput
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.planning import actions, calendar, feeds, selectors

_SPANS: Final = (
    ("day", gettext_lazy("日")),
    ("week", gettext_lazy("周")),
    ("month", gettext_lazy("月")),
    ("year", gettext_lazy("年")),
)


def _day(text: str) -> date:
    try:
        return parse_date(text) or timezone.localdate()
    except ValueError:
        return timezone.localdate()


def _address(**asked: Any) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"{reverse('planning:calendar')}?{urlencode(kept)}"


@require_GET
@page("planning.view")
def plan(request: MemberRequest) -> HttpResponse:
    """The plan by days."""
    return _shown(request)


@require_POST
@page("planning.view")
def feed_key(request: MemberRequest) -> HttpResponse:
    """Make one's address for calendar programs, shown once; or shut it."""
    if request.POST.get("do") == "stop":
        feeds.feed_stop(by=request.user)
        messages.success(request, _("日历地址已停用。"))
        return redirect("planning:calendar")
    feed, key = feeds.feed_make(by=request.user)
    return _shown(request, settings.RONGMEI_NODE.url + reverse("plan_feed", args=[feed.pk, key]))


@require_safe
def feed(request: HttpRequest, feed_id: uuid.UUID, key: str) -> HttpResponse:
    """The plan as iCalendar, for a calendar program that holds its key."""
    made = feeds.as_icalendar(feeds.owner_of(feed_id, key))
    answer = HttpResponse(made, content_type="text/calendar; charset=utf-8")
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _shown(request: MemberRequest, feed_url: str = "") -> HttpResponse:
    """What is due when: `?span=` day, week, month or year, `?day=`, `?what=` pitch or task, `?unit=`."""
    asked = request.GET
    span = asked.get("span", "month")
    span = span if span in calendar.SPANS else "month"
    day = _day(asked.get("day", ""))
    what = asked.get("what", "") if asked.get("what") in {"pitch", "task"} else ""
    unit = asked.get("unit", "")
    rest = {"what": what, "unit": unit}
    reach = network.units_in_reach(request.user, "planning.view")
    shown: dict[str, Any] = {
        "span": span, "day": day, "what": what, "unit": unit,
        "units": list(reach) if len(reach) > 1 else [],
        "spans": [(label, _address(span=one, day=day, **rest), one == span) for one, label in _SPANS],
        "before": _address(span=span, day=calendar.shifted(span, day, -1), **rest),
        "after": _address(span=span, day=calendar.shifted(span, day, 1), **rest),
        "today": _address(span=span, **rest),
        "feed_url": feed_url, "has_feed": feeds.has_feed(request.user),
        "may_move": policy.anywhere(request.user, "planning.decide"),
        "may_pitch": policy.anywhere(request.user, "planning.pitch"),
    }  # fmt: skip
    if span == "year":
        months = calendar.year(request.user, day.year, unit=unit)
        shown["months"] = [(one, _address(span="month", day=one.first, **rest)) for one in months]
    else:
        days = calendar.plan(request.user, span, day, what=what, unit=unit)
        shown["days"] = [(one, _address(span="day", day=one.day, **rest)) for one in days]
        shown["now"] = timezone.localdate()
    return render(request, "planning/calendar.html", shown)


def _new_time(request: MemberRequest, before: datetime | None) -> datetime:
    """A day keeps the time of the day; a whole time is taken as it is."""
    text = request.POST.get("to", "")
    try:
        day, moment = parse_date(text), parse_datetime(text)
    except ValueError as error:
        raise BadInput from error
    if day is not None:
        at = timezone.localtime(before).time() if before else time(18)
        return timezone.make_aware(datetime.combine(day, at))
    if moment is None:
        raise BadInput(_("请选一个日期，没有改期。"))
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _done(request: MemberRequest, words: str, to: str) -> HttpResponse:
    messages.success(request, words)
    back = request.POST.get("back", "")
    # Only an address of the calendar's own: a form must not send people anywhere else.
    return redirect(back if back.startswith(reverse("planning:calendar")) else to)


@require_POST
@page("planning.decide")
def pitch_replan(request: MemberRequest, pitch_id: uuid.UUID) -> HttpResponse:
    """Another day for a pitch; its open tasks move along."""
    found = selectors.pitch_for(request.user, pitch_id)
    moved = actions.pitch_replan(
        by=request.user, pitch_id=pitch_id, due_at=_new_time(request, found.due_at)
    )
    words = (
        _("选题已改期，%(n)s 个任务随之改期，承接单位已收到通知。") % {"n": len(moved)}
        if moved
        else _("选题已改期。")
    )
    return _done(request, words, reverse("planning:pitch", args=[pitch_id]))


@require_POST
@page("planning.dispatch")
def task_replan(request: MemberRequest, task_id: uuid.UUID) -> HttpResponse:
    """Another deadline for a task."""
    found = selectors.task_for(request.user, task_id)
    actions.task_replan(by=request.user, task_id=task_id, due_at=_new_time(request, found.due_at))
    words = _("任务已改期，承接单位已收到通知。")
    return _done(request, words, reverse("planning:task", args=[task_id]))
