"""Asking links: outside every write, through the one door, with a limit, an age and a rule of retry."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils import timezone

from rongmei.kernel import db, http
from rongmei.stories.outlink_rows import Outlink

LIMITS: Final = http.Limits(connect=5.0, read=10.0, total=15.0, max_bytes=64 * 1024, cut=True)
# One run asks so many; at 15 seconds each they stay inside the sweep's lease.
AT_ONCE: Final = 8
TRIES: Final = 3
FIRST_WAIT: Final = timedelta(minutes=5)
AGES: Final = {
    Outlink.State.FINE: timedelta(days=7), Outlink.State.DEAD: timedelta(days=1),
    Outlink.State.UNSURE: timedelta(days=1),
}  # fmt: skip
UNUSED_AFTER: Final = timedelta(days=90)


def outlinks_check() -> int:
    """Ask the links that are due; returns how many were asked."""
    now = timezone.now()
    due = Outlink.objects.filter(due_at__lte=now, used_at__gte=now - UNUSED_AFTER)
    asked = 0
    for link in due.order_by("due_at")[:AT_ONCE]:
        _answered(link, *_ask(link.url))
        asked += 1
    return asked


def _ask(url: str) -> tuple[Outlink.State | None, str]:
    """(state, why); no state when one should ask again."""
    try:
        http.fetch(url, limits=LIMITS)
    except http.BadStatus as error:
        # 401 and 403 speak of us, not of readers; what is gone is gone at once.
        gone = error.status_code in {404, 410}
        return (Outlink.State.DEAD if gone else None), f"HTTP {error.status_code}"
    except http.HttpError as error:
        # An address inside the house is dead to readers, and the door does not go there.
        return (None if error.retriable else Outlink.State.DEAD), type(error).__name__
    return Outlink.State.FINE, ""


def _answered(link: Outlink, state: Outlink.State | None, why: str) -> None:
    now, tries = timezone.now(), 0
    if state is None:
        tries = link.tries + 1
        state = Outlink.State.UNSURE if tries >= TRIES else None
    wait = AGES[state] if state else FIRST_WAIT * 2**tries
    with db.write():
        Outlink.objects.filter(pk=link.pk).update(
            state=state or link.state, why=why[:200] if state else link.why, tries=tries,
            checked_at=now, due_at=now + wait,
        )  # fmt: skip
