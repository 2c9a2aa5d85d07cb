"""Tells the kernel who is acting, and speaks the member's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.http import HttpRequest, HttpResponse

from rongmei.kernel import context


class MemberMiddleware:
    """Put the signed-in member into the context that audit lines are written from."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        member = request.user
        if member.is_authenticated:
            now = context.current()
            context.set_current(replace(now, actor_id=member.pk, actor=str(member)))
        return self.get_response(request)
