"""Remarks on a story and its passages: made, answered, settled, opened again."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.network import selectors as members
from rongmei.stories import passages, selectors
from rongmei.stories import policy as rules
from rongmei.stories.actions.common import address, locked
from rongmei.stories.errors import NotEditable, RemarkSettled, StoryIsReplica
from rongmei.stories.models import Comment, Story

if TYPE_CHECKING:
    from rongmei.network.models import Member

MAX_TEXT: Final = 4000


def _said(text: str) -> str:
    words = text.strip()
    if not words or len(words) > MAX_TEXT:
        raise BadInput(_("请写下 4000 字以内的意见，没有保存。"))
    return words


def _where(made: Comment) -> str:
    return f"{address(made.story)}?panel=talk#remark-{made.parent_id or made.pk}"


def _mentioned(text: str, story: Story) -> list[Any]:
    """Who is named with @ in the text, among those who read the unit's stories."""
    if "@" not in text:
        return []
    readers = policy.members_with("stories.view", story.unit_id, lent=True)
    return [one for one in readers if f"@{one.name}" in text]


def _tell(by: Member, made: Comment, others: Iterable[uuid.UUID]) -> None:
    """Those who are named, then those whose remark or story it is; nobody twice, not oneself."""
    named = [one for one in _mentioned(made.text, made.story) if one.pk != by.pk]
    held = {"by": by.name, "title": made.story.title}
    common: dict[str, Any] = {
        "url": _where(made), "body": made.text[:400], "subject_id": made.story_id,
    }  # fmt: skip
    network.notify(
        named, kind="stories.mention", title=_("%(by)s 在意见里提到你：%(title)s") % held, **common
    )
    out = {by.pk, *(one.pk for one in named)}
    told = members.active_members(set(others) - out)
    if told:
        words = (
            _("%(by)s 回复了意见：%(title)s") if made.parent_id else _("%(by)s 提了意见：%(title)s")
        )
        readers = [one for one in told.values() if selectors.may_see(one, made.story)]
        network.notify(readers, kind="stories.remark", title=words % held, **common)


def comment_add(
    *,
    by: Member,
    story_id: uuid.UUID,
    text: str,
    quote: str = "",
    before: str = "",
    after: str = "",
    part: str = "",
) -> Comment:
    """Remark on a story one may see, or on a passage of it.

    `quote` are the passage's words, `before` and `after` what stands around it; `part` is the field
    or block, when it is known. People named with @ get a notice, the author too. Raises BadInput when
    the passage is not in the text.
    """
    words = _said(text)
    if len(quote) > passages.MAX_QUOTE:
        raise BadInput(_("引用的原文太长，没有保存。请选 500 字以内。"))
    with db.write():
        story = locked(by, story_id)
        anchor = passages.Passages(story).anchor(quote, before, after, part)
        if anchor.state not in {"here", "whole"}:
            raise BadInput(
                _("稿件的同一段里没有这些文字，意见没有保存。请刷新后在一段之内重新选取。")
            )
        made = Comment.objects.create(
            story=story, unit_id=story.unit_id, author_id=by.pk, author_name=by.name, text=words,
            quote=anchor.quote, before=anchor.before, after=anchor.after, part=anchor.part,
        )  # fmt: skip
        audit.record(by, "comment.added", story, comment=str(made.pk), passage=bool(anchor.quote))
        _tell(by, made, {story.author_id})
    return made


def _locked_remark(by: Member, comment_id: uuid.UUID) -> Comment:
    rows = Comment.objects.select_for_update(of=("self",)).select_related("story")
    made = rows.filter(pk=comment_id).first()
    if made is None or not selectors.may_see(by, made.story):
        raise NotFound
    if made.story.is_replica:
        raise StoryIsReplica
    return made


def _may_settle(by: Member, made: Comment) -> bool:
    """Who made it, who writes for the unit, who reviews there."""
    asked = ("stories.write", *rules.REVIEWS)
    return by.pk == made.author_id or any(policy.allows(by, one, made.story) for one in asked)


def comment_answer(*, by: Member, comment_id: uuid.UUID, text: str) -> Comment:
    """Answer a remark that is open; who took part in the thread hears of it."""
    words = _said(text)
    with db.write():
        asked = _locked_remark(by, comment_id)
        root = asked if asked.parent_id is None else _locked_remark(by, asked.parent_id)
        if root.settled_at is not None:
            raise RemarkSettled
        made = Comment.objects.create(
            story=root.story, unit_id=root.unit_id, parent=root, author_id=by.pk, author_name=by.name,
            text=words,
        )  # fmt: skip
        audit.record(by, "comment.answered", root.story, comment=str(root.pk))
        answered = Comment.objects.filter(parent=root).values_list("author_id", flat=True)
        _tell(by, made, {root.author_id, root.story.author_id, *answered})
    return made


def comment_settle(*, by: Member, comment_id: uuid.UUID) -> Comment:
    """Mark a remark as settled: for who made it, who writes and who reviews there."""
    with db.write():
        made = _locked_remark(by, comment_id)
        if made.parent_id is not None:
            raise NotFound
        if not _may_settle(by, made):
            raise NotEditable
        if made.settled_at is None:
            made.settled_at, made.settled_by = timezone.now(), by.name
            made.save(update_fields=["settled_at", "settled_by", "updated_at"])
            audit.record(by, "comment.settled", made.story, comment=str(made.pk))
    return made


def comment_reopen(*, by: Member, comment_id: uuid.UUID) -> Comment:
    """Open a settled remark again: for the same people."""
    with db.write():
        made = _locked_remark(by, comment_id)
        if made.parent_id is not None:
            raise NotFound
        if not _may_settle(by, made):
            raise NotEditable
        if made.settled_at is not None:
            made.settled_at, made.settled_by = None, ""
            made.save(update_fields=["settled_at", "settled_by", "updated_at"])
            audit.record(by, "comment.reopened", made.story, comment=str(made.pk))
    return made
