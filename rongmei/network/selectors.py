"""Reads of the network room."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from rongmei.kernel.errors import NotFound
from rongmei.network import policy
from rongmei.network.models import Member, Node, Notice, Peer, Unit
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


def unit_by_code(code: str) -> Unit:
    """One unit by its code."""
    found = units().filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def units_in_reach(member: Any, permission: str) -> QuerySet[Unit]:
    """The units on whose records the member holds the permission."""
    return units().filter(pk__in=policy.units_for(member, permission))


def unit_labels(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of units, for pages that hold only their ids."""
    return {found.pk: found.label for found in Unit.objects.filter(pk__in=set(ids))}


def headquarters() -> Unit | None:
    """The HQ unit, if this node knows it."""
    return units().filter(kind=UnitKind.HQ).first()


def is_local(unit_id: uuid.UUID) -> bool:
    """Whether the unit is hosted on this node."""
    return Unit.objects.filter(pk=unit_id, node__is_self=True).exists()


def peer_of_unit(unit_id: uuid.UUID) -> Peer | None:
    """The peer that hosts the unit; None when it is hosted here or not joined to us.

    A paused or cut line still counts: what is sent waits in the outbox.
    """
    return (
        Peer.objects.filter(node__units=unit_id, state__in=(PeerState.ACTIVE, PeerState.PAUSED))
        .select_related("node")
        .first()
    )


def member_names(ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Names of members by id."""
    return {found.pk: found.label for found in Member.objects.filter(pk__in=set(ids))}


def notices_of(member: Member) -> QuerySet[Notice]:
    """A member's own notices, newest first."""
    return Notice.objects.filter(member=member)


def unread_count(member: Member) -> int:
    """How many notices wait unread."""
    return Notice.objects.filter(member=member, read_at=None).count()
