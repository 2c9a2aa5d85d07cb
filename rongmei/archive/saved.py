"""Saved searches: kept, shared, put in order, followed by feed and by notice."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, time, timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.models import Max, Q, QuerySet
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rongmei.archive import indexing, selectors
from rongmei.archive.errors import QueryError
from rongmei.archive.index_fake import FakeIndex
from rongmei.archive.models import Change, Document, SavedSearch
from rongmei.archive.query import parse
from rongmei.archive.types import SearchRequest
from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.kernel.text import sha256
from rongmei.network import policy
from rongmei.network.actions import notify

if TYPE_CHECKING:
    from rongmei.network.models import Member

Notify = SavedSearch.Notify
LOOKED_AT: Final = 500
# As many changes as ten busy minutes make.
LOOKED_BACK: Final = 50_000
LOOK_SECONDS: Final = 2.0
MOST_PENDING: Final = 500
# Commits are not in the order of their rows' times; a document older than this is not new.
OVERLAP: Final = timedelta(minutes=10)
DAILY_AT: Final = time(8, 0)
MAX_SAVED: Final = 200


def searches_visible_to(member: Member) -> QuerySet[SavedSearch]:
    """One's own, the unit's, and what the units above offer to those below; own ones first."""
    if not policy.anywhere(member, "archive.view"):
        return SavedSearch.objects.none()
    above = policy.tree().above(member.unit_id)
    shared = Q(reach__in=["unit", "tree"], unit_id=member.unit_id) | Q(
        reach="tree", unit_id__in=above
    )
    rows = SavedSearch.objects.filter(Q(member_id=member.pk) | shared)
    return rows.select_related("member").order_by("place", "created_at")


def search_for(member: Member, search_id: uuid.UUID) -> SavedSearch:
    """A saved search the member may run; NotFound otherwise."""
    found = searches_visible_to(member).filter(pk=search_id).first()
    if found is None:
        raise NotFound
    return found


def search_save(
    *, by: Member, name: str, query: str, reach: str = "own", notify: str = ""
) -> SavedSearch:
    """Remember a query under a name, for oneself, for one's unit, or for the units below too."""
    policy.require(by, "archive.view")
    fields = _checked(name=name, query=query, reach=reach, notify=notify)
    with db.write():
        mine = SavedSearch.objects.filter(member_id=by.pk)
        if mine.count() >= MAX_SAVED:
            raise BadInput(
                _("保存的检索已有 %(most)d 个，没有保存。请先删去不用的。") % {"most": MAX_SAVED}
            )
        last = mine.aggregate(last=Max("place"))["last"] or 0
        saved = SavedSearch.objects.create(
            member_id=by.pk, unit_id=by.unit_id, place=last + 1, told_seq=_last_seq(),
            told_at=timezone.now(), **fields,
        )  # fmt: skip
        audit.record(by, "search.saved", saved, query=query)
    return saved


def _checked(**fields: str) -> dict[str, str]:
    """The fields as they may be kept; refuses what cannot be run or shown."""
    if "name" in fields:
        fields["name"] = fields["name"].strip()[:60]
        if not fields["name"]:
            raise BadInput(_("请给这个检索起个名字，没有保存。"))
    if "query" in fields:
        if len(fields["query"]) > 500:
            raise BadInput(_("检索式超过 500 个字，没有保存。请只保留关键的词。"))
        parse(fields["query"])
    for name, kind in (("reach", SavedSearch.Reach), ("notify", Notify)):
        if name in fields and fields[name] not in kind.values:
            raise BadInput(_("选项不对，没有保存。请刷新页面后再试。"))
    return fields


def _own(by: Member, search_id: uuid.UUID) -> SavedSearch:
    saved = SavedSearch.objects.filter(pk=search_id, member_id=by.pk).first()
    if saved is None:
        raise NotFound
    return saved


