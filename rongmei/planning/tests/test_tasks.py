"""Tasks on one node: dispatch, answers, progress, acceptance, escalation."""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from rongmei.kernel import db
from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.planning import actions, escalation, selectors
from rongmei.planning.errors import (
    AlreadyAnswered,
    DueInPast,
    NotApproved,
    NotHere,
    NotOfUnit,
    ReasonNeeded,
    WrongState,
)
from rongmei.planning.models import Pitch, Task, TaskResponse

Notice = apps.get_model("network", "Notice")
pytestmark = pytest.mark.django_db


def soon():
    return timezone.now() + timedelta(hours=5)


def dispatch(cast, *, to="yunling", by="planner", pitch_id=None, **more):
    return actions.task_dispatch(
        by=cast[by], pitch_id=pitch_id, to_unit_id=cast.unit(to).pk, title="并网现场报道",
        brief="写清时间和地点", genre="text", **{"due_at": soon(), **more},
    )  # fmt: skip


@pytest.fixture
def pitch(cast):
    made = actions.pitch_submit(
        by=cast["planner"], unit_id=cast.unit("hq").pk, title="石门坎光伏并网"
    )
    return actions.pitch_decide(by=cast["planner"], pitch_id=made.pk, decision="approve")


@pytest.fixture
def task(cast, pitch):
    return dispatch(cast, pitch_id=pitch.pk)


STORY = uuid.UUID(int=7)


def progress(task, state, story=STORY):
    with db.write():
        actions.task_story_progress(
            task_id=task.pk, story_id=story, story_title="并网了", story_state=state
        )


def stage(cast, task, who="planner"):
    return selectors.task_for(cast[who], task.pk).stage


def test_a_task_from_dispatch_to_acceptance(task, pitch, cast):
    assert task.number == f"RW-{timezone.localdate():%Y%m%d}-001"
    assert task.pitch_brief["title"] == pitch.title
    assert Pitch.objects.get(pk=pitch.pk).state == "dispatched"
    offered = Notice.objects.filter(kind="planning.task_offered", subject_id=task.pk)
    assert {"yl.reporter", "yl.chief", "yl.planner"} == set(
        offered.values_list("member__username", flat=True)
    )

    response = actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)
    assert (response.assignee_name, stage(cast, task)) == ("记山行", "accepted")
    assert Notice.objects.filter(member=cast["planner"], kind="planning.task_answered").count() == 1
    for state, expected in (
        ("draft", "in_progress"),
        ("first", "in_progress"),
        ("signed", "submitted"),
    ):
        progress(task, state)
        assert stage(cast, task) == expected
    with db.write():
        actions.task_published(task_id=task.pk, url="https://example.com/a")
    response.refresh_from_db()
    assert [step["state"] for step in response.steps] == ["draft", "first", "signed", "published"]

    with pytest.raises(ReasonNeeded):
        actions.task_accept_work(by=cast["planner"], task_id=task.pk, ok=False)
    actions.task_accept_work(by=cast["planner"], task_id=task.pk, ok=False, reason="补一张图")
    assert stage(cast, task) == "in_progress"
    progress(task, "second")
    progress(task, "signed")
    actions.task_accept_work(by=cast["planner"], task_id=task.pk, ok=True)
    assert stage(cast, task, "yl.reporter") == "done"
    assert Pitch.objects.get(pk=pitch.pk).state == "done"


def test_progress_told_twice_is_one_step(task, cast):
    actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)
    progress(task, "draft")
    progress(task, "draft")
    assert len(TaskResponse.objects.get().steps) == 1


def test_two_answers_and_a_reason_for_no(task, cast):
    with pytest.raises(ReasonNeeded):
        actions.task_answer(by=cast["yl.chief"], task_id=task.pk, accept=False)
    actions.task_answer(
        by=cast["yl.chief"], task_id=task.pk, accept=False, reason="人手都在抢修现场"
    )
    with pytest.raises(AlreadyAnswered):
        actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)
    assert stage(cast, task) == "declined"
    assert (
        Notice.objects.get(member=cast["planner"], kind="planning.task_answered").body
        == "人手都在抢修现场"
    )


def test_a_planner_names_who_writes(task, cast):
    with pytest.raises(NotOfUnit):
        actions.task_answer(
            by=cast["yl.planner"], task_id=task.pk, accept=True, assignee_id=cast["jc.reporter"].pk
        )
    actions.task_answer(
        by=cast["yl.planner"], task_id=task.pk, accept=True, assignee_id=cast["yl.first"].pk
    )
    assert Notice.objects.filter(member=cast["yl.first"], kind="planning.task_assigned").exists()
    actions.task_assign(by=cast["yl.chief"], task_id=task.pk, assignee_id=cast["yl.reporter"].pk)
    assert TaskResponse.objects.get().assignee_name == "记山行"


def test_other_units_do_not_see_or_touch_it(task, cast, signed_in):
    client = signed_in("jc.reporter")
    url = f"/desk/planning/tasks/{task.pk}/"
    assert client.get(url).status_code == 404
    assert client.post(url + "answer/", {"accept": "1"}).status_code == 404
    assert task.title not in client.get("/desk/planning/tasks/?list=all").content.decode()
    with pytest.raises(NotFound):
        actions.task_answer(by=cast["jc.chief"], task_id=task.pk, accept=True)
    with pytest.raises(NotAllowed):
        dispatch(cast, by="jc.chief", to="yunling")
    chief = signed_in("yl.chief")
    assert chief.post(url + "cancel/", {"reason": "x"}).status_code == 403
    assert chief.post(url + "verdict/", {"ok": "1"}).status_code == 403


