"""The planning pages: pitches, the meeting that decides them, tasks."""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rongmei.archive import selectors as archive
from rongmei.kernel.errors import BadInput
from rongmei.monitoring import selectors as topics
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.planning import actions, selectors, strips
from rongmei.planning.errors import PlanningError
from rongmei.planning.forms import AnswerForm, PitchForm, TaskForm
from rongmei.planning.models import Pitch, PitchState, Task, TaskState

_PAGE: Final = 50
_COLUMNS: Final = (
    (gettext_lazy("待接"), (TaskState.OFFERED,)),
    (gettext_lazy("进行中"), (TaskState.ACCEPTED, TaskState.IN_PROGRESS)),
    (gettext_lazy("待验收"), (TaskState.SUBMITTED,)),
    (gettext_lazy("已结束"), (TaskState.DONE, TaskState.DECLINED, TaskState.CANCELLED)),
)


@require_GET
@page("planning.view")
def pitches(request: MemberRequest) -> HttpResponse:
    """The pitches in reach, by state, unit, and whether they are mine."""
    rows = selectors.pitches_visible_to(request.user)
    counts = selectors.counts_by_state(rows)
    states, units = request.GET.getlist("state"), request.GET.getlist("unit")
    if states:
        rows = rows.filter(state__in=states)
    if units:
        rows = rows.filter(unit__code__in=units)
    if request.GET.get("mine"):
        rows = rows.filter(proposed_by_id=request.user.pk)
    reach = network.units_in_reach(request.user, "planning.view")
    shown = {
        "page": Paginator(rows, _PAGE).get_page(request.GET.get("page")),
        "states": [
            {"value": value, "label": label, "n": counts[value]}
            for value, label in PitchState.choices
            if counts.get(value)
        ],
        "units": list(reach) if len(reach) > 1 else [],
        "may_pitch": policy.anywhere(request.user, "planning.pitch"),
        "may_decide": policy.anywhere(request.user, "planning.decide"),
    }
    return render(request, "planning/pitches.html", shown)


def _uuids(values: list[str]) -> list[uuid.UUID]:
    try:
        return [uuid.UUID(value) for value in values if value]
    except ValueError as error:
        raise BadInput from error


def _one_uuid(value: str | None) -> uuid.UUID | None:
    return next(iter(_uuids([value or ""])), None)


@require_http_methods(["GET", "POST"])
@page("planning.pitch")
def pitch_new(request: MemberRequest) -> HttpResponse:
    """Propose an idea, perhaps out of a topic or documents; what is alike is shown before sending."""
    asked = request.POST if request.method == "POST" else request.GET
    topic_id = _one_uuid(asked.get("topic"))
    document_ids = _uuids(asked.getlist("document"))
    topic = topics.topic_for(request.user, topic_id) if topic_id else None
    documents = [archive.document_for(request.user, one) for one in document_ids]
    units = network.units_in_reach(request.user, "planning.pitch")
    status = 200
    if request.method == "POST":
        form = PitchForm(request.POST, units=units)
        if form.is_valid():
            alike = selectors.clashes(request.user, form.cleaned_data["title"])
            if alike and not request.POST.get("seen_clashes"):
                shown = {"form": form, "topic": topic, "documents": documents, "alike": alike}
                return render(
                    request, "planning/pitch_new.html", {**shown, "ask": True}, status=422
                )
            fields = form.cleaned_data
            unit_id = uuid.UUID(fields.pop("unit_id"))
            try:
                pitch = actions.pitch_submit(
                    by=request.user, unit_id=unit_id, topic_id=topic_id,
                    document_ids=document_ids, **fields,
                )  # fmt: skip
            except PlanningError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, _("选题已报，编号 %(n)s。") % {"n": pitch.number})
                return redirect("planning:pitch", pitch.pk)
        status = 422
    else:
        form = PitchForm(initial=_first_words(request, topic, documents), units=units)
    title = form["title"].value() or ""
    alike = selectors.clashes(request.user, title)
    shown = {"form": form, "topic": topic, "documents": documents, "alike": alike}
    return render(request, "planning/pitch_new.html", shown, status=status)


