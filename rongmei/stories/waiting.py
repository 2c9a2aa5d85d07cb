"""A reviewer's day: what waits for one person, in the order it should be taken, and what is simple
enough to be signed with others.

The queue of one person is short against the stories there are, so it is ranked here and not in the
database: deadlines live in other rooms, and a deadline that moves is seen at once.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.planning import selectors as planning
from rongmei.stories import checking, selectors
from rongmei.stories import policy as rules
from rongmei.stories.flows import FlowStep
from rongmei.stories.models import Check, Look, Signature, Story, Waiting

MOST: Final = 2_000
LEVELS: Final = ("forbid", "caution", "hint")
FLAGS: Final = ("late", "green", "exemplar", "fresh", "clean")
Ids = Sequence[uuid.UUID]
SORTS: Final = ("due", "risk", "since")


@dataclass(frozen=True)
class Waits:
    """One story that waits for a person: by when, since when, how risky, and whether they saw it.

    `due_for` says what the deadline comes from: embargo, task or step. `seen` is the hash of the
    text the person looked at last.
    """

    story_id: uuid.UUID
    state: str
    unit_id: uuid.UUID
    since: datetime
    content_hash: str
    green: bool = False
    exemplar: bool = False
    due: datetime | None = None
    due_for: str = ""
    levels: Mapping[str, int] = field(default_factory=dict)
    checked: bool = False
    seen: str = ""
    elsewhere: bool = False

    @property
    def fresh(self) -> bool:
        """Whether the person has not looked at this text yet."""
        return self.seen != self.content_hash

    @property
    def changed(self) -> bool:
        """Whether the text was changed since the person looked at it."""
        return bool(self.seen) and self.fresh

    @property
    def clean(self) -> bool:
        """Whether the machine found nothing in this very text, and nothing about it is special."""
        return self.checked and not self.found and not (self.exemplar or self.green)

    @property
    def found(self) -> int:
        """How many findings the report on this text has."""
        return sum(self.levels.values())

    @property
    def risk(self) -> int:
        """0 for the riskiest: worst finding first, then exemplars, then what nobody checked."""
        for place, level in enumerate(LEVELS):
            if self.levels.get(level):
                return place
        return 3 if self.exemplar else 4 if not self.checked else 5

    def is_late(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.due is not None and self.due < now


_COLUMNS: Final = (
    "pk", "state", "unit_id", "submitted_at", "content_hash", "green_reason", "features_exemplar",
    "embargo_until", "task_id", "home", "created_at",
)  # fmt: skip


def _since(ids: Ids) -> dict[uuid.UUID, datetime]:
    """When each came to the step it waits at: the last signature that still stands."""
    signed = Signature.objects.filter(
        story__in=ids, round=F("story__round"), voided_at=None,
        verdict=Signature.Verdict.PASSED,
    )  # fmt: skip
    return dict(signed.order_by("signed_at").values_list("story_id", "signed_at"))


def levels_of(findings: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many findings there are of each level."""
    levels = [str(one["level"]) for one in findings]
    return {name: levels.count(name) for name in LEVELS}


def _levels(ids: Ids) -> dict[uuid.UUID, dict[str, int]]:
    """How many findings of each level the report on the present text has; without one, left out."""
    found: dict[uuid.UUID, dict[str, int]] = {}
    checks = Check.objects.filter(story__in=ids, content_hash=F("story__content_hash")).order_by(
        "id"
    )
    for story_id, findings in checks.values_list("story_id", "findings"):
        found[story_id] = levels_of(findings)
    return found


def _dues(
    ids: Ids, tasks: Iterable[uuid.UUID]
) -> tuple[dict[uuid.UUID, datetime], dict[uuid.UUID, datetime]]:
    """Deadlines of the steps of flows of the units' own, and of the tasks."""
    waiting = Waiting.objects.filter(story__in=ids, due_at__isnull=False)
    dues = waiting.order_by("-due_at").values_list("story_id", "due_at")
    return {one: at for one, at in dues if at is not None}, planning.due_times(tasks)


