"""Verbs on many sources at once: a list imported, the chosen rows of a list changed."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput
from rongmei.network import policy
from rongmei.network.selectors import unit as unit_row
from rongmei.sources.actions.groups import put_in_groups
from rongmei.sources.actions.rows import require_room
from rongmei.sources.collectors.urls import host_of
from rongmei.sources.models import FetchState, Source, SourceGroup
from rongmei.sources.opml import Outline
from rongmei.sources.types import PACES

if TYPE_CHECKING:
    from rongmei.network.models import Member

MOST_AT_ONCE: Final = 5_000
_BATCH: Final = 200
WAYS: Final = ("enable", "pause", "fetch", "pace", "class", "join", "leave")


@dataclass(frozen=True)
class Done:
    """What a change of many came to: how many changed, and how many were left as they were."""

    changed: int
    left: int = 0


def sources_import(*, by: Member, unit_id: uuid.UUID, feeds: Iterable[Outline]) -> Done:
    """Watch the feeds of a list, in the groups it names; those already watched stay as they are."""
    policy.require(by, "sources.manage", unit_id)
    unit = unit_row(unit_id)
    wanted = {one.url: one for one in feeds}
    added = 0
    urls = list(wanted)
    for start in range(0, len(urls), _BATCH):
        some = urls[start : start + _BATCH]
        with db.write():
            held = set(Source.objects.filter(unit=unit, url__in=some).values_list("url", flat=True))
            new = [_imported(unit_id, wanted[url]) for url in some if url not in held]
            if not new:
                continue
            require_room(unit_id, len(new))
            Source.objects.bulk_create(new)
            FetchState.objects.bulk_create(
                [FetchState(source=one, interval=one.min_interval) for one in new]
            )
            _into_groups(by, unit_id, new, wanted)
            audit.record(by, "sources.imported", unit, count=len(new))
        added += len(new)
    return Done(added, len(wanted) - added)


def _imported(unit_id: uuid.UUID, feed: Outline) -> Source:
    return Source(
        unit_id=unit_id, name=feed.name[:80] or feed.url[:80], url=feed.url, host=host_of(feed.url),
        home_url=feed.home_url if host_of(feed.home_url) else "", kind=feed.kind,
        media_class=feed.media_class or Source.MediaClass.SOCIAL, region=feed.region[:40],
        language=feed.language[:12] or "zh", tier=feed.tier or 3,
    )  # fmt: skip


def _into_groups(
    by: Member, unit_id: uuid.UUID, new: Sequence[Source], feeds: dict[str, Outline]
) -> None:
    """Put new sources in the groups their list named; groups not there yet are made."""
    named: dict[str, list[Source]] = {}
    for source in new:
        for name in feeds[source.url].groups:
            named.setdefault(name[:40], []).append(source)
    held = {
        one.name: one.pk for one in SourceGroup.objects.filter(unit_id=unit_id, name__in=list(named))
    }  # fmt: skip
    missing = [SourceGroup(unit_id=unit_id, name=name) for name in named if name not in held]
    SourceGroup.objects.bulk_create(missing)
    held |= {one.name: one.pk for one in missing}
    for name, members in named.items():
        put_in_groups(by, members, [held[name]])


def sources_change_many(
    *, by: Member, source_ids: Iterable[uuid.UUID], way: str, value: str = ""
) -> Done:
    """Do one thing (`WAYS`) to many sources: those the member may not change are left alone.

    `value` is a pace of `PACES`, a class, or the id of a group. One audit line a batch names them.
    """
    ids = list(dict.fromkeys(source_ids))
    if way not in WAYS:
        raise BadInput(_("没有这种批量操作，没有改动。"))
    if len(ids) > MOST_AT_ONCE:
        raise BadInput(
            _("一次最多改 %(most)s 个信源，没有改动。请缩小范围分几次改。") % {"most": MOST_AT_ONCE}
        )
    policy.require(by, "sources.manage")
    fields = _fields(way, value)
    reach = policy.units_for(by, "sources.manage")
    changed = 0
    for start in range(0, len(ids), _BATCH):
        with db.write():
            rows = list(
                Source.objects.select_for_update(of=("self",)).filter(
                    pk__in=ids[start : start + _BATCH], unit__in=reach, home=None
                )
            )
            if rows:
                _change(by, rows, way, value, fields)
                audit.record(
                    by, "sources.changed_many", rows[0], way=way, value=value,
                    sources=[str(one.pk) for one in rows],
                )  # fmt: skip
        changed += len(rows)
    return Done(changed, len(ids) - changed)


def _fields(way: str, value: str) -> dict[str, Any]:
    """The columns that the change sets; BadInput when the value is none of those offered."""
    if way in {"enable", "pause"}:
        return {"enabled": way == "enable"}
    if way == "class":
        if value not in Source.MediaClass.values:
            raise BadInput(_("没有这种媒体类别，没有改动。请从列表中选择。"))
        return {"media_class": value}
    if way == "pace":
        pace = PACES.get(value)
        if pace is None:
            raise BadInput(_("没有这种读取频率，没有改动。请从列表中选择。"))
        return {"min_interval": pace.shortest, "max_interval": pace.longest}
    return {}


def _change(
    by: Member, rows: Sequence[Source], way: str, value: str, fields: dict[str, Any]
) -> None:
    ids = [one.pk for one in rows]
    now = timezone.now()
    states = FetchState.objects.filter(pk__in=ids)
    if fields:
        Source.objects.filter(pk__in=ids).update(**fields, updated_at=now)
    if way in {"enable", "fetch", "pace"}:
        states.update(due_at=now, why={"rule": "asked"})
    if way == "fetch":
        states.update(trouble={})
    if way in {"join", "leave"}:
        group = _group_id(value)
        if way == "join":
            put_in_groups(by, rows, [group])
        else:
            Source.groups.through.objects.filter(source__in=ids, sourcegroup=group).delete()


def _group_id(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError:
        raise BadInput(_("没有选择分组，没有改动。请先选择分组。")) from None
