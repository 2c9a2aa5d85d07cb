"""Who may do what to which unit's records. Every selector and every action asks here.

A member's reach for a permission is a set of unit ids: from role holdings through the matrix, down
the tree where the matrix says so, and from grants of other units. It is computed once a request
with three queries and kept on the member object.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel.errors import NotAllowed
from rongmei.network.matrix import MATRIX, PERMISSIONS
from rongmei.network.models import Grant, Member, RoleHolding, Unit
from rongmei.network.types import Reach, Role


class Owned(Protocol):
    """Anything that belongs to a unit."""

    @property
    def unit_id(self) -> Any: ...


@dataclass
class Tree:
    """The unit tree as ids: children by parent, and each unit's parent."""

    parents: dict[uuid.UUID, uuid.UUID | None]
    children: dict[uuid.UUID | None, list[uuid.UUID]] = field(init=False)

    def __post_init__(self) -> None:
        self.children = defaultdict(list)
        for unit, parent in self.parents.items():
            self.children[parent].append(unit)

    def below(self, unit: uuid.UUID) -> set[uuid.UUID]:
        """The unit and all units below it."""
        found, waiting = {unit}, [unit]
        while waiting:
            for child in self.children.get(waiting.pop(), ()):
                if child not in found:
                    found.add(child)
                    waiting.append(child)
        return found

    def above(self, unit: uuid.UUID) -> list[uuid.UUID]:
        """The units above, nearest first, without the unit itself."""
        path: list[uuid.UUID] = []
        parent = self.parents.get(unit)
        while parent is not None and parent not in path:
            path.append(parent)
            parent = self.parents.get(parent)
        return path


def tree() -> Tree:
    """Read the unit tree (one query)."""
    return Tree(dict(Unit.objects.values_list("id", "parent_id")))


def current_holdings(member: Member) -> list[tuple[str, uuid.UUID]]:
    """The member's (role, unit) pairs that hold now."""
    now = timezone.now()
    ended = Q(ends_at=None) | Q(ends_at__gt=now)
    rows = RoleHolding.objects.filter(ended, member=member, starts_at__lte=now)
    return list(rows.values_list("role", "unit_id"))


Holdings = Iterable[tuple[str, uuid.UUID]]
Grants = Iterable[tuple[uuid.UUID, uuid.UUID, str]]
ReachMap = dict[str, frozenset[uuid.UUID]]


def reach_from(holdings: Holdings, units: Tree, grants: Grants) -> ReachMap:
    """Units by permission, from (role, unit) pairs and (unit, to unit, permission) grants.

    Pure, so that a change can be tried before it is made: the pages that grant roles show who
    would gain and lose what.
    """
    reach: dict[str, set[uuid.UUID]] = defaultdict(set)
    at_unit: dict[uuid.UUID, set[str]] = defaultdict(set)
    for role, unit in holdings:
        for permission, how_far in MATRIX[Role(role)].items():
            at_unit[unit].add(permission)
            reach[permission] |= units.below(unit) if how_far is Reach.TREE else {unit}
    for unit, to_unit, permission in grants:
        # A grant widens what a person's role already allows at the receiving unit, never more.
        if permission in at_unit.get(to_unit, ()):
            reach[permission].add(unit)
    return {permission: frozenset(found) for permission, found in reach.items()}


def live_grants(to_units: Iterable[uuid.UUID]) -> list[tuple[uuid.UUID, uuid.UUID, str]]:
    """Grants that these units enjoy now, as (unit, to unit, permission)."""
    live = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
    rows = Grant.objects.filter(live, to_unit__in=list(to_units), revoked_at=None)
    return list(rows.values_list("unit_id", "to_unit_id", "permission"))


def _reach(member: Member) -> ReachMap:
    if not member.is_active:
        return {}
    holdings = current_holdings(member)
    return reach_from(holdings, tree(), live_grants({unit for _role, unit in holdings}))


def forget(member: Member) -> None:
    """Drop what was computed for this object (after a change of roles in the same request)."""
    member.__dict__.pop("_rongmei_reach", None)


