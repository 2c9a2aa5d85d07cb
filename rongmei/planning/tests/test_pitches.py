"""Pitches: who may propose, see and decide; 撞题; the state table."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from rongmei.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from rongmei.planning import actions, clashes, selectors
from rongmei.planning.errors import AlreadyDecided, DueInPast, ReasonNeeded, WrongState
from rongmei.planning.models import Pitch, PitchState

Notice = apps.get_model("network", "Notice")
pytestmark = pytest.mark.django_db


@pytest.fixture
def pitch(cast):
    return actions.pitch_submit(
        by=cast["yl.reporter"], unit_id=cast.unit("yunling").pk, title="石门坎光伏电站首次并网发电",
        news_point="高海拔第一座", kind="event",
    )  # fmt: skip


def test_a_pitch_gets_a_number_and_waits_for_those_who_decide(pitch, cast):
    assert pitch.number == f"XT-{timezone.localdate():%Y%m%d}-001"
    second = actions.pitch_submit(
        by=cast["jc.reporter"], unit_id=cast.unit("jiangchuan").pk, title="江川港岸电"
    )
    assert second.number.endswith("-002")
    told = Notice.objects.filter(kind="planning.pitch_waits", subject_id=pitch.pk)
    assert set(told.values_list("member__username", flat=True)) == {
        "yl.planner",
        "yl.chief",
        "planner",
    }


def test_other_units_do_not_see_or_touch_it(pitch, cast, signed_in):
    client = signed_in("jc.reporter")
    assert client.get(f"/desk/planning/pitches/{pitch.pk}/").status_code == 404
    assert pitch.title not in client.get("/desk/planning/").content.decode()
    chief = signed_in("jc.chief")
    answer = chief.post(f"/desk/planning/pitches/{pitch.pk}/decide/", {"decision": "approve"})
    assert answer.status_code == 404
    with pytest.raises(NotFound):
        actions.pitch_decide(by=cast["jc.chief"], pitch_id=pitch.pk, decision="approve")
    with pytest.raises(NotAllowed):
        actions.pitch_submit(
            by=cast["jc.reporter"], unit_id=cast.unit("yunling").pk, title="越界选题"
        )


def test_same_unit_without_the_permission_is_refused(pitch, cast, signed_in):
    client = signed_in("yl.reporter")
    assert (
        client.post(
            f"/desk/planning/pitches/{pitch.pk}/decide/", {"decision": "approve"}
        ).status_code
        == 403
    )
    assert client.get("/desk/planning/meeting/").status_code == 403
    with pytest.raises(NotAllowed):
        actions.pitch_decide(by=cast["yl.first"], pitch_id=pitch.pk, decision="approve")


def test_two_planners_decide_and_the_second_reads_who_was_first(pitch, cast):
    actions.pitch_decide(by=cast["planner"], pitch_id=pitch.pk, decision="approve")
    with pytest.raises(AlreadyDecided, match="策海帆") as caught:
        actions.pitch_decide(
            by=cast["yl.planner"], pitch_id=pitch.pk, decision="reject", reason="重复"
        )
    assert caught.value.status == Conflict.status
    pitch.refresh_from_db()
    assert pitch.state == PitchState.APPROVED


@pytest.mark.parametrize("decision", ["reject", "return", "defer"])
def test_every_no_has_a_reason_that_the_proposer_reads(pitch, cast, decision):
    with pytest.raises(ReasonNeeded):
        actions.pitch_decide(by=cast["planner"], pitch_id=pitch.pk, decision=decision)
    actions.pitch_decide(
        by=cast["planner"], pitch_id=pitch.pk, decision=decision, reason="角度再想想"
    )
    notice = Notice.objects.get(member=cast["yl.reporter"], kind="planning.pitch_decided")
    assert notice.body == "角度再想想"


# state before, may be decided, may be revised by the proposer
TABLE = [
    (PitchState.SUBMITTED, True, True),
    (PitchState.DEFERRED, True, True),
    (PitchState.RETURNED, False, True),
    (PitchState.APPROVED, False, False),
    (PitchState.DISPATCHED, False, False),
    (PitchState.REJECTED, False, False),
    (PitchState.DONE, False, False),
    (PitchState.CANCELLED, False, False),
]


@pytest.mark.parametrize(("state", "decidable", "revisable"), TABLE)
def test_the_state_table(pitch, cast, state, decidable, revisable):
    Pitch.objects.update(state=state)
    if decidable:
        actions.pitch_decide(by=cast["planner"], pitch_id=pitch.pk, decision="approve")
    else:
        with pytest.raises(AlreadyDecided):
            actions.pitch_decide(by=cast["planner"], pitch_id=pitch.pk, decision="approve")
    Pitch.objects.update(state=state)
    if revisable:
        assert (
            actions.pitch_revise(
                by=cast["yl.reporter"], pitch_id=pitch.pk, title="改过的标题"
            ).state
            == "submitted"
        )
    else:
        with pytest.raises(WrongState):
            actions.pitch_revise(by=cast["yl.reporter"], pitch_id=pitch.pk, title="改过的标题")


def test_only_the_proposer_revises(pitch, cast):
    with pytest.raises(WrongState):
        actions.pitch_revise(by=cast["yl.first"], pitch_id=pitch.pk, title="别人来改")


def test_a_deadline_in_the_past_is_refused(cast, signed_in):
    before = timezone.now() - timedelta(minutes=1)
    with pytest.raises(DueInPast):
        actions.pitch_submit(
            by=cast["planner"], unit_id=cast.unit("hq").pk, title="过期选题", due_at=before
        )
    answer = signed_in("planner").post(
        "/desk/planning/pitches/new/",
        {
            "title": "过期选题",
            "kind": "regular",
            "unit_id": cast.unit("hq").pk,
            "due_at": "2020-01-01T10:00",
        },
    )
    assert answer.status_code == 422
    assert "截止时间已经过去" in answer.content.decode()
    assert not Pitch.objects.exists()


@pytest.mark.parametrize("title", ["", "一", "长" * 121])
def test_titles_have_a_length(cast, title):
    with pytest.raises(BadInput):
        actions.pitch_submit(by=cast["planner"], unit_id=cast.unit("hq").pk, title=title)


# 撞题


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("石门坎光伏电站首次并网发电", "石门坎光伏电站并网发电", True),
        ("石门坎光伏电站首次并网发电", "石门坎:光伏电站 首次并网发电!", True),
        ("石门坎光伏电站首次并网发电", "江川港岸电改造完成", False),
        ("AI 巡检上线", "ai巡检 上线", True),
        ("", "江川港", False),
    ],
)
def test_titles_that_are_alike(one, other, alike):
    score = clashes.similarity(clashes.bigrams(one), clashes.bigrams(other))
    assert (score >= clashes.ALIKE) is alike


def test_what_is_alike_is_shown_before_sending_and_may_be_sent_knowingly(pitch, cast, signed_in):
    client = signed_in("jc.reporter")
    fields = {
        "title": "石门坎光伏电站并网发电",
        "kind": "regular",
        "unit_id": cast.unit("jiangchuan").pk,
    }
    answer = client.post("/desk/planning/pitches/new/", fields)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert pitch.title in text
    assert f"/pitches/{pitch.pk}/" not in text
    assert Pitch.objects.count() == 1
    assert (
        client.post("/desk/planning/pitches/new/", {**fields, "seen_clashes": "1"}).status_code
        == 302
    )
    assert Pitch.objects.count() == 2


def test_old_and_refused_pitches_do_not_clash(pitch, cast):
    later = timezone.now() + timedelta(days=91)
    assert selectors.clashes(cast["planner"], pitch.title)
    assert not selectors.clashes(cast["planner"], pitch.title, now=later)
    actions.pitch_decide(by=cast["planner"], pitch_id=pitch.pk, decision="reject", reason="不做")
    assert not selectors.clashes(cast["planner"], pitch.title)


def test_the_list_costs_few_queries(cast, signed_in, django_assert_max_num_queries):
    for number in range(30):
        actions.pitch_submit(
            by=cast["planner"], unit_id=cast.unit("hq").pk, title=f"第{number}个选题"
        )
    client = signed_in("planner")
    client.get("/desk/planning/")
    with django_assert_max_num_queries(16):
        client.get("/desk/planning/?state=submitted&mine=1")
    with django_assert_max_num_queries(18):
        assert "第29个选题" in client.get("/desk/planning/meeting/").content.decode()


def test_two_clicks_at_the_meeting(pitch, signed_in):
    client = signed_in("yl.planner")
    answer = client.post(
        f"/desk/planning/pitches/{pitch.pk}/decide/", {"decision": "approve", "from": "meeting"}
    )
    assert answer.url == "/desk/planning/meeting/"
    pitch.refresh_from_db()
    assert pitch.decided_by_name == "云岭策"


def test_the_api(pitch, signed_in, cast):
    client = signed_in("yl.reporter")
    assert client.get("/api/v1/pitches").json()["items"][0]["id"] == str(pitch.pk)
    assert signed_in("jc.reporter").get(f"/api/v1/pitches/{pitch.pk}").status_code == 404
    assert signed_in("jc.reporter").get("/api/v1/pitches").json()["count"] == 0
