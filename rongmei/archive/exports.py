"""Asking for a file of what was found, following it, taking it back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from rongmei.archive import exporting, selectors
from rongmei.archive.export_forms import COLUMNS, FORMS
from rongmei.archive.models import ExportJob
from rongmei.archive.query import parse
from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, Conflict, NotFound
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

MOST_OPEN = 5


def exports_of(member: Member) -> QuerySet[ExportJob]:
    """A member's own exports, newest first: nobody else sees what was asked for, or the files."""
    if not policy.anywhere(member, "archive.export"):
        return ExportJob.objects.none()
    return ExportJob.objects.filter(member_id=member.pk).order_by("-created_at")


def export_of(member: Member, export_id: uuid.UUID) -> ExportJob:
    """One of the member's own exports; NotFound otherwise."""
    job = exports_of(member).filter(pk=export_id).first()
    if job is None:
        raise NotFound
    return job


def export_ask(
    *, by: Member, query: str, form: str, columns: Sequence[str] = (), most: int = 0
) -> ExportJob:
    """Have what was found put into a file; it is worked on at once, beside everything else.

    `columns` are the wanted ones of `export_forms.COLUMNS`, `most` how many of the newest; left
    empty, all of them. Raises QueryError for a query that means nothing, and says so when more was
    found than one file may hold.
    """
    policy.require(by, "archive.export")
    if form not in ExportJob.Form.values:
        raise BadInput(_("没有这种导出格式，没有开始。可选 csv、jsonl、ninjs、parquet。"))
    if not set(columns) <= set(COLUMNS):
        raise BadInput(_("没有这样的列，没有开始。请从列表中选择。"))
    limit = settings.RONGMEI_NODE.export_rows
    if not 0 <= most <= limit:
        raise BadInput(_("一次最多导出 %(most)d 篇，没有开始。请减少篇数。") % {"most": limit})
    total = selectors.find(by, parse(query), limit=1, facets=False, highlight=False).total
    if most:
        total = min(total, most)
    elif total > limit:
        raise exporting.too_many(total)
    chosen = [one for one in COLUMNS if one in columns] if FORMS[form].chooses else []
    with db.write():
        open_now = ExportJob.objects.filter(member_id=by.pk, state__in=exporting.OPEN).count()
        if open_now >= MOST_OPEN:
            raise Conflict(
                _("你有 %(count)d 个导出还没有完成，没有开始新的。请等一等，或先取消一个。")
                % {"count": open_now}
            )
        job = ExportJob.objects.create(
            member_id=by.pk, unit_id=by.unit_id, query=query, form=form, total=total, most=most,
            columns=chosen if len(chosen) < len(COLUMNS) else [], language=get_language() or "",
        )  # fmt: skip
        more = {"columns": job.columns} if job.columns else {}
        audit.record(
            by, "archive.exported", job, query=query[:500], format=form, total=total, **more
        )
    return job


def export_cancel(*, by: Member, export_id: uuid.UUID) -> ExportJob:
    """Stop an export that is not finished, or delete the file of one that is."""
    policy.require(by, "archive.export")
    with db.write():
        job = ExportJob.objects.filter(pk=export_id, member_id=by.pk).first()
        if job is None:
            raise NotFound
        was = job.state
        if was in {*exporting.OPEN, ExportJob.State.DONE}:
            unfinished = was in exporting.OPEN
            job.state = ExportJob.State.CANCELLED if unfinished else ExportJob.State.EXPIRED
            job.ended_at = job.ended_at or timezone.now()
            job.save(update_fields=["state", "ended_at", "updated_at"])
            audit.record(by, "archive.export_cancelled", job, was=was)
    if was in {*exporting.OPEN, ExportJob.State.DONE}:
        exporting.forget_files(job)
    return job


def export_file(*, by: Member, export_id: uuid.UUID) -> tuple[ExportJob, Path]:
    """The finished file of one of the member's own exports; leaves a line each time it is taken."""
    job = export_of(by, export_id)
    path = exporting.path_of(job)
    if job.state != ExportJob.State.DONE or not path.exists():
        raise Conflict(
            _("这个导出现在没有文件可以下载：%(state)s。需要时请再导一次。")
            % {"state": job.get_state_display()}
        )
    with db.write():
        audit.record(by, "archive.export_taken", job, format=job.form, size=job.size)
    return job, path
