"""The correspondent's writing page: one light page that works without a line, and what it asks for."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongmei.network.guard import SIGNED_IN, MemberRequest, page
from rongmei.stories import phone_words, submissions
from rongmei.stories.submission_rows import Submission, SubmissionState

# What the page consists of, beside itself; a test holds their weight to a budget.
PARTS: Final = ("ui/tokens.css", "ui/base.css", "stories/phone.css", "stories/phone-store.js",
                "stories/phone-sync.js", "stories/phone.js", "ui/mark.svg")  # fmt: skip
PAGE: Final = 30


@cache
def _fingerprint() -> str:
    """Changes with any part: the browser's worker then keeps the new ones."""
    digest = hashlib.sha256()
    for name in (*PARTS, "stories/phone-worker.js"):
        path = finders.find(name)
        with open(str(path), "rb") as handle:
            digest.update(handle.read())
    return digest.hexdigest()[:16]


@page("stories.submit")
@require_safe
def write(request: MemberRequest) -> HttpResponse:
    """The page. Everything it shows comes from the phone's own store; the server fills that."""
    get_token(request)
    shown = {
        "words": phone_words.words(), "member_id": str(request.user.pk),
        "csrf_cookie": settings.CSRF_COOKIE_NAME, "faces": Submission.Faces.choices,
        "version": _fingerprint(), "desks": _desks(request),
    }  # fmt: skip
    return render(request, "stories/phone.html", shown)


def _desks(request: MemberRequest) -> list[dict[str, str]]:
    return [{"id": str(one.pk), "name": one.label} for one in submissions.desks_for(request.user)]


def _told(row: Submission, last: Any) -> dict[str, Any]:
    return {
        "id": str(row.pk), "number": row.number, "version": row.version, "title": row.title,
        "unit_id": str(row.unit_id), "unit_name": row.unit.label, "state": row.state,
        "state_words": str(row.get_state_display()), "next_words": submissions.next_words(row),
        "writable": row.state in submissions.WRITABLE, "due": row.answer_due_at,
        "url": reverse("submissions:submission", args=[row.pk]),
        "reason": last.reason if last else "", "example": last.example if last else "",
        "updated_at": row.updated_at,
    }  # fmt: skip


@page("stories.submit")
@require_safe
def state(request: MemberRequest) -> JsonResponse:
    """Who is signed in, where they may send to, and where each of their pieces is."""
    rows = list(submissions.own(request.user).select_related("story").defer("text")[:PAGE])
    answers = submissions.last_answers(rows)
    return JsonResponse(
        {
            "member": str(request.user.pk), "language": get_language(),
            "desks": _desks(request),
            "pieces": [
                _told(one, answers.get(one.pk) if one.state in _ANSWERED else None) for one in rows
            ],
        }
    )  # fmt: skip


_ANSWERED: Final = (SubmissionState.ASKED, SubmissionState.DECLINED)


@page("stories.view")
@require_safe
def alive(request: MemberRequest) -> JsonResponse:
    """Who is signed in, and the token their forms need now: asked by the editor before it sends a text
    that it would lose otherwise."""
    return JsonResponse({"member": str(request.user.pk), "token": get_token(request)})


@page(SIGNED_IN)
@require_safe
def worker(request: MemberRequest) -> HttpResponse:
    """The service worker: keeps the page and its parts on the phone. It holds no data."""
    path = finders.find("stories/phone-worker.js")
    with open(str(path), encoding="utf-8") as handle:
        script = handle.read()
    known = {
        "cache": f"rongmei-phone-{_fingerprint()}", "page": reverse("phone:write"),
        "parts": [static(name) for name in PARTS],
    }  # fmt: skip
    response = HttpResponse(
        f"const KNOWN = {json.dumps(known)};\n{script}", content_type="text/javascript; charset=utf-8"
    )  # fmt: skip
    return response


@page(SIGNED_IN)
@require_safe
def manifest(request: MemberRequest) -> JsonResponse:
    """What a phone needs to put the page among its applications."""
    icon = {"src": static("ui/mark.svg"), "sizes": "any", "type": "image/svg+xml"}
    answer = JsonResponse(
        {
            "name": _("融媒写稿"), "short_name": _("写稿"), "start_url": reverse("phone:write"),
            "scope": reverse("phone:write"), "display": "standalone", "lang": get_language(),
            "background_color": "#f5f6f6", "theme_color": "#0a6966", "icons": [icon],
        },
        content_type="application/manifest+json",
    )  # fmt: skip
    return answer
