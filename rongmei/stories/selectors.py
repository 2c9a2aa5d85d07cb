"""Reads of the stories room; every one begins with what the member may see."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from rongmei.kernel.errors import NotFound
from rongmei.kernel.rows import named_in_lists
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.types import UnitKind
from rongmei.stories import canonical, flows, links, package, proof
from rongmei.stories import policy as rules
from rongmei.stories.errors import FlowBroken, NotSigned
from rongmei.stories.flows import Flow
from rongmei.stories.models import (
    Amendment,
    Check,
    Comment,
    Delegation,
    ReviewFlow,
    ReviewRequest,
    Signature,
    Story,
    StoryState,
    Waiting,
)
from rongmei.stories.submission_rows import Submission, SubmissionState
from rongmei.stories.types import SignedPackage

# What a list does not need, and what is long.
_HEAVY = ("body", "body_text", "document_ids")


def _publishes_for_all(member: Any) -> bool:
    """Whether the member publishes at the platform or HQ, where shared stories are offered."""
    units = policy.units_for(member, "channels.publish")
    if not units:
        return False
    return network.units().filter(pk__in=units, kind__in=[UnitKind.PLATFORM, UnitKind.HQ]).exists()


def _scope(member: Any) -> Q:
    scope = Q(unit__in=policy.units_for(member, "stories.view"))
    if getattr(member, "pk", None):
        scope |= Q(author_id=member.pk)
    if _publishes_for_all(member):
        scope |= Q(shared_at__isnull=False, state__in=[StoryState.SIGNED, StoryState.WITHDRAWN])
    return scope


def stories_visible_to(member: Any) -> QuerySet[Story]:
    """Stories the member may read: of units in reach, their own, and those offered to them."""
    return Story.objects.filter(_scope(member)).select_related("unit")


def stories_listed_to(member: Any) -> QuerySet[Story]:
    """The same without the long columns, for lists."""
    return stories_visible_to(member).defer(*_HEAVY)


def may_see(member: Any, story: Story) -> bool:
    """Whether this row is in the member's scope."""
    if policy.allows(member, "stories.view", story) or story.author_id == member.pk:
        return True
    return stories_visible_to(member).filter(pk=story.pk).exists()


def story_for(member: Any, story_id: uuid.UUID) -> Story:
    """One story, or NotFound."""
    found = stories_visible_to(member).filter(pk=story_id).first()
    if found is None:
        raise NotFound
    return found


def stories_for(member: Any, ids: Collection[uuid.UUID]) -> list[Story]:
    """These stories in the order asked; NotFound when one is not the member's to read."""
    rows = {one.pk: one for one in stories_visible_to(member).filter(pk__in=set(ids))}
    if set(ids) - set(rows):
        raise NotFound
    return [rows[one] for one in dict.fromkeys(ids)]


def _reach(
    member: Any,
) -> Iterator[tuple[str, Collection[uuid.UUID], set[uuid.UUID], uuid.UUID | None]]:
    """(permission, units, who the member may sign as, who lent it): own rights, then lent ones."""
    for permission in rules.REVIEWS:
        units = policy.units_for(member, permission)
        if units:
            yield permission, units, {member.pk}, None
    for one in rules.delegations_to(member):
        yield one.permission, {one.unit_id}, {one.from_id}, one.from_id


def _whole(row: ReviewFlow) -> Flow:
    """The flow a version says, unless it was changed behind the rules: then nothing follows it."""
    flow = flows.of(row.content)
    if flow.digest != row.digest or flows.flow_check(flow):
        raise FlowBroken
    return flow


def flow_in_force(unit_id: uuid.UUID, category: str) -> Flow:
    """The flow a story of this unit and 栏目 would follow if submitted now.

    The nearest unit upward that has one decides; there, one for the 栏目 comes before the general.
    Raises FlowBroken when the row was changed behind the rules.
    """
    chain = [unit_id, *policy.tree().above(unit_id)]
    rows = ReviewFlow.objects.filter(
        unit__in=chain, category__in={"", category}, state=ReviewFlow.State.PUBLISHED,
        retired_at=None, home=None,
    )  # fmt: skip
    found = sorted(rows, key=lambda one: (chain.index(one.unit_id), not one.category))
    return _whole(found[0]) if found else flows.BUILT_IN


