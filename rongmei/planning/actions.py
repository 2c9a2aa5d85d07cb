"""Verbs of the planning room.

Pitches are submitted and decided; tasks are dispatched, answered and brought to an end. What two
units do to one task are two rows: the task (home: dispatcher) and the response (home: receiver).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import selectors as archive
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.kernel.text import squeeze
from rongmei.monitoring import actions as monitoring
from rongmei.monitoring import selectors as topics
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning import selectors, telling, wire
from rongmei.planning.errors import (
    AlreadyAnswered,
    AlreadyDecided,
    DueInPast,
    NoLine,
    NotApproved,
    NotHere,
    NotOfUnit,
    ReasonNeeded,
    UnitClosed,
    WrongState,
)
from rongmei.planning.events import (
    PitchDecided,
    PitchSubmitted,
    TaskAnswered,
    TaskDispatched,
    TaskProgressed,
)
from rongmei.planning.models import (
    Genre,
    Pitch,
    PitchKind,
    PitchState,
    Task,
    TaskResponse,
    TaskState,
)
from rongmei.planning.numbers import next_number

if TYPE_CHECKING:
    from rongmei.network.models import Member

Decision = Literal["approve", "reject", "return", "defer"]
_DECISIONS: Final[dict[str, PitchState]] = {
    "approve": PitchState.APPROVED,
    "reject": PitchState.REJECTED,
    "return": PitchState.RETURNED,
    "defer": PitchState.DEFERRED,
}
_UNDECIDED: Final = (PitchState.SUBMITTED, PitchState.DEFERRED)
_REVISABLE: Final = (PitchState.RETURNED, PitchState.SUBMITTED, PitchState.DEFERRED)
_OVER: Final = (TaskState.DONE, TaskState.CANCELLED, TaskState.DECLINED)


def _in_future(moment: datetime | None) -> None:
    if moment is not None and moment <= timezone.now():
        raise DueInPast


def _title(text: str) -> str:
    title = squeeze(text)
    if not 2 <= len(title) <= 120:
        raise BadInput(_("标题要有 2 至 120 字，没有保存。请修改标题。"))
    return title


def _at_home(record: Pitch | Task | TaskResponse) -> None:
    if record.is_replica:
        raise NotHere


def _save(record: Pitch | Task | TaskResponse, *fields: str) -> None:
    record.version += 1
    record.save(update_fields=[*fields, "version", "updated_at"])


# Pitches


def pitch_submit(
    *,
    by: Member,
    unit_id: uuid.UUID,
    title: str,
    news_point: str = "",
    kind: str = "regular",
    angle: str = "",
    place: str = "",
    expected: str = "",
    due_at: datetime | None = None,
    topic_id: uuid.UUID | None = None,
    document_ids: Sequence[uuid.UUID] = (),
) -> Pitch:
    """Propose a story idea for the unit; those who decide are told. Documents must be in reach."""
    policy.require(by, "planning.pitch", unit_id)
    if kind not in PitchKind.values:
        raise BadInput
    _in_future(due_at)
    documents = [archive.document_for(by, document_id) for document_id in document_ids]
    topic = topics.topic_for(by, topic_id) if topic_id else None
    with db.write():
        pitch = Pitch.objects.create(
            unit_id=unit_id,
            number=next_number(Pitch, "XT"),
            title=_title(title),
            news_point=news_point.strip()[:300],
            kind=kind,
            angle=angle.strip(),
            place=place.strip()[:80],
            expected=expected.strip()[:200],
            due_at=due_at,
            state=PitchState.SUBMITTED,
            proposed_by_id=by.pk,
            proposed_by_name=str(by)[:40],
            topic_id=topic_id,
            document_ids=[str(document.pk) for document in documents],
            brief={
                "topic": topic.title if topic else "",
                "documents": [
                    {
                        "id": str(document.pk),
                        "title": document.title,
                        "source": document.source_name,
                        "url": document.url,
                    }
                    for document in documents
                ],
            },
        )
        audit.record(by, "pitch.submitted", pitch)
        events.publish(PitchSubmitted(subject_id=pitch.pk, unit_id=unit_id, title=pitch.title))
        telling.pitch_waits(pitch)
        if topic_id:
            monitoring.topic_mark_pitched(by=by, topic_id=topic_id)
    return pitch


def _locked_pitch(by: Member, pitch_id: uuid.UUID) -> Pitch:
    """The pitch, locked; who may not see it is told that there is none."""
    selectors.pitch_for(by, pitch_id)
    return Pitch.objects.select_for_update(of=("self",)).get(pk=pitch_id)


def pitch_revise(*, by: Member, pitch_id: uuid.UUID, **fields: Any) -> Pitch:
    """The proposer changes a pitch that is not decided, or was returned; it waits again."""
    unknown = fields.keys() - {
        "title",
        "news_point",
        "kind",
        "angle",
        "place",
        "expected",
        "due_at",
    }
    if unknown:
        raise BadInput
    with db.write():
        pitch = _locked_pitch(by, pitch_id)
        policy.require(by, "planning.pitch", pitch)
        _at_home(pitch)
        if pitch.state not in _REVISABLE or pitch.proposed_by_id != by.pk:
            raise WrongState
        _in_future(fields.get("due_at"))
        if "title" in fields:
            fields["title"] = _title(fields["title"])
        if fields.get("kind", "regular") not in PitchKind.values:
            raise BadInput
        for name, value in fields.items():
            setattr(pitch, name, value)
        pitch.state = PitchState.SUBMITTED
        _save(pitch, *fields, "state")
        audit.record(by, "pitch.revised", pitch, fields=sorted(fields))
        events.publish(
            PitchSubmitted(subject_id=pitch.pk, unit_id=pitch.unit_id, title=pitch.title)
        )
        telling.pitch_waits(pitch)
    return pitch


def pitch_decide(*, by: Member, pitch_id: uuid.UUID, decision: Decision, reason: str = "") -> Pitch:
    """Approve, reject, return or defer a pitch. All but approval need a reason.

    Of two who decide at the same time the second gets AlreadyDecided with who decided and when.
    """
    if decision not in _DECISIONS:
        raise BadInput
    reason = reason.strip()[:500]
    if decision != "approve" and not reason:
        raise ReasonNeeded
    with db.write():
        pitch = _locked_pitch(by, pitch_id)
        policy.require(by, "planning.decide", pitch)
        _at_home(pitch)
        if pitch.state not in _UNDECIDED:
            raise AlreadyDecided(_already(pitch))
        pitch.state = _DECISIONS[decision]
        pitch.reason = reason
        pitch.decided_by_id, pitch.decided_by_name = by.pk, str(by)[:40]
        pitch.decided_at = timezone.now()
        _save(pitch, "state", "reason", "decided_by_id", "decided_by_name", "decided_at")
        audit.record(by, f"pitch.{pitch.state}", pitch, reason=reason)
        events.publish(
            PitchDecided(
                subject_id=pitch.pk,
                unit_id=pitch.unit_id,
                state=str(pitch.state),
                title=pitch.title,
            )
        )
        telling.pitch_decided(pitch, network.active_member(pitch.proposed_by_id))
    return pitch


def _already(pitch: Pitch) -> str:
    if not pitch.decided_at:
        return ""
    words = {
        "who": pitch.decided_by_name,
        "at": f"{timezone.localtime(pitch.decided_at):%H:%M}",
        "state": pitch.get_state_display(),
    }
    return _("%(who)s 已在 %(at)s 将它定为“%(state)s”，你的决定没有写入。请刷新查看。") % words


def pitch_cancel(*, by: Member, pitch_id: uuid.UUID, reason: str) -> Pitch:
    """The proposer takes an undecided pitch back, or who decides cancels an approved one."""
    if not reason.strip():
        raise ReasonNeeded
    with db.write():
        pitch = _locked_pitch(by, pitch_id)
        _at_home(pitch)
        own = pitch.proposed_by_id == by.pk and pitch.state in _REVISABLE
        if not own:
            policy.require(by, "planning.decide", pitch)
        if pitch.state not in (*_REVISABLE, PitchState.APPROVED):
            raise WrongState
        pitch.state, pitch.reason = PitchState.CANCELLED, reason.strip()[:500]
        _save(pitch, "state", "reason")
        audit.record(by, "pitch.cancelled", pitch, reason=reason)
        events.publish(
            PitchDecided(
                subject_id=pitch.pk,
                unit_id=pitch.unit_id,
                state=str(pitch.state),
                title=pitch.title,
            )
        )
    return pitch


# Tasks, by their dispatcher


def task_dispatch(
    *,
    by: Member,
    pitch_id: uuid.UUID | None,
    to_unit_id: uuid.UUID,
    title: str,
    brief: str,
    genre: str,
    due_at: datetime,
    length: int | None = None,
    urgent: bool = False,
) -> Task:
    """Give a unit of this node or another one a task, out of an approved pitch or without one."""
    policy.require(by, "planning.dispatch", to_unit_id)
    policy.require(by, "planning.dispatch", by.unit_id)
    if genre not in Genre.values:
        raise BadInput
    _in_future(due_at)
    to_unit = network.unit(to_unit_id)
    if not to_unit.is_active:
        raise UnitClosed
    if not network.is_local(to_unit_id) and network.peer_of_unit(to_unit_id) is None:
        raise NoLine
    with db.write():
        pitch = _pitch_for_dispatch(by, pitch_id)
        task = Task.objects.create(
            unit_id=by.unit_id,
            pitch=pitch,
            number=next_number(Task, "RW"),
            title=_title(title),
            brief=brief.strip(),
            genre=genre,
            length=length,
            urgent=urgent,
            to_unit=to_unit,
            due_at=due_at,
            dispatched_by_id=by.pk,
            dispatched_by_name=str(by)[:40],
            dispatched_at=timezone.now(),
            references=pitch.brief.get("documents", []) if pitch else [],
            pitch_brief=_brief_of(pitch),
        )
        if network.is_local(to_unit_id):
            task.received_at = task.dispatched_at
            task.save(update_fields=["received_at"])
            TaskResponse.objects.create(unit=to_unit, task=task)
            telling.task_offered(task)
        else:
            wire.tell_receiver(task, wire.DISPATCHED)
        audit.record(by, "task.dispatched", task, to_unit=to_unit.code, pitch=pitch_id)
        events.publish(TaskDispatched(subject_id=task.pk, unit_id=to_unit_id, title=task.title))
    return task


def _pitch_for_dispatch(by: Member, pitch_id: uuid.UUID | None) -> Pitch | None:
    if pitch_id is None:
        return None
    pitch = _locked_pitch(by, pitch_id)
    policy.require(by, "planning.dispatch", pitch)
    _at_home(pitch)
    if pitch.state not in {PitchState.APPROVED, PitchState.DISPATCHED}:
        raise NotApproved
    if pitch.state != PitchState.DISPATCHED:
        pitch.state = PitchState.DISPATCHED
        _save(pitch, "state")
    return pitch


def _brief_of(pitch: Pitch | None) -> dict[str, Any]:
    if pitch is None:
        return {}
    names = ("number", "title", "news_point", "angle", "place", "expected", "proposed_by_name")
    return {name: getattr(pitch, name) for name in names}


def _locked_task(by: Member, task_id: uuid.UUID) -> Task:
    selectors.task_for(by, task_id)
    return Task.objects.select_for_update(of=("self",)).get(pk=task_id)


def _response_of(task: Task) -> TaskResponse | None:
    return TaskResponse.objects.select_for_update(of=("self",)).filter(task=task).first()


def task_cancel(*, by: Member, task_id: uuid.UUID, reason: str) -> Task:
    """The dispatcher calls a task off, with a reason; its unit is told."""
    if not reason.strip():
        raise ReasonNeeded
    with db.write():
        task = _locked_task(by, task_id)
        policy.require(by, "planning.dispatch", task)
        _at_home(task)
        if task.state in _OVER:
            raise WrongState
        _judge(by, task, TaskState.CANCELLED, reason.strip())
        audit.record(by, "task.cancelled", task, reason=reason)
    return task


def task_accept_work(*, by: Member, task_id: uuid.UUID, ok: bool, reason: str = "") -> Task:
    """The dispatcher accepts the work, or sends it back with a reason."""
    if not ok and not reason.strip():
        raise ReasonNeeded
    with db.write():
        task = _locked_task(by, task_id)
        policy.require(by, "planning.dispatch", task)
        _at_home(task)
        if task.state != TaskState.SUBMITTED:
            raise WrongState
        _judge(by, task, TaskState.DONE if ok else TaskState.IN_PROGRESS, reason.strip())
        audit.record(by, "task.done" if ok else "task.sent_back", task, reason=reason)
    return task


def _judge(by: Member, task: Task, state: TaskState, reason: str) -> None:
    task.state = state
    task.verdict_reason = reason[:300]
    task.verdict_by_name, task.verdict_at = str(by)[:40], timezone.now()
    _save(task, "state", "verdict_reason", "verdict_by_name", "verdict_at")
    response = _response_of(task)
    if response is not None and not response.is_replica:
        _follow(response, state)
        telling.unit_learns(task, response)
    wire.tell_receiver(task)
    events.publish(
        TaskProgressed(
            subject_id=task.pk, unit_id=task.to_unit_id, title=task.title, state=str(state)
        )
    )
    if state in _OVER:
        _close_pitch(task)


def _follow(response: TaskResponse, state: TaskState) -> None:
    response.state = state
    _save(response, "state")


def _close_pitch(task: Task) -> None:
    """A pitch is done when none of its tasks is open and one of them is done."""
    if task.pitch_id is None:
        return
    states = set(Task.objects.filter(pitch=task.pitch_id).values_list("state", flat=True))
    if states <= set(_OVER) and TaskState.DONE in states:
        pitch = Pitch.objects.select_for_update(of=("self",)).get(pk=task.pitch_id)
        pitch.state = PitchState.DONE
        _save(pitch, "state")
        audit.record(None, "pitch.done", pitch)


# Tasks, by the unit that got them


def _locked_answer(by: Member, task_id: uuid.UUID) -> tuple[Task, TaskResponse]:
    """The task and our unit's response to it, locked, for somebody who may answer for the unit."""
    task = _locked_task(by, task_id)
    policy.require(by, "planning.respond", task.to_unit_id)
    response = _response_of(task)
    if response is None or response.is_replica:
        raise NotHere
    if task.state in {TaskState.DONE, TaskState.CANCELLED}:
        raise WrongState
    return task, response


