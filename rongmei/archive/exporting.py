"""The work of taking documents out: what was found is written down once, then put into a file.

A worker's sweep does a second's worth at a time, so that notices and the rest do not wait for a
large export. What was found stands as ids of 16 bytes in a file beside the one being written: one
commit of the index, whatever comes in meanwhile. Rows are asked for within the asker's reach when
they are written: what was withdrawn or made private since is left out, and counted.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from rongmei.archive import selectors
from rongmei.archive.errors import ArchiveError, ExportStopped, IndexMissing
from rongmei.archive.export_forms import COLUMNS, FORMS, ExportForm
from rongmei.archive.indexing import search_index
from rongmei.archive.models import Document, ExportJob
from rongmei.archive.query import Query
from rongmei.archive.types import SearchRequest
from rongmei.kernel import db
from rongmei.network import policy
from rongmei.network.actions import notify

if TYPE_CHECKING:
    from rongmei.network.models import Member

log = logging.getLogger(__name__)
STEP: Final = 250
# A sweep gives others their turn after so long.
SLICE_SECONDS: Final = 1.5
MOST_TRIES: Final = 3
# A packer that hangs is killed after so long.
PACK_SECONDS: Final = 600
State = ExportJob.State
OPEN: Final = (State.WAITING, State.WORKING)


def folder() -> Path:
    """Where exports are kept until they expire."""
    place: Path = settings.RONGMEI_NODE.data / "exports"
    return place


def keeping_days() -> int:
    """How long the file of an export is kept."""
    days: int = settings.RONGMEI_NODE.export_days
    return days


def path_of(job: ExportJob) -> Path:
    """The finished file of an export."""
    return folder() / f"{job.pk}.{FORMS[job.form].suffix}"


def columns_of(job: ExportJob) -> tuple[str, ...]:
    """The columns of an export, in the order of the table."""
    return tuple(one for one in COLUMNS if one in job.columns) or COLUMNS


def _part(job: ExportJob) -> Path:
    return folder() / f"{job.pk}.part"


def _listed(job: ExportJob) -> Path:
    return folder() / f"{job.pk}.ids"


def forget_files(job: ExportJob) -> None:
    """Remove everything of an export from the disk."""
    for path in (path_of(job), _part(job), _listed(job), _part(job).with_suffix(".packed")):
        path.unlink(missing_ok=True)


def found_ids(query: str | Query, member: Member | None, most: int) -> tuple[int, bytes]:
    """How many match in the member's reach (None: all), and the newest `most` ids, 16 bytes each."""
    asked = SearchRequest(
        query=selectors.understood(query, member),
        scope=None if member is None else selectors.scope_of(member),
    )
    try:
        total, ids = search_index().reader().walk(asked, most)
    except IndexMissing:
        return 0, b""
    return total, b"".join(uuid.UUID(one).bytes for one in ids)


def pages_of(ids: bytes, reach: QuerySet[Document]) -> Iterator[tuple[int, list[Document]]]:
    """The rows in the order of their ids, page by page, with how many ids each page stands for."""
    for start in range(0, len(ids), STEP * 16):
        wanted = _unpacked(ids[start : start + STEP * 16])
        held = reach.in_bulk(wanted)
        yield len(wanted), [held[one] for one in wanted if one in held]


def _unpacked(packed: bytes) -> list[uuid.UUID]:
    return [uuid.UUID(bytes=packed[at : at + 16]) for at in range(0, len(packed), 16)]


def pack(form: ExportForm, part: Path, columns: Sequence[str]) -> Path:
    """Make the file from its rows, which have these columns; the rows are gone then."""
    if not form.packed:
        return part
    packed = part.with_suffix(".packed")
    try:
        subprocess.run(  # noqa: S603 - our own module, on paths of our own making
            [
                sys.executable, "-m", "rongmei.archive.parquet", str(part), str(packed),
                ",".join(columns),
            ],
            check=True, capture_output=True, timeout=PACK_SECONDS,
        )  # fmt: skip
    except subprocess.SubprocessError as error:
        packed.unlink(missing_ok=True)
        detail = getattr(error, "stderr", None) or b""
        log.exception("packing failed: %s", detail.decode(errors="replace")[-2000:])
        raise ExportStopped(_("文件没有打包成功。请再导一次；再不成，请换一种格式。")) from error
    part.unlink()
    return packed


