"""Who may call the planning room's addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from rongmei.network.testing import Cast, Route
from rongmei.planning import actions, feeds
from rongmei.planning.models import Pitch, Task, TaskResponse, TaskState

Made = Callable[[Cast], dict[str, Any]]


def _soon() -> Any:
    return timezone.now() + timedelta(hours=5)


def pitch(cast: Cast) -> Pitch:
    """Yunling's, as its reporter proposed it."""
    by = cast["yl.reporter"]
    return Pitch.objects.filter(title="示例选题").first() or actions.pitch_submit(
        by=by, unit_id=by.unit_id, title="示例选题"
    )


def of_pitch(cast: Cast) -> dict[str, Any]:
    return {"pitch_id": pitch(cast).pk}


def approved(cast: Cast) -> dict[str, Any]:
    found = pitch(cast)
    Pitch.objects.filter(pk=found.pk).update(state="approved")
    return {"pitch_id": found.pk}


def task(stage: TaskState) -> Made:
    """A task of HQ for Yunling, at this stage."""

    def args(cast: Cast) -> dict[str, Any]:
        found = Task.objects.filter(title="示例任务").first() or actions.task_dispatch(
            by=cast["planner"], pitch_id=None, to_unit_id=cast.unit("yunling").pk, title="示例任务",
            brief="", genre="text", due_at=_soon(),
        )  # fmt: skip
        Task.objects.filter(pk=found.pk).update(state=stage)
        TaskResponse.objects.filter(task=found).update(state=stage)
        return {"task_id": found.pk}

    return args


def proposal(cast: Cast) -> dict[str, Any]:
    return {
        "unit_id": str(cast.unit("yunling").pk), "title": "示例新选题", "kind": "regular",
        "seen_clashes": "1",
    }  # fmt: skip


def order(cast: Cast) -> dict[str, Any]:
    return {
        "to_unit_ids": [str(cast.unit("yunling").pk)], "title": "示例新任务", "genres": ["text"],
        "due_at": timezone.localtime(_soon()).strftime("%Y-%m-%dT%H:%M"),
    }  # fmt: skip


def orders_by_api(cast: Cast) -> dict[str, Any]:
    return {**order(cast), "due_at": _soon().isoformat()}


def order_by_api(cast: Cast) -> dict[str, Any]:
    return {
        "to_unit_id": str(cast.unit("yunling").pk), "title": "示例新任务", "genre": "text",
        "due_at": _soon().isoformat(),
    }  # fmt: skip


def plan_feed(cast: Cast) -> dict[str, Any]:
    feed, key = feeds.feed_make(by=cast["planner"])
    return {"feed_id": feed.pk, "key": key}


def later(cast: Cast) -> dict[str, Any]:
    return {"to": f"{timezone.localdate() + timedelta(days=9):%Y-%m-%d}"}


def later_by_api(cast: Cast) -> dict[str, Any]:
    return {"due_at": (_soon() + timedelta(days=9)).isoformat()}


def reason(cast: Cast) -> dict[str, Any]:
    return {"reason": "示例"}


def deferral(cast: Cast) -> dict[str, Any]:
    return {"decision": "defer", "reason": "示例"}


def assignee(cast: Cast) -> dict[str, Any]:
    return {"assignee_id": str(cast.people["yl.reporter"].pk)}


OUT = (("jc.reporter", 404), ("sysadmin", 403), ("yl.nobody", 403))
LISTS = Route(allowed=(("yl.reporter", 200),), refused=OUT[1:])
PROPOSES = {"refused": (("analyst", 403), ("sysadmin", 403))}
DECIDES = {"refused": (("yl.reporter", 403), ("jc.chief", 404), ("jc.reporter", 403))}
OTHERS_TASK = (("jc.chief", 404), ("jc.reporter", 404), ("yl.first", 403))
NOT_DISPATCHER = (("jc.chief", 404), ("yl.chief", 403), ("yl.reporter", 403))

