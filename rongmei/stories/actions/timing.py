"""Steps that take longer than their flow allows: reviewers are told, then whoever signs the unit's stories off."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.stories import policy as rules
from rongmei.stories.actions.common import reviewers_of, signatures_of
from rongmei.stories.flows import FlowStep
from rongmei.stories.models import Story, Waiting

# A node that was down for less than this tells what became late meanwhile; longer ago is old news.
LOOKS_BACK: Final = timedelta(hours=12)
MOST: Final = 200
HEAD: Final = "stories.review_final"


@dataclass(frozen=True)
class _Late:
    """A step of a story past its time; `twice` when twice its time is over."""

    story_id: uuid.UUID
    step: str
    twice: bool


def _late(now: datetime) -> Iterator[_Late]:
    """Steps whose time, or twice their time, ran out lately."""
    rows = Waiting.objects.filter(
        due_at__lt=now, due_at__gt=now - timedelta(days=62), story__home=None
    )
    seen = set[tuple[uuid.UUID, str]]()
    for row in rows.select_related("story").defer("story__body", "story__body_text"):
        step = rules.flow_of(row.story).step(row.step)
        if step is None or row.due_at is None or (row.story_id, row.step) in seen:
            continue
        seen.add((row.story_id, row.step))
        over = now - row.due_at
        again = over - timedelta(hours=step.hours)
        if over < LOOKS_BACK or timedelta(0) <= again < LOOKS_BACK:
            yield _Late(row.story_id, row.step, again >= timedelta(0))


def steps_late() -> int:
    """Tell, once for each text, those who may sign a step that is past its time; when as much time
    again has passed, those who sign the unit's stories off. Return how many steps were told of."""
    now, told = timezone.now(), 0
    for late in list(_late(now))[:MOST]:
        with db.write():
            story = Story.objects.select_for_update().filter(pk=late.story_id).first()
            if story is None:
                continue
            signatures = signatures_of(story)
            open_ = {one.key: one for one in rules.open_steps(story, signatures)}
            step = open_.get(late.step)
            # Signed since, or not its turn any more.
            if step is None:
                continue
            told += _tell(story, step, rules.passed_by(signatures, story.round), twice=late.twice)
    return told


def _tell(story: Story, step: FlowStep, without: set[uuid.UUID], *, twice: bool) -> int:
    people = [one for one in reviewers_of(step, story) if one.pk not in without]
    if twice:
        heads = policy.members_with(HEAD, story.unit_id, lent=True)
        people += [one for one in heads if one.pk != story.author_id]
    stage = "head" if twice else "late"
    made = network.notify(
        people, kind="stories.step_late", urgent=True, subject_id=story.pk,
        url=reverse("review:story", args=[story.pk]),
        title=_("%(step)s超过 %(n)s 小时：%(title)s")
        % {"step": step.label, "n": step.hours * (2 if twice else 1), "title": story.title},
        key=f"{stage}:{story.pk}:{story.round}:{step.key}:{story.content_hash[:12]}",
    )  # fmt: skip
    if not made:
        return 0
    audit.record(None, "story.step_late", story, step=step.key, hours=step.hours, twice=twice)
    return 1