def flows_visible_to(member: Any) -> QuerySet[ReviewFlow]:
    """Versions of the units whose flows the member manages, newest first."""
    units = policy.units_for(member, "stories.manage_flows")
    return ReviewFlow.objects.filter(unit__in=units).select_related("unit")


def flow_for(member: Any, flow_id: uuid.UUID) -> ReviewFlow:
    """One version, or NotFound."""
    found = flows_visible_to(member).filter(pk=flow_id).first()
    if found is None:
        raise NotFound
    return found


def delegations_visible_to(member: Any) -> QuerySet[Delegation]:
    """What the member lends or is lent, and what is lent at units whose flows they manage."""
    units = policy.units_for(member, "stories.manage_flows")
    scope = Q(from_id=member.pk) | Q(to_id=member.pk) | Q(unit__in=units)
    return Delegation.objects.filter(scope).select_related("unit")


def rereads_due(member: Any) -> QuerySet[Story]:
    """Stories that went out by the green channel and wait for their second reading."""
    rows = stories_listed_to(member).filter(state=StoryState.SIGNED, reread_at=None)
    return rows.filter(reread_due_at__isnull=False).order_by("reread_due_at")


def _requests(permission: str, units: Collection[uuid.UUID]) -> Any:
    rows = ReviewRequest.objects.filter(
        permission=permission, to_unit__in=units, state=ReviewRequest.State.OPEN
    )
    return rows.exclude(home=None).values("story")


def review_queue(member: Any) -> QuerySet[Story]:
    """Stories that wait for this member's signature, longest waiting first."""
    waits = Q()
    for permission, units, people, lender in _reach(member):
        step = next(one for one, name in rules.STEP_PERMISSION.items() if name == permission)
        named = Q(person_id=None) | Q(person_id__in=people)
        own = Waiting.objects.filter(named, permission=permission)
        here = Q(flow_digest="", state=StoryState(step.value))
        here |= Q(pk__in=own.filter(unit_id=None).values("story"))
        # Steps that the flow gives to a unit above, and those that another node asks a unit of ours to sign.
        placed = Q(pk__in=own.filter(unit_id__in=units).values("story"))
        asked = _requests(permission, units)
        mine_too = Q(home=None) & (here & Q(unit__in=units) | placed) | Q(pk__in=asked)
        waits |= mine_too & ~Q(author_id=lender) if lender else mine_too
    if not waits:
        return Story.objects.none()
    mine = Signature.objects.filter(
        story=OuterRef("pk"), round=OuterRef("round"), person_id=member.pk,
        verdict=Signature.Verdict.PASSED, voided_at=None,
    )  # fmt: skip
    # What waits is in review: said once more, because the index on it leaves a few rows of very many.
    rows = Story.objects.filter(waits, state__in=rules.IN_REVIEW).exclude(author_id=member.pk)
    sent = Submission.objects.filter(story=OuterRef("pk"), author_id=member.pk)
    rows = rows.exclude(Exists(mine)).exclude(Exists(sent)).select_related("unit").defer(*_HEAVY)
    return rows.order_by("submitted_at", "id")


def waiting_for(member: Any) -> int:
    """How many stories wait for the member's signature: the badge of the rail."""
    return review_queue(member).order_by().count()


def submissions_to_answer(member: Any) -> QuerySet[Submission]:
    """Submissions that wait for an answer of the member's desks, the soonest due first."""
    rows = Submission.objects.filter(unit__in=policy.units_for(member, "stories.desk"))
    rows = rows.filter(state__in=[SubmissionState.SENT, SubmissionState.TAKEN])
    rows = rows.exclude(author_id=member.pk).select_related("from_unit").defer("text")
    return rows.order_by("answer_due_at", "id")


def submissions_to_change(member: Any) -> QuerySet[Submission]:
    """The member's own pieces that an editor gave back."""
    rows = Submission.objects.filter(author_id=member.pk, state=SubmissionState.ASKED)
    return rows.select_related("unit").defer("text").order_by("updated_at")


def signatures_of(story: Story) -> list[Signature]:
    """All signatures, oldest first; kept on the object for the rest of the request."""
    return list(story.signatures.all())


