"""Bringing back an earlier version as a new one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from rongmei.kernel import audit, db
from rongmei.kernel.errors import NotFound
from rongmei.stories.actions.common import locked, refusals_kept
from rongmei.stories.actions.writing import EDITABLE, story_save
from rongmei.stories.models import Story

if TYPE_CHECKING:
    from rongmei.network.models import Member


def _fields_of(old: Story) -> dict[str, Any]:
    return {name: getattr(old, Story._meta.get_field(name).attname) for name in EDITABLE}  # type: ignore[union-attr]


@refusals_kept
def story_restore(
    *, by: Member, story_id: uuid.UUID, revision_id: int, base_revision: int | None
) -> Story:
    """Save the text of an earlier version over the newest one; nothing of what came between is lost.

    It is a save like any other: only for who may edit now, never over what was not seen
    (`base_revision`), and signatures that no longer cover the text fall. Raises NotFound,
    NotEditable, StoryLocked, StoryChanged.
    """
    with db.write():
        story = locked(by, story_id)
        old = story.revisions.filter(pk=revision_id).first()
        if old is None:
            raise NotFound
        before = story.latest_revision_id
        saved = story_save(
            by=by,
            story_id=story_id,
            fields=_fields_of(old.as_object()),
            base_revision=base_revision,
        )
        if saved.latest_revision_id != before:
            audit.record(
                by, "story.restored", saved, revision=revision_id, over=before,
                hash=saved.content_hash,
            )  # fmt: skip
    return saved
