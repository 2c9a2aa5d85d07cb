"""Looking at what waits, and signing several simple stories one after the other."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext as _

from rongmei.kernel import db
from rongmei.kernel.errors import RongmeiError
from rongmei.stories import selectors, waiting
from rongmei.stories.actions.common import refusals_kept
from rongmei.stories.actions.review import story_pass
from rongmei.stories.errors import NotInBatch
from rongmei.stories.models import Look, Story
from rongmei.stories.types import Outcome, Picked

if TYPE_CHECKING:
    from rongmei.network.models import Member

MOST: Final = 50


def story_look(*, by: Member, story_id: uuid.UUID, content_hash: str) -> None:
    """Remember which text of a story the member has looked at last: a mark of their own, so it
    leaves no line on the audit chain. A text that is not the present one is not remembered."""
    with db.write():
        story = selectors.story_for(by, story_id)
        if story.content_hash == content_hash:
            Look.objects.update_or_create(
                story=story, person_id=by.pk, defaults={"content_hash": content_hash}
            )


@refusals_kept
def story_pass_in_batch(
    *, by: Member, story_id: uuid.UUID, step: str, content_hash: str, opinion: str
) -> Story:
    """Sign one of several: a full signature, for what may be signed with others only.

    Raises NotInBatch, and whatever `story_pass` does.
    """
    row = waiting.waits_of(by, story_id)
    if row is not None and row.alone:
        raise NotInBatch(_("没有签名：%(why)s。") % {"why": row.alone})
    # What does not wait for this person is refused there, in its own words.
    return story_pass(
        by=by, story_id=story_id, step=step, content_hash=content_hash, opinion=opinion
    )


def batch_pass(*, by: Member, picks: Iterable[Picked], opinion: str) -> list[Outcome]:
    """Sign each of these stories by itself, in turn; one that is refused stops none of the others.

    Raises NotInBatch when they are too many: then none is signed.
    """
    chosen = list({one.story_id: one for one in picks}.values())
    if len(chosen) > MOST:
        raise NotInBatch(_("一次最多签 %(n)s 篇，没有签名。") % {"n": MOST})
    stories = {one.story_id: selectors.story_for(by, one.story_id) for one in chosen}
    found = []
    for one in chosen:
        title, error = stories[one.story_id].title, ""
        try:
            story_pass_in_batch(
                by=by, story_id=one.story_id, step=one.step, content_hash=one.content_hash,
                opinion=opinion,
            )  # fmt: skip
        except RongmeiError as refused:
            error = refused.message
        found.append(Outcome(one.story_id, title, error))
    return found
