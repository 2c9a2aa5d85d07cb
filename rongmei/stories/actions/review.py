"""Submitting, passing, returning, withdrawing: the three reviews."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import actions as archive
from rongmei.exemplars import selectors as exemplars
from rongmei.kernel import audit, db, events
from rongmei.monitoring import actions as monitoring
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import canonical, checking, selectors
from rongmei.stories import events as said
from rongmei.stories import policy as rules
from rongmei.stories.actions import amending, sharing
from rongmei.stories.actions.common import (
    keep_report,
    locked,
    refusals_kept,
    set_waiting,
    signatures_of,
    tell_author,
    tell_reviewers,
    tell_task,
)
from rongmei.stories.errors import (
    AuthorCannotReview,
    BlockingFindings,
    NoClearance,
    NothingToReview,
    NotNamed,
    OnePersonOneStep,
    ReasonMissing,
    StoryChanged,
    WrongState,
    WrongStep,
)
from rongmei.stories.flows import BUILT_IN, Flow, FlowStep
from rongmei.stories.models import Amendment, Check, Signature, Story, StoryState

if TYPE_CHECKING:
    from rongmei.network.models import Member

REREAD_WITHIN: Final = timedelta(hours=2)


def _checked(by: Member, story_id: uuid.UUID) -> tuple[dict[str, Any], checking.Report]:
    """Check the text as it is now, outside of any write, and keep the report with it.

    The report is kept even when the step is then refused: it is what the writer must read.
    """
    story = selectors.story_for(by, story_id)
    content = canonical.content_of(story)
    report = checking.run(story, content)
    known = Check.objects.filter(story=story, content_hash=report.content_hash).first()
    if not story.is_replica and (known is None or known.versions != report.versions):
        with db.write():
            keep_report(story, report)
    return content, report


def _gates(story: Story, content: dict[str, Any], report: checking.Report) -> None:
    """What must hold before any human step: a text, no blocking finding, clearances."""
    if not content["title"].strip() or not canonical.body_text(content).strip():
        raise NothingToReview
    stop_blocked(report)
    problems = exemplars.clearance_problems(
        unit_id=story.unit_id, features_exemplar=story.features_exemplar,
        text=canonical.all_text(content), public=True,
    )  # fmt: skip
    if problems:
        raise NoClearance(_("没有送出，稿件已保存。%(why)s") % {"why": "".join(problems)})


def stop_blocked(report: checking.Report) -> None:
    """Refuse a text with findings that must be dealt with, naming them."""
    if report.blocking:
        words = "、".join(one.found for one in report.findings if one.level == "forbid")
        raise BlockingFindings(
            _(
                "机器检查发现必须处理的问题（%(words)s），没有送出，稿件已保存。请按“检查”栏逐条修改。"
            )
            % {"words": words}
        )


def _take_flow(by: Member, story: Story, urgent: str) -> Flow:
    """Give the story the flow in force for it, in the green channel when a reason is given."""
    flow = selectors.flow_in_force(story.unit_id, story.category)
    if urgent:
        flow = flow.in_green_channel()
        audit.record(by, "story.green", story, reason=urgent, round=story.round)
    story.flow, story.flow_digest = flow.snapshot, flow.digest
    story.green_reason = urgent[:300]
    story.reread_due_at = story.reread_at = story.reread_missed_at = None
    return flow


@refusals_kept
def story_submit(*, by: Member, story_id: uuid.UUID, urgent: str = "") -> Story:
    """Send a draft, or a returned story, to its first review. Machine checks run first.

    It follows the flow that is in force now until it is returned, whatever becomes of that flow.
    With a reason why it is `urgent`, it takes the green channel (绿色通道): the steps before the
    last run side by side, and it is read once more after it went out.
    Raises BlockingFindings, NoClearance, NothingToReview, FlowBroken, WrongState.
    """
    content, report = _checked(by, story_id)
    with db.write():
        story = locked(by, story_id)
        policy.require(by, "stories.write", story)
        if story.state not in rules.WRITABLE:
            raise WrongState
        if story.content_hash != report.content_hash:
            raise StoryChanged
        _gates(story, content, report)
        again = Signature.objects.filter(story=story).exists()
        story.round += 1 if again else 0
        flow = _take_flow(by, story, urgent.strip())
        story.state, story.submitted_at = StoryState(flow.steps[0].stage), timezone.now()
        story.step_revision_id, story.autosaved_revision_id = story.latest_revision_id, None
        story.locked, story.locked_by_id, story.locked_at = False, None, None
        story.version += 1
        story.save()
        audit.record(by, "story.submitted", story, round=story.round, hash=story.content_hash)
        events.publish(
            said.StorySubmitted(
                subject_id=story.pk, unit_id=story.unit_id, title=story.title, state=story.state,
                round=story.round,
            )
        )  # fmt: skip
        set_waiting(story, ())
        tell_reviewers(story, flow.open(()), ())
        tell_task(story)
    return story


def sign(
    by: Member, story: Story, step: FlowStep, verdict: str, opinion: str, proof: Iterable[str]
) -> Signature:
    """Make and keep a signature of `by` over the present text; inside the write."""
    seat = rules.seat_at(by, step, story) or rules.Seat()
    signature = Signature(
        story=story, unit_id=rules.place_of(step, story), round=story.round, step=step.key, verdict=verdict,
        step_name="" if step in BUILT_IN.steps else step.label, flow=story.flow_digest,
        person_id=by.pk, person_name=by.name, author_id=story.author_id,
        for_person=seat.for_person, for_name=seat.for_name,
        role_at=f"{network.unit(by.unit_id).name} {step.label}"[:80], signed_at=timezone.now(),
        content_hash=story.content_hash, revision_id=story.latest_revision_id,
        opinion=opinion.strip(), proof=[str(one)[:200] for one in proof][:50],
        edited=story.revisions.filter(
            user=by, pk__gt=story.step_revision_id or 0
        ).exists(),
    )  # fmt: skip
    signature.seal = canonical.seal_of(signature)
    try:
        signature.save(force_insert=True)
    except IntegrityError as error:
        # The database holds the rule too, should two requests come at the same moment.
        raise OnePersonOneStep from error
    return signature


def require_reviewer(by: Member, story: Story, step: FlowStep, rows: list[Signature]) -> None:
    """The rule: the right step, a seat at it (one's own or lent), not the author, not twice."""
    seat = rules.seat_at(by, step, story)
    if seat is None:
        policy.require(by, step.permission, rules.place_of(step, story))
        raise NotNamed
    rules.require_whole(story)
    if step not in rules.open_steps(story, rows):
        raise WrongStep
    if rules.wrote(by, story):
        raise AuthorCannotReview
    if by.pk in rules.passed_by(rows, story.round):
        raise OnePersonOneStep


@refusals_kept
def story_pass(
    *,
    by: Member,
    story_id: uuid.UUID,
    step: str,
    content_hash: str,
    opinion: str = "",
    proof: Iterable[str] = (),
) -> Story:
    """Pass the story at `step` and sign exactly the text with `content_hash`.

    Three different people, none the author, and the last signature covers what will be published.
    Raises WrongStep, AuthorCannotReview, OnePersonOneStep, StoryChanged, BlockingFindings,
    NoClearance, NotAllowed.
    """
    content, report = _checked(by, story_id)
    closes = rules.flow_of(selectors.story_for(by, story_id)).last.key == step
    prepared = sharing.prepare_for_task(by, story_id) if closes else None
    with db.write():
        story = locked(by, story_id)
        at = rules.flow_of(story).step(step)
        if at is None:
            raise WrongStep
        signatures = signatures_of(story)
        require_reviewer(by, story, at, signatures)
        # Read anew under the lock: a picture's caption may have changed without a new revision.
        present = canonical.hash_of(canonical.content_of(story))
        if not content_hash == story.content_hash == report.content_hash == present:
            raise StoryChanged
        if story.locked and story.locked_by_id not in {None, by.pk}:
            raise StoryChanged
        _gates(story, content, report)
        signature = sign(by, story, at, Signature.Verdict.PASSED, opinion, proof)
        step_passed(by, story, at, signature, signatures, prepared)
    return story


def step_passed(
    by: Member | None,
    story: Story,
    at: FlowStep,
    signature: Signature,
    signatures: list[Signature],
    prepared: sharing.Prepared | None = None,
) -> None:
    """Move the story on by a signature that was just made, here or on another node; inside the write.

    `signatures` are those there were before it.
    """
    opened = rules.open_steps(story, signatures)
    signatures.append(signature)
    story.state = rules.state_at(rules.flow_of(story), signatures, story.round)
    story.step_revision_id = story.latest_revision_id
    story.version += 1
    if story.state == StoryState.SIGNED:
        story.signed_at = signature.signed_at
        if story.green_reason:
            story.reread_due_at = signature.signed_at + REREAD_WITHIN
    story.save()
    set_waiting(story, signatures)
    audit.record(
        by, "story.passed", story, step=at.key, hash=signature.content_hash, seal=signature.seal,
        round=story.round, lent_by=signature.for_name, signer=signature.person_name,
        node=str(signature.home or ""),
    )  # fmt: skip
    _passed(by, story, at, signature.opinion, prepared)
    newly = [one for one in rules.open_steps(story, signatures) if one not in opened]
    tell_reviewers(story, newly, rules.passed_by(signatures, story.round))
    tell_task(story)


def _passed(
    by: Member | None,
    story: Story,
    at: FlowStep,
    opinion: str,
    prepared: sharing.Prepared | None,
) -> None:
    """Say that a step was passed, to the followers of events and to people."""
    events.publish(
        said.StoryPassed(
            subject_id=story.pk,
            unit_id=story.unit_id,
            title=story.title,
            state=story.state,
            step=at.key,
        )
    )
    if story.state == StoryState.SIGNED:
        _signed(by, story, prepared)
    tell_author(
        story, kind="stories.passed",
        title=_("%(step)s已通过：%(title)s") % {"step": at.label, "title": story.title}, body=opinion,
    )  # fmt: skip


def _signed(by: Member | None, story: Story, prepared: sharing.Prepared | None) -> None:
    """What a third signature sets going: kept for good, watched for reprints, sent to who asked."""
    selectors.require_signed(story, public=rules.flow_of(story).public)
    document = archive.document_keep(
        kind="story", identity=f"story:{story.pk}", unit_id=story.unit_id, title=story.title,
        body=story.body_text, source_name=story.origin or network.unit(story.unit_id).name,
        published_at=story.signed_at or timezone.now(), summary=story.summary, language=story.language,
        tags=story.tags, authors=story.byline, subject_id=story.pk, shared=False,
    )  # fmt: skip
    monitoring.watch_register(
        subject_id=story.pk, unit_id=story.unit_id, title=story.title, text=story.body_text,
        since=story.signed_at or timezone.now(), own_document_id=getattr(document, "pk", None),
    )  # fmt: skip
    audit.record(by, "story.signed", story, hash=story.content_hash)
    events.publish(
        said.StorySigned(
            subject_id=story.pk, unit_id=story.unit_id, title=story.title, state=story.state,
            content_hash=story.content_hash,
        )
    )  # fmt: skip
    if prepared is not None:
        sharing.send_prepared(by, story, prepared)


@refusals_kept
def story_return(*, by: Member, story_id: uuid.UUID, reason: str) -> Story:
    """Give the story back to its author with a reason; standing signatures of the round end."""
    if not reason.strip():
        raise ReasonMissing
    with db.write():
        story = locked(by, story_id)
        signatures = signatures_of(story)
        opened = rules.open_steps(story, signatures)
        if not opened:
            policy.require(by, "stories.review_first", story)
            raise WrongState
        step = next((one for one in opened if rules.seat_at(by, one, story)), opened[0])
        require_reviewer(by, story, step, signatures)
        signature = sign(by, story, step, Signature.Verdict.RETURNED, reason, ())
        step_returned(by, story, step, signature, signatures)
    return story


def step_returned(
    by: Member | None,
    story: Story,
    step: FlowStep,
    signature: Signature,
    signatures: list[Signature],
) -> None:
    """Give the story back by a signature that was just made, here or on another node."""
    reason, now = signature.opinion, timezone.now()
    for one in rules.live(signatures, story.round):
        one.voided_at, one.voided_reason = now, _("稿件已退回")
        one.save(update_fields=["voided_at", "voided_reason", "updated_at"])
    story.state = StoryState.RETURNED
    story.version += 1
    story.save()
    set_waiting(story, ())
    audit.record(
        by, "story.returned", story, step=step.key, reason=reason, signer=signature.person_name
    )
    events.publish(
        said.StoryReturned(
            subject_id=story.pk, unit_id=story.unit_id, title=story.title, state=story.state,
            step=step.key, reason=reason,
        )
    )  # fmt: skip
    tell_author(
        story, kind="stories.returned", urgent=True, body=reason,
        title=_("%(step)s退回：%(title)s") % {"step": step.label, "title": story.title},
    )  # fmt: skip
    tell_task(story)


@refusals_kept
def story_withdraw(*, by: Member, story_id: uuid.UUID, reason: str, cause: str = "other") -> Story:
    """Take a story out of use, whatever its state; one signer suffices, a reason is required.

    Who shares the story is told; channels follow the event. `cause` is a code of `causes.CAUSES`.
    """
    if not reason.strip():
        raise ReasonMissing
    amending.require_cause(cause)
    with db.write():
        story = locked(by, story_id)
        policy.require(by, "stories.withdraw", story)
        if story.state == StoryState.WITHDRAWN:
            raise WrongState
        was_signed = story.signed_at is not None
        story.state, story.withdrawn_at = StoryState.WITHDRAWN, timezone.now()
        story.withdrawn_reason = reason.strip()[:300]
        story.version += 1
        story.save()
        set_waiting(story, ())
        amending.amendment_keep(by, story, Amendment.Kind.WITHDRAWAL, cause, reason)
        audit.record(by, "story.withdrawn", story, reason=reason, cause=cause)
        events.publish(
            said.StoryWithdrawn(
                subject_id=story.pk,
                unit_id=story.unit_id,
                title=story.title,
                state=story.state,
                reason=reason,
            )
        )
        if was_signed:
            archive.document_keep(
                kind="story", identity=f"story:{story.pk}", unit_id=story.unit_id,
                title=_("[已撤稿] %(title)s") % {"title": story.title}, body=story.body_text,
                source_name=story.origin or network.unit(story.unit_id).name,
                published_at=story.signed_at or timezone.now(), summary=story.withdrawn_reason,
                language=story.language, tags=[*story.tags, "撤稿"], authors=story.byline,
                subject_id=story.pk, shared=False,
            )  # fmt: skip
        sharing.send_withdrawal(story, reason)
        tell_author(
            story, kind="stories.withdrawn", urgent=True, body=reason,
            title=_("已撤稿：%(title)s") % {"title": story.title},
        )  # fmt: skip
        tell_task(story)
    return story