def _first_words(request: MemberRequest, topic: Any, documents: list[Any]) -> dict[str, Any]:
    title = topic.title if topic else documents[0].title if documents else ""
    return {"title": title[:120], "unit_id": str(request.user.unit_id)}


@require_GET
@page("planning.pitch")
def clashes(request: MemberRequest) -> HttpResponse:
    """What is like the title being written; a fragment."""
    alike = selectors.clashes(request.user, request.GET.get("title", "")[:120])
    return render(request, "planning/_clashes.html", {"alike": alike})


def _presets() -> list[dict[str, str]]:
    now = timezone.localtime()
    found = []
    for label, days in ((_("今天 18:00"), 0), (_("明天 18:00"), 1), (_("3 天后"), 3)):
        moment = timezone.make_aware(datetime.combine(now.date() + timedelta(days), time(18)))
        if moment > now:
            found.append({"label": label, "value": f"{moment:%Y-%m-%dT%H:%M}"})
    return found


def _pitch_shown(request: MemberRequest, pitch: Pitch, form: TaskForm | None) -> dict[str, Any]:
    member = request.user
    open_ = pitch.state in {PitchState.SUBMITTED, PitchState.DEFERRED}
    ready = pitch.state in {PitchState.APPROVED, PitchState.DISPATCHED}
    may_dispatch = ready and policy.allows(member, "planning.dispatch", pitch)
    units = network.units_in_reach(member, "planning.dispatch") if may_dispatch else []
    if may_dispatch and form is None:
        presets = _presets()
        words = "\n".join(filter(None, (pitch.news_point, pitch.angle)))
        initial = {"title": pitch.title, "brief": words, "due_at": presets[-1]["value"]}
        form = TaskForm(initial=initial, units=units)
    alike = selectors.clashes(member, pitch.title, but=pitch.pk) if _may_pitch(member) else []
    return {
        "pitch": pitch,
        "steps": strips.pitch_steps(pitch),
        "tasks": selectors.tasks_of_pitch(pitch),
        "may_decide": open_ and policy.allows(member, "planning.decide", pitch),
        "may_replan": pitch.home is None
        and pitch.state
        in {PitchState.SUBMITTED, PitchState.DEFERRED, PitchState.APPROVED, PitchState.DISPATCHED}
        and policy.allows(member, "planning.decide", pitch),
        "may_revise": pitch.proposed_by_id == member.pk
        and pitch.state in {PitchState.RETURNED, PitchState.SUBMITTED, PitchState.DEFERRED},
        "form": form if may_dispatch else None,
        "presets": _presets() if may_dispatch else [],
        "alike": alike,
    }


def _may_pitch(member: Any) -> bool:
    return policy.anywhere(member, "planning.pitch")


@require_GET
@page("planning.view")
def pitch(request: MemberRequest, pitch_id: uuid.UUID) -> HttpResponse:
    """One pitch: what, how far, the decision, its tasks."""
    found = selectors.pitch_for(request.user, pitch_id)
    return render(request, "planning/pitch.html", _pitch_shown(request, found, None))


@require_POST
@page("planning.decide")
def pitch_decide(request: MemberRequest, pitch_id: uuid.UUID) -> HttpResponse:
    """Approve, reject, return or defer."""
    decision: Any = request.POST.get("decision", "")
    found = actions.pitch_decide(
        by=request.user, pitch_id=pitch_id, decision=decision, reason=request.POST.get("reason", "")
    )
    words = {"state": found.get_state_display(), "title": found.title}
    messages.success(request, _("已定为“%(state)s”：%(title)s") % words)
    if request.POST.get("from") == "meeting":
        return redirect("planning:meeting")
    return redirect("planning:pitch", pitch_id)


