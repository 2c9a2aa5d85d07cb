"""Tasks between nodes: who may say what, and that each side ends up with the other's words."""

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.utils import timezone

from rongmei.kernel import db
from rongmei.kernel.ids import uuid7
from rongmei.network import federation
from rongmei.network.tests.far import FarNode
from rongmei.planning import actions, selectors, wire
from rongmei.planning.errors import NoLine
from rongmei.planning.models import Task, TaskResponse

Envelope = apps.get_model("network", "Envelope")
Node = apps.get_model("network", "Node")
Notice = apps.get_model("network", "Notice")
Peer = apps.get_model("network", "Peer")
Received = apps.get_model("network", "Received")
Unit = apps.get_model("network", "Unit")
pytestmark = pytest.mark.django_db


@pytest.fixture
def far(cast):
    """A node that hosts the unit 远山, below HQ."""
    far = FarNode()
    far.unit = Unit.objects.create(
        code="yuanshan", name="远山中心", kind="centre", parent=cast.unit("hq"),
        node=Node.objects.get(pk=far.id),
    )  # fmt: skip
    far.seq = 0
    return far


def tell(far, kind, task_id, body):
    far.seq += 1
    event = far.event(far.seq, type=kind, subject=task_id, data=body)
    assert far.deliver(event).status_code == 200
    row = Received.objects.get(peer=far.peer, seq=far.seq)
    if row.state == "failed":
        # The next attempt of a test speaks about the same task.
        Received.objects.filter(pk=row.pk).update(state="ignored")
    return row.state


def sent(kind):
    return [one.body for one in Envelope.objects.filter(type=kind).order_by("seq")]


def dispatch(cast, far):
    return actions.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=far.unit.pk, title="远山现场", brief="拍到人",
        genre="pictures", due_at=timezone.now() + timedelta(hours=3),
    )  # fmt: skip


def response_body(task, **more):
    return {
        "task_id": str(task.pk), "response_id": str(uuid7()), "unit_id": str(task.to_unit_id),
        "received_at": timezone.now().isoformat(), "answered_at": None, "steps": [], "version": 1,
        "state": "offered", "answered_by_name": "", "assignee_name": "", "reason": "", "story_title": "",
        "story_state": "", "published_url": "", "answered_by_id": None, "assignee_id": None, "story_id": None,
        **more,
    }  # fmt: skip


# We dispatch


def test_a_task_goes_out_and_its_story_comes_back(cast, far):
    task = dispatch(cast, far)
    (body,) = sent("task.dispatched")
    assert (body["task_id"], body["to_unit_id"], body["brief"]) == (
        str(task.pk),
        str(far.unit.pk),
        "拍到人",
    )
    assert task.received_at is None
    assert not TaskResponse.objects.exists()

    first = response_body(task)
    assert tell(far, "task.received", task.pk, first) == "applied"
    task.refresh_from_db()
    assert task.received_at
    accepted = {
        **first,
        "version": 2,
        "state": "accepted",
        "answered_by_name": "远山人",
        "answered_at": timezone.now().isoformat(),
    }
    assert tell(far, "task.answered", task.pk, accepted) == "applied"
    signed = {
        **accepted, "version": 3, "state": "submitted", "story_state": "signed", "story_title": "远山的一天",
        "steps": [{"state": "signed", "at": timezone.now().isoformat()}],
    }  # fmt: skip
    assert tell(far, "task.progressed", task.pk, signed) == "applied"
    assert selectors.task_for(cast["planner"], task.pk).stage == "submitted"
    assert Notice.objects.filter(member=cast["planner"], kind="planning.task_answered").count() == 2

    # An older word that comes late changes nothing.
    assert tell(far, "task.answered", task.pk, accepted) == "applied"
    assert TaskResponse.objects.get().state == "submitted"
    actions.task_accept_work(by=cast["planner"], task_id=task.pk, ok=True)
    assert sent("task.updated")[-1]["state"] == "done"


def test_without_a_line_nothing_is_dispatched(cast, far):
    Peer.objects.update(state="revoked")
    with pytest.raises(NoLine):
        dispatch(cast, far)
    assert not Task.objects.exists()


def test_a_cut_line_only_delays(cast, far):
    federation.peer_cut(by=cast["sysadmin"], peer_id=far.peer.pk)
    assert dispatch(cast, far)
    assert sent("task.dispatched")


