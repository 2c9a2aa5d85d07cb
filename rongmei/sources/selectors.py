"""Reads of the sources room."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet
from django.utils import timezone

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.sources.models import FetchLog, FetchState, Source
from rongmei.sources.types import SourceSpec

if TYPE_CHECKING:
    from datetime import datetime

    from rongmei.network.models import Member


def sources_visible_to(member: Member) -> QuerySet[Source]:
    """Sources of the units in reach, with how they stand."""
    units = policy.units_for(member, "sources.view")
    return Source.objects.filter(unit__in=units).select_related("unit", "state")


def source_for(member: Member, source_id: uuid.UUID) -> Source:
    """One source in reach; NotFound otherwise."""
    found = sources_visible_to(member).filter(pk=source_id).first()
    if found is None:
        raise NotFound
    return found


def log_of(source: Source, limit: int = 50) -> list[FetchLog]:
    """The last attempts at a source, newest first, without the raw samples."""
    return list(source.log.defer("sample")[:limit])


def last_failure(source: Source) -> FetchLog | None:
    """The newest failed attempt that kept a raw sample."""
    return source.log.exclude(sample=b"").first()


def spec_of(source: Source) -> SourceSpec:
    """How to read a source, for the collectors."""
    return SourceSpec(
        kind=source.kind,  # type: ignore[arg-type] # choices are the same words
        url=source.url,
        options=source.options,
        encoding=str(source.options.get("encoding", "")),
        language=source.language,
        internal=source.internal,
        fetch_full_text=source.full_text,
    )


def due_states(now: datetime, limit: int) -> list[FetchState]:
    """Sources whose time has come and which nobody is fetching, longest due first."""
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    rows = FetchState.objects.filter(free, due_at__lte=now, source__enabled=True)
    return list(rows.select_related("source").order_by("due_at")[:limit])


def next_due() -> datetime | None:
    """When the next enabled source is due; None when there is none."""
    rows = FetchState.objects.filter(source__enabled=True).order_by("due_at")
    return rows.values_list("due_at", flat=True).first()


def failing_count(member: Member) -> int:
    """How many sources in reach failed at their last try."""
    rows = sources_visible_to(member).filter(enabled=True, state__failures__gt=0)
    return rows.count()


def overview(member: Member) -> dict[str, int]:
    """Counts for the head of the list: all, enabled, failing, quiet for a day."""
    rows = sources_visible_to(member)
    day_ago = timezone.now() - timedelta(days=1)
    return {
        "all": rows.count(),
        "enabled": rows.filter(enabled=True).count(),
        "failing": rows.filter(enabled=True, state__failures__gt=0).count(),
        "quiet": rows.filter(enabled=True, state__last_new_at__lt=day_ago).count(),
    }