def test_same_unit_without_the_permission_is_refused(task, cast, signed_in):
    client = signed_in("yl.first")
    url = f"/desk/planning/tasks/{task.pk}/"
    assert client.get(url).status_code == 200
    assert client.post(url + "answer/", {"accept": "1"}).status_code == 403
    assert client.post(url + "assign/", {"assignee_id": cast["yl.first"].pk}).status_code == 403
    with pytest.raises(NotAllowed):
        dispatch(cast, by="yl.reporter")


def test_replicas_are_never_written(task, cast):
    Task.objects.update(home=uuid.uuid4())
    for call in (
        lambda: actions.task_cancel(by=cast["planner"], task_id=task.pk, reason="x"),
        lambda: actions.task_accept_work(by=cast["planner"], task_id=task.pk, ok=True),
    ):
        with pytest.raises(NotHere):
            call()
    Task.objects.update(home=None)
    TaskResponse.objects.update(home=uuid.uuid4())
    with pytest.raises(NotHere):
        actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)
    with pytest.raises(NotHere):
        progress(task, "draft")


def test_impossible_dispatches(cast):
    with pytest.raises(DueInPast):
        dispatch(cast, due_at=timezone.now() - timedelta(seconds=1))
    made = actions.pitch_submit(
        by=cast["planner"], unit_id=cast.unit("hq").pk, title="还没审的选题"
    )
    with pytest.raises(NotApproved):
        dispatch(cast, pitch_id=made.pk)
    assert not Task.objects.exists()


# state before, by whom: what may still be done
@pytest.mark.parametrize(
    ("state", "cancel", "accept"),
    [
        ("offered", True, False), ("accepted", True, False), ("in_progress", True, False),
        ("submitted", True, True), ("done", False, False), ("declined", False, False), ("cancelled", False, False),
    ],
)  # fmt: skip
def test_the_state_table(task, cast, state, cancel, accept):
    Task.objects.update(state=state)
    TaskResponse.objects.update(state=state)
    for allowed, call in (
        (accept, lambda: actions.task_accept_work(by=cast["planner"], task_id=task.pk, ok=True)),
        (cancel, lambda: actions.task_cancel(by=cast["planner"], task_id=task.pk, reason="不做了")),
    ):
        Task.objects.update(state=state)
        if allowed:
            call()
        else:
            with pytest.raises(WrongState):
                call()


def test_a_cancelled_task_is_not_answered(task, cast):
    actions.task_cancel(by=cast["planner"], task_id=task.pk, reason="不做了")
    with pytest.raises(WrongState):
        actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)


@pytest.mark.parametrize(("urgent", "remind", "above"), [(False, 30, 60), (True, 5, 10)])
def test_nobody_answers(cast, urgent, remind, above):
    task = dispatch(cast, urgent=urgent)

    def told():
        return set(
            Notice.objects.filter(kind="planning.task_late").values_list("member__username", "key")
        )

    escalation.escalate(task.dispatched_at + timedelta(minutes=remind, seconds=-1))
    assert not told()
    escalation.escalate(task.dispatched_at + timedelta(minutes=remind))
    first = told()
    assert {name for name, _key in first} == {"yl.reporter", "yl.chief", "yl.planner"}
    escalation.escalate(task.dispatched_at + timedelta(minutes=above))
    assert "planner" in {name for name, _key in told() - first}
    assert escalation.escalate(task.dispatched_at + timedelta(minutes=above + 60)) == 0


def test_an_answered_task_is_not_escalated(task, cast):
    actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)
    assert escalation.escalate(timezone.now() + timedelta(days=1)) == 0


def test_what_waits_for_whom(task, cast):
    def waits(who):
        return list(selectors.tasks_waiting_for(cast[who]))

    assert waits("yl.reporter") == waits("yl.chief") == [task]
    assert not waits("planner")
    actions.task_answer(by=cast["yl.reporter"], task_id=task.pk, accept=True)
    assert not waits("yl.chief")
    progress(task, "signed")
    assert waits("planner") == [task]


def test_dispatch_and_answer_by_page(pitch, cast, signed_in):
    client = signed_in("planner")
    url = f"/desk/planning/pitches/{pitch.pk}/"
    assert "下达任务" in client.get(url).content.decode()
    fields = {
        "to_unit_ids": [cast.unit("yunling").pk],
        "title": "去现场",
        "genres": ["video"],
        "due_at": "2020-01-01T10:00",
    }
    assert client.post(url + "dispatch/", fields).status_code == 422
    due = timezone.localtime(soon())
    assert (
        client.post(url + "dispatch/", {**fields, "due_at": f"{due:%Y-%m-%dT%H:%M}"}).status_code
        == 302
    )
    task = Task.objects.get()
    reporter = signed_in("yl.reporter")
    page = f"/desk/planning/tasks/{task.pk}/"
    assert "接受" in reporter.get(page).content.decode()
    assert reporter.post(page + "answer/", {"accept": "1"}).status_code == 302
    assert f"/desk/stories/new/?task={task.pk}" in reporter.get(page).content.decode()
    for query in ("?list=received", "?list=received&view=board", "?list=waiting&stage=accepted"):
        assert "去现场" in reporter.get("/desk/planning/tasks/" + query).content.decode()


def test_the_list_costs_few_queries(cast, signed_in, django_assert_max_num_queries):
    for _number in range(20):
        dispatch(cast)
    client = signed_in("planner")
    client.get("/desk/planning/tasks/")
    for view in ("", "?view=board"):
        with django_assert_max_num_queries(16):
            client.get("/desk/planning/tasks/" + view)


def test_the_api(task, cast, signed_in):
    answer = signed_in("yl.reporter").get(f"/api/v1/tasks/{task.pk}")
    assert answer.json()["stage"] == "offered"
    assert signed_in("jc.reporter").get(f"/api/v1/tasks/{task.pk}").status_code == 404
