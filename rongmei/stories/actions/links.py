"""Tying stories together: language versions, and what follows what."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy
from rongmei.stories import links, relations
from rongmei.stories.actions.common import locked, refusals_kept
from rongmei.stories.errors import LinkRefused
from rongmei.stories.link_rows import StoryLink

if TYPE_CHECKING:
    from rongmei.network.models import Member


@refusals_kept
def story_link(*, by: Member, story_id: uuid.UUID, other: str, kind: str) -> StoryLink:
    """Say that a story is a language version of another one, or follows it (续报).

    `other` is the number or id of a story `by` may read. Raises NotAllowed, NotFound, LinkRefused
    (a circle, the same language, a second link of the kind), BadInput.
    """
    if kind not in StoryLink.Kind.values:
        raise BadInput(_("没有这种关联，没有改动。"))
    target = relations.story_named(by, other)
    with db.write():
        story = locked(by, story_id)
        policy.require(by, "stories.write", story)
        if kind == StoryLink.Kind.TRANSLATION and story.language == target.language:
            raise LinkRefused(
                _("两篇稿件语种相同，不能互为语言版本，没有关联。请先改其中一篇的语种。")
            )
        if StoryLink.objects.filter(story=story, kind=kind).exists():
            raise LinkRefused(_("这篇稿件已有同类关联，没有改动。请先解除原来的。"))
        if story.pk in links.chain(target.pk, kind):
            raise LinkRefused(_("这样会首尾相接成一个圈，没有关联。"))
        made = StoryLink.objects.create(
            story=story, unit_id=story.unit_id, other=target, kind=kind, made_by_id=by.pk
        )
        audit.record(by, "story.linked", story, kind=kind, other=str(target.pk))
    return made


def story_unlink(*, by: Member, link_id: uuid.UUID) -> uuid.UUID:
    """Take a link off; the id of the story it was on."""
    with db.write():
        link = (
            StoryLink.objects.select_for_update(of=("self",))
            .filter(pk=link_id)
            .select_related("story")
            .first()
        )
        if link is None:
            raise NotFound
        story = locked(by, link.story_id)
        policy.require(by, "stories.write", story)
        audit.record(by, "story.unlinked", story, kind=link.kind, other=str(link.other_id))
        link.delete()
    return story.pk
