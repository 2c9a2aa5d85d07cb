"""How stories stand to each other: language versions of one piece, and what came before and after."""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from rongmei.kernel.errors import NotFound
from rongmei.stories import links, selectors
from rongmei.stories.link_rows import StoryLink
from rongmei.stories.models import Story


@dataclass(frozen=True)
class Relation:
    """A story beside this one. `how` is translation, before or after; `link_id` is what ties them directly."""

    how: str
    story: Story
    link_id: uuid.UUID | None = None


def story_named(member: Any, words: str) -> Story:
    """A story the member may read, by its number or id. Raises NotFound."""
    words = words.strip()
    match = Q(number__iexact=words)
    with suppress(ValueError):
        match |= Q(pk=uuid.UUID(words))
    found = selectors.stories_visible_to(member).filter(match).first() if words else None
    if found is None:
        raise NotFound
    return found


def related_to(member: Any, story: Story) -> list[Relation]:
    """Those of them that the member may read."""
    ids = links.related_ids(story.pk)
    if not ids:
        return []
    rows = selectors.stories_listed_to(member).filter(pk__in=[one for _how, one in ids])
    known = {one.pk: one for one in rows}
    direct = dict(StoryLink.objects.filter(story=story).values_list("other", "pk"))
    return [Relation(how, known[one], direct.get(one)) for how, one in ids if one in known]
