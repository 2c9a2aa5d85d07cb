"""/api/v1/impact/: figures of publications and the rows they are made of.

No postponed annotations here: a paginated operation resolves its path parameters outside this module.
"""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate
from typing_extensions import override

from rongmei.impact import selectors
from rongmei.impact.types import NOTES
from rongmei.network import policy
from rongmei.network.tokens import member_of

router = Router(tags=["impact"])


class FigureOut(Schema):
    """Figures of one publication as they stand now; null is not known."""

    publication_id: uuid.UUID
    title: str
    published_at: datetime
    public_url: str
    reads: int | None
    readers: int | None
    reprints: int | None


class HourOut(Schema):
    """Reads and first-of-the-day readers in one hour."""

    hour: datetime
    reads: int
    readers: int


class SnapshotOut(Schema):
    """One immutable snapshot."""

    mark: str
    metric: str
    value: int
    basis: str
    taken_at: datetime


class DetailOut(FigureOut):
    """Figures with their snapshots and what each figure means."""

    snapshots: list[SnapshotOut]
    notes: dict[str, str]


class TodayOut(Schema):
    """The last 24 hours."""

    publications: int
    publications_all: int
    reads: int
    readers: int
    hourly: list[int]


def _figures(rows: list[Any]) -> list[dict[str, Any]]:
    found = selectors.totals([row.pk for row in rows])
    return [
        {
            "publication_id": row.pk, "title": row.title, "published_at": row.published_at,
            "public_url": row.public_url, "reads": found[row.pk].reads,
            "readers": found[row.pk].readers, "reprints": found[row.pk].reprints,
        }
        for row in rows
    ]  # fmt: skip


class FigurePage(LimitOffsetPagination):
    """Limit/offset over publications, with figures read for the page only."""

    @override
    def paginate_queryset(
        self, queryset: Any, pagination: Any, request: Any = None, **params: Any
    ) -> dict[str, Any]:
        """Return {"items", "count"}."""
        chosen = queryset[pagination.offset : pagination.offset + pagination.limit]
        return {"items": _figures(list(chosen)), "count": queryset.count()}


@router.get("/publications", response=list[FigureOut])
@paginate(FigurePage)
def list_figures(request: HttpRequest) -> Any:
    """Publications with their figures, newest first."""
    member = member_of(request)
    policy.require(member, "impact.view")
    return selectors.publications_visible_to(member)


@router.get("/publications/{publication_id}", response=DetailOut)
def get_figures(request: HttpRequest, publication_id: uuid.UUID) -> dict[str, Any]:
    """One publication's figures and snapshots."""
    member = member_of(request)
    policy.require(member, "impact.view")
    held = selectors.publication_for(member, publication_id)
    taken = [row for _mark, rows in selectors.snapshots(held.pk) for row in rows.values()]
    notes = {key: str(words) for key, words in NOTES.items()}
    return {**_figures([held])[0], "snapshots": taken, "notes": notes}


@router.get("/publications/{publication_id}/hours", response=list[HourOut])
@paginate(LimitOffsetPagination)
def get_hours(request: HttpRequest, publication_id: uuid.UUID) -> Any:
    """The hourly rows that the reads are the sum of, newest first."""
    member = member_of(request)
    policy.require(member, "impact.view")
    return selectors.read_rows(selectors.publication_for(member, publication_id).pk)


@router.get("/today", response=TodayOut)
def get_today(request: HttpRequest) -> Any:
    """Publications and reads of the last 24 hours."""
    member = member_of(request)
    policy.require(member, "impact.view")
    return selectors.today_figures(member)
