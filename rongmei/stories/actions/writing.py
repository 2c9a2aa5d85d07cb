"""Creating, saving, locking, remarking."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from rongmei.assets import selectors as assets
from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput
from rongmei.kernel.text import count_words
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.errors import NotOurUnit
from rongmei.planning import selectors as planning
from rongmei.stories import canonical, kinds, outlinks, particulars
from rongmei.stories import events as said
from rongmei.stories import policy as rules
from rongmei.stories.actions.common import (
    locked,
    refresh,
    refusals_kept,
    set_waiting,
    signatures_of,
    tell_reviewers,
    tell_task,
)
from rongmei.stories.errors import NotEditable, StoryChanged, StoryLocked
from rongmei.stories.models import Signature, Story, StoryState
from rongmei.stories.templates_of_text import starting_body

if TYPE_CHECKING:
    from rongmei.network.models import Member

EDITABLE: Final = frozenset(
    {
        "kicker", "title", "subtitle", "summary", "body", "lead_picture", "byline", "origin",
        "rights_basis", "place", "category", "tags", "language", "features_exemplar",
        "embargo_until", *particulars.CLEANED, "short_title",
    }
)  # fmt: skip
MAX_BODY: Final = 200_000


def _next_number(unit_id: uuid.UUID) -> str:
    """The unit's next number of the day; inside the write."""
    db.serialise()
    code = network.unit(unit_id).code.upper()
    stem = f"{code}-{timezone.localdate():%Y%m%d}-"
    taken = Story.objects.filter(unit_id=unit_id, number__startswith=stem)
    last = taken.aggregate(last=models.Max("number"))["last"]
    return f"{stem}{int(last.rsplit('-', 1)[1]) + 1 if last else 1:03d}"


def story_create(
    *,
    by: Member,
    unit_id: uuid.UUID,
    title: str,
    task_id: uuid.UUID | None = None,
    pitch_id: uuid.UUID | None = None,
    document_ids: Iterable[uuid.UUID | str] = (),
    template: str = "",
) -> Story:
    """Begin a story for a unit that is at home here; `by` is its author.

    `template` is a key of `templates_of_text.TEMPLATES`; `task_id` must be a task `by` can see.
    Raises NotAllowed, NotFound, NotOurUnit, BadInput.
    """
    policy.require(by, "stories.write", unit_id)
    if task_id is not None:
        pitch_id = planning.task_for(by, task_id).pitch_id or pitch_id
    title = title.strip()
    if not title or len(title) > 80:
        raise BadInput(_("请写一个不超过 80 字的主题，没有建稿。"))
    unit = network.unit(unit_id)
    body = Story._meta.get_field("body").stream_block.to_python(starting_body(template))  # type: ignore[union-attr]
    with db.write():
        if not network.is_local(unit_id):
            raise NotOurUnit
        story = Story(
            unit_id=unit_id, title=title, body=body, number=_next_number(unit_id), author_id=by.pk,
            author_name=by.name, byline=by.name, origin=unit.name, task_id=task_id, pitch_id=pitch_id,
            document_ids=[str(one) for one in document_ids],
        )  # fmt: skip
        _derive(story)
        story.save(force_insert=True)
        story.save_version(by)
        audit.record(by, "story.created", story, number=story.number, task=str(task_id or ""))
        events.publish(
            said.StoryCreated(
                subject_id=story.pk, unit_id=unit_id, title=story.title, state=story.state,
                task_id=str(task_id or ""),
            )
        )  # fmt: skip
        tell_task(story)
    return story


def _derive(story: Story) -> dict[str, Any]:
    content = refresh(story)
    story.body_text = canonical.body_text(content)
    story.word_count = count_words(story.body_text)
    return content


