"""Tells the kernel who is acting, speaks the member's language, and insists on a first password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from rongmei.kernel import context
from rongmei.network.actions import members
from rongmei.network.models import Member

# How long a "last seen" may lag: a write on every page would make readers queue with writers.
SEEN_EVERY: Final = timedelta(minutes=5)
_OPEN_BEFORE_CHANGE: Final = ("account_change_password", "account_logout", "set_language")


class MemberMiddleware:
    """Put the signed-in member into the context that audit lines are written from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = request.user
        if not isinstance(member, Member):
            return self.get_response(request)
        now = context.current()
        context.set_current(replace(now, actor_id=member.pk, actor=str(member)))
        if member.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(member.language)
            request.LANGUAGE_CODE = translation.get_language()
        if member.seen_at is None or timezone.now() - member.seen_at > SEEN_EVERY:
            members.seen(member, request.session.session_key)
        if member.must_change_password:
            refused = self._insist(request)
            if refused is not None:
                return refused
        return self.get_response(request)

    def _insist(self, request: HttpRequest) -> HttpResponse | None:
        """A one-time password opens one page only: the one that replaces it."""
        allowed = {reverse(name) for name in _OPEN_BEFORE_CHANGE}
        if request.path in allowed or request.path.startswith(settings.STATIC_URL):
            return None
        if request.path.startswith("/api/"):
            words = _("首次登录须先修改密码，本次请求没有执行。请在网页上修改密码后再试。")
            return JsonResponse({"code": "password_change_required", "message": words}, status=403)
        return redirect("account_change_password")
