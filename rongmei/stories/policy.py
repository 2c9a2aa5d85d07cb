"""Who may do what to a story at which step: the three-person rule as functions of rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from django.utils import timezone

from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import flows
from rongmei.stories.errors import FlowBroken
from rongmei.stories.flows import Flow, FlowStep
from rongmei.stories.models import (
    Delegation,
    ReviewRequest,
    Signature,
    Step,
    Story,
    StoryState,
)
from rongmei.stories.submission_rows import Submission

STEP_PERMISSION: Final = {Step(stage): name for stage, name in flows.PERMISSIONS.items()}
ORDER: Final = (Step.FIRST, Step.SECOND, Step.FINAL)
IN_REVIEW: Final = frozenset({StoryState.FIRST, StoryState.SECOND, StoryState.FINAL})
WRITABLE: Final = frozenset({StoryState.DRAFT, StoryState.RETURNED})
REVIEWS: Final = tuple(STEP_PERMISSION.values())


# What an unreadable snapshot counts as. Its digest is no story's, so nothing is signed by it.
UNREADABLE: Final = replace(flows.BUILT_IN, name="?")


def flow_of(story: Story) -> Flow:
    """The flow the story follows: its snapshot, or the built-in one."""
    try:
        return flows.of(story.flow)
    except FlowBroken:
        return UNREADABLE


def require_whole(story: Story) -> Flow:
    """The story's flow, if it is the one taken at submission and keeps the rules; else FlowBroken."""
    flow = flow_of(story)
    if flow.digest != story.flow_digest or flows.flow_check(flow):
        raise FlowBroken
    return flow


def live(signatures: Iterable[Signature], round_: int) -> list[Signature]:
    """Signatures of this round that passed and still stand."""
    return [
        one
        for one in signatures
        if one.round == round_ and one.verdict == Signature.Verdict.PASSED and one.voided_at is None
    ]


def passed_by(signatures: Iterable[Signature], round_: int) -> set[uuid.UUID]:
    """Who has a standing signature in this round."""
    return {one.person_id for one in live(signatures, round_)}


def open_steps(story: Story, signatures: Iterable[Signature]) -> tuple[FlowStep, ...]:
    """The steps that wait for a signature now: one, or several side by side."""
    if story.state not in IN_REVIEW:
        return ()
    return flow_of(story).open({one.step for one in live(signatures, story.round)})


def state_at(flow: Flow, signatures: Iterable[Signature], round_: int) -> StoryState:
    """The state that these signatures put a story in review in."""
    waiting = flow.open({one.step for one in live(signatures, round_)})
    return StoryState(waiting[0].stage) if waiting else StoryState.SIGNED


def place_of(step: FlowStep, story: Story) -> uuid.UUID:
    """The unit whose people hold the step: the one the flow names, or the story's own."""
    own: uuid.UUID = story.unit_id
    return step.unit_id or own


@dataclass(frozen=True)
class Seat:
    """By what right somebody signs: their own, or that of the one who delegated it."""

    for_person: uuid.UUID | None = None
    for_name: str = ""


def delegations_to(member: Any) -> list[Delegation]:
    """What others lend this member now, while they hold it themselves."""
    now = timezone.now()
    rows = Delegation.objects.filter(
        to_id=member.pk, revoked_at=None, starts_at__lte=now, ends_at__gt=now, home=None
    )
    return _still_held(rows)


def live_among(rows: Iterable[Delegation]) -> set[uuid.UUID]:
    """Ids of those that lend a seat now."""
    now = timezone.now()
    open_ = [one for one in rows if one.revoked_at is None and one.starts_at <= now < one.ends_at]
    return {one.pk for one in _still_held(open_)}


def delegates_for(step: FlowStep, story: Story) -> list[Any]:
    """Members to whom this step of this story is lent now."""
    now = timezone.now()
    rows = Delegation.objects.filter(
        unit=place_of(step, story), permission=step.permission, revoked_at=None, starts_at__lte=now,
        ends_at__gt=now, home=None,
    ).exclude(from_id=story.author_id)  # fmt: skip
    lent = [one for one in rows if not step.people or str(one.from_id) in step.people]
    found = (network.active_member(one.to_id) for one in _still_held(lent))
    return [one for one in found if one is not None]


