"""Walking the links between stories, by id alone: it says nothing of who may read what."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from rongmei.stories.link_rows import StoryLink

LONGEST: Final = 200


def chain(story_id: uuid.UUID, kind: str) -> list[uuid.UUID]:
    """The story and all it comes from, nearest first."""
    found = [story_id]
    while len(found) < LONGEST:
        row = StoryLink.objects.filter(story=found[-1], kind=kind).values_list("other", flat=True)
        before = row.first()
        if before is None or before in found:
            break
        found.append(before)
    return found


def _after(ids: Iterable[uuid.UUID], kind: str) -> list[uuid.UUID]:
    """Everything that comes from these, level by level."""
    seen: list[uuid.UUID] = []
    level = list(ids)
    while level and len(seen) < LONGEST:
        rows = StoryLink.objects.filter(other__in=level, kind=kind).values_list("story", flat=True)
        level = [one for one in rows if one not in seen]
        seen += level
    return seen


def related_ids(story_id: uuid.UUID) -> list[tuple[str, uuid.UUID]]:
    """(how, id) of every story beside this one: versions in other languages, earlier ones (nearest
    first), later ones. Says nothing of who may read them."""
    # Most stories stand alone: one question says so.
    if not StoryLink.objects.filter(Q(story=story_id) | Q(other=story_id)).exists():
        return []
    update, translation = StoryLink.Kind.UPDATE.value, StoryLink.Kind.TRANSLATION.value
    first = chain(story_id, translation)
    versions = dict.fromkeys([*first, *_after([first[-1]], translation)])
    found = [("translation", one) for one in versions if one != story_id]
    found += [("before", one) for one in chain(story_id, update)[1:]]
    return found + [("after", one) for one in _after([story_id], update)]
