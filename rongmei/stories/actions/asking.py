"""Review across nodes, at the story's home: asking a unit on another node to sign a step, hearing its
answer, and telling it how the story fares.

The answer is the signer's own record, sealed on the node where it was made; here it takes its place
among the others and is held to the same rule. Whatever comes late changes nothing.
"""

from __future__ import annotations

import logging
import uuid
from typing import Final

from django.db.models import Exists, F, OuterRef
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import RongmeiError
from rongmei.network import exchange
from rongmei.network import selectors as network
from rongmei.network.hooks import Arrival
from rongmei.planning import selectors as planning
from rongmei.stories import canonical, identity, proof, selectors
from rongmei.stories import policy as rules
from rongmei.stories.actions import sharing
from rongmei.stories.actions.common import signatures_of, tell_author
from rongmei.stories.actions.review import step_passed, step_returned
from rongmei.stories.errors import ForgedStory
from rongmei.stories.flows import FlowStep
from rongmei.stories.models import ReviewRequest, Signature, Story, StoryState, Waiting

ASKED: Final = "review.asked"
TOLD: Final = "review.told"
MOST: Final = 100
log = logging.getLogger(__name__)
OPEN: Final = ReviewRequest.State.OPEN


def across_nodes() -> int:
    """Ask for what waits elsewhere and tell who was asked what became of it; how many stories.

    A sweep, not a follower of events: pictures are made ready for the way, outside of any write.
    """
    keys = _unasked() | _untold()
    for key in keys:
        story = Story.objects.filter(pk=key, home=None).first()
        if story is None:
            continue
        try:
            for step in _elsewhere(story):
                _ask(story, step)
            _send_to_dispatcher(story)
            _tell(story.pk)
        except RongmeiError:
            # One story that cannot travel keeps no other from it; the sweep comes back to it.
            log.exception("story %s cannot be sent to be signed", key)
    return len(keys)


def _unasked() -> set[uuid.UUID]:
    """Stories that wait for a unit on another node that was not asked about this text yet."""
    same = ReviewRequest.objects.filter(
        story=OuterRef("story"), step=OuterRef("step"), round=OuterRef("story__round"),
        content_hash=OuterRef("story__content_hash"), home=None, state=OPEN,
    )  # fmt: skip
    rows = Waiting.objects.exclude(unit_id=None).exclude(unit_id__in=network.local_units())
    return set(rows.exclude(Exists(same)).values_list("story", flat=True)[:MOST])


def _untold() -> set[uuid.UUID]:
    rows = ReviewRequest.objects.filter(home=None, told__lt=F("story__version"))
    return set(rows.values_list("story", flat=True)[:MOST])


def _send_to_dispatcher(seen: Story) -> None:
    """Send a story that was signed elsewhere to the unit that gave the task, as `story_pass` does with
    those that are signed here: pictures are not made ready inside the write that takes an answer in."""
    if seen.state != StoryState.SIGNED or seen.task_id is None:
        return
    unit_id = planning.dispatcher_of(seen.task_id)
    if unit_id in {None, seen.unit_id} or str(unit_id) in seen.shared_with:
        return
    prepared = sharing.prepare(seen, (unit_id,))
    with db.write():
        story = Story.objects.select_for_update().get(pk=seen.pk)
        if story.state == StoryState.SIGNED and str(unit_id) not in story.shared_with:
            selectors.require_signed(story)
            sharing.send_prepared(None, story, prepared)


def _elsewhere(story: Story) -> list[FlowStep]:
    """Steps the story waits at that units on other nodes hold."""
    steps = [one for one in rules.open_steps(story, signatures_of(story)) if one.unit]
    return [one for one in steps if not network.is_local(rules.place_of(one, story))]


def _asked(story: Story, step: FlowStep) -> ReviewRequest | None:
    return ReviewRequest.objects.filter(
        story=story, home=None, round=story.round, step=step.key, state=OPEN,
        content_hash=story.content_hash,
    ).first()  # fmt: skip


def _ask(seen: Story, step: FlowStep) -> None:
    """Send the story to the unit that holds the step, once for each text that waits for it.

    The pictures are made ready outside the write; if the story moved on meanwhile, the next sweep asks.
    """
    if _asked(seen, step):
        return
    place = rules.place_of(step, seen)
    prepared = sharing.prepare(seen, (place,))
    with db.write():
        story = Story.objects.select_for_update().get(pk=seen.pk)
        signatures = signatures_of(story)
        fits = prepared.content_hash == story.content_hash and step in rules.open_steps(
            story, signatures
        )
        if not fits or _asked(story, step):
            return
        peer = network.peer_of_unit(place)
        if peer is None:
            tell_author(
                story, kind="stories.no_line", urgent=True,
                title=_("送不到审签单位：%(title)s") % {"title": story.title}, key=f"no_line:{story.pk}:{story.round}",
                body=_("与审签单位所在节点没有互联。请管理员接通，或退回后换一个流程。"),
            )  # fmt: skip
            return
        ReviewRequest.objects.filter(story=story, home=None, step=step.key, state=OPEN).update(
            state=ReviewRequest.State.ENDED, closed_at=timezone.now()
        )
        standing = selectors.standing_signatures(story)
        known = network.active_members([story.author_id, *(one.person_id for one in standing)])
        request = ReviewRequest.objects.create(
            story=story, unit_id=story.unit_id, round=story.round, step=step.key, to_unit=place,
            permission=step.permission, content_hash=story.content_hash, told=story.version,
            people=identity.marks_of(story.pk, known.values()),
        )  # fmt: skip
        exchange.send(
            to=peer, type=ASKED, subject_id=story.pk, unit_id=story.unit_id,
            body={
                **sharing.story_body(story, standing, prepared),
                "request": {
                    "id": str(request.pk), "step": step.key, "to_unit": str(place),
                    "content_hash": story.content_hash, "state": story.state,
                    "people": request.people,
                    "submitted_at": (story.submitted_at or timezone.now()).isoformat(),
                },
            },
        )  # fmt: skip
        audit.record(None, "review.asked", story, step=step.key, to=str(place))


