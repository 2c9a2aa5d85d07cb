"""The line to a peer: what waits for it, what came from it, in order and once.

Sending follows `Envelope` and moves `Peer.acked_seq` when the peer says how far it has received.
Receiving moves `Peer.received_seq` in the same transaction that stores the message and lets it take
effect, so a message is received once or not yet, whenever either side is killed.

A message that cannot take effect is kept FAILED with its error; the line goes on, but later messages
about the same subject wait behind it, so that no record is ever changed out of order. Replay applies
it and then those that waited.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, context, db, events, plugins
from rongmei.kernel.errors import NotFound, RongmeiError
from rongmei.kernel.text import shorten
from rongmei.network import actions, policy, selectors
from rongmei.network.cloudevents import MAX_BATCH, MAX_BYTES, Message, encode_one, join
from rongmei.network.errors import (
    LineClosed,
    LineDiverged,
    LineGap,
    NothingToReplay,
    NotPeer,
    UnknownActivity,
)
from rongmei.network.events import EnvelopeApplied
from rongmei.network.hooks import Activity, Arrival
from rongmei.network.models import Envelope, Member, Peer, Received, SeenNonce
from rongmei.network.signing import CLOCK_SKEW, MAX_AGE
from rongmei.network.types import PeerState

log = logging.getLogger(__name__)
_STUCK = (Received.State.FAILED, Received.State.WAITING)
_RETRIES = 5


@dataclass(frozen=True)
class Batch:
    """Messages ready to be sent: the CloudEvents batch, its last number and how many."""

    content: bytes
    last: int
    count: int


@dataclass(frozen=True)
class Taken:
    """How a received batch ended: highest number received without a gap, and what became of it."""

    received: int
    new: int = 0
    failed: int = 0


def keeper_unit_id() -> uuid.UUID:
    """The unit that answers for this node's lines: the topmost one hosted here."""
    here = list(selectors.units().filter(node__is_self=True).order_by("order", "code"))
    ids = {unit.pk for unit in here}
    for unit in here:
        if unit.parent_id not in ids:
            return unit.pk
    raise NotFound(_("本节点还没有单位。先运行 rongmei init 或 rongmei demo。"))


def require_keeper(by: Member | None) -> None:
    """Refuse members who may not keep the lines; None is the console of this node."""
    if by is not None:
        policy.require(by, "network.manage_peers", keeper_unit_id())


def require_open(peer: Peer) -> None:
    """Refuse to talk over a line that is not open: NotPeer or LineClosed."""
    if peer.state in {PeerState.INVITED, PeerState.REVOKED}:
        raise NotPeer
    if peer.state == PeerState.PAUSED or peer.line_cut:
        raise LineClosed


def is_open(peer: Peer) -> bool:
    """Whether messages flow on this line."""
    return peer.state == PeerState.ACTIVE and not peer.line_cut


def _locked(peer_id: uuid.UUID) -> Peer:
    peer = (
        Peer.objects.select_for_update(of=("self",))
        .select_related("node")
        .filter(pk=peer_id)
        .first()
    )
    if peer is None:
        raise NotPeer
    return peer


def nonce_seen(value: str) -> bool:
    """Note the nonce of a verified request; True when it was used before."""
    with db.write():
        _row, made = SeenNonce.objects.get_or_create(value=value[:64])
        return not made


def forget_nonces() -> int:
    """Drop nonces too old to be accepted again; a sweep."""
    old = timezone.now() - MAX_AGE - 2 * CLOCK_SKEW
    with db.write():
        return SeenNonce.objects.filter(seen_at__lt=old).delete()[0]


# Sending


def batch_after(peer: Peer, after: int) -> Batch | None:
    """The next messages for the peer after number `after`; None when there is nothing."""
    rows = Envelope.objects.filter(peer=peer, seq__gt=after).order_by("seq")
    node_id = selectors.this_node().pk
    events_: list[bytes] = []
    size, last, previous = 2, after, None
    for envelope in rows[:MAX_BATCH].iterator(chunk_size=10):
        if previous is None:
            previous = _before(peer, envelope.seq)
        encoded = encode_one(envelope, node_id=node_id, previous=previous)
        size += len(encoded) + 1
        if events_ and size > MAX_BYTES:
            break
        events_.append(encoded)
        last = previous = envelope.seq
    return Batch(join(events_), last, len(events_)) if events_ else None


