"""Sign-in backend whose answers come from the permission matrix alone.

Django and Wagtail ask for model permissions ("stories.change_story"); the scoped views then ask
policy about the record. The superuser flag opens nothing here.
"""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest
from typing_extensions import override

from rongmei.network import policy
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Member

# What Wagtail's editor asks, in our permissions.
WAGTAIL_ASKS: Final[dict[str, tuple[str, ...]]] = {
    "wagtailadmin.access_admin": (
        "stories.write",
        "stories.review_first",
        "stories.review_second",
        "stories.review_final",
    ),
    "stories.change_story": ("stories.write",),
    "stories.view_story": ("stories.view",),
    "assets.add_picture": ("assets.upload",),
    "assets.choose_picture": ("assets.view",),
    "assets.view_picture": ("assets.view",),
}


class MatrixBackend(BaseBackend):
    """Signs in by username and password, and answers Django's and Wagtail's permission questions."""

    @override
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Member | None:
        """Return the member whose password this is, or None; takes as long for an unknown name."""
        if not username or password is None:
            return None
        member = Member.objects.filter(username=username.strip().lower()).first()
        if member is None:
            Member().set_password(password)
            return None
        return member if member.check_password(password) and member.is_active else None

    @override
    def get_user(self, user_id: Any) -> Member | None:
        """Return the active member with this id."""
        return Member.objects.select_related("unit").filter(pk=user_id, is_active=True).first()

    @override
    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Answer from the matrix; unknown questions get no."""
        asks = WAGTAIL_ASKS.get(perm, (perm,) if perm in PERMISSIONS else ())
        if obj is not None and hasattr(obj, "unit_id"):
            return any(policy.allows(user_obj, ask, obj) for ask in asks)
        return any(policy.anywhere(user_obj, ask) for ask in asks)
