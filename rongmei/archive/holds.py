"""Reads of legal holds: which there are, what they cover, and what a search for one would cover."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from rongmei.archive.errors import IndexMissing
from rongmei.archive.indexing import search_index
from rongmei.archive.models import Document, Hold
from rongmei.archive.selectors import scope_of, understood
from rongmei.archive.types import SearchRequest
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy

if TYPE_CHECKING:
    from rongmei.network.models import Member

MAX_HELD: Final = 10_000
_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def holds_visible_to(member: Member) -> QuerySet[Hold]:
    """Holds of the units in reach, open ones first, then the newest."""
    units = policy.units_for(member, "archive.hold")
    rows = Hold.objects.filter(unit__in=units).select_related("unit", "source")
    return rows.order_by("lifted_at", "-pk") if units else rows.none()


def hold_for(member: Member, hold_id: uuid.UUID) -> Hold:
    """One hold in reach; NotFound otherwise."""
    found = holds_visible_to(member).filter(pk=hold_id).first()
    if found is None:
        raise NotFound
    return found


def holds_on(document: Document) -> list[Hold]:
    """The open holds that cover a document."""
    mine = Q(held__document=document)
    if document.source_id is not None:
        mine |= Q(scope=Hold.Scope.SOURCE, source=document.source_id)
    rows = Hold.objects.filter(mine).exclude(state=Hold.State.LIFTED)
    return list(rows.distinct().order_by("pk"))


def documents_under(hold: Hold) -> QuerySet[Document]:
    """What a hold covers now, newest first; nothing once it was lifted."""
    if not hold.is_open:
        return Document.objects.none()
    if hold.scope == Hold.Scope.SOURCE:
        rows = Document.objects.filter(source=hold.source)
    else:
        rows = Document.objects.filter(held_by__hold=hold)
    return rows.defer("body").order_by("-published_at")


def _in_reach(member: Member) -> Q:
    return Q(shared=True) | Q(unit__in=policy.units_for(member, "archive.hold"))


def ids_in(text: str) -> list[uuid.UUID]:
    """The documents that a text names, by number or by the address of their page."""
    return list(dict.fromkeys(uuid.UUID(one) for one in _ID.findall(text)))


def reached(member: Member, ids: Sequence[uuid.UUID]) -> list[uuid.UUID]:
    """Of these documents, those the member may put under a hold."""
    rows = Document.objects.filter(_in_reach(member), pk__in=ids[:MAX_HELD])
    return list(rows.values_list("pk", flat=True))


def found_by(member: Member, query: str) -> list[uuid.UUID]:
    """What a search finds now within the member's reach; refused where that is too much to hold.

    Raises QueryError, which points at the character.
    """
    asked = SearchRequest(
        query=understood(query, member), scope=scope_of(member, "archive.hold"), sort="newest"
    )
    try:
        total, ids = search_index().reader().walk(asked, MAX_HELD)
    except IndexMissing:
        return []
    if total > MAX_HELD:
        raise BadInput(
            _(
                "检索到 %(n)d 篇，超过一次保全的上限 %(max)d 篇，没有保全。请缩小检索范围，或按信源保全。"
            )
            % {"n": total, "max": MAX_HELD}
        )
    return reached(member, [uuid.UUID(one) for one in ids])
