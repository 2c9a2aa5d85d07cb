"""How two nodes become peers, and what they tell each other about themselves afterwards.

Node A prints an invitation: its card with its public key, and a token that works once within an
hour. Node B answers with a hello that it signs with its own key and that carries the token. Each
side trusts the other's key from then on (trust on first use, bound to the token); two people may
compare fingerprints by telephone. B dials; A only answers.

A node announces its own units, and only those; and the head of its audit chain together with what
it last saw of the peer's, so that neither can rewrite its past unnoticed.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import uuid
from datetime import date, timedelta
from typing import Any, Final

import orjson
from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db, http
from rongmei.kernel.models import AuditEntry
from rongmei.network import actions, exchange, policy, selectors, signing
from rongmei.network.errors import BadMessage, CannotJoin, ForgedHome, InvitationUnusable, NotPeer
from rongmei.network.federation import keeper_unit_id, require_keeper
from rongmei.network.hooks import Arrival
from rongmei.network.models import Envelope, Invitation, Member, Node, Peer, RoadStep, Unit
from rongmei.network.types import Milestone, PeerState, UnitKind

VALID_FOR: Final = timedelta(hours=1)
_CODE: Final = "rmj1."
HELLO: Final = "/exchange/v1/hello"
UNITS: Final = "units.announced"
HEAD: Final = "audit.head"
_LIMITS: Final = http.Limits(connect=5, read=15, total=20, max_bytes=2 * 1024 * 1024, redirects=0)
_UNIT_TEXT: Final = ("code", "name", "name_en", "short_name", "kind", "region", "milestone")
_UNIT_DATES: Final = ("milestone_on", "milestone_due")


# What a node says about itself


def units_of_ours() -> list[dict[str, Any]]:
    """This node's own units, in the shape of `units.announced`."""
    rows = Unit.objects.filter(node__is_self=True).prefetch_related("road")
    return [
        {
            "id": str(unit.pk),
            "parent_id": str(unit.parent_id) if unit.parent_id else None,
            **{name: str(getattr(unit, name)) for name in _UNIT_TEXT},
            **{
                name: value.isoformat() if (value := getattr(unit, name)) else None
                for name in _UNIT_DATES
            },
            "capabilities": list(unit.capabilities),
            "order": unit.order,
            "is_active": unit.is_active,
            "road": [
                {
                    "milestone": row.milestone,
                    "planned_on": row.planned_on.isoformat() if row.planned_on else None,
                    "reached_on": row.reached_on.isoformat() if row.reached_on else None,
                    "note": row.note,
                }
                for row in sorted(unit.road.all(), key=lambda row: row.milestone)
            ],
        }
        for unit in rows.order_by("order", "code")
    ]


def _addresses() -> dict[str, str]:
    node = settings.RONGMEI_NODE
    return {"name": node.name, "url": node.url, "stream_url": node.stream_url}


def card() -> dict[str, Any]:
    """The node's card: who it is, where, its public key, its audit head, its units."""
    node = selectors.this_node()
    public = signing.public_text()
    seq, head, _at = audit.head()
    return {
        "id": str(node.pk),
        "slug": node.slug,
        **_addresses(),
        "name": node.name,
        "public_key": public,
        "fingerprint": signing.fingerprint(public),
        "audit": {"seq": seq, "hash": head},
        "units": units_of_ours(),
    }


# Inviting and joining


def peer_invite(*, by: Member | None) -> str:
    """Return a code by which one other node may join within an hour."""
    require_keeper(by)
    token = secrets.token_urlsafe(32)
    with db.write():
        invitation = Invitation.objects.create(
            digest=hashlib.sha256(token.encode()).hexdigest(),
            invited_by_id=by.pk if by else None,
            expires_at=timezone.now() + VALID_FOR,
        )
        audit.record(by, "peer.invited", invitation, unit_id=keeper_unit_id())
    ours = card()
    ours.pop("units")
    ours.pop("audit")
    return _CODE + base64.urlsafe_b64encode(orjson.dumps({"card": ours, "token": token})).decode()


def read_code(code: str) -> tuple[dict[str, Any], str]:
    """The card and the token in an invitation code; InvitationUnusable when it is not one."""
    try:
        found = orjson.loads(base64.urlsafe_b64decode(code.strip().removeprefix(_CODE)))
        theirs, token = found["card"], found["token"]
        check_card(theirs)
    except (ValueError, KeyError, TypeError, BadMessage) as error:
        raise InvitationUnusable from error
    return theirs, str(token)


