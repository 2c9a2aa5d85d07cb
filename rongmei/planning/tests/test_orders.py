"""One order for several units: a task each, in each form, all of them or none."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from rongmei.kernel.errors import BadInput, NotAllowed
from rongmei.network.types import UnitKind
from rongmei.planning import actions
from rongmei.planning.errors import NoLine, UnitClosed
from rongmei.planning.models import Task, TaskResponse

Notice = apps.get_model("network", "Notice")
Unit = apps.get_model("network", "Unit")
Node = apps.get_model("network", "Node")


def order(cast, *codes, genres=("text",), by="planner", **more):
    return actions.tasks_dispatch(
        by=cast[by], pitch_id=None, to_unit_ids=[cast.unit(one).pk for one in codes],
        genres=list(genres), title="迎峰度夏现场", brief="写清时间和地点",
        **{"due_at": timezone.now() + timedelta(hours=5), **more},
    )  # fmt: skip


def test_each_unit_gets_a_task_in_each_form_with_a_number_of_its_own(cast):
    made = order(cast, "yunling", "jiangchuan", genres=("text", "video"))
    assert [(one.to_unit.code, one.genre) for one in made] == [
        ("yunling", "text"), ("yunling", "video"), ("jiangchuan", "text"), ("jiangchuan", "video"),
    ]  # fmt: skip
    numbers = [one.number for one in made]
    assert len(set(numbers)) == 4 and numbers == sorted(numbers)
    assert TaskResponse.objects.filter(task__in=made).count() == 4
    told = Notice.objects.filter(kind="planning.task_offered", member=cast["yl.planner"])
    assert told.count() == 2


def test_the_same_unit_named_twice_gets_one_task(cast):
    assert len(order(cast, "yunling", "yunling", genres=("text", "text"))) == 1


def test_one_unit_without_a_line_and_nobody_gets_a_task(cast):
    far = Node.objects.create(slug="far", name="远山", url="http://127.0.0.1:8998")
    Unit.objects.filter(code="jiangchuan").update(node=far)
    with pytest.raises(NoLine, match="江川融媒体中心"):
        order(cast, "yunling", "jiangchuan")
    assert not Task.objects.exists()


def test_one_closed_unit_is_named_and_nobody_gets_a_task(cast):
    Unit.objects.filter(code="jiangchuan").update(is_active=False)
    with pytest.raises((UnitClosed, NotAllowed)):
        order(cast, "yunling", "jiangchuan")
    assert not Task.objects.exists()


def test_one_unit_out_of_reach_and_nobody_gets_a_task(cast):
    with pytest.raises(NotAllowed):
        order(cast, "jiangchuan", "yunling", by="jc.chief")
    assert not Task.objects.exists()


@pytest.mark.parametrize(("codes", "genres"), [((), ("text",)), (("yunling",), ()), (("yunling",), ("opera",))])  # fmt: skip
def test_an_order_names_units_and_forms(cast, codes, genres):
    with pytest.raises(BadInput):
        order(cast, *codes, genres=genres)


def test_an_order_to_27_units_costs_so_many_questions_each(cast):
    """What is asked for each unit does not grow with their number."""
    hq = cast.unit("hq")
    made = [
        Unit.objects.create(
            code=f"c{n}", name=f"示例中心{n}", kind=UnitKind.CENTRE, parent=hq, node=hq.node
        )
        for n in range(27)
    ]
    by, counts = cast["planner"], []
    for some in (made[:9], made):
        with CaptureQueriesContext(
            connection,
        ) as seen:
            actions.tasks_dispatch(
                by=by, pitch_id=None, to_unit_ids=[one.pk for one in some], genres=["text"],
                title="台风抢修", brief="", due_at=timezone.now() + timedelta(hours=1), urgent=True,
            )  # fmt: skip
        counts.append(len(seen))
    each = (counts[1] - counts[0]) / 18
    assert each <= 12, counts


def test_an_order_by_api_and_its_refusal(cast, signed_in):
    fields = {
        "to_unit_ids": [str(cast.unit(one).pk) for one in ("yunling", "jiangchuan")],
        "genres": ["text"], "title": "台风抢修", "due_at": (timezone.now() + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    answer = signed_in("planner").post("/api/v1/tasks/orders", fields, "application/json")
    assert answer.status_code == 201 and len(answer.json()) == 2
    fields["to_unit_ids"] = [str(uuid.uuid4())]
    assert (
        signed_in("planner").post("/api/v1/tasks/orders", fields, "application/json").status_code
        == 404
    )
