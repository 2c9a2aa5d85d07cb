"""How a story's course reads to people: the courier strip, its history, readable differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from rongmei.kernel.errors import NotFound
from rongmei.kernel.ui.shapes import Step as Stop
from rongmei.network import selectors as network
from rongmei.stories import canonical, comparing
from rongmei.stories import policy as rules
from rongmei.stories.comparing import Comparison, Row, Segment
from rongmei.stories.flows import FlowStep
from rongmei.stories.models import Signature, Story, StoryState


def course(story: Story, signatures: Sequence[Signature]) -> list[Stop]:
    """Where the story is, as a courier would tell it: done, now, next."""
    stops = [Stop(_("写稿"), "done", story.author_name, story.created_at)]
    writing = story.state in rules.WRITABLE
    returned = next(
        (one for one in reversed(signatures) if one.verdict == Signature.Verdict.RETURNED), None
    )
    if story.state == StoryState.RETURNED and returned is not None:
        note = returned.opinion[:60]
        stops.append(Stop(_("退回"), "failed", returned.person_name, returned.signed_at, note=note))
    elif writing:
        stops[0] = Stop(_("写稿"), "now", story.author_name, story.created_at)
    if not writing and story.submitted_at:
        stops.append(Stop(_("送审"), "done", story.author_name, story.submitted_at))
    standing = {one.step: one for one in rules.live(signatures, story.round)}
    before = story.submitted_at
    waiting = {one.key for one in rules.open_steps(story, signatures)}
    steps = rules.flow_of(story).steps
    placed = [one.unit_id for one in steps if one.unit_id]
    names = network.unit_labels(placed, short=True) if placed else {}
    for step in steps:
        place = names.get(step.unit_id, "") if step.unit_id else ""
        signed = standing.get(step.key)
        if signed is not None and not writing:
            took = signed.signed_at - before if before else None
            who = signed.person_name
            if signed.for_name:
                who = _("%(who)s（代%(for)s）") % {"who": who, "for": signed.for_name}
            stops.append(Stop(step.label, "done", who, signed.signed_at, took, note=place))
            before = signed.signed_at
        else:
            now = step.key in waiting
            note = _sent_note(story, step) if now and place else ""
            stops.append(Stop(step.label, "now" if now else "next", place, note=note))
    if story.state == StoryState.WITHDRAWN:
        note = story.withdrawn_reason[:60]
        stops.append(Stop(_("撤稿"), "failed", at=story.withdrawn_at, note=note))
    else:
        signed_off = story.state == StoryState.SIGNED
        stops.append(Stop(_("签发"), "done" if signed_off else "next", at=story.signed_at))
    return stops


def _sent_note(story: Story, step: FlowStep) -> str:
    """Whether what a unit on another node is to sign has reached it; nothing for one on this node."""
    place = rules.place_of(step, story)
    if story.is_replica or network.is_local(place):
        return ""
    sent = network.last_sent(story.pk, "review.asked")
    if sent is None:
        return _("正在送出")
    return _("已送达，等待审签") if sent[1] else _("已送出，等线路恢复后到达")


@dataclass(frozen=True)
class Difference:
    """What changed in one part (a field, or a paragraph of the body)."""

    label: str
    segments: tuple[Segment, ...]


def field_label(name: str) -> str:
    """What people call a field of a story."""
    names = {one.name: one for one in Story._meta.get_fields()}
    return str(getattr(names.get(name), "verbose_name", name))


def _labelled(row: Row) -> Difference:
    place = {"n": row.number, "other": row.other}
    if row.piece.kind == "lead":
        return Difference(_("题图"), row.segments)
    if row.kind == "moved":
        return Difference(_("正文第 %(n)s 段，移自第 %(other)s 段") % place, row.segments)
    if row.kind == "gone":
        return Difference(_("正文原第 %(n)s 段，已删去") % place, row.segments)
    if row.kind == "marked":
        return Difference(_("正文第 %(n)s 段，改了格式、链接或图片") % place, row.segments)
    return Difference(_("正文第 %(n)s 段") % place, row.segments)


def listed(found: Comparison) -> list[Difference]:
    """What changed, part by part, for a narrow place; unchanged paragraphs are left out."""
    fields = [Difference(field_label(one.name), one.segments) for one in found.fields]
    return fields + [_labelled(one) for one in found.rows if one.kind not in {"same", "left"}]


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What changed between two canonical contents, part by part; unchanged paragraphs left out."""
    return listed(comparing.compare(before, after))


@dataclass(frozen=True)
class Version:
    """One saved text: who saved it when, and the signatures over it."""

    pk: int
    at: datetime
    who: str
    words: str
    signatures: tuple[Signature, ...]


def versions(story: Story, signatures: Sequence[Signature]) -> list[Version]:
    """Saved texts, newest first (three queries)."""
    rows = list(
        story.revisions.order_by("-pk").values_list("pk", "created_at", "user_id", "object_str")[
            :100
        ]
    )
    names = network.member_names([user for _pk, _at, user, _words in rows if user])
    return [
        Version(
            pk, at, names.get(user, ""), words,
            tuple(one for one in signatures if one.revision_id == pk),
        )
        for pk, at, user, words in rows
    ]  # fmt: skip


@dataclass(frozen=True)
class Saved:
    """Who saved a version, and when."""

    who: str
    at: datetime


def saved_by(story: Story, revision_id: int) -> Saved:
    """Who saved this version of the story, or NotFound."""
    row = story.revisions.filter(pk=revision_id).values_list("user_id", "created_at").first()
    if row is None:
        raise NotFound
    user, at = row
    return Saved(network.member_names([user]).get(user, "") if user else "", at)


def version_differences(story: Story, revision_id: int) -> list[Difference]:
    """What one saved text changed against the one before it."""
    rows = list(story.revisions.filter(pk__lte=revision_id).order_by("-pk")[:2])
    if len(rows) < 2 or rows[0].pk != revision_id:
        return []
    before, after = (canonical.content_of(one.as_object()) for one in (rows[1], rows[0]))
    return differences(before, after)


def since_step_began(story: Story) -> list[Difference]:
    """What was changed after the last signature: what the present reviewer must look at."""
    if story.step_revision_id is None or story.step_revision_id == story.latest_revision_id:
        return []
    base = story.revisions.filter(pk=story.step_revision_id).first()
    if base is None:
        return []
    return differences(canonical.content_of(base.as_object()), canonical.content_of(story))
