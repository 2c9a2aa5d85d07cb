"""What Wagtail's image chooser asks, answered from the permission matrix.

Wagtail knows "choose", "add", "change" and "delete" on its image model; only choosing is open, and
only for pictures the member may see. Pictures are uploaded on our own page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from typing_extensions import override
from wagtail.models import Collection
from wagtail.permission_policies import BasePermissionPolicy
from wagtail.permissions import register_permission_policy

from rongmei.assets.models import Picture
from rongmei.assets.selectors import pictures_visible_to
from rongmei.network import policy

_OPEN = frozenset({"choose", "view"})


class PicturePolicy(BasePermissionPolicy):
    """Members choose among pictures of the units whose media they may see; nothing else."""

    @override
    def user_has_permission(self, user: Any, action: str) -> bool:
        return action in _OPEN and policy.anywhere(user, "assets.view")

    @override
    def user_has_permission_for_instance(self, user: Any, action: str, instance: Any) -> bool:
        return action in _OPEN and policy.allows(user, "assets.view", instance)

    @override
    def instances_user_has_any_permission_for(
        self, user: Any, actions: Iterable[str]
    ) -> QuerySet[Picture]:
        return pictures_visible_to(user) if _OPEN & set(actions) else Picture.objects.none()

    @override
    def users_with_any_permission(self, actions: Iterable[str]) -> QuerySet[Any]:
        return get_user_model()._default_manager.none()

    def collections_user_has_permission_for(self, user: Any, action: str) -> QuerySet[Any]:
        """Collections are not used: units are."""
        nothing: QuerySet[Any] = Collection.objects.none()
        return nothing

    def collections_user_has_any_permission_for(self, user: Any, actions: Any) -> QuerySet[Any]:
        """Collections are not used: units are."""
        nothing: QuerySet[Any] = Collection.objects.none()
        return nothing


def register() -> None:
    """Put our policy before the one Wagtail registers for its image model."""
    register_permission_policy(Picture, PicturePolicy(Picture), exact_class=True)