def save_to(
    path: Path, query: str, form: str, say: Callable[[int, int], None], most: int,
    columns: Sequence[str] = COLUMNS,
) -> tuple[int, int]:  # fmt: skip
    """Write what the whole archive has on a query to a file: for the operator, without a job.

    Whole when this returns, or not there. Returns (found, written).
    """
    kind = FORMS[form]
    total, ids = found_ids(query, None, most)
    part = path.with_name(f".{path.name}.part")
    done = written = 0
    try:
        with part.open("wb") as out:
            out.write(kind.head(columns))
            for asked, rows in pages_of(ids, Document.objects.all()):
                out.write(kind.rows(rows, columns))
                done, written = done + asked, written + len(rows)
                say(done, len(ids) // 16)
            out.flush()
            os.fsync(out.fileno())
        pack(kind, part, columns).replace(path)
    finally:
        part.unlink(missing_ok=True)
    return total, written


def work_due() -> int:
    """The sweep: expire old files, then a second's worth of the export that waited longest."""
    return _expire() + _work_once()


def _expire() -> int:
    """Delete files whose time is over; the row stays, and says so."""
    rows = list(ExportJob.objects.filter(state=State.DONE, expires_at__lte=timezone.now())[:100])
    for job in rows:
        forget_files(job)
        with db.write():
            ExportJob.objects.filter(pk=job.pk, state=State.DONE).update(
                state=State.EXPIRED, updated_at=timezone.now()
            )
    return len(rows)


def _next() -> ExportJob | None:
    """The export that was worked on longest ago, so that several go on side by side.

    The sweep's own lease keeps other workers away from all of them.
    """
    now = timezone.now()
    job = ExportJob.objects.filter(state__in=OPEN).order_by("updated_at", "pk").first()
    if job is None:
        return None
    with db.write():
        taken = ExportJob.objects.filter(pk=job.pk, state__in=OPEN).update(
            state=State.WORKING, attempts=F("attempts") + 1, begun_at=job.begun_at or now,
            updated_at=now,
        )  # fmt: skip
    if not taken:
        return None
    return ExportJob.objects.select_related("member").get(pk=job.pk)


def _work_once() -> int:
    job = _next()
    if job is None:
        return 0
    before = job.done
    with translation.override(job.language or settings.LANGUAGE_CODE):
        try:
            if job.attempts > MOST_TRIES:
                raise ExportStopped(
                    _("导出中断了几次都没有完成，已停止。请缩小范围再导；资料不受影响。")
                )
            finished = _advance(job)
        except ArchiveError as error:
            _stopped(job, str(error))
            return 1
        except OSError as error:
            log.exception("an export could not be written")
            _stopped(job, _("磁盘写入失败：%(why)s。请管理员检查磁盘空间后再导。") % {"why": error})
            return 1
        if finished:
            _finished(job)
        else:
            # This turn ended well: only turns that were cut off count as tries.
            _write_down(job, attempts=0)
    return max(1, job.done - before)


def _write_down(job: ExportJob, **fields: object) -> bool:
    """Change the row, unless the asker took the export back meanwhile."""
    with db.write():
        rows = ExportJob.objects.filter(pk=job.pk, state=State.WORKING)
        return bool(rows.update(updated_at=timezone.now(), **fields))


def _advance(job: ExportJob) -> bool:
    """A second's worth; True when everything is in the file and the file is in its place."""
    if not policy.anywhere(job.member, "archive.export") or not job.member.is_active:
        raise ExportStopped(_("导出权限已收回，导出已停止，文件已删除。"))
    folder().mkdir(parents=True, exist_ok=True)
    form, ids = FORMS[job.form], _ids(job)
    columns = columns_of(job)
    reach = selectors.documents_visible_to(job.member)
    ends = time.monotonic() + SLICE_SECONDS
    with _part(job).open("r+b" if job.position else "wb") as out:
        # What a killed worker wrote after it last wrote down how far it was is written again.
        out.truncate(job.position)
        out.seek(job.position)
        if not job.done and not job.position:
            out.write(form.head(columns))
        for asked, rows in pages_of(ids[job.done * 16 :], reach):
            out.write(form.rows(rows, columns))
            job.done, job.left_out = job.done + asked, job.left_out + asked - len(rows)
            if out.tell() > settings.RONGMEI_NODE.export_mb * 1_000_000:
                raise ExportStopped(
                    _("文件超过 %(most)d MB 的上限，导出已停止，文件已删除。请缩小范围分几次导出。")
                    % {"most": settings.RONGMEI_NODE.export_mb}
                )
            if time.monotonic() > ends:
                break
        out.flush()
        os.fsync(out.fileno())
        job.position = out.tell()
    if not _write_down(job, done=job.done, left_out=job.left_out, position=job.position):
        forget_files(job)
        return False
    if job.done < job.total:
        return False
    pack(form, _part(job), columns).replace(path_of(job))
    return True


def _ids(job: ExportJob) -> bytes:
    """What was found, looked up once for each export."""
    path = _listed(job)
    if job.position == 0 or not path.exists():
        job.done = job.left_out = job.position = 0
        most = settings.RONGMEI_NODE.export_rows
        wanted = min(job.most or most, most)
        total, ids = found_ids(job.query, job.member, wanted)
        if total > most and not job.most:
            raise too_many(total)
        draft = path.with_suffix(".draft")
        draft.write_bytes(ids)
        draft.replace(path)
        job.total = len(ids) // 16
        _write_down(job, total=job.total)
    return path.read_bytes()


def too_many(total: int) -> ExportStopped:
    """What is said when more was found than one export may hold."""
    return ExportStopped(
        _("找到 %(total)d 条，超过一次导出 %(most)d 条的上限，没有导出。请用日期等条件分几次导出。")
        % {"total": total, "most": settings.RONGMEI_NODE.export_rows}
    )


def _stopped(job: ExportJob, why: str) -> None:
    forget_files(job)
    with db.write():
        rows = ExportJob.objects.filter(pk=job.pk, state=State.WORKING)
        now = timezone.now()
        if rows.update(state=State.FAILED, error=why[:500], ended_at=now, updated_at=now):
            _tell(job, _("导出没有完成：%(query)s"), why)


def _finished(job: ExportJob) -> None:
    _listed(job).unlink(missing_ok=True)
    now, size = timezone.now(), path_of(job).stat().st_size
    with db.write():
        rows = ExportJob.objects.filter(pk=job.pk, state=State.WORKING)
        kept = rows.update(
            state=State.DONE, size=size, ended_at=now, updated_at=now,
            expires_at=now + timedelta(days=settings.RONGMEI_NODE.export_days),
        )  # fmt: skip
        if kept:
            _tell(job, _("导出好了，可以下载：%(query)s"), "")
    if not kept:
        forget_files(job)


def _tell(job: ExportJob, title: str, body: str) -> None:
    notify(
        [job.member], kind="archive.export", subject_id=job.pk, key=f"export:{job.pk}",
        title=title % {"query": job.query[:60] or _("全部文献")}, body=body,
        url=reverse("archive:exports"),
    )  # fmt: skip


def prune_strays() -> int:
    """Remove files that no export owns any more: a killed worker may leave one."""
    held = {
        str(one)
        for one in ExportJob.objects.filter(state__in=[*OPEN, State.DONE]).values_list(
            "pk", flat=True
        )
    }
    removed = 0
    with suppress(FileNotFoundError):
        for path in folder().iterdir():
            if path.name.split(".", 1)[0] not in held:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
