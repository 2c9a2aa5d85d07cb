"""Reads about the lines to peers: how far behind, since when, what failed."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils.translation import gettext as _

from rongmei.kernel.errors import NotFound
from rongmei.network.models import Envelope, Peer, Received
from rongmei.network.types import PeerState

STUCK = (Received.State.FAILED, Received.State.WAITING)


@dataclass(frozen=True)
class LineStatus:
    """A peer with what a person wants to know of its line."""

    peer: Peer
    unsent: int
    oldest_unsent: datetime | None
    sent: int
    received: int
    failed: int
    waiting: int
    last_received_at: datetime | None

    @property
    def words(self) -> str:
        """How the line is, in one word or two."""
        peer = self.peer
        if peer.state != PeerState.ACTIVE:
            return str(peer.get_state_display())
        if peer.line_cut:
            return _("线路已断开（演练）")
        if peer.last_error:
            return _("线路不通")
        if self.failed:
            return _("有消息未生效")
        if self.unsent:
            return _("正在发送")
        return _("已同步") if peer.last_ok_at else _("等待首次连接")

    @property
    def sign(self) -> str:
        """Which badge of the kit goes with it."""
        peer = self.peer
        if peer.state != PeerState.ACTIVE or peer.line_cut or peer.last_error or self.failed:
            return "failed"
        return "now" if self.unsent else ("done" if peer.last_ok_at else "next")


def status_of(peers: list[Peer]) -> list[LineStatus]:
    """The status of these peers' lines (two queries)."""
    ids = [peer.pk for peer in peers]
    out: dict[uuid.UUID, dict[str, Any]] = {
        row["peer_id"]: dict(row)
        for row in Envelope.objects.filter(peer__in=ids)
        .values("peer_id")
        .annotate(
            sent=Count("seq", filter=Q(acked_at__isnull=False)),
            unsent=Count("seq", filter=Q(acked_at=None)),
            oldest=Min("created_at", filter=Q(acked_at=None)),
        )
    }
    got: dict[uuid.UUID, dict[str, Any]] = {
        row["peer_id"]: dict(row)
        for row in Received.objects.filter(peer__in=ids)
        .values("peer_id")
        .annotate(
            received=Count("id"),
            failed=Count("id", filter=Q(state=Received.State.FAILED)),
            waiting=Count("id", filter=Q(state=Received.State.WAITING)),
            last=Max("received_at"),
        )
    }
    return [
        LineStatus(
            peer=peer,
            unsent=out.get(peer.pk, {}).get("unsent", 0),
            oldest_unsent=out.get(peer.pk, {}).get("oldest"),
            sent=out.get(peer.pk, {}).get("sent", 0),
            received=got.get(peer.pk, {}).get("received", 0),
            failed=got.get(peer.pk, {}).get("failed", 0),
            waiting=got.get(peer.pk, {}).get("waiting", 0),
            last_received_at=got.get(peer.pk, {}).get("last"),
        )
        for peer in peers
    ]


def all_lines() -> list[LineStatus]:
    """Every peer's line, by name."""
    return status_of(list(Peer.objects.select_related("node").order_by("node__name")))


def line_of(peer_id: uuid.UUID) -> LineStatus:
    """One peer's line."""
    return status_of([peer_now(peer_id)])[0]


def peer_of_node(node_id: uuid.UUID) -> Peer | None:
    """The peer with this node id, whatever its state."""
    return Peer.objects.select_related("node").filter(node_id=node_id).first()


def peer_now(peer_id: uuid.UUID) -> Peer:
    """The peer as it is now."""
    found = Peer.objects.select_related("node").filter(pk=peer_id).first()
    if found is None:
        raise NotFound
    return found


def received_from(peer: Peer) -> QuerySet[Received]:
    """What came from the peer, newest first."""
    return Received.objects.filter(peer=peer).order_by("-seq")


def sent_to(peer: Peer) -> QuerySet[Envelope]:
    """What was and will be sent to the peer, newest first."""
    return Envelope.objects.filter(peer=peer).order_by("-seq")


def types_of(peer: Peer) -> list[dict[str, object]]:
    """Messages by type: how many went and came."""
    out = dict(
        Envelope.objects.filter(peer=peer).values_list("type").annotate(Count("seq")).order_by()
    )
    got = dict(
        Received.objects.filter(peer=peer).values_list("type").annotate(Count("id")).order_by()
    )
    return [
        {"type": kind, "sent": out.get(kind, 0), "received": got.get(kind, 0)}
        for kind in sorted(out.keys() | got.keys())
    ]


def unsent() -> float:
    """How many messages wait in all outboxes."""
    return float(
        Envelope.objects.filter(acked_at=None).exclude(peer__state=PeerState.REVOKED).count()
    )


def stuck() -> float:
    """How many received messages did not take effect."""
    return float(Received.objects.filter(state__in=STUCK).count())
