"""Numbers people can say on the telephone: XT-20261122-001 for pitches, RW-… for tasks."""

from __future__ import annotations

from django.utils import timezone

from rongmei.kernel import db
from rongmei.planning.models import Pitch, Task


def next_number(model: type[Pitch] | type[Task], prefix: str) -> str:
    """The day's next number on this node; inside a write."""
    return next_numbers(model, prefix, 1)[0]


def next_numbers(model: type[Pitch] | type[Task], prefix: str, count: int) -> list[str]:
    """The day's next numbers on this node, for several at once; inside a write."""
    db.serialise()
    start = f"{prefix}-{timezone.localdate():%Y%m%d}-"
    rows = model._default_manager.filter(number__startswith=start, home=None)
    # Longer numbers come after shorter ones: the thousandth of a day has four digits.
    last = max(
        (int(number[len(start) :]) for number in rows.values_list("number", flat=True)), default=0
    )
    return [f"{start}{last + one:03d}" for one in range(1, count + 1)]