def _reach_of(member: Member) -> dict[str, frozenset[uuid.UUID]]:
    cached = member.__dict__.get("_rongmei_reach")
    if cached is None:
        cached = member.__dict__["_rongmei_reach"] = _reach(member)
    found: dict[str, frozenset[uuid.UUID]] = cached
    return found


def units_for(member: Any, permission: str) -> frozenset[uuid.UUID]:
    """Ids of the units on whose records the member holds the permission; empty for strangers."""
    if permission not in PERMISSIONS:
        raise KeyError(f"unknown permission {permission!r}: add it to network/matrix.py")
    if not getattr(member, "is_authenticated", False):
        return frozenset()
    return _reach_of(member).get(permission, frozenset())


def anywhere(member: Any, permission: str) -> bool:
    """Whether the member holds the permission at any unit: what opens a page."""
    return bool(units_for(member, permission))


def allows(member: Any, permission: str, subject: Owned | uuid.UUID) -> bool:
    """Whether the member may do this to the record (or the unit with this id)."""
    unit_id = subject if isinstance(subject, uuid.UUID) else subject.unit_id
    return unit_id in units_for(member, permission)


def require(by: Any, permission: str, subject: Owned | uuid.UUID | None = None) -> None:
    """Raise NotAllowed, with who can grant it, unless `by` may."""
    fine = anywhere(by, permission) if subject is None else allows(by, permission, subject)
    if not fine:
        raise NotAllowed(
            _("你没有“%(what)s”的权限，未做任何改动。可请本单位安全管理员授予角色。")
            % {"what": PERMISSIONS[permission]},
            permission=permission,
        )


def permissions_of(member: Any) -> frozenset[str]:
    """All permissions the member holds anywhere."""
    if not getattr(member, "is_authenticated", False):
        return frozenset()
    return frozenset(name for name, units in _reach_of(member).items() if units)


def members_with(permission: str, unit_id: uuid.UUID, *, lent: bool = False) -> list[Member]:
    """Active members who hold the permission on this unit's records, most local first.

    Used to tell people what waits for them. Grants are left out: a shared record does not make its
    work theirs. With `lent`, people of units that this unit lends the permission to come last:
    whoever is lent to review is there to do that work.
    """
    units = tree()
    chain = [unit_id, *units.above(unit_id)]
    now = timezone.now()
    roles_own = [role for role, row in MATRIX.items() if permission in row]
    ended = Q(ends_at=None) | Q(ends_at__gt=now)
    rows = (
        RoleHolding.objects.filter(
            ended, unit__in=chain, role__in=roles_own, starts_at__lte=now, member__is_active=True
        )
        .select_related("member", "member__unit")
        .order_by("member__username")
    )
    found: dict[uuid.UUID, tuple[int, Member]] = {}
    for holding in rows:
        far = MATRIX[Role(holding.role)][permission]
        if holding.unit_id != unit_id and far is not Reach.TREE:
            continue
        distance = chain.index(holding.unit_id)
        known = found.get(holding.member_id)
        if known is None or distance < known[0]:
            found[holding.member_id] = (distance, holding.member)
    if lent:
        for member in _lent_to(permission, unit_id):
            found.setdefault(member.pk, (len(chain), member))
    return [member for _distance, member in sorted(found.values(), key=lambda pair: pair[0])]


def _lent_to(permission: str, unit_id: uuid.UUID) -> list[Member]:
    """People whose reach a live grant of this unit widens: as `reach_from` reckons it."""
    now = timezone.now()
    still = Q(ends_at=None) | Q(ends_at__gt=now)
    grants = Grant.objects.filter(still, unit=unit_id, permission=permission, revoked_at=None)
    rows = RoleHolding.objects.filter(
        still, unit__in=grants.values("to_unit"), starts_at__lte=now, member__is_active=True,
        role__in=[role for role, row in MATRIX.items() if permission in row],
    )  # fmt: skip
    rows = rows.select_related("member", "member__unit").order_by("member__username")
    return [holding.member for holding in rows]
