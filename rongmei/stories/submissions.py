"""Reads of submissions, and how their course reads to people: each starts from what one may see."""

from __future__ import annotations

import statistics
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.assets import selectors as assets
from rongmei.kernel import plugins
from rongmei.kernel.errors import NotFound
from rongmei.kernel.ui.shapes import Step as Stop
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import checking, evasion, five_questions, reading, selectors
from rongmei.stories.models import StoryState
from rongmei.stories.submission_rows import (
    AnswerReason,
    Submission,
    SubmissionEntry,
    SubmissionState,
)

if TYPE_CHECKING:
    from rongmei.network.models import Member, Unit

ANSWER_WITHIN: Final = timedelta(hours=24)
WITH_DESK: Final = (SubmissionState.SENT, SubmissionState.TAKEN)
WRITABLE: Final = (SubmissionState.DRAFT, SubmissionState.ASKED)
USED: Final = (SubmissionState.ADOPTED, SubmissionState.MERGED)
Kind = SubmissionEntry.Kind


def own(member: Any) -> QuerySet[Submission]:
    """What the member wrote, drafts too, last changed first."""
    rows = Submission.objects.filter(author_id=member.pk).select_related("unit", "from_unit")
    return rows.order_by("-updated_at", "-id")


def inbox(member: Any) -> QuerySet[Submission]:
    """What was sent to the desks the member works at, the longest waiting first."""
    units = policy.units_for(member, "stories.desk")
    rows = Submission.objects.filter(unit__in=units).exclude(state=SubmissionState.DRAFT)
    return rows.select_related("unit", "from_unit").defer("text").order_by("sent_at", "id")


def waiting_for(member: Any) -> int:
    """How many submissions wait for an answer of the member's desks: the badge of the rail."""
    return selectors.submissions_to_answer(member).order_by().count()


def submission_for(member: Any, submission_id: uuid.UUID) -> Submission:
    """One submission: the author's own, or one that was sent to the member's desk; or NotFound."""
    units = policy.units_for(member, "stories.desk")
    at_desk = Q(unit__in=units) & ~Q(state=SubmissionState.DRAFT)
    rows = Submission.objects.filter(Q(author_id=member.pk) | at_desk, pk=submission_id)
    found = rows.select_related("unit", "from_unit", "story", "story__unit").first()
    if found is None:
        raise NotFound
    return found


def ways_for(member: Any) -> dict[uuid.UUID, uuid.UUID]:
    """Units the member's pieces may go to, with the unit they come from: theirs, and those above."""
    tree = policy.tree()
    found: dict[uuid.UUID, uuid.UUID] = {}
    for unit in sorted(policy.units_for(member, "stories.submit"), key=str):
        found[unit] = unit
        for above in tree.above(unit):
            found.setdefault(above, unit)
    return found


def desks_for(member: Member) -> list[Unit]:
    """Where the member may send to: units of this node, theirs or above, where somebody else takes
    submissions; their own first."""
    ways = ways_for(member)
    chain = sorted(ways, key=lambda one: ways[one] != one)
    units = {one.pk: one for one in network.units().filter(pk__in=chain)}
    return [
        units[one]
        for one in chain
        if one in units
        and network.is_local(one)
        and any(who.pk != member.pk for who in policy.members_with("stories.desk", one))
    ]


def entries_of(submission: Submission) -> list[SubmissionEntry]:
    """Every step, oldest first."""
    return list(submission.entries.all())


def last_answers(rows: Sequence[Submission]) -> dict[uuid.UUID, SubmissionEntry]:
    """The newest step with a reason, by submission (one query)."""
    steps = SubmissionEntry.objects.filter(submission__in=rows).exclude(reason="").order_by("id")
    return {one.submission_id: one for one in steps}


def mergeable(member: Any, submission: Submission) -> QuerySet[Any]:
    """Stories of the desk's unit that the submission can still become a part of."""
    rows = selectors.stories_listed_to(member).filter(unit=submission.unit_id, home=None)
    return rows.filter(state__in=[StoryState.DRAFT, StoryState.RETURNED]).order_by("-updated_at")


def reasons_for(unit_id: uuid.UUID, kind: str = "") -> list[AnswerReason]:
    """Reasons in use at a unit: its own and those of the units above."""
    rows = AnswerReason.objects.filter(
        unit__in=[unit_id, *policy.tree().above(unit_id)], retired_at=None
    ).select_related("unit")
    return list(rows.filter(kind=kind) if kind else rows)


