"""The Wagtail routes that are open, and what each asks. A route that is not here answers 404.

The table is data: the permission test walks it, and walks all of Wagtail's other routes too, as
every member of the cast and as a superuser.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final

from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.network import policy
from rongmei.stories import policy as rules
from rongmei.stories import selectors
from rongmei.stories.errors import NotEditable

Check = Callable[[Any, dict[str, Any]], None]


def _story(member: Any, key: str) -> None:
    try:
        story_id = uuid.UUID(key)
    except ValueError as error:
        raise NotFound from error
    story = selectors.story_for(member, story_id)
    if not rules.may_edit(member, story):
        raise NotEditable


def edits_story(member: Any, kwargs: dict[str, Any]) -> None:
    """The story in the address, if the member may edit it now."""
    _story(member, str(kwargs["pk"]))


def edits_named_object(member: Any, kwargs: dict[str, Any]) -> None:
    """Wagtail names any model in the address of its editing sessions; only stories are answered."""
    if (kwargs["app_label"], kwargs["model_name"]) != ("stories", "story"):
        raise NotFound
    _story(member, str(kwargs["object_id"]))


def writes(member: Any, kwargs: dict[str, Any]) -> None:
    """Whoever may write or review anywhere."""
    if not any(policy.anywhere(member, one) for one in ("stories.write", *rules.REVIEWS)):
        raise NotAllowed


def sees_media(member: Any, kwargs: dict[str, Any]) -> None:
    """Whoever may see media; which is the business of the choosers
    (assets.choosing, views_clips)."""
    policy.require(member, "assets.view")


def signed_in(member: Any, kwargs: dict[str, Any]) -> None:
    """Every member: icons and words, no records."""


STORY: Final = "wagtailsnippets_stories_story"
OPEN: Final[dict[str, Check]] = {
    f"{STORY}:edit": edits_story,
    f"{STORY}:preview_on_edit": edits_story,
    "wagtailadmin_editing_sessions:ping": edits_named_object,
    # Removes the member's own session only.
    "wagtailadmin_editing_sessions:release": writes,
    "wagtailimages_chooser:choose": sees_media,
    "wagtailimages_chooser:choose_results": sees_media,
    "wagtailimages_chooser:chosen": sees_media,
    "wagtailimages_chooser:chosen_multiple": sees_media,
    "clip_chooser:choose": sees_media,
    "clip_chooser:choose_results": sees_media,
    "clip_chooser:chosen": sees_media,
    "wagtailadmin_choose_page_external_link": writes,
    "wagtailadmin_sprite": signed_in,
    "wagtailadmin_javascript_catalog": signed_in,
}
