"""Review sheets that leave the program, on the audit chain."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rongmei.kernel import audit, db
from rongmei.stories import selectors

if TYPE_CHECKING:
    from rongmei.network.models import Member
    from rongmei.stories.models import Story


def sheet_export(*, by: Member, story_ids: Iterable[uuid.UUID]) -> list[Story]:
    """Write down that the review sheets of these stories were given out as files.

    Called when they are made and before they are handed over. Raises NotFound when one of them is
    not the member's to read: then none is handed over.
    """
    with db.write():
        rows = [selectors.story_for(by, one) for one in dict.fromkeys(story_ids)]
        for story in rows:
            audit.record(
                by, "story.sheet_exported", story, hash=story.content_hash, round=story.round,
                copies=len(rows),
            )  # fmt: skip
    return rows


def proof_export(*, by: Member, story_id: uuid.UUID) -> Story:
    """Write down that a proof of the story was given out as a file. Raises NotFound."""
    with db.write():
        story = selectors.story_for(by, story_id)
        audit.record(by, "story.proof_exported", story, hash=story.content_hash)
    return story
