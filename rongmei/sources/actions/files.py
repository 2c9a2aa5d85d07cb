"""Verbs on files handed over: by people, by other systems, and those that were refused."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, Conflict, NotFound
from rongmei.network import policy
from rongmei.sources import spool
from rongmei.sources.actions.rows import locked, wake
from rongmei.sources.models import PushMark, Source
from rongmei.sources.selectors import was_pushed

if TYPE_CHECKING:
    from rongmei.network.models import Member

# Longer than any signature is good, on both sides of its timestamp.
MARKS_KEPT: Final = timedelta(hours=1)


def files_hand_over(
    *, by: Member, source_id: uuid.UUID, files: Iterable[tuple[str, Iterable[bytes]]]
) -> int:
    """Take (name, pieces) of files for the source to read, within seconds; returns how many.

    Raises `TooMuch` for one beyond 64 MB; those before it stay.
    """
    _require_drop(by, source_id)
    kept = [spool.put(source_id, name, pieces) for name, pieces in files]
    with db.write():
        source = locked(source_id)
        wake(source_id)
        audit.record(by, "source.files_handed_over", source, files=[one.name[:80] for one in kept])
    return len(kept)


def file_pushed(*, source_id: uuid.UUID, name: str, body: bytes, ip: str, mark: str = "") -> str:
    """Take a file that another system pushed with the source's key; its key in the spool.

    The caller has found the source to be one that takes files, and the key to be right. `mark` is
    that of a signed push, which is taken once.
    """
    if mark and was_pushed(mark):
        raise Conflict(_("这次推送已经收过，没有重复收下。要再推一次，请换时间戳重新签名。"))
    if len(spool.waiting(source_id)) >= spool.MAX_WAITING:
        raise Conflict(_("等待读取的文件太多，这一份没有收下。请过几分钟再推送。"))
    # On the disk before the write: nobody waits at the database's gate for a disk.
    kept = spool.put(source_id, name, [body])
    with db.write():
        source = locked(source_id)
        wake(source_id)
        if mark:
            PushMark.objects.bulk_create([PushMark(mark=mark)], ignore_conflicts=True)
        audit.record(None, "source.file_pushed", source, file=kept.name[:80], ip=ip)
    return kept.name


def push_marks_forget() -> int:
    """Forget signed pushes whose signature is no longer good; how many there were."""
    with db.write():
        old = PushMark.objects.filter(at__lt=timezone.now() - MARKS_KEPT)
        return old.delete()[0]


def refused_file_deal(*, by: Member, source_id: uuid.UUID, key: str, again: bool) -> None:
    """Have a refused file read once more, or remove it for good."""
    held = spool.find_refused(source_id, key)
    with db.write():
        source = locked(source_id)
        policy.require(by, "sources.manage", source)
        if held is None:
            raise NotFound
        action = "source.file_again" if again else "source.file_discarded"
        audit.record(by, action, source, file=held.name[:80])
        wake(source_id)
    if again:
        spool.again(held, source_id)
    else:
        spool.discard(held)


def _require_drop(by: Member, source_id: uuid.UUID) -> None:
    source = Source.objects.filter(pk=source_id).first()
    if source is None:
        raise NotFound
    policy.require(by, "sources.manage", source)
    if source.kind != Source.Kind.DROP:
        raise BadInput(_("只有“文件与推送”类信源能收文件，没有收下。请选择或新建这样的信源。"))
