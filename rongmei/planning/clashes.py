"""撞题: pitches about the same thing, told by their titles.

Similarity is the Dice coefficient of the sets of two-character sequences of the titles, after
dropping everything that is not a letter, a digit or a Han character: 2·|A∩B| / (|A|+|B|).
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.utils import timezone

from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning.models import Pitch, PitchState

if TYPE_CHECKING:
    from rongmei.network.models import Member

WINDOW: Final = timedelta(days=90)
ALIKE: Final = 0.4
_LIMIT: Final = 8
_OTHER = re.compile(r"[\W_]+")
_NOT_COUNTED = (PitchState.DRAFT, PitchState.REJECTED, PitchState.CANCELLED)


@dataclass(frozen=True)
class Clash:
    """A pitch like the one being written: enough to call its unit, and no more than that.

    `reachable` says whether the member may open it.
    """

    pitch_id: uuid.UUID
    title: str
    unit: str
    state: str
    at: datetime
    similarity: float
    reachable: bool

    @property
    def percent(self) -> int:
        """Similarity for people."""
        return round(self.similarity * 100)


def bigrams(title: str) -> frozenset[str]:
    """The two-character sequences of a title; a title of one character is its own."""
    text = _OTHER.sub("", title).lower()
    if len(text) < 2:
        return frozenset(filter(None, [text]))
    return frozenset(text[start : start + 2] for start in range(len(text) - 1))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Dice coefficient, 0 to 1."""
    if not one or not other:
        return 0.0
    return 2 * len(one & other) / (len(one) + len(other))


def clashes(
    member: Member, title: str, *, but: uuid.UUID | None = None, now: datetime | None = None
) -> list[Clash]:
    """Pitches of the last 90 days, of all units of this node, whose titles are like this one.

    Units are meant to see each other's titles here: that is what keeps two from doing one story.
    """
    policy.require(member, "planning.pitch")
    wanted = bigrams(title)
    if not wanted:
        return []
    since = (now or timezone.now()) - WINDOW
    rows = Pitch.objects.filter(created_at__gte=since).exclude(state__in=_NOT_COUNTED)
    if but:
        rows = rows.exclude(pk=but)
    alike = [
        (score, row)
        for row in rows.only("id", "title", "unit_id", "state", "created_at").order_by("-id")
        if (score := similarity(wanted, bigrams(row.title))) >= ALIKE
    ]
    alike.sort(key=lambda pair: pair[0], reverse=True)
    found = alike[:_LIMIT]
    labels = network.unit_labels(row.unit_id for _score, row in found)
    reach = policy.units_for(member, "planning.view")
    return [
        Clash(
            pitch_id=row.pk,
            title=row.title,
            unit=labels.get(row.unit_id, ""),
            state=row.get_state_display(),
            at=row.created_at,
            similarity=score,
            reachable=row.unit_id in reach,
        )
        for score, row in found
    ]
