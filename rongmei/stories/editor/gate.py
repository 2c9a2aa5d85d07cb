"""The one gate in front of all of Wagtail's admin."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from wagtail.utils.urlpatterns import decorate_urlpatterns

from rongmei.kernel import audit, db
from rongmei.kernel.errors import NotFound, RongmeiError
from rongmei.stories.editor.routes import OPEN

View = Callable[..., HttpResponse]


def _take_words(request: HttpRequest) -> None:
    """Take the chooser's search words out of the address and leave them for our own filter.

    Wagtail would ask its database search, which finds little Chinese and is not installed; the
    hook `construct_image_chooser_queryset` in wagtail_hooks.py looks for them instead.
    """
    left = request.GET.copy()
    words = left.pop("q", [""])[-1]
    request.GET = left  # type: ignore[assignment]
    request.rongmei_words = words.strip()  # type: ignore[attr-defined]


def _note(request: HttpRequest, reason: str) -> None:
    """Leave an audit line of what a member tried here and did not get; strangers leave none."""
    member = request.user
    if isinstance(member, get_user_model()):
        with db.write():
            audit.record(
                member, "cms.refused", unit_id=member.unit_id, reason=reason,
                path=request.path[:200], method=request.method,
            )  # fmt: skip


def guarded(view: View) -> View:
    """Let a request to a named route through when its check holds; else 404, superusers too."""

    @wraps(view)
    def through_gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match = request.resolver_match
        check = OPEN.get(match.view_name) if match else None
        if check is None:
            _note(request, "route_shut")
            raise NotFound
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        try:
            check(request.user, kwargs)
        except RongmeiError as refused:
            _note(request, refused.code)
            raise
        if match and match.namespace == "wagtailimages_chooser":
            _take_words(request)
        response = view(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response

    through_gate.rongmei_permission = "cms"  # type: ignore[attr-defined]
    return through_gate


def behind_gate(patterns: list[Any]) -> list[Any]:
    """Put every pattern, however deep, behind the gate."""
    decorated: list[Any] = decorate_urlpatterns(patterns, guarded)
    return decorated
