"""Health and metrics of a node, for machines."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from rongmei import __version__
from rongmei.kernel import events, plugins


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
