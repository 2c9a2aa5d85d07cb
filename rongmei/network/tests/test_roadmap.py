"""The road map: milestones in order, facts beside them, and the same on both nodes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from rongmei.kernel import db
from rongmei.kernel.errors import NotAllowed
from rongmei.kernel.models import AuditEntry
from rongmei.network import joining, roadmap, selectors
from rongmei.network.actions import units
from rongmei.network.actions.units import Milepost, road_set
from rongmei.network.errors import BadMessage, RoadOutOfOrder
from rongmei.network.models import RoadStep, Unit
from rongmei.network.tests.far import FarNode
from rongmei.network.types import Milestone

pytestmark = pytest.mark.django_db
M = Milestone
TODAY = date(2026, 6, 1)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr(timezone, "localdate", lambda *_args: TODAY)


def put(cast, **steps):
    given = {M(name): post for name, post in steps.items()}
    unit = cast.unit("shimenkan")
    return road_set(by=cast["yl.sysadmin"], unit_id=unit.pk, steps=given)


def test_the_last_step_reached_and_the_next_date_are_the_units_own(cast):
    put(
        cast,
        planned=Milepost(date(2026, 1, 5), date(2026, 1, 6)),
        set_up=Milepost(date(2026, 3, 1), date(2026, 4, 1), "办公地点待搬"),
        platform_up=Milepost(date(2026, 5, 1)),
    )
    unit = Unit.objects.get(code="shimenkan")
    assert (unit.milestone, unit.milestone_on) == ("set_up", date(2026, 4, 1))
    assert unit.milestone_due == date(2026, 5, 1)
    road = roadmap.road(unit)
    assert [one.state for one in road.steps] == ["done", "done", "late", "next", "next"]
    assert road.late
    assert road.at == 2
    line = AuditEntry.objects.get(action="unit.road_set")
    assert line.detail["fields"] == ["planned", "set_up", "platform_up"]


@pytest.mark.parametrize(
    "steps",
    [
        {"set_up": Milepost(reached_on=TODAY + timedelta(days=1))},
        {"platform_up": Milepost(reached_on=date(2026, 5, 1))},
        {"set_up": Milepost(date(2026, 5, 1)), "platform_up": Milepost(date(2026, 4, 1))},
        {
            "set_up": Milepost(reached_on=date(2026, 5, 1)),
            "platform_up": Milepost(reached_on=date(2026, 4, 1)),
        },
    ],
    ids=["in the future", "a step left out", "planned before the one before", "reached before it"],
)
def test_steps_out_of_order_are_refused_and_nothing_is_kept(cast, steps):
    with pytest.raises(RoadOutOfOrder):
        put(cast, **steps)
    assert not RoadStep.objects.exists()


def test_saving_the_same_again_leaves_no_line(cast):
    for _n in range(2):
        put(cast, planned=Milepost(date(2026, 1, 5)))
    assert AuditEntry.objects.filter(action="unit.road_set").count() == 1


def test_a_fact_shows_where_the_step_it_proves_is_not_on_record(cast):
    road = roadmap.road(cast.unit("shimenkan"))
    set_up = road.steps[1]
    assert set_up.state != "done"
    assert set_up.proof
    assert set_up.proof.label == "首个账号"
    put(cast, set_up=Milepost(reached_on=TODAY))
    assert roadmap.road(Unit.objects.get(code="shimenkan")).steps[1].proof is None


def test_all_roads_cost_the_same_queries_however_many_units(cast, django_assert_num_queries):
    with django_assert_num_queries(2 + len(roadmap.facts_known())):
        assert len(selectors.roads()) == 5


def test_the_page_narrows_by_step_and_by_lateness(cast, signed_in):
    put(cast, set_up=Milepost(reached_on=TODAY), platform_up=Milepost(date(2026, 5, 1)))
    client = signed_in("planner")
    assert client.get("/desk/network/road/").text.count('class="row-title"') == 5
    for query in ("step=set_up", "state=late"):
        page = client.get(f"/desk/network/road/?{query}").text
        assert page.count('class="row-title"') == 1
        assert "石门坎" in page


def test_a_refused_road_is_no_fault_of_the_form(cast, signed_in, monkeypatch):
    """The right may be gone between opening the form and sending it."""

    def refuse(**given):
        raise NotAllowed

    monkeypatch.setattr(units, "road_set", refuse)
    address = f"/desk/network/units/{cast.unit('shimenkan').pk}/road/"
    answer = signed_in("yl.sysadmin").post(address, {"planned-planned_on": "2026-01-05"})
    assert answer.status_code == 403


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(cast, signed_in):
    address = f"/desk/network/units/{cast.unit('shimenkan').pk}/road/"
    answer = signed_in("yl.sysadmin").post(address, {"platform_up-reached_on": "2026-05-01"})
    assert answer.status_code == 422
    assert "前后不一致" in answer.text
    assert 'value="2026-05-01"' in answer.text


def test_a_peer_learns_the_road_and_one_of_an_earlier_version_says_nothing(cast):
    far = FarNode()
    node = far.peer.node
    row = {
        "id": "0190a000-0000-7000-8000-000000000001", "parent_id": None, "code": "yuanshan",
        "name": "远山融媒体站", "name_en": "", "short_name": "远山", "kind": "station", "region": "",
        "milestone": "planned", "milestone_on": None, "milestone_due": None, "capabilities": [],
        "order": 5, "is_active": True,
    }  # fmt: skip
    step = {"milestone": "planned", "planned_on": "2026-01-05", "reached_on": None, "note": "示例"}
    with db.write():
        joining.units_learn(node, [{**row, "road": [step]}])
    assert RoadStep.objects.get(unit__code="yuanshan").planned_on == date(2026, 1, 5)
    for bad in ([{**step, "milestone": "moon"}], [{**step, "planned_on": "soon"}], "road", [7]):
        with pytest.raises(BadMessage), db.write():
            joining.units_learn(node, [{**row, "road": bad}])
    with db.write():
        joining.units_learn(node, [row])
    assert not RoadStep.objects.exists()


def test_what_a_node_announces_is_what_another_can_learn(cast):
    put(cast, set_up=Milepost(date(2026, 3, 1), date(2026, 4, 1), "示例"))
    told = next(one for one in joining.units_of_ours() if one["code"] == "shimenkan")
    assert {one["milestone"]: one["reached_on"] for one in told["road"]} == {"set_up": "2026-04-01"}
