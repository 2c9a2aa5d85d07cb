"""The plan by days, and moving what is on it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.planning import actions, calendar
from rongmei.planning.errors import DueInPast, WrongState
from rongmei.planning.models import Pitch, Task, TaskResponse
from rongmei.planning.tests.test_across_nodes import far, sent, tell  # noqa: F401

Notice = apps.get_model("network", "Notice")


def at(day, hour=18):
    return timezone.make_aware(datetime.combine(day, time(hour)))


def ahead(days):
    return timezone.localdate() + timedelta(days=days)


@pytest.fixture
def pitch(cast):
    made = actions.pitch_submit(
        by=cast["planner"], unit_id=cast.unit("hq").pk, title="石门坎光伏并网", due_at=at(ahead(5))
    )
    return actions.pitch_decide(by=cast["planner"], pitch_id=made.pk, decision="approve")


def task_of(cast, pitch, to="yunling", days=3):
    return actions.task_dispatch(
        by=cast["planner"], pitch_id=pitch and pitch.pk, to_unit_id=cast.unit(to).pk, title="去现场",
        brief="", genre="text", due_at=at(ahead(days)),
    )  # fmt: skip


# Days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "day", "first", "count"),
    [
        ("day", date(2026, 11, 25), date(2026, 11, 25), 1),
        ("week", date(2026, 11, 29), date(2026, 11, 23), 7),
        ("month", date(2026, 11, 25), date(2026, 10, 26), 42),
        ("month", date(2027, 2, 1), date(2027, 2, 1), 28),
        ("month", date(2026, 12, 31), date(2026, 11, 30), 35),
    ],
)
def test_a_page_shows_whole_weeks_from_monday(span, day, first, count):
    days = calendar.days_of(span, day)
    assert (days[0], len(days)) == (first, count)
    assert day in days


@pytest.mark.parametrize(
    ("span", "day", "steps", "then"),
    [
        ("day", date(2026, 12, 31), 1, date(2027, 1, 1)),
        ("week", date(2026, 1, 3), -1, date(2025, 12, 27)),
        ("month", date(2026, 1, 31), -1, date(2025, 12, 1)),
        ("month", date(2026, 12, 5), 1, date(2027, 1, 1)),
        ("year", date(2026, 7, 1), -1, date(2025, 7, 1)),
    ],
)
def test_before_and_after(span, day, steps, then):
    assert calendar.shifted(span, day, steps) == then


def entries(member, **asked):
    days = calendar.plan(member, "week", ahead(3), **asked)
    return {(one.kind, one.title) for day in days for one in day.entries}


def on(days, kind="task"):
    return [day.day for day in days for one in day.entries if one.kind == kind]


def test_what_is_due_stands_on_its_local_day(cast):
    task_of(cast, None, days=3)
    late = actions.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=cast.unit("yunling").pk, title="夜里", brief="",
        genre="text", due_at=at(ahead(3), 23),
    )  # fmt: skip
    days = calendar.plan(cast["planner"], "day", ahead(3))
    assert [one.title for one in days[0].entries] == ["去现场", "夜里"]
    assert days[0].entries[1].pk == late.pk


def test_units_see_only_their_share(cast, pitch):
    task_of(cast, pitch)
    task_of(cast, pitch, to="jiangchuan")
    days = calendar.plan(cast["yl.planner"], "day", ahead(3))
    assert [one.unit for one in days[0].entries] == ["云岭"]
    assert not on(calendar.plan(cast["yl.planner"], "day", ahead(5)), "pitch")


def test_one_kind_alone_and_one_unit_alone(cast, pitch):
    task_of(cast, pitch)
    task_of(cast, pitch, to="jiangchuan")
    planner = cast["planner"]
    assert not on(calendar.plan(planner, "day", ahead(3), what="pitch"))
    (day,) = calendar.plan(planner, "day", ahead(3), unit="jiangchuan")
    assert [one.unit for one in day.entries] == ["江川"]


def test_a_full_day_shows_the_first_and_says_how_many_more(cast):
    actions.tasks_dispatch(
        by=cast["planner"], pitch_id=None, genres=["text", "video", "pictures", "new_media"],
        to_unit_ids=[cast.unit(one).pk for one in ("yunling", "jiangchuan", "platform")],
        title="满满一天", brief="", due_at=at(ahead(3)),
    )  # fmt: skip
    day = next(
        one for one in calendar.plan(cast["planner"], "month", ahead(3)) if one.day == ahead(3)
    )
    assert (len(day.entries), day.total, day.more) == (6, 12, 6)


def test_a_month_costs_four_questions_and_the_reach(cast, pitch, django_assert_max_num_queries):
    for days in range(1, 9):
        task_of(cast, pitch, days=days)
    planner = cast["planner"]
    with django_assert_max_num_queries(8):
        calendar.plan(planner, "month", ahead(3))


def test_a_year_in_numbers(cast, pitch):
    task = task_of(cast, pitch, days=3)
    Task.objects.filter(pk=task.pk).update(state="done")
    months = calendar.year(cast["planner"], ahead(3).year)
    assert len(months) == 12
    found = months[ahead(3).month - 1]
    assert (found.tasks, found.done, found.percent) == (1, 1, 100)


# Moving -----------------------------------------------------------------------------------------


def test_open_tasks_move_with_their_pitch_and_their_units_are_told(cast, pitch):
    task, ended = task_of(cast, pitch), task_of(cast, pitch, to="jiangchuan")
    Task.objects.filter(pk=ended.pk).update(state="done")
    moved = actions.pitch_replan(by=cast["planner"], pitch_id=pitch.pk, due_at=at(ahead(9)))
    assert [one.pk for one in moved] == [task.pk]
    task.refresh_from_db()
    ended.refresh_from_db()
    assert (task.due_at, ended.due_at) == (at(ahead(7)), at(ahead(3)))
    assert Notice.objects.filter(kind="planning.task_replanned", member=cast["yl.planner"]).exists()


def test_a_task_does_not_move_into_the_past(cast, pitch):
    task = task_of(cast, pitch, days=1)
    soon = timezone.now() + timedelta(hours=1)
    actions.pitch_replan(by=cast["planner"], pitch_id=pitch.pk, due_at=soon)
    task.refresh_from_db()
    assert task.due_at == soon


def test_nothing_is_planned_for_the_past_nor_after_its_end(cast, pitch):
    with pytest.raises(DueInPast):
        actions.pitch_replan(
            by=cast["planner"], pitch_id=pitch.pk, due_at=timezone.now() - timedelta(hours=1)
        )
    Pitch.objects.filter(pk=pitch.pk).update(state="rejected")
    with pytest.raises(WrongState):
        actions.pitch_replan(by=cast["planner"], pitch_id=pitch.pk, due_at=at(ahead(9)))


def test_only_who_decides_moves_a_pitch_and_only_the_dispatcher_a_task(cast, pitch):
    task = task_of(cast, pitch)
    with pytest.raises((NotAllowed, NotFound)):
        actions.pitch_replan(by=cast["yl.planner"], pitch_id=pitch.pk, due_at=at(ahead(9)))
    with pytest.raises(NotAllowed):
        actions.task_replan(by=cast["yl.planner"], task_id=task.pk, due_at=at(ahead(9)))


def test_a_moved_task_is_told_to_the_other_node_and_nothing_else_about_it(cast, far):  # noqa: F811
    task = actions.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=far.unit.pk, title="远山现场", brief="",
        genre="text", due_at=at(ahead(3)),
    )  # fmt: skip
    actions.task_replan(by=cast["planner"], task_id=task.pk, due_at=at(ahead(8)))
    (body,) = sent("task.replanned")
    assert body["due_at"] == at(ahead(8)).isoformat() or "T" in body["due_at"]


def test_a_task_of_another_node_moves_here_and_keeps_how_far_it_is(cast, far):  # noqa: F811
    task = Task.objects.create(
        unit=far.unit, home=far.unit.node_id, to_unit=cast.unit("yunling"), title="协助远山",
        due_at=at(ahead(3)), dispatched_by_id=cast["planner"].pk, dispatched_by_name="远山策",
        dispatched_at=timezone.now(), version=3,
    )  # fmt: skip
    TaskResponse.objects.create(task=task, unit=cast.unit("yunling"), state="submitted")
    from rongmei.planning import wire

    body = wire.task_body(task) | {"due_at": at(ahead(8)).isoformat(), "version": 4}
    assert tell(far, "task.replanned", task.pk, body) == "applied"
    task.refresh_from_db()
    assert task.due_at == at(ahead(8))
    assert TaskResponse.objects.get(task=task).state == "submitted"
    older = body | {"due_at": at(ahead(4)).isoformat()}
    assert tell(far, "task.replanned", task.pk, older) == "applied"
    task.refresh_from_db()
    assert task.due_at == at(ahead(8))


# Pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("span", ["day", "week", "month", "year", "century"])
def test_every_span_has_its_page(cast, pitch, signed_in, span):
    task_of(cast, pitch)
    for day in ("", "2026-02-30", f"{ahead(3)}"):
        answer = signed_in("planner").get(f"/desk/planning/calendar/?span={span}&day={day}")
        assert answer.status_code == 200
    if span not in {"year"}:
        assert "去现场" in answer.content.decode()


def test_dropping_on_a_day_keeps_the_time_of_the_day(cast, pitch, signed_in):
    page = f"/desk/planning/pitches/{pitch.pk}/replan/"
    back = "/desk/planning/calendar/?span=week"
    answer = signed_in("planner").post(page, {"to": f"{ahead(9)}", "back": back})
    assert (answer.status_code, answer["Location"]) == (302, back)
    pitch.refresh_from_db()
    assert pitch.due_at == at(ahead(9))
    answer = signed_in("planner").post(page, {"to": f"{ahead(8)}", "back": "https://example.org/"})
    assert answer["Location"] == f"/desk/planning/pitches/{pitch.pk}/"
    assert signed_in("planner").post(page, {"to": "明天"}).status_code in {400, 422}