@require_http_methods(["GET", "POST"])
@page("planning.pitch")
def pitch_revise(request: MemberRequest, pitch_id: uuid.UUID) -> HttpResponse:
    """Change a returned or waiting pitch and send it again."""
    found = selectors.pitch_for(request.user, pitch_id)
    units = [found.unit]
    if request.method == "POST":
        form = PitchForm(request.POST, units=units)
        if form.is_valid():
            fields = {name: value for name, value in form.cleaned_data.items() if name != "unit_id"}
            try:
                actions.pitch_revise(by=request.user, pitch_id=pitch_id, **fields)
            except PlanningError as error:
                form.add_error(None, error.message)
            else:
                messages.success(request, _("修改已提交，等待审定。"))
                return redirect("planning:pitch", pitch_id)
    else:
        names = ("title", "news_point", "kind", "angle", "place", "expected", "due_at")
        form = PitchForm(initial={name: getattr(found, name) for name in names}, units=units)
    shown = {"form": form, "pitch": found}
    return render(request, "planning/pitch_new.html", shown, status=422 if form.errors else 200)


@require_POST
@page("planning.pitch")
def pitch_cancel(request: MemberRequest, pitch_id: uuid.UUID) -> HttpResponse:
    """Take a pitch back, with a reason."""
    actions.pitch_cancel(by=request.user, pitch_id=pitch_id, reason=request.POST.get("reason", ""))
    return redirect("planning:pitch", pitch_id)


@require_POST
@page("planning.dispatch")
def pitch_dispatch(request: MemberRequest, pitch_id: uuid.UUID) -> HttpResponse:
    """Give a unit a task out of the pitch."""
    found = selectors.pitch_for(request.user, pitch_id)
    units = network.units_in_reach(request.user, "planning.dispatch")
    form = TaskForm(request.POST, units=units)
    if form.is_valid():
        try:
            made = actions.tasks_dispatch(by=request.user, pitch_id=pitch_id, **form.cleaned_data)
        except PlanningError as error:
            form.add_error(None, error.message)
        else:
            names = "、".join(dict.fromkeys(one.to_unit.label for one in made))
            words = {"n": len(made), "first": made[0].number, "unit": names}
            if len(made) == 1:
                messages.success(request, _("任务 %(first)s 已下达给%(unit)s。") % words)
            else:
                messages.success(request, _("%(n)s 个任务已下达给%(unit)s。") % words)
            return redirect("planning:pitch", pitch_id)
    return render(request, "planning/pitch.html", _pitch_shown(request, found, form), status=422)


@require_GET
@page("planning.decide")
def meeting(request: MemberRequest) -> HttpResponse:
    """编前会: what waits, what was decided today, what is due today; can be printed."""
    agenda = selectors.agenda(request.user, timezone.localdate())
    return render(request, "planning/meeting.html", {"agenda": agenda})


_LISTS: Final = {
    "received": selectors.tasks_received_by,
    "dispatched": selectors.tasks_dispatched_by,
    "waiting": selectors.tasks_waiting_for,
    "all": selectors.tasks_visible_to,
}


@require_GET
@page("planning.view")
def tasks(request: MemberRequest) -> HttpResponse:
    """Tasks received and dispatched, as a list or a board."""
    dispatches = policy.anywhere(request.user, "planning.dispatch")
    chosen = request.GET.get("list") or ("dispatched" if dispatches else "received")
    rows = _LISTS.get(chosen, selectors.tasks_visible_to)(request.user)
    counts = selectors.counts_by_stage(rows)
    stages = request.GET.getlist("stage")
    if stages:
        rows = selectors.at_stage(rows, *stages)
    unit, late = request.GET.get("unit", ""), request.GET.get("late") == "1"
    if unit:
        rows = rows.filter(to_unit__code=unit)
    if late:
        rows = selectors.past_due(rows)
    board = request.GET.get("view") == "board"
    shown: dict[str, Any] = {
        "list": chosen,
        "board": board,
        "unit": network.unit_by_code(unit) if unit else None,
        "stages": [
            {"value": value, "label": label, "n": counts[value]}
            for value, label in TaskState.choices
            if counts.get(value)
        ],
    }
    if board:
        found = [_named(task) for task in rows[:200]]
        shown["columns"] = [
            {"label": label, "tasks": [one for one in found if one["stage"] in stages_]}
            for label, stages_ in _COLUMNS
        ]
    else:
        shown["page"] = Paginator(rows, _PAGE).get_page(request.GET.get("page"))
        shown["rows"] = [_named(task) for task in shown["page"]]
    return render(request, "planning/tasks.html", shown)


