"""Health and metrics of a node, for machines, and the files of its public pictures."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.views.static import serve

from rongmei import __version__
from rongmei.kernel import events, plugins
from rongmei.kernel.ranges import ranged


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers; says nothing that a stranger should not know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok", "version": __version__})


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text format: the newest event and what rooms report."""
    lines = [
        "# HELP rongmei_event_seq Number of the newest event.",
        "# TYPE rongmei_event_seq counter",
        f"rongmei_event_seq {events.latest_seq()}",
    ]
    for gauges in plugins.manager.hook.register_gauges():
        for gauge in gauges:
            lines += [
                f"# HELP {gauge.name} {gauge.help}",
                f"# TYPE {gauge.name} gauge",
                f"{gauge.name} {gauge.read()}",
            ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """A public picture, video or recording, or the part of it that is asked for.

    A path out of the folder gets the 404 of a file that is not there: Django would
    answer 400 and write a traceback of an error for each of a scanner's guesses.
    """
    try:
        return ranged(request, serve(request, path, document_root=str(settings.MEDIA_ROOT)))
    except SuspiciousFileOperation as error:
        raise Http404 from error
