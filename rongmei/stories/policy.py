"""Who may do what to a story at which step: the three-person rule as functions of rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final

from rongmei.network import policy
from rongmei.stories.models import Signature, Step, Story, StoryState

STEP_PERMISSION: Final = {
    Step.FIRST: "stories.review_first",
    Step.SECOND: "stories.review_second",
    Step.FINAL: "stories.review_final",
}
ORDER: Final = (Step.FIRST, Step.SECOND, Step.FINAL)
IN_REVIEW: Final = frozenset({StoryState.FIRST, StoryState.SECOND, StoryState.FINAL})
WRITABLE: Final = frozenset({StoryState.DRAFT, StoryState.RETURNED})
REVIEWS: Final = tuple(STEP_PERMISSION.values())


def step_of(story: Story) -> Step | None:
    """The step the story waits at, or None."""
    return Step(story.state) if story.state in IN_REVIEW else None


def after(step: Step) -> StoryState:
    """The state that passing this step leads to."""
    following = {Step.FIRST: StoryState.SECOND, Step.SECOND: StoryState.FINAL}
    return following.get(step, StoryState.SIGNED)


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


def may_review(member: Any, story: Story, signatures: Iterable[Signature]) -> bool:
    """Whether the member may sign the step the story waits at."""
    step = step_of(story)
    if step is None or story.is_replica or member.pk == story.author_id:
        return False
    if member.pk in passed_by(signatures, story.round):
        return False
    return policy.allows(member, STEP_PERMISSION[step], story)


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
        final = policy.allows(member, STEP_PERMISSION[Step.FINAL], story)
        others = [one for one in live(rows, story.round) if one.step != Step.FINAL]
        earlier = {one.person_id for one in others}
        return final and member.pk != story.author_id and member.pk not in earlier
    return False