def _still_held(rows: Iterable[Delegation]) -> list[Delegation]:
    """Those whose lender still holds what they lend; each lender is asked about once."""
    lent = list(rows)
    lenders = network.active_members(one.from_id for one in lent) if lent else {}
    return [
        one
        for one in lent
        if one.from_id in lenders
        and policy.allows(lenders[one.from_id], one.permission, one.unit_id)
    ]


def seat_at(member: Any, step: FlowStep, story: Story) -> Seat | None:
    """By what right the member may sign this step of this story; None without any.

    Looks at rights alone: author and earlier signatures are asked by `may_sign`.
    """
    named = {uuid.UUID(one) for one in step.people}
    place = place_of(step, story)
    if step.unit and not network.is_local(place):
        return None
    if policy.allows(member, step.permission, place) and (not named or member.pk in named):
        return Seat()
    for one in delegations_to(member):
        fits = (one.permission, one.unit_id) == (step.permission, place)
        # An author does not choose who reviews them.
        if fits and one.from_id != story.author_id and (not named or one.from_id in named):
            return Seat(one.from_id, one.from_name)
    return None


def wrote(member: Any, story: Story) -> bool:
    """Whether the member is the author, or one of those whose submissions became the story."""
    if member.pk == story.author_id:
        return True
    return Submission.objects.filter(story=story, author_id=member.pk).exists()


def steps_for(member: Any, story: Story, signatures: Iterable[Signature]) -> list[FlowStep]:
    """The steps the member may sign now: nobody who wrote it, nobody twice in a round."""
    found = steps_left_to(member, story, signatures)
    return [] if found and wrote(member, story) else found


def steps_left_to(member: Any, story: Story, signatures: Iterable[Signature]) -> list[FlowStep]:
    """The same for a story that is known not to be the member's own, like those of their queue."""
    rows = list(signatures)
    if member.pk == story.author_id or member.pk in passed_by(rows, story.round):
        return []
    waiting = open_steps(story, rows)
    if story.is_replica and waiting:
        asked = asked_here(story)
        waiting = tuple(one for one in waiting if one.key in asked)
    return [one for one in waiting if seat_at(member, one, story) is not None]


def asked_here(story: Story) -> set[str]:
    """The steps of another node's story that a unit of ours was asked to sign and has not."""
    rows = ReviewRequest.objects.filter(story=story, state=ReviewRequest.State.OPEN)
    return set(rows.exclude(home=None).values_list("step", flat=True))


def may_review(member: Any, story: Story, signatures: Iterable[Signature]) -> bool:
    """Whether the member may sign a step the story waits at."""
    return bool(steps_for(member, story, signatures))


def may_edit(member: Any, story: Story, signatures: Iterable[Signature] | None = None) -> bool:
    """Whether the member may change the text now.

    Drafts and returned stories: whoever writes for the unit. In review: who may sign the step.
    Signed: the final reviewers, whose edit takes the final signature off. Replicas: nobody.
    """
    if story.is_replica:
        return False
    if story.state in WRITABLE:
        return policy.allows(member, "stories.write", story)
    rows = list(story.signatures.all()) if signatures is None else list(signatures)
    if story.state in IN_REVIEW:
        return may_review(member, story, rows)
    if story.state == StoryState.SIGNED:
        last = flow_of(story).last
        others = [one for one in live(rows, story.round) if one.step != last.key]
        earlier = {one.person_id for one in others}
        final = seat_at(member, last, story) is not None
        return final and member.pk not in earlier and not wrote(member, story)
    return False


def may_reread(member: Any, story: Story, signatures: Iterable[Signature]) -> bool:
    """Whether the member may read once more what went out by the green channel: a reviewer of the
    unit who is neither the author nor the one who signed it out."""
    if story.is_replica or story.state != StoryState.SIGNED:
        return False
    if story.reread_due_at is None or story.reread_at is not None:
        return False
    last = flow_of(story).last.key
    out = {
        story.author_id,
        *(one.person_id for one in live(signatures, story.round) if one.step == last),
    }
    allowed = member.pk not in out and any(policy.allows(member, one, story) for one in REVIEWS)
    return allowed and not wrote(member, story)