def standing_signatures(story: Story) -> list[Signature]:
    """Signatures of the present round that passed and still stand, in step order."""
    rows = rules.live(Signature.objects.filter(story=story), story.round)
    order = [one.key for one in rules.flow_of(story).steps]
    return sorted(rows, key=lambda one: order.index(one.step) if one.step in order else len(order))


def require_signed(story: Story, *, public: bool = True) -> list[Signature]:
    """The signatures of every step of the story's flow, or NotSigned.

    Everything `proof.proves` asks, over exactly the text as it is now (recomputed, never read from
    the row alone). What is to be published must have gone through a flow for public news.
    """
    rows = standing_signatures(story)
    present = canonical.hash_of(canonical.content_of(story))
    flow = rules.flow_of(story)
    fine = (
        story.state == StoryState.SIGNED
        and (flow.public or not public)
        and flow.digest == story.flow_digest
        and present == story.content_hash
        and proof.proves(story, flow, rows, present)
        and proof.chained(story, rows)
    )
    if not fine:
        raise NotSigned
    return rows


def signed_package(story_id: uuid.UUID) -> SignedPackage:
    """The story as it may be published. Makes picture renditions: never call it inside a write.

    Raises NotFound, and NotSigned unless the final signature covers exactly the present text.
    """
    story = Story.objects.filter(pk=story_id).select_related("unit").first()
    if story is None:
        raise NotFound
    return package.build(story, require_signed(story))


def package_visible_to(member: Any, story_id: uuid.UUID) -> SignedPackage:
    """The signed package of a story this member may read."""
    return signed_package(story_for(member, story_id).pk)


def signed_stories_for_platform(member: Any) -> QuerySet[Story]:
    """Signed stories the member may publish: of the own unit, and those offered to the platform."""
    scope = Q(unit__in=policy.units_for(member, "channels.publish"))
    if _publishes_for_all(member):
        scope |= Q(shared_at__isnull=False)
    rows = Story.objects.filter(scope, state=StoryState.SIGNED).select_related("unit")
    return rows.defer(*_HEAVY).order_by("-signed_at", "-id")


def latest_check(story: Story) -> Check | None:
    """The machine's report on the present text, if it was made."""
    return Check.objects.filter(story=story, content_hash=story.content_hash).first()


def was_signed_off(story: Story) -> bool:
    """Whether a text of the story has ever had its last signature, whatever became of it since."""
    if story.signed_at is not None:
        return True
    last = rules.flow_of(story).last.key
    passed = Signature.objects.filter(story=story, verdict=Signature.Verdict.PASSED, step=last)
    return passed.exists()


def amendments_of(story: Story) -> QuerySet[Amendment]:
    """Corrections and the withdrawal, newest first."""
    return Amendment.objects.filter(story=story)


def comments_of(story: Story) -> QuerySet[Comment]:
    """Remarks and answers, oldest first."""
    return Comment.objects.filter(story=story)


def with_open_remarks(rows: QuerySet[Story]) -> QuerySet[Story]:
    """The same stories, each with the number of remarks on it that wait: `open_remarks`."""
    waiting = Comment.objects.filter(story=OuterRef("pk"), parent=None, settled_at=None)
    counted = waiting.order_by().values("story").annotate(n=Count("pk")).values("n")
    return rows.annotate(open_remarks=Coalesce(Subquery(counted), 0))


def stories_of_task(member: Any, task_id: uuid.UUID) -> QuerySet[Story]:
    """Stories written for a task, as far as the member may see them."""
    return stories_listed_to(member).filter(task_id=task_id)


def related_ids(story_id: uuid.UUID) -> list[tuple[str, uuid.UUID]]:
    """(translation, before or after; id) of the stories beside one; for rooms that show only what is
    public of them."""
    return links.related_ids(story_id)


def first_signed(unit_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each unit's first story was signed off: a mark on its road map, no story is named."""
    rows = Story.objects.filter(unit__in=unit_ids, signed_at__isnull=False)
    return dict(rows.order_by().values_list("unit").annotate(at=Min("signed_at")))


def documents_of_stories(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, those that a story was written from."""
    found = named_in_lists(Story, "document_ids", [str(one) for one in ids])
    return {uuid.UUID(one) for one in found}
