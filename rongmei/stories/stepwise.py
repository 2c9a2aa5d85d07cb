"""What was changed at each step of a story's review, and against each step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rongmei.stories import canonical, reading
from rongmei.stories.models import Signature, Story
from rongmei.stories.reading import Difference


@dataclass(frozen=True)
class StepChange:
    """A signature of this round, and what was changed between the text before it and its own."""

    signature: Signature
    differences: tuple[Difference, ...]


def of_round(story: Story, signatures: Sequence[Signature]) -> list[Signature]:
    """This round's signatures over a kept text, oldest first; voided ones and returns too."""
    return [one for one in signatures if one.round == story.round and one.revision_id]


def _submitted_revision(story: Story) -> int | None:
    """The revision that this round began with: the newest one when it was sent in."""
    if story.submitted_at is None:
        return None
    rows = story.revisions.filter(created_at__lte=story.submitted_at).order_by("-pk")
    found: int | None = rows.values_list("pk", flat=True).first()
    return found


def _contents(story: Story, revisions: set[int]) -> dict[int, dict[str, Any]]:
    rows = story.revisions.filter(pk__in=revisions)
    return {one.pk: canonical.content_of(one.as_object()) for one in rows}


def step_changes(story: Story, signatures: Sequence[Signature]) -> list[StepChange]:
    """For each signature of this round, what the reviewers changed before it was given."""
    rows = of_round(story, signatures)
    begun = _submitted_revision(story)
    if not rows or begun is None:
        return []
    wanted = {begun, *(one.revision_id for one in rows if one.revision_id)}
    # Most reviewers change nothing: then there is no text to read.
    texts = _contents(story, wanted) if len(wanted) > 1 else {}
    found, before = [], begun
    for one in rows:
        at = one.revision_id or before
        same = at == before or before not in texts or at not in texts
        changed = () if same else tuple(reading.differences(texts[before], texts[at]))
        found.append(StepChange(one, changed))
        before = at
    return found


def against_present(story: Story, signatures: Sequence[Signature]) -> list[StepChange]:
    """For each signature of this round, what has been changed in the text since it was given."""
    rows = [one for one in of_round(story, signatures) if one.voided_at is None]
    wanted = {one.revision_id for one in rows if one.revision_id != story.latest_revision_id}
    texts = _contents(story, {one for one in wanted if one})
    present = canonical.content_of(story) if texts else {}
    return [
        StepChange(
            one,
            tuple(reading.differences(texts[one.revision_id], present))
            if one.revision_id in texts
            else (),
        )
        for one in rows
    ]