def _writer(task: Task, member_id: uuid.UUID) -> Member:
    for member in selectors.writers_of(task.to_unit_id):
        if member.pk == member_id:
            return member
    raise NotOfUnit


def task_answer(
    *,
    by: Member,
    task_id: uuid.UUID,
    accept: bool,
    reason: str = "",
    assignee_id: uuid.UUID | None = None,
) -> TaskResponse:
    """Accept a task for one's unit, perhaps for somebody, or decline it with a reason.

    A writer who accepts without naming anybody takes it on. Of two answers the second gets
    AlreadyAnswered.
    """
    if not accept and not reason.strip():
        raise ReasonNeeded
    with db.write():
        task, response = _locked_answer(by, task_id)
        if response.state != TaskState.OFFERED:
            raise AlreadyAnswered
        assignee = _writer(task, assignee_id) if accept and assignee_id else None
        if accept and assignee is None and policy.allows(by, "stories.write", task.to_unit_id):
            assignee = by
        response.state = TaskState.ACCEPTED if accept else TaskState.DECLINED
        response.reason = reason.strip()[:300]
        response.answered_by_id, response.answered_by_name = by.pk, str(by)[:40]
        response.answered_at = timezone.now()
        _assign(response, assignee)
        _save(
            response, "state", "reason", "answered_by_id", "answered_by_name", "answered_at",
            "assignee_id", "assignee_name",
        )  # fmt: skip
        audit.record(by, "task.accepted" if accept else "task.declined", response, reason=reason)
        events.publish(
            TaskAnswered(
                subject_id=task.pk, unit_id=task.to_unit_id, accepted=accept, title=task.title
            )
        )
        if assignee is not None:
            telling.assigned(task, response, assignee)
        if task.home is None:
            task.state = response.state
            _save(task, "state")
            telling.answered(task, response)
        wire.tell_dispatcher(response, wire.ANSWERED)
    return response