def queue_of(member: Any, only: uuid.UUID | None = None) -> list[Waits]:
    """Everything that waits for the member (at most MOST, the longest waiting), as `ranked` orders it;
    or this story alone."""
    rows = selectors.review_queue(member)
    if only is not None:
        rows = rows.filter(pk=only)
    taken = list(rows.values_list(*_COLUMNS)[:MOST])
    if not taken:
        return []
    ids: Ids = [one[0] for one in taken]
    since, levels = _since(ids), _levels(ids)
    steps, tasks = _dues(ids, {one[8] for one in taken if one[8]})
    seen = dict(
        Look.objects.filter(person_id=member.pk, story__in=ids).values_list(
            "story_id", "content_hash"
        )
    )
    found = []
    for pk, state, unit, sent, text, green, exemplar, embargo, task, home, made in taken:
        dues = [(embargo, "embargo"), (tasks.get(task), "task"), (steps.get(pk), "step")]
        due, due_for = min(((at, why) for at, why in dues if at), default=(None, ""))
        found.append(
            Waits(
                pk, state, unit, since.get(pk) or sent or made, text, green=bool(green), exemplar=exemplar,
                due=due, due_for=due_for, levels=levels.get(pk, {}), checked=pk in levels,
                seen=seen.get(pk, ""), elsewhere=home is not None,
            )
        )  # fmt: skip
    return ranked(found)


def ranked(rows: Iterable[Waits], by: str = "due") -> list[Waits]:
    """In the order to take them: the green channel first, then by deadline, then by risk, then as
    they came; or by risk, or by how long they wait."""
    never = timezone.now().replace(year=9999)
    keys = {
        "due": lambda one: (not one.green, one.due or never, one.risk, one.since, one.story_id),
        "risk": lambda one: (one.risk, not one.green, one.due or never, one.since, one.story_id),
        "since": lambda one: (one.since, one.story_id),
    }
    return sorted(rows, key=keys.get(by, keys["due"]))


def flagged(one: Waits, flag: str, now: datetime) -> bool:
    """Whether a filter of the queue holds for it."""
    return {
        "late": one.is_late(now), "green": one.green, "exemplar": one.exemplar,
        "fresh": one.fresh, "clean": one.clean,
    }.get(flag, True)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row of the queue: the story, what is known of its waiting, the step to sign, why it cannot
    be signed together with others ("" when it can), and whether the rules changed since its check."""

    story: Story
    waits: Waits
    step: FlowStep | None
    alone: str
    expired: bool


def rows_of(member: Any, waits: Sequence[Waits]) -> list[Row]:
    """The stories of these rows of the queue, with the step each waits for the member at."""
    if not waits:
        return []
    ids = [one.story_id for one in waits]
    held = selectors.with_open_remarks(selectors.review_queue(member)).filter(pk__in=ids).order_by()
    stories = {one.pk: one for one in held.prefetch_related("signatures")}
    checks = {
        one.story_id: one
        for one in Check.objects.filter(story__in=ids, content_hash=F("story__content_hash"))
    }
    today = checking.versions_of_many(stories.values())
    found = []
    for one in waits:
        story = stories.get(one.story_id)
        # Somebody else may have signed it since the queue was read.
        if story is None:
            continue
        steps = rules.steps_left_to(member, story, selectors.signatures_of(story))
        kept = checks.get(story.pk)
        current = kept if kept is not None and kept.versions == today[story.pk] else None
        alone = why_alone(one, current, talked=bool(getattr(story, "open_remarks", 0)))
        found.append(
            Row(story, one, steps[0] if steps else None, alone, one.checked and current is None)
        )
    return found


def why_alone(waits: Waits, report: Check | None, *, talked: bool) -> str:
    """Why a story must be read and signed by itself; empty when it may be signed with others.

    Only what the machine found nothing in, by today's rules, that holds nobody up as a model, is
    not rushed, has no open remark, and was looked at by this very person as it is now.
    """
    if waits.elsewhere:
        return _("其他节点的稿件，要单独签")
    if waits.exemplar:
        return _("涉先进典型，要单独签")
    if waits.green:
        return _("绿色通道，要单独签")
    if report is None:
        return _("机器检查后文字或规则有变，要单独签")
    if report.findings:
        return _("机器检查有提示，要单独签")
    if talked:
        return _("有没了结的讨论，要单独签")
    if waits.fresh:
        return _("这一版你还没看过，先打开看")
    return ""


def waits_of(member: Any, story_id: uuid.UUID) -> Row | None:
    """One story of the member's queue; None when it does not wait for them."""
    found = rows_of(member, queue_of(member, story_id))
    return found[0] if found else None