def reasons_visible_to(member: Any) -> QuerySet[AnswerReason]:
    """Reasons in use at the desks the member works at."""
    tree, units = policy.tree(), policy.units_for(member, "stories.desk")
    chain = {one for unit in units for one in (unit, *tree.above(unit))}
    return AnswerReason.objects.filter(unit__in=chain, retired_at=None).select_related("unit")


@dataclass(frozen=True)
class Offered:
    """A reason to pick from, with its example."""

    kind: str
    words: str
    example: str


@cache
def shipped_reasons() -> tuple[Offered, ...]:
    """Those that every desk starts with (`answer_reasons.tsv`)."""
    return tuple(Offered(**row) for row in evasion.table("answer_reasons.tsv"))


def answers_offered(unit_id: uuid.UUID) -> list[Offered]:
    """What an editor of the unit may pick from: its own reasons first, then the shipped ones."""
    own = [Offered(one.kind, one.words, one.example) for one in reasons_for(unit_id)]
    return [*own, *shipped_reasons()]


def look_over(member: Any, title: str, text: str, place: str) -> list[dict[str, str]]:
    """What the machine says before a piece is sent: wording, personal data, the five questions."""
    policy.require(member, "stories.submit")
    found = checking.run_on(member.unit_id, (("title", title), ("body", text), ("place", place)))
    said = [
        {
            "level": one.level.value, "found": one.found, "advice": _(one.advice),
            "suggestion": one.suggestion,
        }
        for one in found
    ]  # fmt: skip
    hints = five_questions.unanswered(text, place) if text.strip() else []
    return said + [
        {"level": "hint", "found": "", "advice": _(five_questions.ADVICE[key]), "suggestion": ""}
        for key in hints
    ]


def pictures_of(submission: Submission) -> list[dict[str, Any]]:
    """Its pictures and clips with their captions, for a page; those that are gone are left out."""
    shown: list[dict[str, Any]] = []
    found = assets.pictures_by_uid(one["uid"] for one in submission.pictures)
    ids = [one["uid"] for one in submission.pictures if one.get("kind") == "clip"]
    clips = assets.clips_by_id(ids) if ids else {}
    for one in submission.pictures:
        clip = clips.get(str(one["uid"]))
        if clip is not None:
            address = assets.clip_address(clip)
            shown.append({"caption": one.get("caption", ""), "clip": clip, "url": address})
            continue
        picture = found.get(str(one["uid"]))
        if picture is not None:
            small = assets.rendition_of(picture, "max-800x800")
            shown.append({"caption": one.get("caption", ""), "picture": picture, **small})
    return shown


@dataclass(frozen=True)
class Figures:
    """How a desk answered in the last days. None is "nothing to reckon from"."""

    sent: int
    answered: int
    late: int
    used: int
    decided: int
    median: timedelta | None

    @property
    def share(self) -> float | None:
        """Which part of what was decided was used."""
        return self.used / self.decided if self.decided else None


def figures(unit_ids: Iterable[uuid.UUID], *, days: int = 30) -> Figures:
    """Of what was sent to these desks in the last `days`: answers, how soon, how much was used."""
    since = timezone.now() - timedelta(days=days)
    return _figures(Submission.objects.filter(unit__in=list(unit_ids), sent_at__gte=since))


def figures_of(member: Any, *, days: int = 365) -> Figures:
    """The same for what one correspondent sent."""
    since = timezone.now() - timedelta(days=days)
    return _figures(Submission.objects.filter(author_id=member.pk, sent_at__gte=since))


def _figures(rows: QuerySet[Submission]) -> Figures:
    over = SubmissionEntry.objects.filter(submission=OuterRef("pk"), kind=Kind.OVERDUE)
    found = rows.order_by().aggregate(
        sent=Count("pk"), answered=Count("pk", filter=Q(first_answer_at__isnull=False)),
        late=Count("pk", filter=Q(Exists(over))), used=Count("pk", filter=Q(state__in=USED)),
        decided=Count("pk", filter=Q(decided_at__isnull=False)),
    )  # fmt: skip
    times = rows.filter(first_answer_at__isnull=False).order_by()
    pairs = times.values_list("sent_at", "first_answer_at")
    spans = [(end - start).total_seconds() for start, end in pairs if start and end]
    median = timedelta(seconds=statistics.median(spans)) if spans else None
    return Figures(**found, median=median)


