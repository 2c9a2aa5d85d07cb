"""The door of every page of the workbench: signed in, and holding the page's permission somewhere.

Which records a person then sees is the selectors' business; this only opens or shuts the page. The
permission is left on the view, so that a test can list every address with the permission it asks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from rongmei.network import policy
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Member

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
SIGNED_IN: Final = "signed-in"


class MemberRequest(HttpRequest):
    """A request of somebody who is signed in."""

    user: Member
    htmx: Any


View = Callable[Concatenate[MemberRequest, P], HttpResponseBase]


def page(
    permission: str, *others: str
) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """Open the view to signed-in members who hold `permission`, or one of `others`, at any unit.

    `SIGNED_IN` opens it to every member: for their own settings and notices only.
    """
    for name in (permission, *others):
        if name != SIGNED_IN and name not in PERMISSIONS:
            raise KeyError(f"unknown permission {name!r}")

    def wrap(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        @never_cache
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if permission != SIGNED_IN and not any(
                policy.anywhere(request.user, name) for name in others
            ):
                policy.require(request.user, permission)
            return view(cast(MemberRequest, request), *args, **kwargs)

        guarded.rongmei_permission = permission  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], guarded)

    return wrap