def check_card(theirs: Any) -> None:
    """Refuse a card that is not well formed: BadMessage."""
    try:
        uuid.UUID(theirs["id"])
        signing.read_public(theirs["public_key"])
        texts = [theirs[name] for name in ("slug", "name", "url")]
    except (ValueError, KeyError, TypeError) as error:
        raise BadMessage from error
    if not all(isinstance(text, str) and text for text in texts) or len(theirs["slug"]) > 50:
        raise BadMessage
    for url in (theirs["url"], theirs.get("stream_url") or theirs["url"]):
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise BadMessage


def _remember(theirs: dict[str, Any], *, dial: bool, state: PeerState) -> Peer:
    """Note the node behind a card as our peer, with fresh counters; inside a write."""
    node_id = uuid.UUID(theirs["id"])
    ours = selectors.this_node()
    if node_id == ours.pk or theirs["public_key"] == signing.public_text():
        raise CannotJoin(_("这是本节点自己的邀请码，未做改动。请在另一个节点上使用它。"))
    if Node.objects.filter(slug=theirs["slug"]).exclude(pk=node_id).exists():
        raise CannotJoin(
            _("已有代号为 %(slug)s 的另一个节点，未做改动。请让一方更换节点代号后重试。")
            % {"slug": theirs["slug"]}
        )
    node, _made = Node.objects.update_or_create(
        pk=node_id,
        defaults={
            "slug": theirs["slug"], "name": theirs["name"][:80], "url": theirs["url"].rstrip("/"),
        },
    )  # fmt: skip
    # Counters start afresh: messages that both still have are recognised by their ids.
    peer, _made = Peer.objects.update_or_create(
        node=node,
        defaults={
            "public_key": theirs["public_key"],
            "stream_url": (theirs.get("stream_url") or "").rstrip("/"),
            "state": state,
            "we_dial": dial,
            "line_cut": False,
            "received_seq": 0,
            "acked_seq": 0,
            "last_error": "",
        },
    )
    return peer


def hello_accept(*, theirs: dict[str, Any], token: str) -> Peer:
    """Complete an invitation that we gave: the hello's signature was checked with the card's key."""
    check_card(theirs)
    digest = hashlib.sha256(token.encode()).hexdigest()
    with db.write():
        invitation = (
            Invitation.objects.select_for_update()
            .filter(digest=digest, used_at=None, expires_at__gt=timezone.now())
            .first()
        )
        if invitation is None:
            raise InvitationUnusable
        peer = _remember(theirs, dial=False, state=PeerState.ACTIVE)
        invitation.used_at, invitation.used_by_node = timezone.now(), peer.node
        invitation.save(update_fields=["used_at", "used_by_node", "updated_at"])
        units_learn(peer.node, theirs.get("units") or [])
        _introduce(peer)
        audit.record(
            None, "peer.joined", peer, unit_id=keeper_unit_id(),
            fingerprint=signing.fingerprint(peer.public_key),
        )  # fmt: skip
    return peer


def peer_join(*, by: Member | None, code: str, under: str = "") -> Peer:
    """Join the node that gave `code`; this node will dial.

    Units of ours without a parent come under the inviter's unit with code `under`, or under its
    HQ. Nothing is half done: until the other side has agreed, the peer is only INVITED.
    """
    require_keeper(by)
    theirs, token = read_code(code)
    with db.write():
        peer = _remember(theirs, dial=True, state=PeerState.INVITED)
        audit.record(by, "peer.asked", peer, unit_id=keeper_unit_id())
    answer = _say_hello(peer, token)
    with db.write():
        peer = Peer.objects.select_for_update(of=("self",)).select_related("node").get(pk=peer.pk)
        peer.state = PeerState.ACTIVE
        peer.last_ok_at = timezone.now()
        peer.save(update_fields=["state", "last_ok_at", "updated_at"])
        units_learn(peer.node, answer.get("units") or [])
        _come_under(peer.node, under)
        _introduce(peer)
        audit.record(
            by, "peer.joined", peer, unit_id=keeper_unit_id(),
            fingerprint=signing.fingerprint(peer.public_key),
        )  # fmt: skip
    return peer


def _say_hello(peer: Peer, token: str) -> dict[str, Any]:
    body = orjson.dumps({"card": card(), "token": token})
    url = peer.node.url + HELLO
    request = signing.sign_request(
        method="POST", url=url, body=body, key_id=str(selectors.this_node().pk)
    )
    try:
        answer = http.post(
            url, content=body, headers=request.headers,
            allow={host_port(url)}, limits=_LIMITS,
        )  # fmt: skip
    except http.BadStatus as error:
        raise CannotJoin(_told(error.excerpt)) from error
    signing.verify_response(
        status=answer.status, headers=answer.headers, body=answer.body,
        request=request, public_key=peer.public_key,
    )  # fmt: skip
    found = orjson.loads(answer.body)
    return found if isinstance(found, dict) else {}


