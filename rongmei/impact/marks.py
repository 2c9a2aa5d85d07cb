"""Taking snapshots at their marks, and telling a story's home node how it does. Both are sweeps' work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from rongmei.channels import selectors as channels
from rongmei.channels.errors import OnlyAtHome
from rongmei.impact import selectors
from rongmei.impact.models import MetricSnapshot, Reported
from rongmei.impact.types import MARKS, Totals
from rongmei.kernel import db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import exchange
from rongmei.network.hooks import Activity, Arrival
from rongmei.network.selectors import peer_of_unit

if TYPE_CHECKING:
    from rongmei.channels.models import Publication

REPORTED: Final = "impact.reported"
# A snapshot taken this late or less is still the figure of its mark; later ones are estimated.
_ON_TIME: Final = timedelta(minutes=10)
_LONGEST: Final = max(MARKS.values()) + timedelta(days=2)
_STEP: Final = 100
_METRICS: Final = ("reads", "readers", "reprints")
Basis = MetricSnapshot.Basis


def snapshots_take() -> int:
    """Take every snapshot whose mark has passed and that is missing; return how many were taken."""
    now = timezone.now()
    rows = channels.public_since(now - _LONGEST)
    done = 0
    batch: list[Publication] = []
    for one in rows.iterator(chunk_size=_STEP):
        batch.append(one)
        if len(batch) == _STEP:
            done += _take(batch, now)
            batch = []
    return done + (_take(batch, now) if batch else 0)


def _take(batch: list[Publication], now: datetime) -> int:
    ids = [one.pk for one in batch]
    taken: dict[Any, set[str]] = defaultdict(set)
    for publication_id, mark in MetricSnapshot.objects.filter(publication__in=ids).values_list(
        "publication_id", "mark"
    ):
        taken[publication_id].add(mark)
    due = [
        (one, mark, one.published_at + after)
        for one in batch
        for mark, after in MARKS.items()
        if mark not in taken[one.pk] and one.published_at + after <= now
    ]
    if not due:
        return 0
    figures = selectors.totals({one.pk for one, _mark, _at in due})
    made = [
        row
        for one, mark, at in due
        for row in _rows(one, mark, at, now, figures[one.pk])
    ]  # fmt: skip
    with db.write():
        # The unique key lets a second worker's rows fall away.
        MetricSnapshot.objects.bulk_create(made, ignore_conflicts=True, batch_size=200)
    return len(made)


def _rows(
    one: Publication, mark: str, at: datetime, now: datetime, figures: Totals
) -> Iterable[MetricSnapshot]:
    values: dict[str, int | None]
    if now - at <= _ON_TIME:
        basis = Basis.COUNTED
        values = {name: getattr(figures, name) for name in _METRICS}
    else:
        basis = Basis.ESTIMATED
        reads, readers = selectors.figures_at(one, at)
        # How many reprints there were then cannot be known any more.
        values = {"reads": reads, "readers": readers, "reprints": None}
    for name, value in values.items():
        if value is not None:
            yield MetricSnapshot(
                publication=one, unit_id=one.unit_id, metric=name, mark=mark, value=value,
                basis=basis, taken_at=now,
            )  # fmt: skip


def totals_report() -> int:
    """Tell the home nodes of others' stories the new totals; return how many were sent."""
    since = timezone.now() - _LONGEST
    rows = list(channels.of_other_nodes_stories(since)[:1000])
    figures = selectors.totals([one.pk for one in rows])
    told = {row.pk: row for row in Reported.objects.filter(pk__in=figures)}
    done = 0
    for one in rows:
        held, now = told.get(one.pk), figures[one.pk]
        if held is not None and now == Totals(held.reads, held.readers, held.reprints):
            continue
        done += _tell(one, now)
    return done


def _tell(one: Publication, figures: Totals) -> int:
    peer = peer_of_unit(one.story.unit_id)
    if peer is None:
        return 0
    at = timezone.now()
    values = {
        "reads": figures.reads or 0, "readers": figures.readers or 0,
        "reprints": figures.reprints or 0,
    }  # fmt: skip
    with db.write():
        Reported.objects.update_or_create(publication=one, defaults={**values, "at": at})
        exchange.send(
            to=peer, type=REPORTED, subject_id=one.pk, unit_id=one.unit_id,
            body={**values, "at": at.isoformat()},
        )  # fmt: skip
    return 1


def apply_reported(arrival: Arrival) -> None:
    """Keep what the publishing node counted for a publication that is at home there."""
    subject = arrival.subject_id
    known = channels.homes([subject]) if subject else {}
    if subject is None or subject not in known:
        raise NotFound
    if known[subject] != arrival.from_node:
        raise OnlyAtHome
    at = parse_datetime(str(arrival.body.get("at") or ""))
    values = {name: arrival.body.get(name) for name in _METRICS}
    fine = all(
        isinstance(one, int) and not isinstance(one, bool) and 0 <= one < 2**31
        for one in values.values()
    )
    if at is None or not fine:
        raise BadInput
    Reported.objects.update_or_create(publication_id=subject, defaults={**values, "at": at})


def activities() -> list[Activity]:
    """The messages this room understands."""
    return [Activity(REPORTED, apply_reported)]
