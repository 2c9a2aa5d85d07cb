"""Pages of figures (效果): the list, one publication, the export. Every number leads to its rows."""

from __future__ import annotations

import csv
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.impact import selectors
from rongmei.impact.types import NOTES, Totals
from rongmei.kernel import audit, db
from rongmei.network.guard import MemberRequest, page

if TYPE_CHECKING:
    from rongmei.channels.models import Publication

_PER_PAGE: Final = 30
_MOST_ROWS: Final = 5000
_PERIODS: Final = {"1": 1, "7": 7, "30": 30}


@dataclass(frozen=True)
class Line:
    """One publication in the list."""

    publication: Publication
    totals: Totals
    series: list[int] | None


def _chosen(request: MemberRequest) -> QuerySet[Publication]:
    rows = selectors.publications_visible_to(request.user)
    days = _PERIODS.get(request.GET.get("days", ""))
    if days:
        rows = rows.filter(published_at__gte=timezone.now() - timedelta(days=days))
    words = request.GET.get("q", "").strip()
    return rows.filter(title__icontains=words) if words else rows


def _lines(rows: list[Publication]) -> list[Line]:
    ids = [row.pk for row in rows]
    found, series = selectors.totals(ids), selectors.hourly(ids)
    return [
        Line(row, found[row.pk], None if row.is_replica else series[row.pk]) for row in rows
    ]  # fmt: skip


@page("impact.view")
def index(request: MemberRequest) -> HttpResponse:
    """Publications with reads, readers and reprints."""
    listed = Paginator(_chosen(request), _PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": listed,
        "lines": _lines(list(listed)),
        "today": selectors.today_figures(request.user),
        "notes": NOTES,
        "q": request.GET.get("q", ""),
    }
    return render(request, "impact/index.html", context)


def _safe(value: Any) -> Any:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" else value


@page("impact.view")
def export(request: MemberRequest) -> HttpResponse:
    """The list as CSV (UTF-8 with a mark, so that spreadsheets read Chinese); empty is not known."""
    rows = list(_chosen(request)[:_MOST_ROWS])
    found = selectors.totals([row.pk for row in rows])
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = (
        f'attachment; filename="impact-{timezone.localdate()}.csv"'
    )
    answer.write("\ufeff")
    out = csv.writer(answer)
    out.writerow(
        [_("标题"), _("供稿单位"), _("发布单位"), _("发布时间"), _("状态"), _("阅读"), _("读者"), _("转载"), _("链接")]
    )  # fmt: skip
    for row in rows:
        held = found[row.pk]
        out.writerow(
            [
                _safe(one)
                for one in (
                    row.title, row.story.unit.label, row.unit.label,
                    timezone.localtime(row.published_at).isoformat(timespec="minutes"),
                    str(row.get_state_display()), held.reads, held.readers, held.reprints,
                    row.public_url,
                )
            ]
        )  # fmt: skip
    with db.write():
        audit.record(request.user, "impact.exported", unit_id=request.user.unit_id, rows=len(rows))
    return answer


@page("impact.view")
def detail(request: MemberRequest, publication_id: uuid.UUID) -> HttpResponse:
    """One publication: its figures, the hours, the snapshots, the reprints."""
    held = selectors.publication_for(request.user, publication_id)
    chart = None if held.is_replica else _chart(held)
    context = {
        "publication": held,
        "totals": selectors.totals([held.pk])[held.pk],
        "heard_at": selectors.heard_at(held.pk) if held.is_replica else None,
        "chart": chart,
        "hours": list(selectors.read_rows(held.pk)[:72]),
        "snapshots": selectors.snapshots(held.pk),
        "reprints": [] if held.is_replica else selectors.reprints(held.pk),
        "notes": NOTES,
        "now": timezone.now(),
    }
    return render(request, "impact/detail.html", context)


def _chart(held: Publication) -> list[tuple[str, float | None]]:
    """The first 72 hours by hour; the hours to come have no value."""
    begin = held.published_at.replace(minute=0, second=0, microsecond=0)
    until = begin + timedelta(hours=71)
    series = selectors.hourly([held.pk], hours=72, until=until)[held.pk]
    now = timezone.now()
    found: list[tuple[str, float | None]] = []
    for i, reads in enumerate(series):
        hour = begin + timedelta(hours=i)
        label = f"{timezone.localtime(hour):%m-%d %H:00}"
        found.append((label, reads if hour <= now else None))
    return found