def search_change(*, by: Member, search_id: uuid.UUID, **fields: str) -> SavedSearch:
    """Change name, query, reach or notice of one's own saved search."""
    policy.require(by, "archive.view")
    _checked(**fields)
    with db.write():
        saved = _own(by, search_id)
        changed = {
            name: value
            for name, value in _checked(**fields).items()
            if getattr(saved, name) != value
        }
        for name, value in changed.items():
            setattr(saved, name, value)
        if {"query", "notify"} & changed.keys():
            # What was there before is no news.
            saved.told_seq, saved.told_at = _last_seq(), timezone.now()
            saved.pending, saved.recent = [], []
        saved.save()
        audit.record(by, "search.changed", saved, changed=changed)
    return saved


def search_move(*, by: Member, search_id: uuid.UUID, up: bool) -> None:
    """Move one's own saved search one place up or down among one's own."""
    policy.require(by, "archive.view")
    with db.write():
        saved = _own(by, search_id)
        rows = list(SavedSearch.objects.filter(member_id=by.pk).order_by("place", "created_at"))
        at = next(index for index, one in enumerate(rows) if one.pk == saved.pk)
        to = max(0, min(len(rows) - 1, at + (-1 if up else 1)))
        rows.insert(to, rows.pop(at))
        for place, one in enumerate(rows, start=1):
            if one.place != place:
                SavedSearch.objects.filter(pk=one.pk).update(place=place)


def search_forget(*, by: Member, search_id: uuid.UUID) -> None:
    """Remove one's own saved search, and its feed with it."""
    policy.require(by, "archive.view")
    with db.write():
        saved = _own(by, search_id)
        audit.record(by, "search.forgotten", saved)
        saved.delete()


def feed_key_make(*, by: Member, search_id: uuid.UUID) -> str:
    """Make the key of a saved search's feed anew and return it once; the old one stops working."""
    policy.require(by, "archive.view")
    key = secrets.token_urlsafe(24)
    with db.write():
        saved = _own(by, search_id)
        saved.feed_digest = sha256(key)
        saved.save(update_fields=["feed_digest", "updated_at"])
        audit.record(by, "search.feed_key_made", saved)
    return key


def feed_stop(*, by: Member, search_id: uuid.UUID) -> None:
    """Shut the feed of a saved search."""
    policy.require(by, "archive.view")
    with db.write():
        saved = _own(by, search_id)
        saved.feed_digest = ""
        saved.save(update_fields=["feed_digest", "updated_at"])
        audit.record(by, "search.feed_stopped", saved)


def search_by_key(search_id: uuid.UUID, key: str) -> SavedSearch:
    """The saved search whose feed this key opens, while its owner may search; else NotFound."""
    saved = SavedSearch.objects.filter(pk=search_id).select_related("member").first()
    known = saved is not None and saved.feed_digest
    # Compared in any case, so that the time tells nothing.
    right = constant_time_compare(saved.feed_digest if saved else "", sha256(key))
    if saved is None or not known or not right or not saved.member.is_active:
        raise NotFound
    if not policy.anywhere(saved.member, "archive.view"):
        raise NotFound
    return saved


def newest_of(saved: SavedSearch, limit: int = 50) -> list[Document]:
    """What a saved search finds now, within its owner's reach, newest first."""
    page = selectors.find(saved.member, saved.query, limit=limit, facets=False, highlight=False)
    return [one.document for one in page.hits]


def _last_seq() -> int:
    return Change.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def look_due() -> int:
    """The sweep: match what came in with the searches that want notices, and tell who is due.

    New documents go into a small index in memory, once, and every search is asked there: the cost
    grows with what comes in, not with what the archive holds.
    """
    ends, done = monotonic() + LOOK_SECONDS, 0
    more = True
    while more and monotonic() < ends:
        more, found = _look_once()
        done += found
    return done


