"""What Wagtail asks about stories, answered by our rules: changing, where they allow it, and no more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from typing_extensions import override
from wagtail.permission_policies import BasePermissionPolicy
from wagtail.permissions import register_permission_policy

from rongmei.network import policy
from rongmei.stories import policy as rules
from rongmei.stories import selectors
from rongmei.stories.models import Story


class StoryPolicy(BasePermissionPolicy):
    """Only "change" is ever granted, and only for a story the member may edit now."""

    @override
    def user_has_permission(self, user: Any, action: str) -> bool:
        asked = ("stories.write", *rules.REVIEWS)
        return action == "change" and any(policy.anywhere(user, one) for one in asked)

    @override
    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        if action != "change" or not self.user_has_permission(user, action):
            return False
        return selectors.may_see(user, instance) and rules.may_edit(user, instance)

    @override
    def instances_user_has_any_permission_for(
        self, user: Any, actions: Iterable[str]
    ) -> QuerySet[Story]:
        return Story.objects.none()

    @override
    def users_with_any_permission(self, actions: Iterable[str]) -> QuerySet[Any]:
        return get_user_model()._default_manager.none()


def register() -> None:
    """Put our policy before Wagtail makes a default one."""
    register_permission_policy(Story, StoryPolicy(Story), exact_class=True)
