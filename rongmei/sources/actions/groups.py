"""Verbs on groups of sources (分组): made, renamed, removed, filled."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, Conflict, NotFound
from rongmei.network import policy
from rongmei.sources.models import Source, SourceGroup

if TYPE_CHECKING:
    from rongmei.network.models import Member

_BATCH = 200


def _named(name: str) -> str:
    found = " ".join(name.split())[:40]
    if not found:
        raise BadInput(_("分组要有名称，没有保存。请填写名称。"))
    return found


def group_add(
    *, by: Member, unit_id: uuid.UUID, name: str, note: str = "", shared: bool = False
) -> SourceGroup:
    """Make a group of the unit; `shared` lets other units of the node put their sources in it."""
    policy.require(by, "sources.manage", unit_id)
    group = SourceGroup(unit_id=unit_id, name=_named(name), note=note[:200], shared=shared)
    with db.write():
        _refuse_double(group)
        group.save(force_insert=True)
        audit.record(by, "source_group.added", group, name=group.name)
    return group


def group_change(
    *,
    by: Member,
    group_id: uuid.UUID,
    name: str | None = None,
    note: str | None = None,
    shared: bool | None = None,
) -> SourceGroup:
    """Rename a group, or share it; what is None stays."""
    with db.write():
        group = _locked(group_id)
        policy.require(by, "sources.manage", group)
        group.name = group.name if name is None else _named(name)
        group.note = group.note if note is None else note[:200]
        group.shared = group.shared if shared is None else shared
        _refuse_double(group)
        group.save(update_fields=["name", "note", "shared", "updated_at"])
        audit.record(by, "source_group.changed", group, name=group.name, shared=group.shared)
    return group


def group_remove(*, by: Member, group_id: uuid.UUID) -> None:
    """Remove a group; its sources stay, in no group or in their others."""
    with db.write():
        group = _locked(group_id)
        policy.require(by, "sources.manage", group)
        audit.record(by, "source_group.removed", group, name=group.name)
        group.delete()


def _locked(group_id: uuid.UUID) -> SourceGroup:
    group = SourceGroup.objects.select_for_update(of=("self",)).filter(pk=group_id).first()
    if group is None or group.is_replica:
        raise NotFound
    return group


def _refuse_double(group: SourceGroup) -> None:
    same = SourceGroup.objects.filter(unit_id=group.unit_id, name=group.name).exclude(pk=group.pk)
    if same.exists():
        raise Conflict(_("本单位已经有同名的分组，没有保存。请换一个名称。"))


def put_in_groups(
    by: Member, sources: Sequence[Source], group_ids: Iterable[uuid.UUID], *, only: bool = False
) -> int:
    """Put sources in groups that the member may use; returns how many places were taken or left.

    With `only`, they leave every other that the member may use. In the caller's write, after its check.
    """
    wanted = list(dict.fromkeys(group_ids))
    usable = Q(shared=True) | Q(unit__in=policy.units_for(by, "sources.manage"))
    groups = list(SourceGroup.objects.filter(usable, pk__in=wanted).values_list("pk", flat=True))
    if len(groups) != len(wanted):
        raise BadInput(_("没有这个分组，或不归你使用，没有保存。请从列表中选择。"))
    places = Source.groups.through
    ids = [one.pk for one in sources]
    left = 0
    if only:
        left, _kinds = (
            places.objects.filter(
                source__in=ids, sourcegroup__in=SourceGroup.objects.filter(usable)
            )
            .exclude(sourcegroup__in=groups)
            .delete()
        )
    held = set(
        places.objects.filter(source__in=ids, sourcegroup__in=groups).values_list(
            "source_id", "sourcegroup_id"
        )
    )
    new = [
        places(source_id=source, sourcegroup_id=group)
        for source in ids
        for group in groups
        if (source, group) not in held
    ]
    places.objects.bulk_create(new, batch_size=_BATCH, ignore_conflicts=True)
    return left + len(new)
