"""Reads of the network room."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from rongmei.kernel.errors import NotFound
from rongmei.kernel.models import AuditEntry
from rongmei.network import policy, roadmap
from rongmei.network.models import (
    ApiToken,
    Envelope,
    Grant,
    Member,
    Node,
    Notice,
    NoticeDelivery,
    NoticeRoute,
    Peer,
    RoleHolding,
    Unit,
)
from rongmei.network.types import PeerState, UnitKind


def this_node() -> Node:
    """The node this process belongs to."""
    node = Node.objects.filter(is_self=True).first()
    if node is None:
        raise NotFound("这个节点还没有初始化。先运行 rongmei init 或 rongmei demo。")
    return node


def units() -> QuerySet[Unit]:
    """All active units: the tree itself is no secret within the organisation."""
    return Unit.objects.filter(is_active=True).select_related("node", "parent")


def unit(unit_id: uuid.UUID) -> Unit:
    """One unit by id."""
    found = units().filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    return found


def unit_even_closed(unit_id: uuid.UUID) -> Unit:
    """One unit by id; a closed one still has its page."""
    found = Unit.objects.select_related("node", "parent").filter(pk=unit_id).first()
    if found is None:
        raise NotFound
    return found


def units_even_closed(ids: Iterable[uuid.UUID]) -> list[Unit]:
    """Units by id, each once, in the order given; NotFound when one is not there."""
    wanted = list(dict.fromkeys(ids))
    found = Unit.objects.select_related("node", "parent").in_bulk(wanted)
    if len(found) < len(wanted):
        raise NotFound
    return [found[one] for one in wanted]


def unit_by_code(code: str) -> Unit:
    """One unit by its code."""
    found = units().filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def units_in_reach(member: Any, permission: str) -> QuerySet[Unit]:
    """The units on whose records the member holds the permission."""
    return units().filter(pk__in=policy.units_for(member, permission))


def unit_labels(ids: Iterable[uuid.UUID], *, short: bool = False) -> dict[uuid.UUID, str]:
    """Names of units, for pages that hold only their ids."""
    found = Unit.objects.filter(pk__in=set(ids))
    return {one.pk: one.short_label if short else one.label for one in found}


def units_above(unit_id: uuid.UUID) -> list[Unit]:
    """Units above this one that are open, nearest first."""
    path = policy.tree().above(unit_id)
    found = units().in_bulk(path)
    return [found[one] for one in path if one in found]


def headquarters() -> Unit | None:
    """The HQ unit, if this node knows it."""
    return units().filter(kind=UnitKind.HQ).first()


def is_local(unit_id: uuid.UUID) -> bool:
    """Whether the unit is hosted on this node."""
    return Unit.objects.filter(pk=unit_id, node__is_self=True).exists()


def local_units() -> QuerySet[Unit, uuid.UUID]:
    """Ids of the units hosted on this node, as a query."""
    return Unit.objects.filter(node__is_self=True).values_list("pk", flat=True)


def peer_of_unit(unit_id: uuid.UUID) -> Peer | None:
    """The peer that hosts the unit; None when it is hosted here or not joined to us.

    A paused or cut line still counts: what is sent waits in the outbox.
    """
    return (
        Peer.objects.filter(node__units=unit_id, state__in=(PeerState.ACTIVE, PeerState.PAUSED))
        .select_related("node")
        .first()
    )


def last_sent(subject_id: uuid.UUID, type: str) -> tuple[datetime, datetime | None] | None:
    """When the newest message of this type about this record was written, and when it got there."""
    rows = Envelope.objects.filter(subject_id=subject_id, type=type).order_by("-seq")
    return rows.values_list("created_at", "acked_at").first()


def units_below_in_order(reach: Iterable[uuid.UUID] | None = None) -> list[tuple[int, Unit]]:
    """The unit tree as a list of (depth, unit), parents before children; two queries.

    With `reach`, only those units; a unit whose parent is outside stands at depth 0.
    """
    rows = units()
    if reach is not None:
        rows = rows.filter(pk__in=list(reach))
    found = list(rows)
    known = {one.pk for one in found}
    children: dict[uuid.UUID | None, list[Unit]] = {}
    for one in found:
        children.setdefault(one.parent_id if one.parent_id in known else None, []).append(one)
    listed: list[tuple[int, Unit]] = []
    waiting = [(0, one) for one in reversed(children.get(None, []))]
    while waiting:
        depth, one = waiting.pop()
        listed.append((depth, one))
        waiting.extend((depth + 1, child) for child in reversed(children.get(one.pk, [])))
    return listed


def roads() -> list[roadmap.Road]:
    """The construction road maps of all units, in the order of the tree."""
    return roadmap.roads(units_below_in_order())


def road_steps() -> list[tuple[str, str]]:
    """The milestones in order, with their names."""
    return [(step.value, str(step.label)) for step in roadmap.STEPS]


def members_administered_by(member: Member) -> QuerySet[Member]:
    """Members whose account or roles `member` looks after."""
    reach = policy.units_for(member, "network.manage_members") | policy.units_for(
        member, "network.grant_roles"
    )
    return Member.objects.filter(unit_id__in=reach).select_related("unit").order_by("username")


def members_by_unit() -> dict[uuid.UUID, int]:
    """How many active members each unit has; units without any are not listed."""
    rows = Member.objects.filter(is_active=True).values("unit").annotate(n=Count("pk"))
    return {row["unit"]: row["n"] for row in rows}


def member_afresh(member: Member) -> Member:
    """The member as stored, apart from the object that the page's shell shows."""
    return Member.objects.get(pk=member.pk)