def course(submission: Submission, entries: Sequence[SubmissionEntry]) -> list[Stop]:
    """Where the piece is, as a courier would tell it: 收到 → 编辑在看 → 采用 → 审核 → 签发 → 发布 → 传播."""
    sent = [one for one in entries if one.kind in {Kind.SENT, Kind.SENT_AGAIN}]
    if not sent:
        return [Stop(_("写稿"), "now", submission.author_name, submission.updated_at)]
    stops = [Stop(_("收到"), "done", submission.author_name, sent[0].created_at)]
    stops += _at_the_desk(submission, entries)
    story = submission.story
    if story is not None:
        written, *after = reading.course(story, selectors.signatures_of(story))
        stops += (
            [Stop(_("改稿"), "now", story.author_name), *after] if written.state == "now" else after
        )
        for fate in plugins.manager.hook.register_story_fates():
            for one in fate:
                stops += one.read([story.pk]).get(story.pk) or [Stop(str(one.label))]
    elif submission.state in {*WITH_DESK, SubmissionState.ASKED}:
        stops += [Stop(one) for one in (_("采用"), _("审核"), _("签发"), _("发布"))]
    return stops


def _at_the_desk(submission: Submission, entries: Sequence[SubmissionEntry]) -> list[Stop]:
    stops: list[Stop] = []
    last = {one.kind: one for one in entries}
    before = entries[0].created_at
    taken = last.get(Kind.TAKEN)
    if taken is not None:
        now = submission.state == SubmissionState.TAKEN
        due = submission.answer_due_at if now else None
        took = taken.created_at - before
        stops.append(
            Stop(
                _("编辑在看"),
                "now" if now else "done",
                taken.person_name,
                taken.created_at,
                took,
                due,
            )
        )
        before = taken.created_at
    elif submission.state == SubmissionState.SENT:
        stops.append(
            Stop(_("等编辑看"), "now", submission.unit.label, due=submission.answer_due_at)
        )
    if submission.state == SubmissionState.ASKED:
        asked = last[Kind.ASKED]
        took = asked.created_at - before
        stops.append(
            Stop(
                _("退改"), "now", asked.person_name, asked.created_at, took, note=asked.reason[:60]
            )
        )
    for kind in (Kind.ADOPTED, Kind.MERGED, Kind.DECLINED, Kind.WITHDRAWN):
        one = last.get(kind)
        if one is not None:
            took, note = one.created_at - before, one.reason[:60]
            used = kind in {Kind.ADOPTED, Kind.MERGED}
            label = str(one.get_kind_display())
            stops.append(
                Stop(
                    label,
                    "done" if used else "failed",
                    one.person_name,
                    one.created_at,
                    took,
                    note=note,
                )
            )
    return stops


def next_words(submission: Submission) -> str:
    """What happens next, and who has to do it, in one sentence for the author."""
    state, desk = submission.state, submission.unit.label
    if state == SubmissionState.DRAFT:
        return _("还没有送出。写好后送给%(desk)s。") % {"desk": desk}
    if state in WITH_DESK and submission.is_overdue:
        return _("编辑还没有答复，已超过承诺的 24 小时，并已提醒%(desk)s负责人。") % {"desk": desk}
    if state in WITH_DESK:
        return _("等%(desk)s的编辑答复，最迟 24 小时内会有。") % {"desk": desk}
    if state == SubmissionState.ASKED:
        return _("请按编辑的意见修改后再送。")
    if state == SubmissionState.DECLINED:
        return _("这篇没有采用，理由见下。可以照着改成新的一篇。")
    if state == SubmissionState.WITHDRAWN:
        return _("已按你的要求撤回。")
    story = submission.story
    if story is not None and story.state == StoryState.SIGNED:
        return _("已签发，等发布；发布后这里会有地址。")
    return _("已采用，正在审核；通过和退回都会通知你。")


def overdue_now(now: datetime) -> QuerySet[Submission]:
    """Submissions whose answer is late and whose desk was not yet told."""
    return Submission.objects.filter(
        answer_due_at__lt=now, overdue_at=None, state__in=WITH_DESK, home=None
    )
