"""What is new in a saved search since a member last opened it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.archive import looks, saved
from rongmei.archive.models import Document, SearchLook
from rongmei.archive.tests.stock import keep
from rongmei.kernel.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def search(cast):
    return saved.search_save(by=cast["yl.chief"], name="台风", query="台风 或 暴雨", reach="unit")


def collected(document: Document, when) -> None:
    Document.objects.filter(pk=document.pk).update(fetched_at=when)


def looked(search, who, when) -> None:
    SearchLook.objects.update_or_create(search=search, member=who, defaults={"looked_at": when})


def test_going_back_and_forth_is_one_look(cast, search):
    who, now = cast["yl.chief"], timezone.now()
    assert looks.search_looked(by=who, search_id=search.pk) is None
    assert looks.search_looked(by=who, search_id=search.pk) is None
    yesterday = now - timedelta(days=1)
    looked(search, who, yesterday)
    assert looks.search_looked(by=who, search_id=search.pk) == yesterday
    assert looks.search_looked(by=who, search_id=search.pk) == yesterday


def test_each_member_has_looks_of_their_own(cast, search):
    looked(search, cast["yl.chief"], timezone.now() - timedelta(days=1))
    assert looks.search_looked(by=cast["yl.reporter"], search_id=search.pk) is None
    with pytest.raises(NotFound):
        looks.search_looked(by=cast["planner"], search_id=search.pk)


def test_what_came_in_since_is_new_whenever_it_was_published(cast, search, own_index):
    now = timezone.now()
    old = keep(cast, "yunling", "早就看过的台风消息", number=1)
    late = keep(cast, "yunling", "补采的旧闻：台风", number=2)
    keep(cast, "yunling", "无关的消息", number=3, body="天气晴好。")
    collected(old, now - timedelta(days=2))
    collected(late, now)
    own_index()
    looked(search, cast["yl.chief"], now - timedelta(days=1))
    pulse = looks.pulse_of(cast["yl.chief"], search)
    assert (pulse.new, pulse.total) == (1, 2)
    assert looks.pulse_of(cast["yl.reporter"], search).new is None


def test_the_page_of_a_saved_search_says_what_is_new_and_leads_to_it(
    cast, search, own_index, signed_in
):
    now = timezone.now()
    old = keep(cast, "yunling", "早就看过的台风消息", number=1)
    keep(cast, "yunling", "刚来的台风消息", number=2)
    collected(old, now - timedelta(days=2))
    own_index()
    looked(search, cast["yl.chief"], now - timedelta(days=1))
    client = signed_in("yl.chief")
    opened = client.get(f"/desk/archive/saved/{search.pk}/")
    page = client.get(opened["Location"]).content.decode()
    assert "上次查看之后新到 1 篇" in page
    assert page.count("badge--now") == 1
    only = page.split("只看新到的")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    shown = client.get(only).content.decode()
    assert "刚来的" in shown
    assert "早就看过的" not in shown


def test_a_search_that_can_no_longer_be_run_is_said_so(cast, search, signed_in):
    type(search).objects.filter(pk=search.pk).update(query="(台风")
    answer = signed_in("yl.chief").get(f"/desk/archive/saved/{search.pk}/pulse/")
    assert "检索式已不能用" in answer.content.decode()


@pytest.mark.parametrize(
    ("words", "right"),
    [("2026-06-01T08:30:15", True), ("2026-06-01", False), ("7d", False), ("", False)],
)
def test_only_a_moment_is_a_since(words, right):
    moment = looks.since_of(words)
    assert (moment is not None) is right
    if moment is not None:
        assert looks.since_words(moment) == words