def _told(excerpt: bytes) -> str:
    try:
        return str(orjson.loads(excerpt)["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def host_port(url: str) -> str:
    """Host and port of a peer's address, for the door: peers may live on internal networks."""
    host = signing.authority(url)
    return host if ":" in host else f"{host}:{443 if url.startswith('https') else 80}"


def _come_under(node: Node, under: str) -> None:
    """Hang our topmost units below the inviter's unit, unless one of ours is an HQ itself."""
    theirs = Unit.objects.filter(node=node, is_active=True)
    parent = theirs.filter(code=under).first() if under else theirs.filter(kind=UnitKind.HQ).first()
    if under and parent is None:
        raise CannotJoin(_("对方没有代码为 %(code)s 的单位，未做改动。请核对。") % {"code": under})
    if parent is None:
        return
    roots = Unit.objects.filter(node__is_self=True, parent=None).exclude(kind=UnitKind.HQ)
    for unit in roots:
        unit.parent = parent
        unit.save(update_fields=["parent", "updated_at"])
        audit.record(None, "unit.came_under", unit, parent=parent.code)


def _introduce(peer: Peer) -> None:
    _announce_units(peer, units_of_ours())
    _announce_head(peer)


# Units


def _announce_units(peer: Peer, units: list[dict[str, Any]]) -> None:
    exchange.send(
        to=peer, type=UNITS, subject_id=selectors.this_node().pk, unit_id=None,
        body={"node": _addresses(), "units": units},
    )  # fmt: skip


def _last_sent(peer: Peer, kind: str) -> Envelope | None:
    return Envelope.objects.filter(peer=peer, type=kind).order_by("-seq").first()


def announce_units() -> int:
    """Tell peers about our units where they have changed since we last told; a sweep."""
    peers = exchange.active_peers()
    if not peers:
        return 0
    units = units_of_ours()
    now = {"node": _addresses(), "units": units}
    done = 0
    for peer in peers:
        last = _last_sent(peer, UNITS)
        if last is None or last.body != now:
            with db.write():
                _announce_units(peer, units)
            done += 1
    return done


def units_learn(node: Node, told: list[Any]) -> None:
    """Take over what a node says about its own units; ForgedHome when it speaks of another's.

    Inside a write. Units of the node that it no longer names become inactive.
    """
    ids = set()
    for one in told:
        ids.add(_learn_unit(node, one).pk)
    for one in told:
        unit = Unit.objects.get(pk=one["id"])
        parent = Unit.objects.filter(pk=one["parent_id"]).first() if one["parent_id"] else None
        if unit.parent_id != (parent.pk if parent else None):
            if parent and unit.pk in {parent.pk, *policy.tree().above(parent.pk)}:
                raise ForgedHome(_("单位上下级成环，消息未生效。请对方核对单位树。"))
            unit.parent = parent
            unit.save(update_fields=["parent", "updated_at"])
    Unit.objects.filter(node=node).exclude(pk__in=ids).update(is_active=False)


def _learn_unit(node: Node, one: Any) -> Unit:
    if not isinstance(one, dict):
        raise BadMessage
    try:
        unit_id = uuid.UUID(one["id"])
        fields: dict[str, Any] = {name: str(one[name]) for name in _UNIT_TEXT}
        for name in _UNIT_DATES:
            fields[name] = date.fromisoformat(one[name]) if one[name] else None
        fields["order"] = int(one["order"])
        fields["is_active"] = bool(one["is_active"])
        fields["capabilities"] = [str(name) for name in one["capabilities"]]
        _ = one["parent_id"]
    except (KeyError, ValueError, TypeError) as error:
        raise BadMessage from error
    if fields["kind"] not in UnitKind.values or fields["milestone"] not in Milestone.values:
        raise BadMessage
    same = Unit.objects.filter(Q(pk=unit_id) | Q(code=fields["code"]))
    if any(found.pk != unit_id or found.node_id != node.pk for found in same):
        raise ForgedHome
    others = Unit.objects.filter(kind=UnitKind.HQ).exclude(node=node)
    if fields["kind"] == UnitKind.HQ and others.exists():
        raise ForgedHome
    unit, _made = Unit.objects.update_or_create(pk=unit_id, defaults={**fields, "node": node})
    _learn_road(unit, one.get("road", []))
    return unit


def _learn_road(unit: Unit, told: Any) -> None:
    """The unit's milestones; a node of an earlier version says nothing of them."""
    try:
        rows = {
            str(Milestone(one["milestone"])): {
                **{
                    name: date.fromisoformat(one[name]) if one[name] else None
                    for name in ("planned_on", "reached_on")
                },
                "note": str(one["note"])[:200],
            }
            for one in told
        }
    except (KeyError, ValueError, TypeError) as error:
        raise BadMessage from error
    for milestone, fields in rows.items():
        RoadStep.objects.update_or_create(unit=unit, milestone=milestone, defaults=fields)
    RoadStep.objects.filter(unit=unit).exclude(milestone__in=rows).delete()


def apply_units(arrival: Arrival) -> None:
    """A peer's units as it announces them, and its present addresses."""
    if arrival.subject_id != arrival.from_node:
        raise ForgedHome
    peer = Peer.objects.select_related("node").get(node_id=arrival.from_node)
    told = arrival.body.get("node") or {}
    if {"name", "url", "stream_url"} <= told.keys():
        node = peer.node
        node.name, node.url = str(told["name"])[:80], str(told["url"])
        node.full_clean(exclude=["slug"])
        node.save(update_fields=["name", "url", "updated_at"])
        peer.stream_url = str(told["stream_url"])
        peer.save(update_fields=["stream_url", "updated_at"])
    units = arrival.body.get("units")
    if not isinstance(units, list):
        raise BadMessage
    units_learn(peer.node, units)


# Audit heads


def _announce_head(peer: Peer) -> None:
    seq, head, _at = audit.head()
    exchange.send(
        to=peer, type=HEAD, subject_id=None, unit_id=None,
        body={
            "seq": seq,
            "hash": head,
            "witness": {"seq": peer.their_audit_seq, "hash": peer.their_audit_head},
        },
    )  # fmt: skip


def announce_heads() -> int:
    """Tell peers the head of our audit chain where it moved since we last told; a sweep."""
    done = 0
    for peer in exchange.active_peers():
        seq, head, _at = audit.head()
        last = _last_sent(peer, HEAD)
        if last is None or (last.body.get("seq"), last.body.get("hash")) != (seq, head):
            with db.write():
                _announce_head(peer)
            done += 1
    return done


def apply_head(arrival: Arrival) -> None:
    """Compare a peer's audit head with the one we knew, and its memory of ours with our chain."""
    peer = Peer.objects.select_related("node").get(node_id=arrival.from_node)
    try:
        seq, head = int(arrival.body["seq"]), str(arrival.body["hash"])
        witness = arrival.body["witness"]
        saw_seq, saw_hash = int(witness["seq"]), str(witness["hash"])
    except (KeyError, ValueError, TypeError) as error:
        raise BadMessage from error
    shrunk = seq < peer.their_audit_seq
    changed = seq == peer.their_audit_seq and head != peer.their_audit_head
    if shrunk or changed:
        # What we knew is kept as evidence: it is not replaced by the rewritten head.
        _raise_alarm(
            peer,
            _("%(node)s 的审计链与我们此前见证的不一致") % {"node": peer.node},
            f"{peer.their_audit_seq} {peer.their_audit_head[:16]} → {seq} {head[:16]}",
            f"audit_head:{peer.pk}:{peer.their_audit_seq}:{seq}:{head[:16]}",
        )
    else:
        peer.their_audit_seq, peer.their_audit_head = seq, head
        peer.save(update_fields=["their_audit_seq", "their_audit_head", "updated_at"])
    if saw_seq:
        ours = AuditEntry.objects.filter(pk=saw_seq).values_list("hash", flat=True).first()
        if ours != saw_hash:
            _raise_alarm(
                peer,
                _("本节点的审计链与 %(node)s 见证的不一致") % {"node": peer.node},
                f"{saw_seq}: {saw_hash[:16]} ≠ {(ours or '—')[:16]}",
                f"audit_own:{peer.pk}:{saw_seq}:{saw_hash[:16]}",
            )


def _raise_alarm(peer: Peer, title: str, body: str, key: str) -> None:
    unit_id = keeper_unit_id()
    told = [
        *policy.members_with("network.audit", unit_id),
        *policy.members_with("network.manage_peers", unit_id),
    ]
    actions.notify(
        told, kind="network.history_changed", title=title, body=body, urgent=True,
        url=reverse("network:peer", args=[peer.pk]), subject_id=peer.pk, key=key,
    )  # fmt: skip
    audit.record(None, "peer.history_differs", peer, unit_id=unit_id, found=body)


def peer_by_name(name: str) -> Peer:
    """The peer whose node has this slug or name."""
    found = (
        Peer.objects.select_related("node").filter(Q(node__slug=name) | Q(node__name=name)).first()
    )
    if found is None:
        raise NotPeer(_("没有叫 %(name)s 的互联节点。用 rongmei peer list 查看。") % {"name": name})
    return found
