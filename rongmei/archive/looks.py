"""What is new in a saved search since a member last opened it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from rongmei.archive import dates, selectors, timeline
from rongmei.archive.errors import IndexMissing, QueryError
from rongmei.archive.indexing import search_index
from rongmei.archive.models import SavedSearch, SearchLook
from rongmei.archive.query import And, Everything, Query, When, parse
from rongmei.archive.saved import search_for
from rongmei.kernel import db
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

# Going back and forth between the hits and a document is one look.
ONE_LOOK: Final = timedelta(minutes=10)
DAYS_DRAWN: Final = 30


@dataclass(frozen=True)
class Pulse:
    """A saved search at a glance: its last thirty days, and what is new to this member."""

    days: tuple[int, ...]
    total: int
    new: int | None
    since: datetime | None


def search_looked(*, by: Member, search_id: uuid.UUID) -> datetime | None:
    """Note that the member opens a saved search; returns when they looked before, if ever."""
    held, now = search_for(by, search_id), timezone.now()
    with db.write():
        look = SearchLook.objects.filter(search=held, member_id=by.pk).first()
        if look is None:
            SearchLook.objects.create(search=held, member_id=by.pk, looked_at=now)
            return None
        if now - look.looked_at < ONE_LOOK:
            return look.before_at
        look.before_at, look.looked_at = look.looked_at, now
        look.save(update_fields=["before_at", "looked_at"])
    return look.before_at


def since_words(moment: datetime) -> str:
    """A moment as the query language and addresses have it: to the second, in the house's time."""
    here = datetime.fromtimestamp(moment.timestamp() + timeline.TZ_OFFSET, UTC)
    return here.strftime("%Y-%m-%dT%H:%M:%S")


def since_of(words: str) -> datetime | None:
    """The moment that an address names; None for what is none."""
    if "T" not in (held := dates.canonical(words) or "") or ".." in held:
        return None
    return datetime.fromtimestamp(dates.period(held, now=0, tz_offset=timeline.TZ_OFFSET)[0], UTC)


def only_since(query: Query, moment: datetime) -> Query:
    """What is found, of what came in since a moment."""
    fresh = When("collected", f"{since_words(moment)}..")
    return fresh if isinstance(query, Everything) else And((query, fresh))


def count_since(member: Member, query: Query, moment: datetime) -> int:
    """How many of what is found came in since a moment."""
    policy.require(member, "archive.view")
    asked = selectors.understood(only_since(query, moment), member)
    try:
        return search_index().reader().count(asked, selectors.scope_of(member))
    except IndexMissing:
        return 0


def pulse_of(member: Member, search: SavedSearch) -> Pulse | None:
    """The last thirty days of a saved search, and what is new; None if it can no longer be run."""
    look = SearchLook.objects.filter(search=search, member_id=member.pk).first()
    try:
        query = parse(search.query)
        counts = timeline.counted(member, query)
        new = count_since(member, query, look.looked_at) if look else None
    except QueryError:
        return None
    today = timezone.localdate()
    by_day = {timeline.day_of(start): count for start, count in counts}
    days = [today - timedelta(days=back) for back in range(DAYS_DRAWN - 1, -1, -1)]
    return Pulse(
        tuple(by_day.get(day, 0) for day in days), sum(by_day.values()), new,
        look.looked_at if look else None,
    )  # fmt: skip
