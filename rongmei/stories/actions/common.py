"""What the verbs share: locking a story, its checks, telling planning, and noting refusals."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound, RongmeiError
from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.planning import actions as planning
from rongmei.stories import canonical, selectors
from rongmei.stories import policy as rules
from rongmei.stories.checking import Report
from rongmei.stories.errors import StoryIsReplica
from rongmei.stories.flows import FlowStep
from rongmei.stories.models import Check, Signature, Story, Waiting

P = ParamSpec("P")
R = TypeVar("R")


def refusals_kept(action: Callable[P, R]) -> Callable[P, R]:
    """Leave an audit line when the verb is refused: who tried what on which story, and why not.

    Input errors are left out: they say nothing about rules.
    """

    @wraps(action)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(*args, **kwargs)
        except BadInput:
            raise
        except RongmeiError as refused:
            by: Any = kwargs.get("by")
            story_id: Any = kwargs.get("story_id")
            with db.write():
                story = Story.objects.filter(pk=story_id).first()
                audit.record(
                    by, "story.refused", story, unit_id=getattr(by, "unit_id", None) if story is None else None,
                    verb=action.__name__, reason=refused.code, story=str(story_id),
                )  # fmt: skip
            raise

    return tried


def locked(by: Any, story_id: uuid.UUID) -> Story:
    """The story's row, locked, if the member may see it; replicas are refused."""
    story = Story.objects.select_for_update().filter(pk=story_id).first()
    if story is None or not selectors.may_see(by, story):
        raise NotFound
    if story.is_replica:
        raise StoryIsReplica
    return story


def signatures_of(story: Story) -> list[Signature]:
    """All signatures of the story, oldest first."""
    return list(Signature.objects.filter(story=story).order_by("signed_at", "id"))


def keep_report(story: Story, report: Report) -> Check:
    """Put the machine's report beside the text it is about."""
    Check.objects.filter(story=story, content_hash=report.content_hash).delete()
    return Check.objects.create(
        story=story, unit_id=story.unit_id, content_hash=report.content_hash,
        findings=[one.as_json() for one in report.findings], versions=report.versions,
        blocking=report.blocking, took_ms=report.took_ms,
    )  # fmt: skip


def address(story: Story) -> str:
    """Where the story is on the desk."""
    return reverse("stories:story", args=[story.pk])


def refresh(story: Story) -> dict[str, Any]:
    """Set what follows from the text (hash, plain text, length); return the canonical content."""
    content = canonical.content_of(story)
    story.content_hash = canonical.hash_of(content)
    return content


def tell_task(story: Story) -> None:
    """Tell planning how the story made for a task stands."""
    if story.task_id:
        planning.task_story_progress(
            task_id=story.task_id,
            story_id=story.pk,
            story_title=story.title,
            story_state=story.state,
        )


def tell_author(
    story: Story, *, kind: str, title: str, body: str = "", urgent: bool = False, key: str = ""
) -> None:
    """A notice to the author, while they write for the unit."""
    writers = policy.members_with("stories.write", story.unit_id)
    network.notify(
        [one for one in writers if one.pk == story.author_id], kind=kind, title=title, body=body,
        url=address(story), urgent=urgent, subject_id=story.pk, key=key,
    )  # fmt: skip


def reviewers_of(step: FlowStep, story: Story) -> list[Any]:
    """Who may sign this step, the author left out: those who hold it, lent people, delegates."""
    held = policy.members_with(step.permission, rules.place_of(step, story), lent=True)
    named = [one for one in held if not step.people or str(one.pk) in step.people]
    both = (*named, *rules.delegates_for(step, story))
    return [one for one in both if one.pk != story.author_id]


def tell_reviewers(story: Story, steps: Iterable[FlowStep], without: Iterable[uuid.UUID]) -> None:
    """A notice to those who may sign these steps, once for each text that waits; also to those whom
    another unit lends for it, and to delegates."""
    out = set(without)
    for step in steps:
        people = [one for one in reviewers_of(step, story) if one.pk not in out]
        network.notify(
            people, kind="stories.review", url=reverse("review:story", args=[story.pk]),
            subject_id=story.pk, title=_("%(step)s:%(title)s") % {"step": step.waits, "title": story.title},
            key=f"review:{story.pk}:{story.round}:{step.key}:{story.content_hash[:12]}",
        )  # fmt: skip


def set_waiting(story: Story, signatures: Iterable[Signature]) -> None:
    """Write down which steps of a flow of the unit's own the story waits at now."""
    if not story.flow_digest:
        return
    before = Waiting.objects.filter(story=story)
    # Of steps side by side, the time of one that still waits runs on when another is signed.
    running = dict(before.filter(due_at__isnull=False).values_list("step", "due_at"))
    before.delete()
    now = timezone.now()
    Waiting.objects.bulk_create(
        Waiting(
            story=story, step=step.key, permission=step.permission, person_id=person,
            due_at=running.get(step.key) or (now + timedelta(hours=step.hours) if step.hours else None),
            unit_id=step.unit_id,
        )
        for step in rules.open_steps(story, signatures)
        for person in (*map(uuid.UUID, step.people),) or (None,)
    )  # fmt: skip
