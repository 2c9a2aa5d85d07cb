"""What the worker does with new documents: reprint families, reprints of ours, topics, heat.

It follows `archive.documents_stored` with a cursor of its own, at most a hundred documents at a time:
read and compute first, then one short write that also moves the cursor. A crash in between loses
nothing and doubles nothing.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from django.db.models import Min
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext

from rongmei.archive import selectors as archive
from rongmei.archive.events import DocumentsStored
from rongmei.kernel import db, events
from rongmei.kernel.models import Cursor, Event
from rongmei.monitoring import clusters, families, heat, topics
from rongmei.monitoring.events import ReprintSeen, TopicFound, TopicsMoved
from rongmei.monitoring.models import (
    Band,
    Fingerprint,
    Reprint,
    Topic,
    TopicDocument,
    Watch,
    WatchBand,
)
from rongmei.network import actions as network
from rongmei.network import policy
from rongmei.network import selectors as units

if TYPE_CHECKING:
    from rongmei.archive.models import Document

FOLLOWER: Final = "monitoring.digest"
EVENTS_A_TURN, DOCUMENTS_A_TURN = 40, 100
SECONDS_A_GO: Final = 2.0
BANDS_KEPT: Final = timedelta(days=14)
BANDS_A_GO: Final = 5_000
# A topic nobody joined is no topic; its row goes with the window.
LONE_KEPT: Final = clusters.WINDOW + timedelta(hours=6)

_lock = threading.Lock()
_memory: topics.Memory | None = None


def digest_due() -> int:
    """Take in what the archive has stored since the last turn; return how many documents."""
    done = 0
    with _lock:
        # A full turn means that more waits: go on while there is something, but publishing and
        # all other sweeps wait behind this one.
        until = time.monotonic() + SECONDS_A_GO
        while True:
            count, more = _turn_once()
            done += count
            if not more or time.monotonic() > until:
                break
    return done


def _turn_once() -> tuple[int, bool]:
    cursor, _ = Cursor.objects.get_or_create(name=FOLLOWER)
    rows = events.since(cursor.seq, names=(DocumentsStored.name,), limit=EVENTS_A_TURN)
    taken: list[Event] = []
    ids: dict[uuid.UUID, None] = {}
    for event in rows:
        wanted = [uuid.UUID(one) for one in event.payload.get("document_ids", [])]
        if taken and len(ids) + len(wanted) > DOCUMENTS_A_TURN:
            break
        taken.append(event)
        ids.update(dict.fromkeys(wanted))
    if not taken:
        return 0, False
    _digest(list(ids), before=cursor.seq, upto=taken[-1].seq)
    return len(ids), len(taken) < len(rows) or len(rows) == EVENTS_A_TURN


def _digest(ids: list[uuid.UUID], *, before: int, upto: int) -> None:
    global _memory
    now = timezone.now()
    memory = _memory if _memory is not None and _memory.seq == before else topics.load(before, now)
    # Until it is written the memory is ahead of the rows: after a failure it must be read anew.
    _memory = None
    documents = archive.documents_by_ids(ids)
    found = families.plan(_to_compare(list(documents.values())))
    topics.forget_old(memory, now)
    placing = topics.place(
        memory, [one for one in documents.values() if topics.belongs(one, now)], _same_text(found)
    )
    with db.write():
        moved = Cursor.objects.filter(name=FOLLOWER, seq=before).update(seq=upto)
        if not moved:
            return
        reprints = families.save(found)
        topics.save(placing, memory, documents)
        _tell_reprints(reprints)
    _count(placing.touched)
    memory.seq = upto
    _memory = memory


def _to_compare(documents: Sequence[Document]) -> list[Document]:
    known = dict(
        Fingerprint.objects.filter(document__in=[one.pk for one in documents]).values_list(
            "document_id", "content_hash"
        )
    )
    return [one for one in documents if known.get(one.pk) != one.content_hash]


def _same_text(found: families.Plan) -> dict[uuid.UUID, list[uuid.UUID]]:
    ids = {one.row.family_id for one in found.prints if one.row.family_id}
    members: dict[uuid.UUID, list[uuid.UUID]] = {}
    stored = Fingerprint.objects.filter(family__in=ids).values_list("family_id", "document_id")
    fresh = [(one.row.family_id, one.document.pk) for one in found.prints if one.row.family_id]
    joined = [(row.family_id, row.document_id) for row in found.joined.values() if row.family_id]
    for family_id, document_id in [*stored, *joined, *fresh]:
        members.setdefault(family_id, []).append(document_id)
    return {
        one.document.pk: [pk for pk in members[one.row.family_id] if pk != one.document.pk]
        for one in found.prints
        if one.row.family_id
    }


def _count(ids: set[uuid.UUID]) -> None:
    now = timezone.now()
    counted = topics.recount(ids, now)
    if not counted:
        return
    with db.write():
        hot = topics.save_counts(counted)
        events.publish(TopicsMoved(topics=len(counted)))
        for topic in hot:
            _tell_topic(topic)


def _tell_topic(topic: Topic) -> None:
    """Announce a topic that became hot, and give notice to those who watch and plan."""
    events.publish(TopicFound(subject_id=topic.pk, title=topic.title, heat=topic.heat))
    top = units.headquarters()
    if top is None:
        return
    with translation.override("zh-hans"):
        title = gettext("新热点：%(title)s(热度 %(heat)d)") % {
            "title": topic.title, "heat": round(topic.heat)
        }  # fmt: skip
    network.notify(
        policy.members_with("monitoring.manage", top.pk),
        kind="monitoring.topic", title=title, url=reverse("monitoring:topic", args=[topic.pk]),
        urgent=topic.heat >= heat.URGENT_AT, subject_id=topic.pk, key=f"topic:{topic.pk}",
    )  # fmt: skip


def _tell_reprints(found: Sequence[Reprint]) -> None:
    """Announce reprints of our words; the unit is told of the first one, then at 5, 10, 20 …"""
    for row in found:
        watch, document = row.watch, row.document
        events.publish(
            ReprintSeen(
                subject_id=watch.subject_id, unit_id=watch.unit_id, title=watch.title,
                source=document.source_name, document_id=str(document.pk),
            )
        )  # fmt: skip
    for watch in {row.watch_id: row.watch for row in found}.values():
        count = Reprint.objects.filter(watch=watch).count()
        step = max((one for one in (1, 5, 10, 20, 50, 100, 500) if one <= count), default=1)
        with translation.override("zh-hans"):
            title = gettext("《%(title)s》已有 %(count)d 家转载") % {
                "title": watch.title, "count": count
            }  # fmt: skip
        network.notify(
            policy.members_with("impact.view", watch.unit_id),
            kind="monitoring.reprint", title=title,
            url=reverse("monitoring:reprints", args=[watch.subject_id]),
            subject_id=watch.subject_id, key=f"reprint:{watch.pk}:{step}",
        )  # fmt: skip


def watches_due() -> int:
    """Look for reprints that came before their watch was registered; return how many watches."""
    waiting = list(Watch.objects.filter(checked_at=None)[:20])
    for watch in waiting:
        hashes = WatchBand.objects.filter(watch=watch).values("hash")
        prints = Band.objects.filter(hash__in=hashes).values("print_id")
        ids = set(Fingerprint.objects.filter(pk__in=prints).values_list("document_id", flat=True))
        found = [
            (watch, document, alike)
            for document in archive.documents_by_ids(ids).values()
            if not families.is_ours(document) and (alike := families.reprint_of(watch, document))
        ]
        with db.write():
            Watch.objects.filter(pk=watch.pk, updated_at=watch.updated_at).update(
                checked_at=timezone.now()
            )
            _tell_reprints(families.reprints_save(found))
    return len(waiting)


def heat_due() -> int:
    """Count heat anew for topics of several documents, for heat also falls by itself."""
    since = timezone.now() - clusters.WINDOW
    rows = Topic.objects.filter(last_at__gte=since, document_count__gte=2).order_by("-heat")
    ids = list(rows.values_list("id", flat=True)[:300])
    for at in range(0, len(ids), 50):
        _count(set(ids[at : at + 50]))
    return len(ids)


def prune_due() -> int:
    """Let go of bands after a fortnight and of topics that stayed alone; a part at a time."""
    now = timezone.now()
    alone = Topic.objects.filter(
        document_count__lte=1, last_at__lt=now - LONE_KEPT, marks=None
    ).values_list("id", flat=True)
    band_ids, topic_ids = _old_bands(now - BANDS_KEPT), list(alone[:200])
    with db.write():
        if band_ids:
            Band.objects.filter(pk__gte=band_ids[0], pk__lte=band_ids[-1]).delete()
        TopicDocument.objects.filter(topic__in=topic_ids).delete()
        Topic.objects.filter(pk__in=topic_ids).delete()
    return len(band_ids) + len(topic_ids)


def _old_bands(before: datetime) -> list[int]:
    """The oldest bands, up to the first of a document that was published since `before`.

    Fingerprints are numbered as they are made and bands stand in their order, so neither needs an
    index of its own for this.
    """
    recent = Fingerprint.objects.filter(published_at__gte=before).aggregate(n=Min("id"))["n"]
    rows = Band.objects.order_by("pk").values_list("pk", "print_id")[:BANDS_A_GO]
    old = takewhile(lambda row: recent is None or row[1] < recent, rows)
    return [pk for pk, _print_id in old]