def _clean_body(value: Any) -> Any:
    """A StreamValue or a list of {"type", "value"} as a StreamValue of clean blocks."""
    field = Story._meta.get_field("body")
    block = field.stream_block  # type: ignore[union-attr]
    raw = block.get_prep_value(value) if hasattr(value, "stream_block") else value
    kept = kinds.cleaned(raw)
    if sum(len(str(one["value"])) for one in kept) > MAX_BODY:
        raise BadInput(_("正文超过 20 万字符，没有保存。请拆成几篇。"))
    return block.to_python(kept)


def fields_set(story: Story, fields: Mapping[str, Any]) -> None:
    """Set named fields on the object, cleaned and looked at as a save does; BadInput says what is wrong."""
    unknown = set(fields) - EDITABLE
    if unknown:
        raise BadInput(
            _("不能这样修改：%(names)s，没有保存。") % {"names": "、".join(sorted(unknown))}
        )
    for name, value in fields.items():
        if name == "body":
            value = _clean_body(value)
        elif name == "lead_picture":
            name = "lead_picture_id"
            value = getattr(value, "pk", value) or None
        elif name == "tags":
            value = [str(tag).strip()[:20] for tag in value if str(tag).strip()][:20]
        elif name in particulars.CLEANED:
            value = particulars.CLEANED[name](value)
        elif name == "embargo_until" and isinstance(value, str):
            value = parse_datetime(value) if value else None
        elif name == "features_exemplar":
            value = bool(value)
        setattr(story, name, value)
    try:
        story.clean_fields(exclude=["body", "unit", "lead_picture", "latest_revision"])
    except ValidationError as error:
        words = "; ".join(
            f"{name}: {' '.join(said_)}" for name, said_ in error.message_dict.items()
        )
        raise BadInput(_("填写有误，没有保存：%(words)s") % {"words": words}) from error


def _no_one_elses_lock(by: Member, story: Story) -> None:
    if story.locked and story.locked_by_id not in {None, by.pk}:
        raise StoryLocked


@refusals_kept
def story_save(
    *,
    by: Member,
    story_id: uuid.UUID,
    fields: Mapping[str, Any],
    base_revision: int | None,
    automatic: bool = False,
) -> Story:
    """Save named fields over the revision they were written on.

    `base_revision` is the id of the revision the writer saw; when another one is newer nothing is
    saved (StoryChanged). `automatic` marks a save the editor made by itself: the same writer's next
    save takes its place instead of adding a revision. A save after a signature takes off what it
    no longer covers, and a material one sends the story one step back.
    """
    with db.write():
        story = locked(by, story_id)
        signatures = signatures_of(story)
        if not rules.may_edit(by, story, signatures):
            raise NotEditable
        _no_one_elses_lock(by, story)
        if base_revision != story.latest_revision_id:
            raise StoryChanged
        before_hash, known = story.content_hash, canonical.picture_keys(story)
        known_clips, before_wanted = kinds.clip_keys(story.body), story.channels_wanted
        fields_set(story, fields)
        fresh = canonical.picture_keys(story) - known
        if fresh and not assets.may_use(by, fresh):
            raise BadInput(_("选用的图片不存在或你无权使用，没有保存。"))
        clips = kinds.clip_keys(story.body) - known_clips
        if clips and not assets.may_use_clips(by, clips):
            raise BadInput(_("选用的音视频不存在或你无权使用，没有保存。"))
        content = _derive(story)
        if story.content_hash == before_hash:
            if before_wanted != story.channels_wanted:
                story.save(update_fields=["channels_wanted", "updated_at"])
            return story
        superseded = _superseded(by, story)
        was = story.state
        revision = story.save_version(by)
        fell = _after_edit(by, story, signatures, content)
        story.autosaved_revision_id = revision.pk if automatic else None
        if superseded:
            story.revisions.filter(pk=superseded).delete()
        story.version += 1
        story.save()
        outlinks.remember(outlinks.of_content(content))
        if not automatic or fell:
            _say_saved(by, story, was, fell)
    return story


