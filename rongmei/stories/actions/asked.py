"""Review across nodes, on the signer's node: a story that came to be signed, signing it, giving it back.

The story stays a read-only replica of its home; what is written here is our own people's signature and
what became of the request.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import NotFound
from rongmei.kernel.text import count_words
from rongmei.network import exchange
from rongmei.network import selectors as network
from rongmei.network.hooks import Arrival
from rongmei.stories import canonical, checking, flows, identity, proof, selectors
from rongmei.stories import events as said
from rongmei.stories import policy as rules
from rongmei.stories.actions import sharing
from rongmei.stories.actions.common import keep_report, refusals_kept, tell_reviewers
from rongmei.stories.actions.review import (
    require_reviewer,
    sign,
    stop_blocked,
    story_pass,
    story_return,
)
from rongmei.stories.errors import (
    FlowBroken,
    ForgedStory,
    NothingToReview,
    NowhereToShare,
    OnePersonOneStep,
    ReasonMissing,
    StoryChanged,
    WrongStep,
)
from rongmei.stories.flows import Flow, FlowStep
from rongmei.stories.models import ReviewRequest, Signature, Story, StoryState

if TYPE_CHECKING:
    from rongmei.network.models import Member

ANSWERED: Final = "review.answered"
OPEN: Final = ReviewRequest.State.OPEN


# What comes from the story's home -------------------------------------------------------------


def _so_far(arrival: Arrival, step_key: str) -> tuple[Flow, FlowStep, list[Signature]]:
    """Flow, step and signatures of a request, if everything so far keeps the rule; else ForgedStory."""
    flow = flows.of(arrival.body.get("flow"))
    rows = [sharing.signature_of(arrival, one) for one in arrival.body["signatures"]]
    claimed = Story(author_id=uuid.UUID(str(arrival.body["story"]["author_id"])))
    step = flow.step(step_key)
    opened = flow.open({one.step for one in rows})
    whole = (
        step is not None
        and step in opened
        and str(step.unit_id) == arrival.body["request"]["to_unit"]
        and network.is_local(step.unit_id or uuid.UUID(int=0))
        and proof.stand(claimed, flow, rows)
        and all(one.round == arrival.body["story"]["round"] for one in rows)
    )
    if step is None or not whole:
        raise ForgedStory
    return flow, step, rows


def _copy(arrival: Arrival, known: Story | None) -> Story:
    """The story as a replica in review, not saved."""
    body, keys = arrival.body, sharing.kept_media(arrival)
    shared_at = known.shared_at if known else None
    story = sharing.replica_of(arrival, known, keys)
    story.signed_at, story.shared_at, story.withdrawn_at = None, shared_at, None
    story.state = StoryState(body["request"]["state"])
    story.submitted_at = parse_datetime(str(body["request"]["submitted_at"]))
    return story


def request_receive(arrival: Arrival) -> None:
    """Keep a replica of a story that one of our units is asked to sign; inside the receiving write.

    Believes nothing: the sender is the home of the story's unit, the flow keeps the rules and gives
    the open step to our unit, the signatures so far stand, the text has the hash. Raises ForgedStory.
    """
    story_id, unit_id = sharing.from_its_home(arrival)
    known = Story.objects.select_for_update().filter(pk=story_id).first()
    if known is not None and (known.home != arrival.from_node or known.unit_id != unit_id):
        raise ForgedStory
    try:
        asked = arrival.body["request"]
        if known is not None and known.version > int(arrival.body["story"]["version"]):
            return
        content = arrival.body["content"]
        sharing.require_known_form(content)
        fits = content["story"] == str(story_id) and content["unit"] == str(unit_id)
        if not fits or canonical.hash_of(content) != asked["content_hash"]:
            raise ForgedStory
        flow, step, rows = _so_far(arrival, str(asked["step"]))
        story = _copy(arrival, known)
        story.flow, story.flow_digest = flow.snapshot, flow.digest
        people = [str(one) for one in asked["people"]][:100]
        request_id = uuid.UUID(str(asked["id"]))
    except FlowBroken as error:
        raise ForgedStory from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgedStory from error
    rebuilt = canonical.content_of(story)
    if canonical.hash_of(rebuilt) != asked["content_hash"] or story.state not in rules.IN_REVIEW:
        raise ForgedStory
    story.content_hash, story.body_text = asked["content_hash"], canonical.body_text(rebuilt)
    story.word_count = count_words(story.body_text)
    story.save()
    sharing.keep_signatures(story, rows)
    _end(story, step=step.key)
    ReviewRequest.objects.create(
        id=request_id, story=story, unit_id=unit_id, home=arrival.from_node, round=story.round,
        step=step.key, permission=step.permission, to_unit=rules.place_of(step, story),
        content_hash=story.content_hash, people=people,
    )  # fmt: skip
    keep_report(story, checking.run(story, rebuilt))
    audit.record(None, "review.received", story, step=step.key, node=str(arrival.from_node))
    tell_reviewers(story, [step], {one.person_id for one in rows})


def _end(story: Story, **which: Any) -> None:
    rows = ReviewRequest.objects.filter(story=story, state=OPEN, **which).exclude(home=None)
    rows.update(state=ReviewRequest.State.ENDED, closed_at=timezone.now())


def request_told(arrival: Arrival) -> None:
    """Follow how a story that we were asked to sign fares at its home; inside the receiving write.

    A story that is said to be signed proves itself like any that is shared. Raises ForgedStory.
    """
    story_id, _unit_id = sharing.from_its_home(arrival)
    story = Story.objects.select_for_update().filter(pk=story_id).first()
    if story is None:
        return
    if story.home != arrival.from_node:
        raise ForgedStory
    body = arrival.body
    try:
        state, version = StoryState(body["state"]), int(body["version"])
        rows = [sharing.signature_of(arrival, one) for one in body["signatures"]]
        signed_at = parse_datetime(str(body["signed_at"])) if body["signed_at"] else None
        round_, same = int(body["round"]), body["content_hash"] == story.content_hash
        reason = str(body["reason"])[:300]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgedStory from error
    if version < story.version:
        return
    flow = rules.flow_of(story)
    order = {step.key: nth for nth, step in enumerate(flow.steps)}
    rows.sort(key=lambda one: order.get(one.step, len(order)))
    if state == StoryState.SIGNED and not (
        same and signed_at and proof.proves(story, flow, rows, story.content_hash)
    ):
        raise ForgedStory
    withdrawn = state == StoryState.WITHDRAWN and story.state != StoryState.WITHDRAWN
    story.state, story.version, story.round = state, version, round_
    story.signed_at = signed_at if state == StoryState.SIGNED else story.signed_at
    if withdrawn:
        story.withdrawn_at, story.withdrawn_reason = timezone.now(), reason
    sharing.keep_signatures(story, rows)
    story.save()
    waiting = [one.key for one in rules.open_steps(story, rows)] if same else []
    for request in ReviewRequest.objects.filter(story=story, state=OPEN).exclude(home=None):
        if request.step not in waiting:
            _end(story, pk=request.pk)
    audit.record(None, "review.told", story, state=state, node=str(arrival.from_node))
    if withdrawn:
        events.publish(
            said.StoryWithdrawn(
                subject_id=story.pk, unit_id=story.unit_id, title=story.title, state=story.state,
                reason=reason,
            )
        )  # fmt: skip


# What our own people do -----------------------------------------------------------------------


def _locked(by: Member, story_id: uuid.UUID) -> tuple[Story, list[Signature]]:
    story = Story.objects.select_for_update().filter(pk=story_id).exclude(home=None).first()
    if story is None or not selectors.may_see(by, story):
        raise NotFound
    return story, list(Signature.objects.filter(story=story).order_by("signed_at", "id"))


def _request(story: Story, step: FlowStep) -> ReviewRequest:
    found = (
        ReviewRequest.objects.select_for_update()
        .filter(story=story, step=step.key, state=OPEN)
        .exclude(home=None)
        .first()
    )
    if found is None:
        raise WrongStep
    return found


def _not_twice(by: Member, request: ReviewRequest) -> None:
    """Somebody who wrote or signed it with an account on another node does not sign it here."""
    if set(identity.marks(request.story_id, by)) & set(request.people):
        raise OnePersonOneStep


def _send(by: Member, story: Story, request: ReviewRequest, signature: Signature) -> None:
    peer = network.peer_of_unit(story.unit_id)
    if peer is None:
        raise NowhereToShare(_("与稿件所属节点没有互联，没有签名。请系统管理员接通后再签。"))
    passed = signature.verdict == Signature.Verdict.PASSED
    request.state = ReviewRequest.State.PASSED if passed else ReviewRequest.State.RETURNED
    request.closed_at = signature.signed_at
    request.save(update_fields=["state", "closed_at", "updated_at"])
    exchange.send(
        to=peer, type=ANSWERED, subject_id=story.pk, unit_id=request.to_unit,
        body={
            "signature": sharing.signature_body(signature),
            "people": identity.marks(story.pk, by),
        },
    )  # fmt: skip


@refusals_kept
def request_pass(
    *,
    by: Member,
    story_id: uuid.UUID,
    step: str,
    content_hash: str,
    opinion: str = "",
    proof: Iterable[str] = (),
) -> Story:
    """Sign a step of another node's story, over exactly the text with `content_hash`.

    The signature is kept here and sent to the story's home, which takes it in if nothing changed there
    meanwhile. Raises WrongStep, AuthorCannotReview, OnePersonOneStep, StoryChanged, BlockingFindings,
    NotAllowed.
    """
    seen = selectors.story_for(by, story_id)
    content = canonical.content_of(seen)
    report = checking.run(seen, content)
    with db.write():
        story, signatures = _locked(by, story_id)
        at = rules.flow_of(story).step(step)
        if at is None:
            raise WrongStep
        require_reviewer(by, story, at, signatures)
        request = _request(story, at)
        _not_twice(by, request)
        if not content_hash == story.content_hash == report.content_hash == request.content_hash:
            raise StoryChanged
        if not canonical.body_text(content).strip():
            raise NothingToReview
        stop_blocked(report)
        signature = sign(by, story, at, Signature.Verdict.PASSED, opinion, proof)
        _send(by, story, request, signature)
        audit.record(
            by, "story.passed", story, step=at.key, hash=content_hash, seal=signature.seal,
            round=story.round, lent_by=signature.for_name,
        )  # fmt: skip
    return story


@refusals_kept
def request_return(*, by: Member, story_id: uuid.UUID, reason: str) -> Story:
    """Give another node's story back to its author with a reason. Raises ReasonMissing, WrongStep."""
    if not reason.strip():
        raise ReasonMissing
    with db.write():
        story, signatures = _locked(by, story_id)
        opened = rules.open_steps(story, signatures)
        at = next((one for one in opened if one.unit and rules.seat_at(by, one, story)), None)
        if at is None:
            raise WrongStep(_("这篇稿件现在不等本单位审签，没有改动。"))
        require_reviewer(by, story, at, signatures)
        request = _request(story, at)
        _not_twice(by, request)
        signature = sign(by, story, at, Signature.Verdict.RETURNED, reason, ())
        _send(by, story, request, signature)
        audit.record(by, "story.returned", story, step=at.key, reason=reason)
    return story


# Wherever the story is at home -----------------------------------------------------------------


def review_pass(*, by: Member, story_id: uuid.UUID, **said: Any) -> Story:
    """`story_pass` for a story of ours, `request_pass` for one that another node asks us to sign."""
    elsewhere = selectors.story_for(by, story_id).is_replica
    return (request_pass if elsewhere else story_pass)(by=by, story_id=story_id, **said)


def review_return(*, by: Member, story_id: uuid.UUID, reason: str) -> Story:
    """`story_return` for a story of ours, `request_return` for one that another node asks us to sign."""
    elsewhere = selectors.story_for(by, story_id).is_replica
    return (request_return if elsewhere else story_return)(by=by, story_id=story_id, reason=reason)
