"""The plan for calendar programs."""

from __future__ import annotations

import uuid
from datetime import timedelta

import icalendar
import pytest
from django.utils import timezone

from rongmei.kernel.errors import NotFound
from rongmei.planning import actions, feeds
from rongmei.planning.models import PlanFeed, Task


@pytest.fixture
def task(cast):
    return actions.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=cast.unit("yunling").pk, title="去现场；拍到人",
        brief="", genre="text", due_at=timezone.now() + timedelta(days=3),
    )  # fmt: skip


def events(client, cast, username):
    feed, key = feeds.feed_make(by=cast[username])
    answer = client.get(f"/feeds/plan/{feed.pk}/{key}.ics")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    return list(icalendar.Calendar.from_ical(answer.content).walk("VEVENT"))


def test_a_calendar_program_reads_what_its_owner_may_see(client, cast, task):
    (event,) = events(client, cast, "yl.planner")
    assert str(event["summary"]) == "任务 · 去现场；拍到人"
    assert event["dtstart"].dt == task.due_at.replace(microsecond=0)
    assert (str(event["uid"]), str(event["status"])) == (f"urn:uuid:{task.pk}", "CONFIRMED")
    assert not events(client, cast, "jc.chief")


def test_what_is_moved_or_called_off_says_so_in_the_calendar(client, cast, task):
    (before,) = events(client, cast, "planner")
    later = timezone.now() + timedelta(days=9)
    actions.task_replan(by=cast["planner"], task_id=task.pk, due_at=later)
    (after,) = events(client, cast, "planner")
    assert after["dtstart"].dt == later.replace(microsecond=0)
    assert int(after["sequence"]) > int(before["sequence"])
    actions.task_cancel(by=cast["planner"], task_id=task.pk, reason="示例")
    (gone,) = events(client, cast, "planner")
    assert str(gone["status"]) == "CANCELLED"


def test_old_tasks_do_not_fill_the_calendar(client, cast, task):
    Task.objects.update(due_at=timezone.now() - timedelta(days=40))
    assert not events(client, cast, "planner")


def test_an_address_opens_with_its_newest_key_while_its_owner_may_see_the_plan(client, cast, task):
    feed, old = feeds.feed_make(by=cast["yl.planner"])
    same, key = feeds.feed_make(by=cast["yl.planner"])
    assert feed.pk == same.pk
    assert feeds.owner_of(feed.pk, key).username == "yl.planner"
    for wrong in ((feed.pk, old), (feed.pk, ""), (uuid.uuid4(), key)):
        with pytest.raises(NotFound):
            feeds.owner_of(*wrong)
    type(cast.people["yl.planner"]).objects.filter(username="yl.planner").update(is_active=False)
    assert client.get(f"/feeds/plan/{feed.pk}/{key}.ics").status_code == 404


def test_the_key_is_shown_once_and_kept_as_a_digest(cast, signed_in):
    client = signed_in("yl.planner")
    page = client.post("/desk/planning/calendar/feed/").content.decode()
    feed = PlanFeed.objects.get()
    assert f"/feeds/plan/{feed.pk}/" in page and feed.digest not in page
    assert f"/feeds/plan/{feed.pk}/" not in client.get("/desk/planning/calendar/").content.decode()
    assert client.post("/desk/planning/calendar/feed/", {"do": "stop"}).status_code == 302
    assert not PlanFeed.objects.exists()
    assert client.post("/desk/planning/calendar/feed/", {"do": "stop"}).status_code == 404
