"""Dealing with findings: put the suggestion in its place, or let it stand with a reason and a name."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from rongmei.kernel import audit, db
from rongmei.stories import canonical, checking, findings, selectors
from rongmei.stories import policy as rules
from rongmei.stories.actions.common import locked, refusals_kept, signatures_of
from rongmei.stories.actions.writing import story_save
from rongmei.stories.errors import (
    FindingGone,
    FindingStands,
    NotEditable,
    ReasonMissing,
    StoryChanged,
)
from rongmei.stories.models import FindingNote, Story
from rongmei.stories.types import Finding, Level

if TYPE_CHECKING:
    from rongmei.network.models import Member


def _found(
    story: Story, code: str, found: str, part: str = "", start: int | None = None
) -> Finding:
    # The words may be those of a text that is not saved yet: what the writer has on the screen.
    report = checking.run(story, canonical.content_of(story))
    for one in report.findings:
        here = start is None or (one.part == part and one.start == start)
        if here and one.code == code and one.found == found:
            return one
    raise FindingGone


@refusals_kept
def finding_replace(
    *,
    by: Member,
    story_id: uuid.UUID,
    content_hash: str,
    code: str,
    found: str,
    part: str,
    start: int,
) -> Story:
    """Change exactly this place to what the check suggests: a mask for personal data, the right word.

    The suggestion is reckoned anew, never taken from the page. Raises StoryChanged, FindingGone,
    FindingStands (the place cannot be changed by itself), and what story_save raises.
    """
    story = selectors.story_for(by, story_id)
    if story.content_hash != content_hash:
        raise StoryChanged
    finding = _found(story, code, found, part, start)
    fields = findings.replaced(story, finding) if finding.suggestion else None
    if fields is None:
        raise FindingGone
    return story_save(
        by=by, story_id=story_id, fields=fields, base_revision=story.latest_revision_id
    )


@refusals_kept
def finding_settle(
    *,
    by: Member,
    story_id: uuid.UUID,
    code: str,
    found: str,
    reason: str,
    unsaved: Story | None = None,
) -> FindingNote:
    """Let a finding at 慎 or 提示 stand, with a reason: confirmed personal data, an ignored hint.

    `unsaved` is the story with the text on the writer's screen, where that has not been saved yet.
    The note holds while these very words are in the story, and is shown with it. 禁 cannot be let
    stand (FindingStands). Raises ReasonMissing, FindingGone, NotEditable.
    """
    if not reason.strip():
        raise ReasonMissing
    finding = _found(unsaved or selectors.story_for(by, story_id), code, found)
    with db.write():
        story = locked(by, story_id)
        if not rules.may_edit(by, story, signatures_of(story)):
            raise NotEditable
        if finding.level is Level.FORBID:
            raise FindingStands
        key = findings.key_of(code, found)
        note, _new = FindingNote.objects.update_or_create(
            story=story, code=key[0], found=key[1],
            defaults={
                "unit_id": story.unit_id, "reason": reason.strip()[:300], "person_id": by.pk,
                "person_name": by.name,
            },
        )  # fmt: skip
        # The words themselves may be personal data: the log names the kind and the reason only.
        audit.record(
            by, "finding.settled", story, code=code, level=finding.level.value, reason=note.reason
        )
    return note