def test_a_stranger_may_not_answer_for_the_unit(cast, far):
    task = dispatch(cast, far)
    other = FarNode(slug="other")
    other.seq = 0
    for kind in ("task.received", "task.answered", "task.progressed"):
        assert (
            tell(other, kind, task.pk, response_body(task, state="declined", version=9)) == "failed"
        )
    assert not TaskResponse.objects.exists()
    local = actions.task_dispatch(
        by=cast["planner"], pitch_id=None, to_unit_id=cast.unit("yunling").pk, title="本地任务", brief="",
        genre="text", due_at=timezone.now() + timedelta(hours=3),
    )  # fmt: skip
    assert (
        tell(far, "task.answered", local.pk, response_body(local, state="declined", version=9))
        == "failed"
    )
    assert TaskResponse.objects.get(task=local).state == "offered"
    assert (
        tell(
            far,
            "task.updated",
            local.pk,
            {**wire.task_body(local), "state": "cancelled", "version": 9},
        )
        == "failed"
    )


@pytest.mark.parametrize(
    "more",
    [
        {"state": "signed"},
        {"published_url": "javascript:alert(1)"},
        {"steps": [{}]},
        {"version": "x"},
    ],
)
def test_nonsense_is_refused(cast, far, more):
    task = dispatch(cast, far)
    assert tell(far, "task.answered", task.pk, response_body(task, **more)) == "failed"


# We are given a task


def offer(cast, far, **more):
    body = {
        "task_id": str(uuid7()), "unit_id": str(far.unit.pk), "to_unit_id": str(cast.unit("yunling").pk),
        "dispatched_by_id": str(uuid7()), "number": "RW-20261122-001", "title": "协助远山", "brief": "出一名记者",
        "genre": "text", "state": "offered", "dispatched_by_name": "远山策", "verdict_reason": "",
        "verdict_by_name": "", "length": 800, "urgent": True, "references": [], "pitch_brief": {"title": "大题"},
        "version": 1, "due_at": (timezone.now() + timedelta(hours=3)).isoformat(),
        "dispatched_at": timezone.now().isoformat(), "verdict_at": None, **more,
    }  # fmt: skip
    return uuid.UUID(body["task_id"]), body


def test_a_task_arrives_and_we_answer(cast, far):
    task_id, body = offer(cast, far)
    assert tell(far, "task.dispatched", task_id, body) == "applied"
    task = Task.objects.get(pk=task_id)
    assert (task.home, task.pitch_brief["title"]) == (far.id, "大题")
    assert sent("task.received")[0]["task_id"] == str(task_id)
    assert Notice.objects.filter(
        member=cast["yl.reporter"], kind="planning.task_offered", urgent=True
    ).exists()
    assert tell(far, "task.dispatched", task_id, body) == "applied"
    assert TaskResponse.objects.count() == 1

    actions.task_answer(by=cast["yl.reporter"], task_id=task_id, accept=True)
    assert sent("task.answered")[-1]["state"] == "accepted"
    with db.write():
        actions.task_story_progress(
            task_id=task_id, story_id=uuid7(), story_title="稿", story_state="signed"
        )
    assert sent("task.progressed")[-1]["steps"][-1]["state"] == "signed"
    assert selectors.task_for(cast["yl.reporter"], task_id).stage == "submitted"
    task.refresh_from_db()
    assert (task.state, task.version) == ("offered", 1)

    back = {**body, "state": "in_progress", "version": 5, "verdict_reason": "补图"}
    assert tell(far, "task.updated", task_id, back) == "applied"
    assert selectors.task_for(cast["yl.reporter"], task_id).stage == "in_progress"
    assert (
        tell(far, "task.updated", task_id, {**body, "state": "cancelled", "version": 4})
        == "applied"
    )
    assert selectors.task_for(cast["yl.reporter"], task_id).stage == "in_progress"


def test_a_forged_dispatcher_is_refused(cast, far):
    for more in (
        {"unit_id": str(cast.unit("hq").pk)},
        {"to_unit_id": str(far.unit.pk)},
        {"genre": "x"},
        {"due_at": "2026-01-01T00:00"},
    ):
        task_id, body = offer(cast, far, **more)
        assert tell(far, "task.dispatched", task_id, body) == "failed", more
    task_id, body = offer(cast, far)
    tell(far, "task.dispatched", task_id, body)
    other = FarNode(slug="other")
    other.seq = 0
    assert (
        tell(other, "task.updated", task_id, {**body, "state": "cancelled", "version": 9})
        == "failed"
    )
    moved = {**body, "to_unit_id": str(cast.unit("jiangchuan").pk), "version": 9}
    assert tell(far, "task.updated", task_id, moved) == "failed"
    assert Task.objects.get(pk=task_id).state == "offered"