def _before(peer: Peer, seq: int) -> int:
    found = Envelope.objects.filter(peer=peer, seq__lt=seq).aggregate(top=Max("seq"))["top"]
    return found or 0


def acknowledge(peer_id: uuid.UUID, received: int) -> None:
    """Note that the peer has everything up to `received`.

    A peer that has less than it once acknowledged was restored from a backup: sending goes back
    to where it is. One that claims messages never sent makes LineDiverged.
    """
    with db.write():
        peer = _locked(peer_id)
        if received == peer.acked_seq:
            return
        if received > _before(peer, 2**62):
            raise LineDiverged
        if received < peer.acked_seq:
            audit.record(None, "peer.went_back", peer, had=peer.acked_seq, has=received)
        peer.acked_seq = received
        peer.save(update_fields=["acked_seq", "updated_at"])
        Envelope.objects.filter(peer=peer, seq__lte=received, acked_at=None).update(
            acked_at=timezone.now()
        )


def note_ok(peer_id: uuid.UUID, *, clock_skew: float | None = None) -> None:
    """Remember that the line just worked."""
    with db.write():
        changed: dict[str, Any] = {"last_ok_at": timezone.now()}
        if clock_skew is not None:
            changed["clock_skew"] = clock_skew
        rows = Peer.objects.filter(pk=peer_id)
        mended = rows.exclude(last_error="").update(**changed, last_error="")
        if not mended:
            rows.update(**changed)
    if mended:
        log.info("line to %s is back", _named(peer_id))


def note_error(peer_id: uuid.UUID, words: str) -> None:
    """Remember why the line just failed. Only the first failure after it worked is worth a line
    of the log: a line that is down is tried every few seconds."""
    changed = {"last_error_at": timezone.now(), "last_error": shorten(words, 300)}
    with db.write():
        rows = Peer.objects.filter(pk=peer_id)
        went_down = rows.filter(last_error="").update(**changed)
        if not went_down:
            rows.update(**changed)
    if went_down:
        log.warning("line to %s is down: %s", _named(peer_id), words)


def _named(peer_id: uuid.UUID) -> str:
    return str(Peer.objects.select_related("node").get(pk=peer_id))


# Receiving


def take(peer_id: uuid.UUID, messages: list[Message]) -> Taken:
    """Receive a batch: each message in its own transaction, in order, once.

    Raises LineGap when messages are missing before one (those before the gap are kept),
    LineDiverged when a number comes again under another id, LineClosed and NotPeer.
    """
    new = failed = 0
    for message in messages:
        try:
            state = _take_one(peer_id, message)
        except IntegrityError as error:
            # Foreign keys are checked at commit, after `apply` has returned.
            state = _take_one(peer_id, message, broken=str(error))
        new += state is not None
        failed += state in _STUCK
    return Taken(_received_seq(peer_id), new, failed)


def _received_seq(peer_id: uuid.UUID) -> int:
    return Peer.objects.values_list("received_seq", flat=True).get(pk=peer_id)


def _take_one(peer_id: uuid.UUID, message: Message, *, broken: str = "") -> str | None:
    with db.write():
        peer = _locked(peer_id)
        require_open(peer)
        known = Received.objects.filter(pk=message.id).exists()
        if known and message.seq <= peer.received_seq:
            return None
        if message.previous > peer.received_seq:
            raise LineGap
        if known:
            # Counters start afresh when nodes join again; what was received stays received.
            _advance(peer, message.seq)
            return None
        if message.previous < peer.received_seq:
            raise LineDiverged
        row = Received(
            id=message.id, peer=peer, seq=message.seq, type=message.type,
            subject_id=message.subject_id, body=message.body,
        )  # fmt: skip
        if message.unit_id:
            row.body = {**message.body, "_unit_id": str(message.unit_id)}
        if broken:
            row.state, row.error = Received.State.FAILED, broken
        elif _has_stuck_before(row):
            row.state = Received.State.WAITING
        else:
            _apply(row)
        row.save(force_insert=True)
        _advance(peer, message.seq)
        if row.state == Received.State.FAILED:
            _tell_keepers(row)
        return row.state


