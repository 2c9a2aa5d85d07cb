"""Rows of the sources room as its verbs take them: locked, asked afresh, woken."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel.errors import Conflict, NotFound
from rongmei.sources.models import FetchState, Source


def locked(source_id: uuid.UUID) -> Source:
    """The source, locked for a change; NotFound, or Conflict for a replica."""
    source = Source.objects.select_for_update(of=("self",)).filter(pk=source_id).first()
    if source is None:
        raise NotFound
    if source.is_replica:
        raise Conflict(_("这个信源归别的节点管理，没有改动。请到那个节点上修改。"))
    return source


def afresh(source: Source) -> None:
    """Ask again at once and as if for the first time."""
    FetchState.objects.filter(source=source).update(
        due_at=timezone.now(), etag="", last_modified="", body_hash="", moved_to="", failures=0,
        left=0, parts={}, trouble={}, moved_seen=0, full_at=None, etag_lies=False,
        failing_since=None, why={"rule": "asked"},
    )  # fmt: skip


def free_quota(source_ids: Iterable[uuid.UUID]) -> None:
    """Let sources that had used up their day go on; the next outcome counts by the new limit."""
    FetchState.objects.filter(pk__in=list(source_ids), quota_until__isnull=False).update(
        quota_until=None, due_at=timezone.now(), why={"rule": "asked"}
    )


def require_room(unit_id: uuid.UUID, more: int = 1) -> None:
    """Conflict when the unit would watch more sources than a unit may."""
    most = settings.RONGMEI_SOURCES_PER_UNIT
    if Source.objects.filter(unit_id=unit_id).count() + more > most:
        raise Conflict(
            _(
                "一个单位最多有 %(most)s 个信源，这次没有添加，已有的不受影响。"
                "请删去不用的，或请系统管理员调高上限。"
            )
            % {"most": most}
        )


def wake(source_id: uuid.UUID) -> None:
    """Let the collect process look at the source at once; in the caller's write."""
    FetchState.objects.filter(pk=source_id).update(due_at=timezone.now(), why={"rule": "asked"})
