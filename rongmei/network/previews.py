"""What a change of roles, grants or the tree would open and shut, before it is made."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from django.db.models import Q
from django.utils import timezone

from rongmei.network import policy
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Member, RoleHolding, Unit
from rongmei.network.policy import Tree
from rongmei.network.types import Role


@dataclass(frozen=True)
class World:
    """What permissions follow from: holdings by member, the tree, grants."""

    holdings: dict[uuid.UUID, list[tuple[str, uuid.UUID]]]
    parents: dict[uuid.UUID, uuid.UUID | None]
    grants: list[tuple[uuid.UUID, uuid.UUID, str]]


@dataclass(frozen=True)
class Difference:
    """One permission that a member would gain or lose, and on which units' records."""

    permission: str
    label: str
    units: list[str]


@dataclass
class Change:
    """What one member would gain and lose."""

    member: Member
    gains: list[Difference] = field(default_factory=list)
    loses: list[Difference] = field(default_factory=list)


def world_of(members: Iterable[Member]) -> World:
    """The present, as far as these members are concerned (three queries)."""
    ids = [member.pk for member in members if member.is_active]
    now = timezone.now()
    live = Q(ends_at=None) | Q(ends_at__gt=now)
    holdings: dict[uuid.UUID, list[tuple[str, uuid.UUID]]] = {one: [] for one in ids}
    rows = RoleHolding.objects.filter(live, member__in=ids, starts_at__lte=now)
    for member_id, role, unit_id in rows.values_list("member_id", "role", "unit_id"):
        holdings[member_id].append((role, unit_id))
    at_units = {unit for held in holdings.values() for _role, unit in held}
    return World(holdings, policy.tree().parents, policy.live_grants(at_units))


def compare(members: Iterable[Member], before: World, after: World) -> list[Change]:
    """Members for whom something changes, with what."""
    names = dict(Unit.objects.values_list("pk", "name"))
    trees = {id(world): Tree(world.parents) for world in (before, after)}
    found = []
    for member in members:
        reaches = [
            policy.reach_from(world.holdings.get(member.pk, []), trees[id(world)], world.grants)
            for world in (before, after)
        ]
        change = Change(member)
        for permission, label in PERMISSIONS.items():
            old, new = (reach.get(permission, frozenset()) for reach in reaches)
            for more, less, into in ((new, old, change.gains), (old, new, change.loses)):
                if more - less:
                    units = sorted(names.get(unit, "?") for unit in more - less)
                    into.append(Difference(permission, str(label), units))
        if change.gains or change.loses:
            found.append(change)
    return found


def _trying(members: list[Member], change: Callable[[World], World]) -> list[Change]:
    before = world_of(members)
    return compare(members, before, change(before))


def role_grant(member: Member, unit_id: uuid.UUID, role: Role) -> list[Change]:
    """If `member` were given `role` at the unit."""
    return _trying(
        [member],
        lambda now: replace(
            now, holdings={member.pk: [*now.holdings.get(member.pk, []), (role.value, unit_id)]}
        ),
    )


def role_revoke(holding: RoleHolding) -> list[Change]:
    """If the holding ended."""
    gone = (holding.role, holding.unit_id)
    return _trying(
        [holding.member],
        lambda now: replace(
            now,
            holdings={
                holding.member_id: [one for one in now.holdings[holding.member_id] if one != gone]
            },
        ),
    )


def _holders(units: Iterable[uuid.UUID]) -> list[Member]:
    return list(
        Member.objects.filter(is_active=True, holdings__unit__in=list(units))
        .distinct()
        .order_by("username")
    )


def grant_give(unit_id: uuid.UUID, to_unit_id: uuid.UUID, permission: str) -> list[Change]:
    """If the unit let the other do this with its records."""
    row = (unit_id, to_unit_id, permission)
    return _trying(_holders([to_unit_id]), lambda now: replace(now, grants=[*now.grants, row]))


def unit_move(unit_id: uuid.UUID, parent_id: uuid.UUID | None) -> list[Change]:
    """If the unit, with all below it, came under another parent."""
    tree = policy.tree()
    chain = set(tree.above(unit_id))
    if parent_id is not None:
        chain |= {parent_id, *tree.above(parent_id)}
    return _trying(
        _holders(chain), lambda now: replace(now, parents={**now.parents, unit_id: parent_id})
    )
