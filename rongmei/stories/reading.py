"""How a story's course reads to people: the courier strip, its history, readable differences."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from rongmei.kernel.ui.shapes import Step as Stop
from rongmei.network import selectors as network
from rongmei.stories import canonical
from rongmei.stories import policy as rules
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
    names = network.unit_labels(placed) if placed else {}
    for step in steps:
        place = names.get(step.unit_id, "") if step.unit_id else ""
        name = f"{step.label} · {place}" if place else step.label
        signed = standing.get(step.key)
        if signed is not None and not writing:
            took = signed.signed_at - before if before else None
            who = signed.person_name
            if signed.for_name:
                who = _("%(who)s（代%(for)s）") % {"who": who, "for": signed.for_name}
            stops.append(Stop(name, "done", who, signed.signed_at, took))
            before = signed.signed_at
        else:
            now = step.key in waiting
            note = _sent_note(story, step) if now and place else ""
            stops.append(Stop(name, "now" if now else "next", note=note))
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
class Segment:
    """A run of text: `kind` is same, gone or new."""

    kind: str
    text: str


@dataclass(frozen=True)
class Difference:
    """What changed in one part (a field, or a paragraph of the body)."""

    label: str
    segments: tuple[Segment, ...]


def _segments(before: str, after: str) -> tuple[Segment, ...]:
    found: list[Segment] = []
    matcher = difflib.SequenceMatcher(None, before[:4000], after[:4000], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            found.append(Segment("same", before[a:b]))
            continue
        if b > a:
            found.append(Segment("gone", before[a:b]))
        if d > c:
            found.append(Segment("new", after[c:d]))
    return tuple(found)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[Difference]:
    """What changed between two canonical contents, part by part; unchanged paragraphs left out."""
    found: list[Difference] = []
    for name in (*canonical.WORDS, "embargo_until"):
        if before[name] != after[name]:
            label = str(Story._meta.get_field(name).verbose_name)  # type: ignore[union-attr]
            found.append(Difference(label, _segments(before[name] or "", after[name] or "")))
    old, new = canonical.body_text(before).split("\n"), canonical.body_text(after).split("\n")
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        for at in range(max(b - a, d - c)):
            one = old[a + at] if a + at < b else ""
            two = new[c + at] if c + at < d else ""
            found.append(Difference(_("正文第 %(n)s 段") % {"n": c + at + 1}, _segments(one, two)))
    if (
        canonical.pictured(before) != canonical.pictured(after)
        or before["lead_picture"] != after["lead_picture"]
    ):
        found.append(Difference(_("图片"), (Segment("new", _("图片有改动")),)))
    if before["tags"] != after["tags"]:
        found.append(
            Difference(_("标签"), _segments("、".join(before["tags"]), "、".join(after["tags"])))
        )
    if before["features_exemplar"] != after["features_exemplar"]:
        found.append(Difference(_("涉先进典型"), (Segment("new", _("有改动")),)))
    return found


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