def _superseded(by: Member, story: Story) -> int | None:
    """The automatic revision that this save takes the place of."""
    latest = story.latest_revision
    if latest is None or story.autosaved_revision_id != latest.pk or latest.user_id != by.pk:
        return None
    signed = Signature.objects.filter(story=story, revision_id=latest.pk).exists()
    return None if signed or story.step_revision_id == latest.pk else int(latest.pk)


def _after_edit(
    by: Member, story: Story, signatures: list[Signature], content: dict[str, Any]
) -> bool:
    """Take off the signatures an edit leaves without ground; whether the story fell a step back."""
    if story.state not in {*rules.IN_REVIEW, StoryState.SIGNED}:
        return False
    fell = False
    flow = rules.flow_of(story)
    standing = {one.step: one for one in rules.live(signatures, story.round)}
    if story.state == StoryState.SIGNED:
        # The final signature speaks for exactly one text.
        _void(standing.pop(flow.last.key, None), _("签发后有改动"))
        story.state, story.signed_at, fell = StoryState(flow.last.stage), None, True
        story.reread_due_at = None
    at = next(iter(flow.open(standing)), flow.last)
    base = story.revisions.filter(pk=story.step_revision_id).first()
    before = canonical.content_of(base.as_object()) if base else None
    changes = canonical.compare(before, content, flow.share) if before else None
    # Those beside this step signed another text, and so did the step before.
    beside = next(block for block in flow.blocks() if at in block)
    taken = [standing[one.key] for one in (*flow.before(at), *beside) if one.key in standing]
    if changes and changes.material and taken:
        for one in taken:
            _void(one, _("签名后有实质改动"))
        story.state, fell = rules.state_at(flow, signatures, story.round), True
        story.step_revision_id = story.latest_revision_id
        audit.record(
            by,
            "story.fell_back",
            story,
            to=[one.step for one in taken],
            reasons=list(changes.reasons),
            share=changes.share,
        )
    if fell:
        set_waiting(story, signatures)
        out = rules.passed_by(signatures, story.round)
        tell_reviewers(story, rules.open_steps(story, signatures), out)
        tell_task(story)
    return fell


def _void(signature: Signature | None, reason: str) -> None:
    if signature is not None:
        signature.voided_at, signature.voided_reason = timezone.now(), reason
        signature.save(update_fields=["voided_at", "voided_reason", "updated_at"])


def _say_saved(by: Member, story: Story, was: str, fell: bool) -> None:
    audit.record(
        by, "story.saved", story, revision=story.latest_revision_id, hash=story.content_hash, was=was,
        state=story.state,
    )  # fmt: skip
    events.publish(
        said.StorySaved(
            subject_id=story.pk,
            unit_id=story.unit_id,
            title=story.title,
            state=story.state,
            fell_back=fell,
        )
    )


@refusals_kept
def story_lock(*, by: Member, story_id: uuid.UUID) -> Story:
    """Keep others from saving until unlocked; only for who may edit now."""
    with db.write():
        story = locked(by, story_id)
        if not rules.may_edit(by, story):
            raise NotEditable
        _no_one_elses_lock(by, story)
        story.locked, story.locked_by_id, story.locked_at = True, by.pk, timezone.now()
        story.save(update_fields=["locked", "locked_by", "locked_at", "updated_at"])
        audit.record(by, "story.locked", story)
    return story


@refusals_kept
def story_unlock(*, by: Member, story_id: uuid.UUID) -> Story:
    """Take the lock off: one's own, or, for final reviewers, anybody's."""
    with db.write():
        story = locked(by, story_id)
        own = story.locked_by_id == by.pk
        if not own and not policy.allows(by, "stories.review_final", story):
            raise StoryLocked
        story.locked, story.locked_by_id, story.locked_at = False, None, None
        story.save(update_fields=["locked", "locked_by", "locked_at", "updated_at"])
        audit.record(by, "story.unlocked", story, own=own)
    return story
