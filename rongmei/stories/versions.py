"""The saved versions of a story, and any two of them beside one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rongmei.assets import selectors as assets
from rongmei.kernel.errors import NotFound
from rongmei.stories import canonical, comparing, kinds, reading
from rongmei.stories.comparing import Comparison, Row
from rongmei.stories.models import Story

# Unchanged pieces that stay open beside a change; longer stretches are folded.
KEPT: Final = 1
FOLDED_FROM: Final = 3
THUMBNAIL: Final = "width-400"


@dataclass(frozen=True)
class Stretch:
    """Rows that are shown together; `folded` ones hold no change."""

    rows: tuple[Row, ...]
    folded: bool = False


@dataclass(frozen=True)
class Compared:
    """Two versions and how they differ; `pictures` are thumbnails by key."""

    before: int
    after: int
    found: Comparison
    pictures: dict[int, dict[str, Any]]


def texts_of(story: Story, *revision_ids: int) -> list[Story]:
    """The story as these versions have it, or NotFound."""
    held = {row.pk: row for row in story.revisions.filter(pk__in=revision_ids)}
    if set(revision_ids) - set(held):
        raise NotFound
    return [held[one].as_object() for one in revision_ids]


def _keys(story: Story) -> list[int]:
    pictured = ((kinds.KINDS[kind].picture, value) for kind, value in kinds.raw(story.body))
    inside = [int(value.get(name) or 0) for name, value in pictured if name]
    return [story.lead_picture_id or 0, *inside]


def _thumbnails(found: Comparison) -> dict[int, dict[str, Any]]:
    changed = [row for row in found.rows if row.kind != "same"]
    held = {one.picture for row in changed for one in (row.before, row.after) if one}
    rows = assets.pictures_by_pk(held - {0})
    return {key: assets.rendition_of(one, THUMBNAIL) for key, one in rows.items()}


def compared(story: Story, before: int, after: int) -> Compared:
    """Two versions of a story; makes thumbnails, so never inside a write. Raises NotFound."""
    old, new = texts_of(story, before, after)
    facts = canonical.held_by(old, new)
    found = comparing.compare(
        canonical.content_of(old, facts), canonical.content_of(new, facts), (_keys(old), _keys(new))
    )
    return Compared(before, after, found, _thumbnails(found))


def default_pair(story: Story, versions: Sequence[reading.Version]) -> tuple[int, int] | None:
    """What to show first: what the present step began with, else the last two versions."""
    if len(versions) < 2:
        return None
    newest = versions[0].pk
    began = story.step_revision_id
    if began and began != newest and any(one.pk == began for one in versions):
        return began, newest
    return versions[1].pk, newest


def stretches(rows: Iterable[Row]) -> list[Stretch]:
    """The rows with long runs of unchanged ones folded, one kept open on either side of a change."""
    found: list[Stretch] = []
    held: list[Row] = []

    def put_away(last: bool) -> None:
        first = not found
        head, tail = (0 if first else KEPT), (0 if last else KEPT)
        if len(held) - head - tail < FOLDED_FROM:
            found.append(Stretch(tuple(held)))
        else:
            middle = held[head : len(held) - tail]
            parts = (held[:head], middle, held[len(held) - tail :] if tail else [])
            found.extend(Stretch(tuple(one), one is middle) for one in parts)
        held.clear()

    for row in rows:
        if row.kind == "same":
            held.append(row)
            continue
        put_away(last=False)
        found.append(Stretch((row,)))
    put_away(last=True)
    return [one for one in found if one.rows]