def _assign(response: TaskResponse, assignee: Member | None) -> None:
    response.assignee_id = assignee.pk if assignee else None
    response.assignee_name = str(assignee)[:40] if assignee else ""


def task_assign(*, by: Member, task_id: uuid.UUID, assignee_id: uuid.UUID) -> TaskResponse:
    """Give an accepted task to a writer of the unit."""
    with db.write():
        task, response = _locked_answer(by, task_id)
        if response.state not in {TaskState.ACCEPTED, TaskState.IN_PROGRESS}:
            raise WrongState
        assignee = _writer(task, assignee_id)
        _assign(response, assignee)
        _save(response, "assignee_id", "assignee_name")
        audit.record(by, "task.assigned", response, assignee=response.assignee_name)
        telling.assigned(task, response, assignee)
        wire.tell_dispatcher(response, wire.PROGRESSED)
    return response


# Called by stories and channels, inside their writes

_BY_STORY: Final[dict[str, TaskState]] = {"signed": TaskState.SUBMITTED}


def _own_response(task_id: uuid.UUID) -> TaskResponse:
    response = (
        TaskResponse.objects.select_for_update(of=("self",))
        .select_related("task")
        .filter(task_id=task_id)
        .first()
    )
    if response is None:
        raise NotFound
    _at_home(response)
    return response


