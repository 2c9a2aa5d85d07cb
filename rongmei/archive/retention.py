"""How long documents are kept: which rule decides for which, what is due, and what stands in the way.

A rule names a kind, a unit and a class, or leaves any of them open. Of the rules that fit a document
one decides: what names the kind goes before what does not, then the unit, then the class. Below all
of them stand the rules the program came with: everything is kept for ever. So a rule that is meant
for what was collected never reaches the unit's own stories and publications, unless it names them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from rongmei.archive.models import (
    Document,
    HeldDocument,
    Hold,
    RetentionRule,
    RetentionRun,
)
from rongmei.kernel import plugins
from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.network import selectors as network

if TYPE_CHECKING:
    from rongmei.network.models import Member

# What was published on the internet must be there to be shown for sixty days; hot topics and
# reprint families are looked for in the last two weeks. No rule may reach into either.
MIN_DAYS: Final = 60
MAX_DAYS: Final = 36_500
ASKED_AT_ONCE: Final = 200
OWN_KINDS: Final = (Document.Kind.STORY, Document.Kind.PUBLICATION)
Key = tuple[str, uuid.UUID | None, str]


@dataclass(frozen=True)
class Ruling:
    """A rule as it counts: `days` None is for ever; without `rule` it came with the program."""

    kind: str = ""
    unit_id: uuid.UUID | None = None
    media_class: str = ""
    days: int | None = None
    rule: RetentionRule | None = None

    @property
    def key(self) -> Key:
        """What it is for."""
        return (self.kind, self.unit_id, self.media_class)

    @property
    def scope(self) -> str:
        """What it is for, in words, where it came with the program."""
        return str(Document.Kind(self.kind).label) if self.kind else gettext("其余全部资料")

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The higher decides."""
        return (bool(self.kind), self.unit_id is not None, bool(self.media_class))

    def fits(self) -> Q:
        """The documents it is for."""
        found = Q()
        if self.kind:
            found &= Q(kind=self.kind)
        if self.unit_id:
            found &= Q(unit=self.unit_id)
        if self.media_class:
            found &= Q(media_class=self.media_class)
        return found

    def covers(self, document: Document) -> bool:
        """Whether it is for this document."""
        return (
            self.kind in {"", document.kind}
            and self.unit_id in {None, document.unit_id}
            and self.media_class in {"", document.media_class}
        )

    def meets(self, other: Ruling) -> bool:
        """Whether a document can fit both."""
        return all(
            not mine or not theirs or mine == theirs
            for mine, theirs in zip(self.key, other.key, strict=True)
        )


BUILT_IN: Final = (*(Ruling(kind=one.value) for one in OWN_KINDS), Ruling())


def rulings(on: date, *, besides: RetentionRule | None = None) -> list[Ruling]:
    """What counts on a day, the deciding ones first; `besides` as if it were in force already."""
    rows = list(
        RetentionRule.objects.filter(state=RetentionRule.State.IN_FORCE, effective_on__lte=on)
        .select_related("unit")
        .order_by("effective_on", "decided_at", "pk")
    )
    if besides is not None and besides.effective_on <= on:
        rows.append(besides)
    held = {one.key: one for one in BUILT_IN}
    for row in rows:
        key = (row.kind, row.unit_id, row.media_class)
        if row.keep == RetentionRule.Keep.GENERAL:
            held.pop(key, None)
            held |= {one.key: one for one in BUILT_IN if one.key == key}
        else:
            days = row.days if row.keep == RetentionRule.Keep.DAYS else None
            held[key] = Ruling(row.kind, row.unit_id, row.media_class, days, row)
    return sorted(held.values(), key=lambda one: (*(not part for part in one.rank), str(one.key)))


def ruling_for(document: Document, counted: Sequence[Ruling]) -> Ruling:
    """The one that decides for a document."""
    return next(one for one in counted if one.covers(document))


def kept_until(document: Document) -> datetime | None:
    """When a document will be past its time, as things stand; None: never."""
    days = ruling_for(document, rulings(timezone.localdate())).days
    return None if days is None else document.fetched_at + timedelta(days=days)


def outlived(counted: Sequence[Ruling], at: datetime) -> Q | None:
    """The documents that are past their time; None where everything is kept for ever.

    The days count from the day a document's present text was collected.
    """
    found: Q | None = None
    for number, one in enumerate(counted):
        if one.days is None:
            continue
        mine = one.fits() & Q(fetched_at__lt=at - timedelta(days=one.days))
        for before in counted[:number]:
            if before.meets(one):
                mine &= ~before.fits()
        found = mine if found is None else found | mine
    return found


