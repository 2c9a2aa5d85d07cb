"""Today, search and palette: what is one's own is there, what is another unit's never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from rongmei.network.testing import Cast
from rongmei.planning import actions as planning
from rongmei.stories import actions as stories

SignedIn = Callable[[str], Client]
SECRET = "霜溪茶厂夜班台区"


@pytest.fixture
def yunling_work(cast: Cast) -> None:
    """A story, a pitch and a task of Yunling's."""
    unit = cast.unit("yunling")
    stories.story_create(by=cast["yl.reporter"], unit_id=unit.pk, title=SECRET)
    planning.pitch_submit(by=cast["yl.reporter"], unit_id=unit.pk, title=SECRET)
    planning.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=unit.pk, title=SECRET, brief="示例",
        genre="text", due_at=timezone.now() + timedelta(hours=3),
    )  # fmt: skip


PAGES = ["/desk/", f"/desk/search/?q={SECRET[:4]}", f"/desk/palette/?q={SECRET[:4]}"]


@pytest.mark.parametrize("url", PAGES)
def test_other_unit_does_not_see_our_work(url: str, yunling_work: None, signed_in: SignedIn):
    assert SECRET not in signed_in("jc.chief").get(url).content.decode()


@pytest.mark.parametrize("url", PAGES)
def test_own_unit_sees_it(url: str, yunling_work: None, signed_in: SignedIn):
    assert SECRET in signed_in("yl.chief").get(url).content.decode()


@pytest.mark.parametrize(
    "url", ["/desk/", "/desk/search/", "/desk/palette/", "/desk/guide/", "/desk/bell/"]
)
def test_strangers_are_asked_to_sign_in(url: str, cast: Cast):
    answer = Client().get(url)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize(
    "username", ["planner", "duty", "yl.chief", "yl.reporter", "editor", "sysadmin"]
)
def test_today_within_its_budget(
    username: str, yunling_work: None, signed_in: SignedIn,
    django_assert_max_num_queries: DjangoAssertNumQueries,
):  # fmt: skip
    browser = signed_in(username)
    browser.get("/desk/")
    with django_assert_max_num_queries(30):
        assert browser.get("/desk/").status_code == 200


def test_search_within_its_budget(
    yunling_work: None, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
):
    browser = signed_in("planner")
    browser.get("/desk/")
    with django_assert_max_num_queries(35):
        assert browser.get(f"/desk/search/?q={SECRET[:4]}").status_code == 200


def test_palette_offers_only_what_roles_open(signed_in: SignedIn):
    assert (
        "/desk/network/audit/"
        not in signed_in("yl.reporter").get("/desk/palette/?q=审计").content.decode()
    )
    assert (
        "/desk/network/audit/" in signed_in("auditor").get("/desk/palette/?q=审计").content.decode()
    )


def test_what_happened_is_told_from_the_last_look(yunling_work: None, signed_in: SignedIn):
    browser = signed_in("planner")
    assert "报了选题" in browser.get("/desk/").content.decode()
