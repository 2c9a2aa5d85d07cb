"""The plan for calendar programs: iCalendar (RFC 5545) at an address that its key opens.

A calendar program cannot sign in. The address holds a key of its owner's, made for this alone and shown
once; it shows what the owner may see, while they may see it.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import icalendar
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import NotFound
from rongmei.kernel.text import sha256
from rongmei.network import policy
from rongmei.planning import selectors
from rongmei.planning.models import Pitch, PitchState, PlanFeed, TaskState

if TYPE_CHECKING:
    from rongmei.network.models import Member

BEFORE: Final = timedelta(days=30)
AHEAD: Final = timedelta(days=180)
# A calendar program reads everything each time it asks.
MOST: Final = 500
_NO_PLAN: Final = (PitchState.DRAFT, PitchState.REJECTED, PitchState.CANCELLED)
_OVER: Final = {TaskState.DECLINED, TaskState.CANCELLED}


def feed_make(*, by: Member) -> tuple[PlanFeed, str]:
    """Make the member's calendar address anew; the key is returned once, an older one stops working."""
    policy.require(by, "planning.view")
    key = secrets.token_urlsafe(24)
    with db.write():
        feed, _new = PlanFeed.objects.update_or_create(
            member_id=by.pk, defaults={"digest": sha256(key)}
        )
        audit.record(by, "plan.feed_made", feed, unit_id=by.unit_id)
    return feed, key


def feed_stop(*, by: Member) -> None:
    """Shut the member's calendar address."""
    policy.require(by, "planning.view")
    with db.write():
        feed = PlanFeed.objects.select_for_update().filter(member_id=by.pk).first()
        if feed is None:
            raise NotFound
        audit.record(by, "plan.feed_stopped", feed, unit_id=by.unit_id)
        feed.delete()


def has_feed(member: Any) -> bool:
    """Whether the member has a calendar address."""
    return PlanFeed.objects.filter(member_id=member.pk).exists()


def owner_of(feed_id: uuid.UUID, key: str) -> Member:
    """Whose address this is, while they may see the plan; else NotFound."""
    feed = PlanFeed.objects.filter(pk=feed_id).select_related("member").first()
    # Compared in any case, so that the time tells nothing.
    right = constant_time_compare(feed.digest if feed else "", sha256(key))
    if feed is None or not right or not feed.member.is_active:
        raise NotFound
    if not policy.anywhere(feed.member, "planning.view"):
        raise NotFound
    return feed.member


def as_icalendar(member: Member) -> bytes:
    """What is due within the member's reach, a month back and half a year ahead, as VEVENTs."""
    made = icalendar.Calendar()
    made.add("prodid", "-//Rongmei//planning//ZH")
    made.add("version", "2.0")
    made.add("x-wr-calname", _("融媒计划"))
    made.add("refresh-interval", timedelta(minutes=15), parameters={"value": "DURATION"})
    now = timezone.now()
    window = {"due_at__gte": now - BEFORE, "due_at__lt": now + AHEAD}
    pitches = selectors.pitches_visible_to(member).filter(**window).exclude(state__in=_NO_PLAN)
    tasks = selectors.tasks_visible_to(member).filter(**window)
    for row in chain(pitches.order_by("due_at")[:MOST], tasks.order_by("due_at")[:MOST]):
        made.add_component(_event(row))
    return bytes(made.to_ical())


def _event(row: Any) -> icalendar.Event:
    pitch = isinstance(row, Pitch)
    state = PitchState(row.state) if pitch else TaskState(row.stage)
    unit = row.unit if pitch else row.to_unit
    way = reverse("planning:pitch" if pitch else "planning:task", args=[row.pk])
    event = icalendar.Event()
    event.add("uid", f"urn:uuid:{row.pk}")
    event.add("dtstamp", row.updated_at)
    event.add("last-modified", row.updated_at)
    event.add("sequence", row.version)
    event.add("dtstart", row.due_at)
    event.add("dtend", row.due_at)
    kind = _("选题") if pitch else _("任务")
    event.add("summary", f"{kind} · {row.title}")
    event.add("description", "\n".join((row.number, unit.label, str(state.label))))
    event.add("url", settings.RONGMEI_NODE.url + way)
    event.add("status", "CANCELLED" if state in _OVER else "CONFIRMED")
    if pitch and row.place:
        event.add("location", row.place)
    return event
