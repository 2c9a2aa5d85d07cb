"""Today, search and palette: what is one's own is there, what is another unit's never is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from rongmei.kernel import audit, db
from rongmei.network import auditing
from rongmei.network.actions import roles
from rongmei.network.actions.units import Milepost, road_set
from rongmei.network.testing import Cast
from rongmei.network.types import Milestone, Role
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
    "username",
    ["planner", "duty", "yl.chief", "yl.reporter", "editor", "sysadmin", "secadmin", "auditor"],
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


def test_the_security_administrator_finds_accounts_that_wait_for_a_role(
    cast: Cast, signed_in: SignedIn
):
    assert "云岭新" in signed_in("secadmin").get("/desk/").text
    # Somebody else's administrator sees their own units' only.
    assert "授予角色" not in signed_in("auditor").get("/desk/").text
    roles.role_grant(
        by=cast["secadmin"], member_id=cast["yl.nobody"].pk, role=Role.REPORTER,
        unit_id=cast.unit("yunling").pk,
    )  # fmt: skip
    assert "授予角色" not in signed_in("secadmin").get("/desk/").text


def test_the_system_administrator_finds_milestones_past_their_date(cast: Cast, signed_in: SignedIn):
    yesterday = timezone.localdate() - timedelta(days=1)
    road_set(
        by=cast["yl.sysadmin"], unit_id=cast.unit("shimenkan").pk,
        steps={Milestone.SET_UP: Milepost(yesterday)},
    )  # fmt: skip
    assert "石门坎融媒体站 · 机构已设立" in signed_in("yl.sysadmin").get("/desk/").text
    assert "机构已设立" not in signed_in("yl.secadmin").get("/desk/").text


def test_the_audit_administrator_is_asked_to_verify_and_told_of_failed_sign_ins(
    cast: Cast, signed_in: SignedIn
):
    with db.write():
        for _n in range(3):
            audit.record(None, "member.sign_in_failed", cast["yl.chief"], username="yl.chief")
    page = signed_in("auditor").get("/desk/").text
    assert "审计链还没有验证过" in page
    assert "24 小时内登录失败 3 次" in page
    assert "登录失败" not in signed_in("sysadmin").get("/desk/").text
    auditing.verify(by=cast["auditor"])
    assert "审计链还没有验证过" not in signed_in("auditor").get("/desk/").text


def test_a_task_that_moved_is_named_in_what_changed(
    cast: Cast, yunling_work: None, signed_in: SignedIn
):
    task = planning.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=cast.unit("yunling").pk, title="霜降前后",
        brief="示例", genre="text", due_at=timezone.now() + timedelta(hours=3),
    )  # fmt: skip
    planning.task_answer(by=cast["yl.chief"], task_id=task.pk, accept=True)
    assert "答复了任务《霜降前后》" in signed_in("planner").get("/desk/").text