def under_hold() -> Q:
    """The documents that somebody has put under a hold."""
    open_ = Hold.objects.exclude(state=Hold.State.LIFTED)
    sources = open_.filter(scope=Hold.Scope.SOURCE).values("source")
    return Q(Exists(HeldDocument.objects.filter(document=OuterRef("pk")))) | Q(source__in=sources)


def held_of(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents, those under a hold."""
    rows = Document.objects.filter(under_hold(), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def in_use(ids: Sequence[uuid.UUID]) -> set[uuid.UUID]:
    """Of these documents (at most 200), those that some room's records point to."""
    uses = [one for some in plugins.manager.hook.register_document_uses() for one in some]
    found: set[uuid.UUID] = set()
    for one in uses:
        left = [pk for pk in ids if pk not in found]
        if not left:
            break
        found |= one.find(left) & set(left)
    return found


def uses_of(document_id: uuid.UUID) -> list[str]:
    """What points to a document, in words."""
    uses = [one for some in plugins.manager.hook.register_document_uses() for one in some]
    return [str(one.label) for one in uses if one.find([document_id])]


@dataclass(frozen=True)
class Preview:
    """What a rule would remove that is kept until now, and what of that a hold keeps."""

    at: datetime
    count: int
    held: int
    oldest: datetime | None
    groups: tuple[tuple[str, str, int], ...]
    """(media class, kind, how many), most first."""


def preview(rule: RetentionRule) -> Preview:
    """What would be due on the day the rule comes into effect, or today if that is past."""
    now = timezone.now()
    today = timezone.localdate(now)
    on = max(rule.effective_on, today)
    at = now + timedelta(days=(on - today).days)
    before = outlived(rulings(on), at)
    after = outlived(rulings(on, besides=rule), at)
    if after is None:
        return Preview(at, 0, 0, None, ())
    rows = Document.objects.filter(after)
    if before is not None:
        rows = rows.exclude(before)
    free = rows.exclude(under_hold())
    grouped = free.order_by().values_list("media_class", "kind")
    counts = list(grouped.annotate(n=Count("pk"), first=Min("fetched_at")).order_by("-n"))
    count = sum(row[2] for row in counts)
    return Preview(
        at, count, rows.count() - count, min((row[3] for row in counts), default=None),
        tuple((media, kind, n) for media, kind, n, _first in counts),
    )  # fmt: skip


@dataclass(frozen=True)
class Due:
    """What a passage would meet now: what would go, and what stays though it is past its time."""

    removable: int = 0
    held: int = 0
    in_use: int = 0
    oldest: datetime | None = None


def due_now() -> Due:
    """Look through everything that is past its time, as a passage would, and remove nothing."""
    late = outlived(rulings(timezone.localdate()), timezone.now())
    if late is None:
        return Due()
    rows = Document.objects.filter(late)
    free = rows.exclude(under_hold()).order_by("fetched_at", "pk")
    used = total = 0
    oldest: datetime | None = None
    ids: list[uuid.UUID] = []

    def ask() -> None:
        nonlocal used
        used += len(in_use(ids))
        ids.clear()

    for pk, at in free.values_list("pk", "fetched_at").iterator(chunk_size=2_000):
        total, oldest = total + 1, oldest or at
        ids.append(pk)
        if len(ids) == ASKED_AT_ONCE:
            ask()
    ask()
    return Due(total - used, rows.count() - total, used, oldest)


def may_rule(by: Member, unit_id: uuid.UUID | None, permission: str) -> bool:
    """Whether a member may decide for a unit (None: for the whole node) by this permission.

    Who runs the node's topmost unit decides for everybody; others for their own unit only.
    """
    held = policy.units_for(by, permission)
    if unit_id is not None:
        return bool(held & {unit_id, *policy.tree().above(unit_id)})
    here = dict(network.units().filter(node__is_self=True).values_list("pk", "parent_id"))
    return any(unit in held and parent not in here for unit, parent in here.items())


def rules_of(states: Iterable[str]) -> QuerySet[RetentionRule]:
    """Rules in these states, newest first."""
    rows = RetentionRule.objects.filter(state__in=list(states)).select_related("unit")
    return rows.order_by("-pk")


def rule_for(rule_id: uuid.UUID) -> RetentionRule:
    """One rule; NotFound without."""
    found = RetentionRule.objects.select_related("unit").filter(pk=rule_id).first()
    if found is None:
        raise NotFound
    return found


def runs(limit: int = 10) -> list[RetentionRun]:
    """The latest passages, newest first."""
    return list(RetentionRun.objects.order_by("-pk")[:limit])
