"""Verbs of the network room: notices here; people, units, roles, tokens, routes in the modules beside."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from rongmei.kernel import db, events
from rongmei.network.events import NoticeGiven
from rongmei.network.models import Member, Notice


def notify(
    members: Iterable[Member],
    *,
    kind: str,
    title: str,
    url: str,
    body: str = "",
    urgent: bool = False,
    subject_id: uuid.UUID | None = None,
    due_at: datetime | None = None,
    key: str = "",
) -> list[Notice]:
    """Tell members what waits for them; inside the write that makes it wait.

    With `key`, a member gets the notice once, however often this is called. Mail, webhooks and
    robots follow from the event.
    """
    made = []
    for member in {one.pk: one for one in members}.values():
        if key and Notice.objects.filter(member=member, key=key).exists():
            continue
        made.append(
            Notice.objects.create(
                member=member, kind=kind, title=title[:200], body=body, url=url, urgent=urgent,
                subject_id=subject_id, due_at=due_at, key=key,
            )
        )  # fmt: skip
    if made:
        events.publish(
            *(
                NoticeGiven(
                    subject_id=one.pk, unit_id=one.member.unit_id, member_id=str(one.member_id)
                )
                for one in made
            )
        )
    return made


def notices_read(*, by: Member, ids: Iterable[uuid.UUID] | None = None) -> int:
    """Mark the member's own notices as read: those in `ids`, or all. Return how many."""
    with db.write():
        rows = Notice.objects.filter(member=by, read_at=None)
        if ids is not None:
            rows = rows.filter(pk__in=list(ids))
        return rows.update(read_at=timezone.now())


def notices_settle(*, kind: str, subject_ids: Iterable[uuid.UUID]) -> int:
    """Mark what was told of these subjects as read, because it no longer holds; return how many."""
    ids = list(subject_ids)
    if not ids:
        return 0
    with db.write():
        rows = Notice.objects.filter(kind=kind, subject_id__in=ids, read_at=None)
        return rows.update(read_at=timezone.now())
