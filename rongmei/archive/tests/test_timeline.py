"""The chart of a search over time, and choosing days on it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from rongmei.archive import timeline
from rongmei.archive.query import parse
from rongmei.archive.query_days import days_of, without_days
from rongmei.archive.tests.stock import keep

NOW = datetime(2026, 6, 10, 4, tzinfo=UTC)


def at(day: date) -> int:
    """Noon of that day in Shanghai."""
    return int(datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp())


def chart(counts, typed="台风", step=""):
    days = timeline.asked_days(typed, NOW)
    found = timeline.drawn([(at(day), n) for day, n in counts.items()], typed, step=step, days=days)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("台风 after:2026-01-01 抢修", "台风 抢修"),
        ("来源：云岭日报 date:今天", "来源：云岭日报"),
        ("after:2026-01-01 AND 台风", "台风"),
        ("台风 AND after:2026-01-01", "台风"),
        ("after:2026 AND before:2027", ""),
        ("(台风 或 暴雨) before:2026-07", "(台风 或 暴雨)"),
        # Days that belong to a part only stay with it.
        ("台风 或 暴雨 after:2026-01-01", "台风 或 暴雨 after:2026-01-01"),
        ("台风 -date:2026-06", "台风 -date:2026-06"),
        ("(台风 after:2026-01-01)", "(台风 after:2026-01-01)"),
        ("台风 collected:7d", "台风 collected:7d"),
    ],
)  # fmt: skip
def test_days_are_taken_out_and_the_words_stay_as_they_were_typed(typed, left):
    assert without_days(typed) == left
    parse(left)


def test_other_days_take_the_place_of_those_that_were_asked_for():
    asked = timeline.limited("台风 after:2026-01-01", date(2026, 6, 1), date(2026, 6, 3))
    assert asked == "台风 after:2026-06-01 before:2026-06-04"
    assert timeline.limited(asked, date(2026, 6, 2), date(2026, 6, 2)) == "台风 date:2026-06-02"
    assert timeline.limited(asked, None, None) == "台风"
    backwards = timeline.limited("台风", date(2026, 6, 3), date(2026, 6, 1))
    assert backwards == "台风 after:2026-06-01 before:2026-06-04"


def test_days_hold_for_all_alternatives():
    asked = timeline.limited("台风 或 暴雨", date(2026, 6, 1), None)
    assert asked == "(台风 或 暴雨) after:2026-06-01"
    assert [one.name for one in days_of(asked)] == ["after"]


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("台风", None, None),
        ("台风 after:2026-06-01", date(2026, 6, 1), None),
        ("台风 before:2026-06-01", None, date(2026, 5, 31)),
        ("台风 after:2026-06-01 before:2026-06-04", date(2026, 6, 1), date(2026, 6, 3)),
        ("台风 date:2026-06", date(2026, 6, 1), date(2026, 6, 30)),
        ("台风 date:today", date(2026, 6, 10), date(2026, 6, 10)),
        ("台风 date:2026-06 after:2026-06-05", date(2026, 6, 5), date(2026, 6, 30)),
    ],
)
def test_the_days_asked_for_are_read_from_the_words(typed, first, last):
    assert timeline.asked_days(typed, NOW) == (first, last)


def test_a_day_without_documents_has_an_empty_column():
    found = chart({date(2026, 6, 1): 4, date(2026, 6, 3): 2})
    assert [(one.first.day, one.count, one.height) for one in found.columns] == [
        (1, 4, 100), (2, 0, 0), (3, 2, 50),
    ]  # fmt: skip


def test_weeks_begin_on_monday_and_months_on_their_first():
    counts = {date(2026, 5, 31): 1, date(2026, 6, 1): 2, date(2026, 6, 7): 4}
    weeks = chart(counts, step="week").columns
    assert [(one.first, one.last, one.count) for one in weeks] == [
        (date(2026, 5, 25), date(2026, 5, 31), 1), (date(2026, 6, 1), date(2026, 6, 7), 6),
    ]  # fmt: skip
    months = chart(counts, step="month").columns
    assert [(one.first, one.last, one.count) for one in months] == [
        (date(2026, 5, 1), date(2026, 5, 31), 1), (date(2026, 6, 1), date(2026, 6, 30), 6),
    ]  # fmt: skip


def test_each_column_leads_to_its_days_and_the_chosen_are_marked():
    counts = {date(2026, 6, day): day for day in range(1, 6)}
    found = chart(counts, "台风 after:2026-06-02 before:2026-06-04")
    assert [one.first.day for one in found.columns if one.chosen] == [2, 3]
    assert found.columns[4].query == "台风 date:2026-06-05"
    assert found.narrowed
    assert found.whole == "台风"


@pytest.mark.parametrize(
    ("days", "step"), [(62, "day"), (63, "week"), (400, "week"), (401, "month")]
)
def test_the_longer_the_time_the_wider_a_column(days, step):
    first = date(2026, 1, 1)
    assert chart({first: 1, first + timedelta(days=days - 1): 1}).step == step


def test_more_columns_than_can_be_told_apart_are_left_out_and_counted():
    counts = {date(2025, 1, 1) + timedelta(days=n): 1 for n in range(300)}
    found = chart(counts, step="day")
    assert len(found.columns) == timeline.MOST
    assert found.columns[-1].first == max(counts)
    assert found.left_out == 180
    # What was asked for is in sight.
    early = chart(counts, "台风 date:2025-02", step="day")
    assert any(one.chosen for one in early.columns)


def test_a_short_time_is_drawn_with_the_empty_time_before_it():
    counts = [(at(date(2026, 6, 3)), 1)]
    for step, first in (("day", date(2026, 6, 1)), ("month", date(2026, 4, 1))):
        found = timeline.drawn(counts, "", step=step, days=(None, None), least=3)
        assert found.columns[0].first == first
        assert [one.count for one in found.columns] == [0, 0, 1]


def test_a_search_that_finds_nothing_has_no_chart():
    assert timeline.drawn([], "台风", step="", days=(None, None)) is None


@pytest.mark.django_db
def test_the_page_shows_the_whole_time_and_marks_what_was_chosen(cast, signed_in, own_index):
    for number in (0, 24, 72):
        keep(cast, "hq", f"第{number}小时的台风消息", number=number)
    own_index()
    client = signed_in("planner")
    page = client.get("/desk/archive/", {"q": "台风 date:2026-06-02"}).content.decode()
    assert page.count('class="timechart-bar"') == 14
    assert page.count('class="is-chosen"') == 1
    assert "第24小时" in page
    assert "第72小时" not in page
    months = client.get("/desk/archive/", {"q": "台风", "by": "month"}).content.decode()
    assert months.count('height="100"/></a>') == 1


@pytest.mark.django_db
def test_days_chosen_in_the_form_go_into_the_words(signed_in, own_index):
    client = signed_in("planner")
    given = {"q": "台风 date:7d", "from": "2026-06-01", "to": "2026-06-02", "region": "云岭"}
    answer = client.get("/desk/archive/", given)
    assert answer.status_code == 302
    followed = client.get(answer["Location"]).content.decode()
    assert 'value="台风 after:2026-06-01 before:2026-06-03"' in followed
    assert re.search(r'name="region" value="云岭"', followed)
    nothing = client.get("/desk/archive/", {"q": "台风", "from": "bad", "to": ""})
    assert nothing.status_code == 302
    assert client.get("/desk/archive/", {"q": "(台风", "from": "2026-06-01"}).status_code == 422
