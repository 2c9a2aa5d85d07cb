"""Reads of the stories room that rooms above use."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.network.models import Member
from rongmei.stories.errors import NotSigned
from rongmei.stories.models import Story, StoryState
from rongmei.stories.types import SignedPackage


def signed_package(story_id: uuid.UUID) -> SignedPackage:
    """The text that the three signatures cover; NotSigned when they do not."""
    raise NotSigned(story_id=str(story_id))


def package_visible_to(member: Member, story_id: uuid.UUID) -> SignedPackage:
    """The signed package of a story this member may read."""
    units = policy.units_for(member, "stories.view")
    if not Story.objects.filter(pk=story_id, unit__in=units).exists():
        raise NotFound
    return signed_package(story_id)


def signed_stories_for_platform(member: Member) -> QuerySet[Story]:
    """Signed stories that the member's platform may publish."""
    units = policy.units_for(member, "stories.view")
    return Story.objects.filter(state=StoryState.SIGNED, unit__in=units).select_related("unit")
