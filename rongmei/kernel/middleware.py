"""Request middleware of the kernel: who acts from where, and errors in words."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from rongmei.kernel import context
from rongmei.kernel.errors import RongmeiError

log = logging.getLogger(__name__)
Handler = Callable[[HttpRequest], HttpResponse]
# Wagtail's editor and the API's documentation page carry scripts in their pages.
WITH_INLINE_SCRIPTS = ("/cms/", "/api/v1/docs")


def content_security_policy() -> str:
    """Everything from ourselves; events from our stream server."""
    return (
        "default-src 'self'; img-src 'self' data: blob:; "
        f"connect-src 'self' {settings.RONGMEI_NODE.stream_url}; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )


class RequestContextMiddleware:
    """Give each request an id (quoted by error pages) and note the address it came from."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:12]
        now = context.Context(ip=request.META.get("REMOTE_ADDR", "")[:45], request_id=request_id)
        with context.acting(now):
            response = self.get_response(request)
        response.headers["X-Request-Id"] = request_id
        response.headers.setdefault(
            "Permissions-Policy", "geolocation=(self), camera=(self), microphone=(self)"
        )
        if not request.path.startswith(WITH_INLINE_SCRIPTS):
            response.headers.setdefault("Content-Security-Policy", content_security_policy())
        return response


class ErrorWordsMiddleware:
    """Turn a RongmeiError into a page, a fragment or JSON that says what happened and what to do."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for expected errors; leave the unexpected to Django."""
        if not isinstance(error, RongmeiError):
            return None
        if request.headers.get("Accept", "").startswith("application/json"):
            return JsonResponse({"code": error.code, "message": error.message}, status=error.status)
        if request.headers.get("HX-Request"):
            fragment = render(
                request, "ui/error_fragment.html", {"error": error}, status=error.status
            )
            fragment.headers["HX-Retarget"] = "#messages"
            fragment.headers["HX-Reswap"] = "innerHTML"
            return fragment
        shown = {"error": error, "request_id": context.current().request_id}
        return render(request, "ui/error.html", shown, status=error.status)
