"""Pages of exports: ask for one, see them go on, take the file, take one back."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import exporting, exports
from rongmei.archive.export_forms import FORMS
from rongmei.archive.models import ExportJob
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
@require_POST
def export(request: MemberRequest) -> HttpResponse:
    """Have the present result put into a file."""
    asked = asked_of(dict(request.POST.lists()))
    form = request.POST.get("format", "csv")
    try:
        exports.export_ask(by=request.user, query=asked.text(), form=form)
    except RongmeiError as error:
        messages.error(request, words_at_form(error))
    else:
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