def task_story_progress(
    *, task_id: uuid.UUID, story_id: uuid.UUID, story_title: str, story_state: str
) -> None:
    """Note how far the story written for a task is; a signed story may be accepted.

    Inside the caller's write. A finished, declined or cancelled task only remembers it.
    """
    response = _own_response(task_id)
    if response.story_state == story_state and response.story_id == story_id:
        return
    response.story_id, response.story_title = story_id, story_title[:200]
    response.story_state = story_state
    response.steps = [*response.steps, {"state": story_state, "at": timezone.now().isoformat()}]
    _progress(response, _BY_STORY.get(story_state, TaskState.IN_PROGRESS))


def task_published(*, task_id: uuid.UUID, url: str) -> None:
    """Note where the story written for a task was published. Inside the caller's write."""
    response = _own_response(task_id)
    if response.published_url:
        return
    response.published_url = url[:500]
    now = timezone.now().isoformat()
    response.steps = [*response.steps, {"state": "published", "at": now}]
    _progress(response, TaskState.SUBMITTED)


def _progress(response: TaskResponse, state: TaskState) -> None:
    task = Task.objects.select_for_update(of=("self",)).get(pk=response.task_id)
    moved = response.state not in _OVER and response.state != state
    if moved:
        response.state = state
    _save(response, "state", "story_id", "story_title", "story_state", "steps", "published_url")
    audit.record(None, "task.progressed", response, story_state=response.story_state)
    events.publish(
        TaskProgressed(
            subject_id=task.pk,
            unit_id=task.to_unit_id,
            title=task.title,
            state=response.steps[-1]["state"],
        )
    )
    if task.home is None and moved:
        task.state = state
        _save(task, "state")
        if state == TaskState.SUBMITTED:
            telling.work_waits(task, response)
    response.task = task
    wire.tell_dispatcher(response, wire.PROGRESSED)