def _tell(story_id: uuid.UUID) -> None:
    """Tell each node that was asked about this story how it stands now; closes what no longer waits."""
    if not ReviewRequest.objects.filter(story=story_id, home=None).exists():
        return
    with db.write():
        story = Story.objects.select_for_update().get(pk=story_id)
        rows = list(ReviewRequest.objects.select_for_update().filter(story=story, home=None))
        waiting = {one.key for one in rules.open_steps(story, signatures_of(story))}
        for one in rows:
            over = one.round != story.round or one.content_hash != story.content_hash
            if one.state == OPEN and (over or one.step not in waiting):
                one.state, one.closed_at = ReviewRequest.State.ENDED, timezone.now()
                one.save(update_fields=["state", "closed_at", "updated_at"])
        units = {one.to_unit for one in rows if one.told < story.version}
        peers = {peer.pk: peer for unit in units if (peer := network.peer_of_unit(unit))}
        standing = selectors.standing_signatures(story)
        for peer in peers.values():
            exchange.send(
                to=peer, type=TOLD, subject_id=story.pk, unit_id=story.unit_id,
                body={
                    "state": story.state, "round": story.round, "version": story.version,
                    "content_hash": story.content_hash, "reason": story.withdrawn_reason,
                    "signed_at": story.signed_at.isoformat() if story.signed_at else "",
                    "signatures": [sharing.signature_body(one) for one in standing],
                },
            )  # fmt: skip
        ReviewRequest.objects.filter(pk__in=[one.pk for one in rows], to_unit__in=units).update(
            told=story.version
        )


def _answer(arrival: Arrival, story: Story, unit_id: uuid.UUID) -> Signature:
    """The signature in the message, if the node that sent it may have made it; else ForgedStory."""
    body = arrival.body["signature"]
    at = parse_datetime(str(body["signed_at"]))
    if at is None or timezone.is_naive(at):
        raise ForgedStory
    lender = str(body.get("for_person") or "")
    signature = Signature(
        id=uuid.UUID(str(body["id"])), story=story, unit_id=unit_id, home=arrival.from_node,
        person_id=uuid.UUID(str(body["person_id"])), author_id=uuid.UUID(str(body["author_id"])),
        for_person=uuid.UUID(lender) if lender else None, signed_at=at,
        **{name: body[name] for name in sharing.SIGNED},
    )  # fmt: skip
    step = rules.flow_of(story).step(signature.step)
    whole = (
        step is not None
        and step.unit_id == unit_id
        and signature.seal == canonical.seal_of(signature)
        and signature.flow == story.flow_digest
        and signature.author_id == story.author_id != signature.person_id
        and signature.for_person != story.author_id
        and not network.members_at_home([signature.person_id])
        and signature.verdict in Signature.Verdict.values
    )
    if not whole:
        raise ForgedStory
    return signature


def answer_receive(arrival: Arrival) -> None:
    """Take in what a unit on another node decided; inside the write that notes the message.

    Believes nothing: the unit must live on the sending node and hold that step, the seal must be
    whole, the person be neither the author nor a signer of this round under any account. An answer
    to a text or round that is past is noted and changes nothing. Raises ForgedStory.
    """
    if arrival.unit_id is None or arrival.subject_id is None:
        raise ForgedStory
    if network.unit(arrival.unit_id).node_id != arrival.from_node:
        raise ForgedStory(_("发来的节点不是这个单位的所在节点，没有收入。"))
    story = Story.objects.select_for_update().filter(pk=arrival.subject_id, home=None).first()
    if story is None:
        raise ForgedStory
    try:
        signature = _answer(arrival, story, arrival.unit_id)
        marks = {str(one) for one in arrival.body["people"]}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgedStory from error
    signatures = signatures_of(story)
    if any(one.pk == signature.pk for one in signatures):
        return
    step = rules.flow_of(story).step(signature.step)
    request = ReviewRequest.objects.filter(
        story=story, home=None, step=signature.step, round=signature.round, state=OPEN,
        content_hash=signature.content_hash,
    ).first()  # fmt: skip
    present = canonical.hash_of(canonical.content_of(story))
    late = request is None or step not in rules.open_steps(story, signatures)
    if late or step is None or request is None or present != signature.content_hash:
        audit.record(None, "review.late", story, step=signature.step, seal=signature.seal)
        return
    together = [*rules.live(signatures, story.round), signature]
    passed = signature.verdict == Signature.Verdict.PASSED
    if marks & set(request.people) or (
        passed and not proof.stand(story, rules.flow_of(story), together)
    ):
        raise ForgedStory(_("签名人写过或签过这一稿，没有收入。"))
    _take(story, step, signature, signatures, request)


def _take(
    story: Story,
    step: FlowStep,
    signature: Signature,
    signatures: list[Signature],
    request: ReviewRequest,
) -> None:
    signature.save(force_insert=True)
    passed = signature.verdict == Signature.Verdict.PASSED
    request.state = ReviewRequest.State.PASSED if passed else ReviewRequest.State.RETURNED
    request.closed_at = timezone.now()
    request.save(update_fields=["state", "closed_at", "updated_at"])
    if passed:
        step_passed(None, story, step, signature, signatures)
    else:
        step_returned(None, story, step, signature, signatures)
