"""Reading the audit chain as an audit administrator: search, pages by number, CSV."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from rongmei.kernel import audit, db
from rongmei.kernel.audit import Verdict
from rongmei.kernel.models import AuditEntry
from rongmei.network import policy, selectors
from rongmei.network.audit_words import action_words
from rongmei.network.models import Member

PAGE: Final = 50
REASONS: Final = {
    "missing": _("缺了一条或编号不连续：有记录被删除或插入"),
    "unlinked": _("与前一条对不上：前面的记录被替换过"),
    "changed": _("内容与当时的摘要不符：这一条被改过"),
}


@dataclass(frozen=True)
class Search:
    """What is looked for; empty means all. `person` matches name or account id, `subject` name or id."""

    person: str = ""
    action: str = ""
    subject: str = ""
    ip: str = ""
    unit_id: uuid.UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Entries newest first; `older` and `newer` are the numbers to go on from, or None."""

    entries: list[AuditEntry]
    older: int | None
    newer: int | None


def entries_visible_to(member: Member) -> QuerySet[AuditEntry]:
    """Entries of the units that the member audits.

    Lines without a unit (the node's own doings) belong to whoever audits its topmost unit.
    """
    reach = policy.units_for(member, "network.audit")
    wanted = Q(unit_id__in=reach)
    top = selectors.units().filter(node__is_self=True).exclude(parent__node__is_self=True).first()
    if top is not None and top.pk in reach:
        wanted |= Q(unit_id=None)
    return AuditEntry.objects.filter(wanted)


def find(member: Member, search: Search) -> QuerySet[AuditEntry]:
    """Entries the member may see that match."""
    rows = entries_visible_to(member)
    if search.person:
        rows = rows.filter(_id_or(search.person, "actor_id", "actor__icontains"))
    if search.action:
        named = [key for key, words in action_words().items() if search.action in str(words)]
        rows = rows.filter(Q(action__startswith=search.action) | Q(action__in=named))
    if search.subject:
        rows = rows.filter(
            Q(subject__icontains=search.subject) | Q(subject_id=search.subject.strip())
        )
    if search.ip:
        rows = rows.filter(ip=search.ip.strip())
    if search.unit_id:
        rows = rows.filter(unit_id=search.unit_id)
    if search.since:
        rows = rows.filter(at__gte=search.since)
    if search.until:
        rows = rows.filter(at__lt=search.until)
    return rows


def _id_or(text: str, id_field: str, name_lookup: str) -> Q:
    try:
        return Q(**{id_field: uuid.UUID(text.strip())})
    except ValueError:
        return Q(**{name_lookup: text.strip()})


def page(
    rows: QuerySet[AuditEntry], *, before: int | None = None, after: int | None = None
) -> Page:
    """One page by number, so that new lines do not shift what is being read."""
    if after is not None:
        listed = list(rows.filter(seq__gt=after).order_by("seq")[: PAGE + 1])
        more_newer = len(listed) > PAGE
        entries = listed[:PAGE][::-1]
        older = entries[-1].seq if entries else None
        return Page(entries, older, entries[0].seq if more_newer else None)
    if before is not None:
        rows = rows.filter(seq__lt=before)
    listed = list(rows.order_by("-seq")[: PAGE + 1])
    entries = listed[:PAGE]
    older = entries[-1].seq if len(listed) > PAGE else None
    newer = entries[0].seq if before is not None and entries else None
    return Page(entries, older, newer)


def entry(seq: int | None) -> AuditEntry | None:
    """The line with this number, as when checking found it broken: the unit plays no part then."""
    return AuditEntry.objects.filter(seq=seq).first() if seq else None


def verify(*, by: Member) -> Verdict:
    """Check the whole chain and leave a line that it was checked."""
    policy.require(by, "network.audit")
    verdict = audit.verify()
    with db.write():
        audit.record(
            by, "audit.verified", None, unit_id=by.unit_id,
            entries=verdict.entries, broken=verdict.broken, head=verdict.head,
        )  # fmt: skip
    return verdict


def note_export(*, by: Member, count: int) -> None:
    """Leave a line that somebody took a copy of the log."""
    policy.require(by, "network.audit")
    with db.write():
        audit.record(by, "audit.exported", None, unit_id=by.unit_id, count=count)


_COLUMNS: Final = (
    "seq", "at", "actor", "actor_id", "action", "subject_type", "subject", "subject_id",
    "unit_id", "ip", "detail", "previous", "hash",
)  # fmt: skip


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    text = orjson.dumps(value).decode() if isinstance(value, dict) else str(value or "")
    # A spreadsheet would run a cell that starts like a formula.
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def csv_lines(rows: QuerySet[AuditEntry]) -> Iterator[str]:
    """The entries as CSV, oldest first, with the byte order mark that Excel wants."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(_COLUMNS)
    for entry in rows.order_by("seq").iterator(chunk_size=1000):
        writer.writerow([_cell(getattr(entry, name)) for name in _COLUMNS])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()
