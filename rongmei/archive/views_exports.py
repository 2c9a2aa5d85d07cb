"""Pages of exports: ask for one, see them go on, take the file, take one back."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import exporting, exports, selectors
from rongmei.archive.errors import QueryError
from rongmei.archive.export_forms import FORMS, headings
from rongmei.archive.models import ExportJob
from rongmei.archive.query import describe, to_string
from rongmei.archive.searching import asked_of
from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network.guard import MemberRequest, page

SHOWN = 50


@page("archive.export")
@require_safe
def exports_list(request: MemberRequest) -> HttpResponse:
    """One's own exports; while one goes on, the list reads itself again."""
    jobs = list(exports.exports_of(request.user)[:SHOWN])
    shown: dict[str, Any] = {
        "jobs": jobs,
        "going_on": any(one.state in exporting.OPEN for one in jobs),
        "days": exporting.keeping_days(),
    }
    part = request.htmx and not request.htmx.boosted
    return render(request, "archive/_exports.html" if part else "archive/exports.html", shown)


@page("archive.export")
def export(request: MemberRequest) -> HttpResponse:
    """Choose how a result is to be put into a file, and have it done."""
    if request.method == "POST":
        return _asked_for(request)
    asked = asked_of(dict(request.GET.lists()))
    limit = settings.RONGMEI_NODE.export_rows
    try:
        query = asked.query()
        found = selectors.find(request.user, query, limit=1, facets=False, highlight=False)
    except QueryError:
        # The search page points at what is wrong.
        return redirect(f"{reverse('archive:list')}?{urlencode({'q': asked.typed})}")
    shown = {
        "query": to_string(query), "said": describe(query), "total": found.total, "limit": limit,
        "columns": headings().items(), "forms": _forms(), "days": exporting.keeping_days(),
    }  # fmt: skip
    return render(request, "archive/export.html", shown)


def _forms() -> list[tuple[str, str, str]]:
    return [
        ("csv", _("CSV 表格"), _("可用 Excel、WPS 打开")),
        ("jsonl", "JSON Lines", _("一行一篇，给程序用")),
        ("ninjs", "ninjs 3.1", _("给其他新闻系统；内容按标准固定，不能选列")),
        ("parquet", "Parquet", _("做数据分析")),
    ]


def _asked_for(request: MemberRequest) -> HttpResponse:
    asked = asked_of(dict(request.POST.lists()))
    most = request.POST.get("most", "").strip()
    try:
        exports.export_ask(
            by=request.user, query=asked.text(), form=request.POST.get("format", "csv"),
            columns=request.POST.getlist("columns"), most=int(most) if most.isdecimal() else 0,
        )  # fmt: skip
    except RongmeiError as error:
        messages.error(request, words_at_form(error))
        back = f"{reverse('archive:export')}?{urlencode({'q': asked.typed})}"
        return redirect(back if not isinstance(error, QueryError) else "archive:list")
    messages.success(request, _("已开始导出，完成后会通知你，可以离开这一页。"))
    return redirect("archive:exports")


@page("archive.export")
@require_POST
def export_cancel(request: MemberRequest, export_id: uuid.UUID) -> HttpResponse:
    """Stop an export, or delete its file."""
    job = exports.export_cancel(by=request.user, export_id=export_id)
    gone = job.state == ExportJob.State.EXPIRED
    messages.success(request, _("文件已删除") if gone else _("已取消导出"))
    return redirect("archive:exports")


@page("archive.export")
@require_safe
def export_file(request: MemberRequest, export_id: uuid.UUID) -> FileResponse:
    """The file of a finished export."""
    return file_answer(request.user, export_id)


def file_answer(member: Any, export_id: uuid.UUID) -> FileResponse:
    """The file as an answer, under a name that says what and when."""
    job, path = exports.export_file(by=member, export_id=export_id)
    name = f"rongmei-{job.created_at:%Y%m%d-%H%M%S}.{FORMS[job.form].suffix}"
    answer = FileResponse(path.open("rb"), content_type=FORMS[job.form].content_type)
    answer["Content-Disposition"] = f'attachment; filename="{quote(name)}"'
    return answer
