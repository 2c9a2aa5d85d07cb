"""Verbs over pitches: submitted, revised, decided, taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import selectors as archive
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.monitoring import actions as monitoring
from rongmei.monitoring import selectors as topics
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning import telling
from rongmei.planning.actions.common import (
    at_home,
    checked_title,
    in_future,
    locked_pitch,
    save,
)
from rongmei.planning.errors import (
    AlreadyDecided,
    ReasonNeeded,
    WrongState,
)
from rongmei.planning.events import (
    PitchDecided,
    PitchSubmitted,
)
from rongmei.planning.models import (
    Pitch,
    PitchKind,
    PitchState,
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
    in_future(due_at)
    documents = [archive.document_for(by, document_id) for document_id in document_ids]
    topic = topics.topic_for(by, topic_id) if topic_id else None
    with db.write():
        pitch = Pitch.objects.create(
            unit_id=unit_id,
            number=next_number(Pitch, "XT"),
            title=checked_title(title),
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
        pitch = locked_pitch(by, pitch_id)
        policy.require(by, "planning.pitch", pitch)
        at_home(pitch)
        if pitch.state not in _REVISABLE or pitch.proposed_by_id != by.pk:
            raise WrongState
        in_future(fields.get("due_at"))
        if "title" in fields:
            fields["title"] = checked_title(fields["title"])
        if fields.get("kind", "regular") not in PitchKind.values:
            raise BadInput
        for name, value in fields.items():
            setattr(pitch, name, value)
        pitch.state = PitchState.SUBMITTED
        save(pitch, *fields, "state")
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
        pitch = locked_pitch(by, pitch_id)
        policy.require(by, "planning.decide", pitch)
        at_home(pitch)
        if pitch.state not in _UNDECIDED:
            raise AlreadyDecided(_already(pitch))
        pitch.state = _DECISIONS[decision]
        pitch.reason = reason
        pitch.decided_by_id, pitch.decided_by_name = by.pk, str(by)[:40]
        pitch.decided_at = timezone.now()
        save(pitch, "state", "reason", "decided_by_id", "decided_by_name", "decided_at")
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
        pitch = locked_pitch(by, pitch_id)
        at_home(pitch)
        own = pitch.proposed_by_id == by.pk and pitch.state in _REVISABLE
        if not own:
            policy.require(by, "planning.decide", pitch)
        if pitch.state not in (*_REVISABLE, PitchState.APPROVED):
            raise WrongState
        pitch.state, pitch.reason = PitchState.CANCELLED, reason.strip()[:500]
        save(pitch, "state", "reason")
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