def _advance(peer: Peer, seq: int) -> None:
    peer.received_seq = seq
    peer.save(update_fields=["received_seq", "updated_at"])


def _has_stuck_before(row: Received) -> bool:
    if row.subject_id is None:
        return False
    return Received.objects.filter(
        peer=row.peer, subject_id=row.subject_id, state__in=_STUCK, seq__lt=row.seq
    ).exists()


def activities() -> dict[str, Activity]:
    """Message types that the rooms understand."""
    return {
        activity.type: activity
        for found in plugins.manager.hook.register_activities()
        for activity in found
    }


def arrival_of(row: Received) -> Arrival:
    """A stored message as rooms see it."""
    body = dict(row.body)
    unit_id = body.pop("_unit_id", None)
    return Arrival(
        id=row.pk,
        type=row.type,
        from_node=row.peer.node_id,
        subject_id=row.subject_id,
        unit_id=uuid.UUID(unit_id) if unit_id else None,
        body=body,
    )


def _apply(row: Received) -> None:
    """Let the message take effect and set the row's state; inside a write."""
    activity = activities().get(row.type)
    now = context.Context(actor=f"node:{row.peer.node.slug}")
    try:
        if activity is None:
            raise UnknownActivity
        with transaction.atomic(), context.acting(now):
            activity.apply(arrival_of(row))
    except OperationalError:
        # The database's trouble, not the message's: nothing is stored, the peer sends it again.
        raise
    except Exception as error:
        row.state, row.error = Received.State.FAILED, _words(error)
        audit.record(
            None, "message.refused", row.peer, unit_id=keeper_unit_id(), type=row.type,
            reason=getattr(error, "code", type(error).__name__), about=str(row.subject_id or ""),
        )  # fmt: skip
        log.warning("message %s %s from %s failed", row.pk, row.type, row.peer, exc_info=True)
        return
    row.state, row.error = Received.State.APPLIED, ""
    events.publish(
        EnvelopeApplied(subject_id=row.subject_id, peer_id=str(row.peer_id), type=row.type)
    )


def _words(error: Exception) -> str:
    if isinstance(error, RongmeiError):
        return error.message
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({last.name}:{last.lineno})"[:2000]


def _tell_keepers(row: Received) -> None:
    actions.notify(
        policy.members_with("network.manage_peers", keeper_unit_id()),
        kind="network.message_failed",
        title=_("来自%(node)s的消息未生效：%(type)s") % {"node": row.peer, "type": row.type},
        body=row.error[:300],
        url=reverse("network:peer", args=[row.peer_id]),
        subject_id=row.pk,
        key=f"message_failed:{row.pk}",
    )


# Replay


def _stuck(received_id: uuid.UUID) -> Received:
    row = (
        Received.objects.select_for_update(of=("self",))
        .select_related("peer", "peer__node")
        .filter(pk=received_id)
        .first()
    )
    if row is None:
        raise NotFound
    if row.state != Received.State.FAILED:
        raise NothingToReplay
    return row


def message_replay(*, by: Member | None, received_id: uuid.UUID) -> Received:
    """Try a failed message again; when it takes effect, those that waited behind it follow."""
    require_keeper(by)
    row = _settle(by, received_id, "message.replayed", _apply_again)
    _release(row)
    return row


def message_dismiss(*, by: Member | None, received_id: uuid.UUID, reason: str) -> Received:
    """Give a failed message up, with a reason; those that waited behind it follow."""
    require_keeper(by)

    def give_up(row: Received) -> None:
        row.state, row.error = Received.State.IGNORED, f"{row.error}\n{reason}".strip()

    row = _settle(by, received_id, "message.dismissed", give_up, reason=reason)
    _release(row)
    return row