def sessions_of(member: Member) -> QuerySet[UserSession]:
    """Where the member is signed in, last seen first."""
    rows: QuerySet[UserSession] = UserSession.objects.filter(user_id=member.pk)
    return rows.order_by("-last_seen_at")


def member_for(member: Member, member_id: uuid.UUID) -> Member:
    """One of `members_administered_by`."""
    found = members_administered_by(member).filter(pk=member_id).first()
    if found is None:
        raise NotFound
    return found


def roles_now(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, list[RoleHolding]]:
    """Current role holdings by member, with their units (one query)."""
    now = timezone.now()
    live = Q(ends_at=None) | Q(ends_at__gt=now)
    found: dict[uuid.UUID, list[RoleHolding]] = {}
    rows = RoleHolding.objects.filter(live, member__in=list(ids), starts_at__lte=now)
    for holding in rows.select_related("unit").order_by("created_at"):
        found.setdefault(holding.member_id, []).append(holding)
    return found


def holding_for(member: Member, holding_id: uuid.UUID) -> RoleHolding:
    """One role holding at a unit where the member grants roles."""
    reach = policy.units_for(member, "network.grant_roles")
    rows = RoleHolding.objects.select_related("member", "unit")
    found = rows.filter(pk=holding_id, unit__in=reach).first()
    if found is None:
        raise NotFound
    return found


def grants_visible_to(member: Member) -> QuerySet[Grant]:
    """Grants that concern units in the member's reach, as giver or as receiver."""
    reach = policy.units_for(member, "network.manage_grants")
    return (
        Grant.objects.filter(Q(unit__in=reach) | Q(to_unit__in=reach))
        .select_related("unit", "to_unit")
        .order_by("-created_at")
    )


def routes_visible_to(member: Member) -> QuerySet[NoticeRoute]:
    """Notice routes of the units whose notices the member sets up."""
    reach = policy.units_for(member, "network.manage_notices")
    return NoticeRoute.objects.filter(unit__in=reach).select_related("unit").order_by("created_at")


def failed_deliveries_visible_to(member: Member) -> QuerySet[NoticeDelivery]:
    """Deliveries over those routes that ended in an error, the latest first."""
    return (
        NoticeDelivery.objects.filter(route__in=routes_visible_to(member).order_by().values("pk"))
        .exclude(error="")
        .select_related("notice", "route")
        .order_by("-updated_at")
    )


def route_for(member: Member, route_id: uuid.UUID) -> NoticeRoute:
    """One of `routes_visible_to`."""
    found = routes_visible_to(member).filter(pk=route_id).first()
    if found is None:
        raise NotFound
    return found


def tokens_of(member: Member) -> QuerySet[ApiToken]:
    """The member's own tokens, newest first."""
    return ApiToken.objects.filter(member=member).order_by("-created_at")


def active_member(member_id: uuid.UUID) -> Member | None:
    """The member with this id while the account is active; None for people of other nodes."""
    return Member.objects.filter(pk=member_id, is_active=True).first()


def active_members(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Member]:
    """Those of these members whose accounts are active, by id."""
    return Member.objects.filter(is_active=True).in_bulk(set(ids))


def members_at_home(ids: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these ids that are people of units hosted on this node, active or not."""
    rows = Member.objects.filter(pk__in=set(ids), unit__node__is_self=True)
    return set(rows.values_list("pk", flat=True))


def member_names(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of members by id."""
    return {found.pk: found.label for found in Member.objects.filter(pk__in=set(ids))}


def notices_of(member: Member) -> QuerySet[Notice]:
    """A member's own notices, newest first."""
    return Notice.objects.filter(member=member)


def unread_count(member: Member) -> int:
    """How many notices wait unread."""
    return Notice.objects.filter(member=member, read_at=None).count()


def silent_peers(since: datetime) -> list[Peer]:
    """Active peers that have not answered since then, or never."""
    quiet = Q(last_ok_at=None) | Q(last_ok_at__lt=since)
    rows = Peer.objects.filter(quiet, state=PeerState.ACTIVE).select_related("node")
    return list(rows.order_by("node__name"))


def peers_joined() -> list[Peer]:
    """Peers whose line is meant to be open."""
    return list(Peer.objects.filter(state=PeerState.ACTIVE).select_related("node"))


def members_without_role(member: Member) -> QuerySet[Member]:
    """Active accounts that hold no role now, where the member grants roles; newest first."""
    now = timezone.now()
    live = Q(ends_at=None) | Q(ends_at__gt=now)
    held = RoleHolding.objects.filter(live, member=OuterRef("pk"), starts_at__lte=now)
    reach = policy.units_for(member, "network.grant_roles")
    rows = Member.objects.filter(~Exists(held), unit__in=reach, is_active=True)
    return rows.select_related("unit").order_by("-date_joined")


def last_verified() -> datetime | None:
    """When the audit chain of this node was last checked on its page or by the API."""
    rows = AuditEntry.objects.filter(action="audit.verified").order_by("-seq")
    return rows.values_list("at", flat=True).first()


def sign_in_failures(member: Member, since: datetime) -> list[tuple[str, int, datetime]]:
    """Accounts with failed sign-ins since then: name, how often, the last; most first.

    Tries at names that do not exist belong to no unit, and are told to whoever audits at all.
    """
    reach = policy.units_for(member, "network.audit")
    if not reach:
        return []
    wanted = Q(unit_id__in=reach) | Q(unit_id=None)
    rows = AuditEntry.objects.filter(wanted, action="member.sign_in_failed", at__gte=since)
    counted = rows.values("detail__username").annotate(n=Count("seq"), last=Max("at"))
    return [
        (row["detail__username"] or "—", row["n"], row["last"]) for row in counted.order_by("-n")
    ]