_SIGNS: Final = {"offered": "next", "submitted": "now", "done": "done", "declined": "failed"}


def _named(task: Task) -> dict[str, Any]:
    """A task with its stage in words, as pages show it."""
    stage: str = task.stage  # type: ignore[attr-defined]
    return {
        "task": task,
        "stage": stage,
        "label": TaskState(stage).label,
        "sign": _SIGNS.get(stage, ""),
        "over": stage in {TaskState.DONE, TaskState.CANCELLED, TaskState.DECLINED},
        "response": getattr(task, "response", None),
    }


@require_GET
@page("planning.view")
def task(request: MemberRequest, task_id: uuid.UUID) -> HttpResponse:
    """One task: how far it is, like a parcel; answer, write, accept."""
    found = selectors.task_for(request.user, task_id)
    named = _named(found)
    stage, response, member = named["stage"], named["response"], request.user
    ours = response is not None and not response.is_replica
    responds = ours and policy.allows(member, "planning.respond", found.to_unit_id)
    dispatches = found.home is None and policy.allows(member, "planning.dispatch", found)
    working = stage in {TaskState.ACCEPTED, TaskState.IN_PROGRESS}
    answering = responds and stage == TaskState.OFFERED
    shown = {
        **named,
        "steps": strips.task_steps(found, stage),
        "may_answer": answering,
        "may_assign": responds and working and policy.anywhere(member, "planning.decide"),
        "may_write": ours
        and working
        and not response.story_id
        and policy.allows(member, "stories.write", found.to_unit_id),
        "may_judge": dispatches and stage == TaskState.SUBMITTED,
        "may_cancel": dispatches and not named["over"],
        "may_replan": dispatches and not named["over"],
        "writers": selectors.writers_of(found.to_unit_id) if responds and not named["over"] else [],
    }
    return render(request, "planning/task.html", shown)


@require_POST
@page("planning.respond")
def task_answer(request: MemberRequest, task_id: uuid.UUID) -> HttpResponse:
    """Accept or decline."""
    found = selectors.task_for(request.user, task_id)
    form = AnswerForm(request.POST, writers=selectors.writers_of(found.to_unit_id))
    if not form.is_valid():
        raise BadInput
    accept = form.cleaned_data["accept"]
    actions.task_answer(
        by=request.user,
        task_id=task_id,
        accept=accept,
        reason=form.cleaned_data["reason"],
        assignee_id=_one_uuid(form.cleaned_data["assignee_id"]),
    )
    messages.success(
        request, _("已接受任务。") if accept else _("已谢绝任务，原因已告知下达单位。")
    )
    return redirect("planning:task", task_id)


@require_POST
@page("planning.respond")
def task_assign(request: MemberRequest, task_id: uuid.UUID) -> HttpResponse:
    """Give the task to a writer."""
    assignee_id = _one_uuid(request.POST.get("assignee_id"))
    if assignee_id is None:
        raise BadInput
    actions.task_assign(by=request.user, task_id=task_id, assignee_id=assignee_id)
    return redirect("planning:task", task_id)


@require_POST
@page("planning.dispatch")
def task_cancel(request: MemberRequest, task_id: uuid.UUID) -> HttpResponse:
    """Call the task off."""
    actions.task_cancel(by=request.user, task_id=task_id, reason=request.POST.get("reason", ""))
    return redirect("planning:task", task_id)


@require_POST
@page("planning.dispatch")
def task_verdict(request: MemberRequest, task_id: uuid.UUID) -> HttpResponse:
    """Accept the work or send it back."""
    actions.task_accept_work(
        by=request.user,
        task_id=task_id,
        ok=request.POST.get("ok") == "1",
        reason=request.POST.get("reason", ""),
    )
    return redirect("planning:task", task_id)
