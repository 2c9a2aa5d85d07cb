"""Stories out of Word documents, and documents given out, on the audit chain."""

from __future__ import annotations

import io
import uuid
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _

from rongmei.assets import actions as assets
from rongmei.assets.errors import AssetError
from rongmei.kernel import audit, db
from rongmei.kernel.errors import NotAllowed
from rongmei.network import policy
from rongmei.stories import passages, selectors, word_in
from rongmei.stories.actions.remarks import MAX_TEXT, comment_add
from rongmei.stories.actions.writing import story_create, story_save
from rongmei.stories.errors import WordUnseen
from rongmei.stories.models import Story

if TYPE_CHECKING:
    from rongmei.network.models import Member

MAX_REMARKS: Final = 100


def _pictures(by: Member, unit_id: uuid.UUID, found: word_in.Document) -> list[int | None]:
    """Keys of the document's pictures as the unit keeps them; None for one that could not be kept."""
    keys: list[int | None] = []
    for one in found.pictures:
        file = io.BytesIO(one.data)
        try:
            kept = assets.picture_add(
                by=by, unit_id=unit_id, file=file, title=one.caption or one.name
            )
        except (AssetError, NotAllowed):
            keys.append(None)
        else:
            keys.append(int(kept.pk))
    return keys


def _body(found: word_in.Document, keys: list[int | None]) -> list[dict[str, Any]]:
    out = []
    for block in found.blocks:
        if block["type"] == "picture":
            out.append(
                {**block, "value": {**block["value"], "picture": keys[block["value"]["picture"]]}}
            )
        else:
            out.append(block)
    return out


def _remarks(by: Member, story: Story, found: word_in.Document) -> None:
    """The document's comments as remarks on the story, with their author's name in the words."""
    known = passages.Passages(story)
    for one in found.comments[:MAX_REMARKS]:
        held = {"who": one.author or "Word", "text": one.text}
        text = (_("Word 批注（%(who)s）：%(text)s") % held)[:MAX_TEXT]
        fits = known.anchor(one.quote).state == "here"
        if one.quote and not fits:
            text = f"“{one.quote}”\n{text}"[:MAX_TEXT]
        comment_add(by=by, story_id=story.pk, text=text, quote=one.quote if fits else "")


def story_from_word(
    *,
    by: Member,
    unit_id: uuid.UUID,
    data: bytes,
    seen: str = "",
    title: str = "",
    task_id: uuid.UUID | None = None,
) -> Story:
    """Begin a story with what a Word document holds: text, tables, pictures, comments as remarks.

    A document with tracked changes or comments is taken only when `seen`, its SHA-256, says that the
    person has seen what they are (WordUnseen). Pictures that cannot be kept leave an empty place.
    Raises WordRefused, NotAllowed, NotFound, NotOurUnit, BadInput; then no story was made.
    """
    policy.require(by, "stories.write", unit_id)
    found = word_in.read(data)
    if found.to_be_seen and seen != found.digest:
        raise WordUnseen
    keys = _pictures(by, unit_id, found)
    with db.write():
        made = story_create(
            by=by,
            unit_id=unit_id,
            title=title.strip() or found.title or _("未命名稿件"),
            task_id=task_id,
        )
        saved = story_save(
            by=by, story_id=made.pk, base_revision=made.latest_revision_id,
            fields={"body": _body(found, keys)},
        )  # fmt: skip
        _remarks(by, saved, found)
        audit.record(
            by, "story.from_word", saved, digest=found.digest, tracked=len(found.tracked),
            comments=len(found.comments), pictures=sum(key is not None for key in keys),
        )  # fmt: skip
    return saved


def word_export(
    *, by: Member, story_id: uuid.UUID, changes: tuple[int, int] | None = None
) -> Story:
    """Write down that a story was given out as a Word document, with the `changes` between two
    versions or as it reads. Called before it is handed over; raises NotFound."""
    with db.write():
        story = selectors.story_for(by, story_id)
        audit.record(
            by, "story.word_exported", story, hash=story.content_hash,
            versions=list(changes) if changes else [],
        )  # fmt: skip
    return story