def _look_once() -> tuple[bool, int]:
    """The next changes; whether there may be more, and how many new documents were found."""
    rows = SavedSearch.objects.filter(member__is_active=True).exclude(notify="")
    searches = list(rows.select_related("member"))
    if not searches:
        return False, 0
    first = min(one.told_seq for one in searches)
    changes = list(Change.objects.filter(seq__gt=first, deleted=False).order_by("seq")[:LOOKED_AT])
    upto = changes[-1].seq if changes else first
    seq_of = {change.document_id: change.seq for change in changes}
    documents = Document.objects.in_bulk(list(seq_of))
    index = FakeIndex(indexing.analyser())
    with index.writer() as writer:
        kept = indexing.with_snapshot(documents)
        writer.add(
            indexing.as_indexed(row, seq_of[pk], has_snapshot=pk in kept)
            for pk, row in documents.items()
        )
        writer.commit(upto)
    now = timezone.now()
    found = sum(_look(one, index, documents, seq_of, upto, now) for one in searches)
    return len(changes) == LOOKED_AT, found


def _look(
    saved: SavedSearch, index: FakeIndex, documents: dict[uuid.UUID, Document],
    seq_of: dict[uuid.UUID, int], upto: int, now: datetime,
) -> int:  # fmt: skip
    since = (saved.told_at or now) - OVERLAP
    fresh = {
        str(pk)
        for pk, row in documents.items()
        if seq_of[pk] > saved.told_seq and row.created_at >= since and str(pk) not in saved.recent
    }
    found = [one for one in _matching(saved, index) if one in fresh] if fresh else []
    found = _first_seen(found, saved.told_seq)
    pending = [*saved.pending, *found][:MOST_PENDING]
    due = bool(pending) and (saved.notify == Notify.ONCE or _daily_due(saved, now))
    fields: dict[str, Any] = {}
    if upto > saved.told_seq:
        fields = {"told_seq": upto, "pending": pending}
        fields["recent"] = [*saved.recent, *found][-2 * MOST_PENDING :]
    if due:
        fields |= {"pending": [], "told_at": now}
    elif saved.notify == Notify.ONCE and upto > saved.told_seq:
        fields["told_at"] = now
    if not fields:
        return 0
    with db.write():
        held = SavedSearch.objects.filter(pk=saved.pk, told_seq=saved.told_seq, query=saved.query)
        if held.update(**fields) and due:
            _tell(saved, pending)
    return len(found)


def _first_seen(ids: list[str], told_seq: int) -> list[str]:
    """Of these, the ones that had no change before: a document noted again is no news."""
    if not ids:
        return []
    window = {"seq__lte": told_seq, "seq__gt": told_seq - LOOKED_BACK}
    rows = Change.objects.filter(document_id__in=[uuid.UUID(one) for one in ids], **window)
    before = {str(one) for one in rows.values_list("document_id", flat=True)}
    return [one for one in ids if one not in before]


def _matching(saved: SavedSearch, index: FakeIndex) -> list[str]:
    if not policy.anywhere(saved.member, "archive.view"):
        return []
    try:
        asked = selectors.understood(saved.query, saved.member)
        request = SearchRequest(query=asked, scope=selectors.scope_of(saved.member))
        return list(index.reader().walk(request, LOOKED_AT)[1])
    except QueryError:
        # Saved by an earlier version that read it otherwise: it finds nothing until it is changed.
        return []


def _daily_due(saved: SavedSearch, now: datetime) -> bool:
    here = timezone.localtime(now)
    today = timezone.make_aware(datetime.combine(here.date(), DAILY_AT))
    return saved.notify == Notify.DAILY and now >= today and (saved.told_at or now) < today


def _tell(saved: SavedSearch, pending: list[str]) -> None:
    """One notice for all that is new; the member's quiet hours are kept by the network room."""
    with translation.override(saved.member.language or settings.LANGUAGE_CODE):
        rows = Document.objects.in_bulk([uuid.UUID(one) for one in pending[:5]])
        title = ngettext(
            "“%(name)s”有 %(count)d 条新文献", "“%(name)s”有 %(count)d 条新文献", len(pending)
        ) % {"name": saved.name, "count": len(pending)}  # fmt: skip
        notify(
            [saved.member], kind="archive.search", title=title, subject_id=saved.pk,
            body="\n".join(row.title for row in rows.values()),
            url=reverse("archive:search_run", args=[saved.pk]),
            key=f"search:{saved.pk}:{pending[0]}",
        )  # fmt: skip