ROUTES: dict[str, Route | tuple[Route, ...]] = {
    "planning:pitches": LISTS,
    "planning:pitch_new": (
        Route(allowed=(("yl.reporter", 200),), **PROPOSES),
        Route(
            method="POST", data=proposal, allowed=(("yl.reporter", 302),),
            refused=(("jc.reporter", 422), ("analyst", 403)),
        ),
    ),
    "planning:clashes": Route(allowed=(("yl.reporter", 200),), **PROPOSES),
    "planning:pitch": Route(
        args=of_pitch, allowed=(("yl.reporter", 200), ("planner", 200)), refused=OUT
    ),
    "planning:pitch_decide": Route(
        args=of_pitch, method="POST", data=deferral, allowed=(("yl.chief", 302),), **DECIDES
    ),
    "planning:pitch_revise": (
        Route(
            args=of_pitch, allowed=(("yl.reporter", 200),),
            refused=(("jc.reporter", 404), ("analyst", 403)),
        ),
        Route(
            args=of_pitch, method="POST", data=proposal, allowed=(("yl.reporter", 302),),
            refused=(("jc.reporter", 404), ("analyst", 403), ("planner", 403)),
        ),
    ),
    "planning:pitch_cancel": Route(
        args=of_pitch, method="POST", data=reason, allowed=(("yl.reporter", 302),),
        refused=(("jc.reporter", 404), ("yl.first", 403), ("analyst", 403)),
    ),
    "planning:pitch_dispatch": Route(
        args=approved, method="POST", data=order, allowed=(("yl.chief", 302),),
        refused=(("jc.chief", 404), ("yl.reporter", 403)),
    ),
    "planning:calendar": LISTS,
    "planning:plan_feed_key": Route(
        method="POST", data=lambda cast: {}, allowed=(("yl.reporter", 200),), refused=OUT[1:]
    ),
    "plan_feed": Route(args=plan_feed, public="a calendar program holds a key, its owner's alone"),
    "planning:pitch_replan": Route(
        args=of_pitch, method="POST", data=later, allowed=(("yl.chief", 302),),
        refused=(("jc.chief", 404), ("yl.reporter", 403)),
    ),
    "planning:task_replan": Route(
        args=task(TaskState.OFFERED), method="POST", data=later, allowed=(("planner", 302),),
        refused=NOT_DISPATCHER,
    ),
    "planning:meeting": Route(
        allowed=(("yl.chief", 200),), refused=(("yl.reporter", 403), ("analyst", 403))
    ),
    "planning:tasks": LISTS,
    "planning:task": Route(
        args=task(TaskState.OFFERED), allowed=(("yl.reporter", 200), ("planner", 200)), refused=OUT
    ),
    "planning:task_answer": Route(
        args=task(TaskState.OFFERED), method="POST", data=lambda cast: {"accept": "1"},
        allowed=(("yl.reporter", 302),), refused=(*OTHERS_TASK, ("planner", 403)),
    ),
    "planning:task_assign": Route(
        args=task(TaskState.ACCEPTED), method="POST", data=assignee, allowed=(("yl.chief", 302),),
        refused=(*OTHERS_TASK, ("planner", 403)),
    ),
    "planning:task_cancel": Route(
        args=task(TaskState.OFFERED), method="POST", data=reason, allowed=(("planner", 302),),
        refused=NOT_DISPATCHER,
    ),
    "planning:task_verdict": Route(
        args=task(TaskState.SUBMITTED), method="POST", data=lambda cast: {"ok": "1"},
        allowed=(("planner", 302),), refused=NOT_DISPATCHER,
    ),
    # API.
    "api:list_pitches": (
        Route(signed_in=True),
        Route(
            method="POST", data=proposal, allowed=(("yl.reporter", 201),),
            refused=(("jc.reporter", 403), ("analyst", 403)),
        ),
    ),
    "api:get_pitch": Route(
        args=of_pitch, allowed=(("yl.reporter", 200),),
        refused=(("jc.reporter", 404), ("sysadmin", 404)),
    ),
    "api:decide_pitch": Route(
        args=of_pitch, method="POST", data=deferral, allowed=(("yl.chief", 200),),
        refused=(("yl.reporter", 403), ("jc.chief", 404)),
    ),
    "api:list_tasks": (
        Route(signed_in=True),
        Route(
            method="POST", data=order_by_api, allowed=(("planner", 201),),
            refused=(("jc.chief", 403), ("yl.reporter", 403)),
        ),
    ),
    "api:get_task": Route(
        args=task(TaskState.OFFERED), allowed=(("yl.reporter", 200),),
        refused=(("jc.reporter", 404), ("sysadmin", 404)),
    ),
    "api:dispatch_tasks": Route(
        method="POST", data=orders_by_api, allowed=(("planner", 201),),
        refused=(("jc.chief", 403), ("yl.reporter", 403)),
    ),
    "api:replan_pitch": Route(
        args=of_pitch, method="POST", data=later_by_api, allowed=(("yl.chief", 200),),
        refused=(("jc.chief", 404), ("yl.reporter", 403)),
    ),
    "api:replan_task": Route(
        args=task(TaskState.OFFERED), method="POST", data=later_by_api, allowed=(("planner", 200),),
        refused=NOT_DISPATCHER,
    ),
    "api:answer_task": Route(
        args=task(TaskState.OFFERED), method="POST", data=lambda cast: {"accept": True},
        allowed=(("yl.reporter", 200),), refused=OTHERS_TASK,
    ),
}  # fmt: skip