def _apply_again(row: Received) -> None:
    row.tries += 1
    _apply(row)


def _settle(
    by: Member | None,
    received_id: uuid.UUID,
    verb: str,
    change: Callable[[Received], None],
    reason: str = "",
) -> Received:
    try:
        with db.write():
            row = _stuck(received_id)
            change(row)
            row.save(update_fields=["state", "error", "tries"])
            audit.record(
                by, verb, row, unit_id=keeper_unit_id(), state=str(row.state), reason=reason
            )
    except IntegrityError as error:
        with db.write():
            row = _stuck(received_id)
            row.tries, row.error = row.tries + 1, str(error)
            row.save(update_fields=["error", "tries"])
    return row


def _release(first: Received) -> None:
    """Apply, in order, what waited behind `first`, up to the next one that fails."""
    if first.state == Received.State.FAILED or first.subject_id is None:
        return
    while True:
        with db.write():
            row = (
                Received.objects.select_for_update(of=("self",))
                .select_related("peer", "peer__node")
                .filter(
                    peer_id=first.peer_id,
                    subject_id=first.subject_id,
                    state=Received.State.WAITING,
                )
                .order_by("seq")
                .first()
            )
            if row is None or _has_stuck_before(row):
                return
            _apply(row)
            row.save(update_fields=["state", "error"])
            if row.state == Received.State.FAILED:
                _tell_keepers(row)
                return


def retry_failed(*, tries: int | None = _RETRIES) -> int:
    """Try failed messages again, as what they missed may have come; return how many took effect.

    A sweep does so a few times within two days; `tries=None` takes all, whenever they came.
    """
    due = Received.objects.filter(state=Received.State.FAILED).order_by("seq")
    if tries is not None:
        recent = timezone.now() - timedelta(days=2)
        due = due.filter(tries__lt=tries, received_at__gt=recent)
    ids = list(due.values_list("pk", flat=True)[:100])
    done = 0
    for received_id in ids:
        try:
            done += message_replay(by=None, received_id=received_id).state == Received.State.APPLIED
        except NothingToReplay:
            continue
    return done


# What the keeper of the node does


def _change_line(
    by: Member | None, peer_id: uuid.UUID, verb: str, reason: str = "", **fields: Any
) -> Peer:
    require_keeper(by)
    with db.write():
        peer = _locked(peer_id)
        if peer.state in {PeerState.REVOKED, PeerState.INVITED}:
            raise NotPeer
        for name, value in fields.items():
            setattr(peer, name, value)
        peer.save(update_fields=[*fields, "updated_at"])
        audit.record(by, verb, peer, unit_id=keeper_unit_id(), reason=reason)
    return peer


def peer_cut(*, by: Member | None, peer_id: uuid.UUID) -> Peer:
    """Cut the line, as a drill: both ways stop, everything waits in the outbox."""
    peer = _change_line(by, peer_id, "peer.cut", line_cut=True)
    log.warning("line to %s was cut here", peer)
    return peer


def peer_mend(*, by: Member | None, peer_id: uuid.UUID) -> Peer:
    """Mend a cut line; what waited is delivered once."""
    peer = _change_line(by, peer_id, "peer.mended", line_cut=False)
    log.info("line to %s was mended here", peer)
    return peer


def peer_pause(*, by: Member | None, peer_id: uuid.UUID) -> Peer:
    """Pause the exchange; the other side is told politely to come later."""
    return _change_line(by, peer_id, "peer.paused", state=PeerState.PAUSED)


def peer_resume(*, by: Member | None, peer_id: uuid.UUID) -> Peer:
    """Take a paused exchange up again."""
    return _change_line(by, peer_id, "peer.resumed", state=PeerState.ACTIVE)


def peer_revoke(*, by: Member | None, peer_id: uuid.UUID, reason: str) -> Peer:
    """End the peering: its key is not accepted any more. Only a new invitation brings it back."""
    return _change_line(by, peer_id, "peer.revoked", reason=reason, state=PeerState.REVOKED)
