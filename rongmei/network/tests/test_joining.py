"""Invitations, joining, units and audit heads."""

import base64
from datetime import timedelta

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from rongmei.kernel import audit, db, http, http_fake
from rongmei.kernel.ids import uuid7
from rongmei.network import federation, joining, signing
from rongmei.network.errors import CannotJoin, InvitationUnusable
from rongmei.network.models import Envelope, Invitation, Node, Notice, Peer, Received, Unit
from rongmei.network.tests.far import FarNode
from rongmei.network.types import PeerState

pytestmark = pytest.mark.django_db


def their_card(far, **more):
    return {
        "id": str(far.id), "slug": far.slug, "name": "远方节点", "url": "http://127.0.0.1:9",
        "stream_url": "", "public_key": signing.public_text(far.key), "units": [], **more,
    }  # fmt: skip


def unit_row(code, **more):
    return {
        "id": str(uuid7()), "parent_id": None, "code": code, "name": "远山融媒体站", "name_en": "",
        "short_name": "远山", "kind": "station", "region": "", "milestone": "planned",
        "milestone_on": None, "milestone_due": "2027-01-01", "capabilities": [], "order": 5,
        "is_active": True, **more,
    }  # fmt: skip


def hello(far, token, card=None):
    return far.call(
        "POST",
        "/exchange/v1/hello",
        orjson.dumps({"card": card or their_card(far), "token": token}),
    )


def invited(cast):
    _card, token = joining.read_code(joining.peer_invite(by=cast["sysadmin"]))
    return token


def test_a_node_joins_with_an_invitation_once(cast):
    token = invited(cast)
    far = FarNode(joined=False)
    unit = unit_row("yuanshan")
    answer = hello(far, token, their_card(far, units=[unit]))
    assert answer.status_code == 200
    assert {one["code"] for one in answer.json()["units"]} >= {"hq", "yunling"}
    assert far.peer.state == PeerState.ACTIVE
    assert not far.peer.we_dial
    assert Unit.objects.get(code="yuanshan").node_id == far.id
    assert far.deliver().status_code == 200
    other = FarNode(joined=False, slug="other")
    assert hello(other, token).status_code == 403
    assert not Peer.objects.filter(node_id=other.id).exists()


def test_a_made_up_old_or_borrowed_invitation_is_refused(cast):
    far = FarNode(joined=False)
    assert hello(far, "made-up").status_code == 403
    token = invited(cast)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert hello(far, token).status_code == 403
    thief = FarNode(joined=False)
    assert hello(thief, invited(cast), their_card(far)).status_code == 401
    assert not Peer.objects.exists()


def test_the_token_is_not_kept(cast):
    token = invited(cast)
    assert token not in str(list(Invitation.objects.values()))


def test_only_the_keeper_invites(cast, signed_in):
    assert signed_in("yl.sysadmin").post("/desk/network/peers/invite/").status_code == 403
    page = signed_in("sysadmin").post("/desk/network/peers/invite/")
    assert "rmj1." in page.content.decode()


@pytest.mark.parametrize(
    "code", ["", "rmj1.", "rmj1.e30=", "rmj1." + base64.b64encode(b'{"card":1,"token":2}').decode()]
)
def test_nonsense_is_no_invitation(cast, code):
    with pytest.raises(InvitationUnusable):
        joining.read_code(code)


def test_a_node_does_not_join_itself(cast):
    with pytest.raises(CannotJoin):
        joining.peer_join(by=cast["sysadmin"], code=joining.peer_invite(by=cast["sysadmin"]))


def test_a_slug_that_is_taken_is_refused(cast):
    Node.objects.create(slug="taken", name="另一个", url="http://127.0.0.1:7")
    assert hello(FarNode(joined=False, slug="taken"), invited(cast)).status_code == 409


def test_the_command_says_why_it_fails(cast):
    with pytest.raises(CommandError, match="邀请码"):
        call_command("peer", "join", "x")
    with pytest.raises(CommandError, match="nobody"):
        call_command("peer", "cut", "nobody")


# Units


@pytest.fixture
def far(cast):
    return FarNode()


def announce(far, units, *, seq=1, subject=None):
    return far.deliver(
        far.event(seq, type="units.announced", subject=subject or far.id, data={"units": units})
    ).json()


def test_a_node_announces_its_own_units(far, cast):
    child = unit_row("xia", parent_id=None)
    top = unit_row("shang", kind="centre", parent_id=str(cast.unit("hq").pk))
    child["parent_id"] = top["id"]
    assert announce(far, [child, top])["failed"] == 0
    assert Unit.objects.get(code="xia").parent.code == "shang"
    assert Unit.objects.get(code="shang").parent.code == "hq"
    announce(far, [top], seq=2)
    assert not Unit.objects.get(code="xia").is_active


def test_a_node_may_not_speak_for_anothers_units(far, cast):
    ours = cast.unit("yunling")
    other = FarNode(slug="other")
    theirs = unit_row("qita")
    announce(other, [theirs])
    attempts = [
        unit_row("yunling", id=str(ours.pk), name="被改"),
        unit_row("yunling", name="冒名"),
        unit_row("bieming", id=theirs["id"]),
        unit_row("zongbu2", kind="hq"),
    ]
    for seq, unit in enumerate(attempts, 1):
        assert announce(far, [unit], seq=seq, subject=far.id)["failed"] == 1, unit
        Received.objects.filter(peer=far.peer).update(state="ignored")
    assert announce(far, [unit_row("x")], seq=5, subject=other.id)["failed"] == 1
    ours.refresh_from_db()
    assert ours.name == "云岭融媒体中心"
    assert Unit.objects.get(code="qita").node_id == other.id


def test_a_circle_of_units_is_refused(far):
    one, two = unit_row("one"), unit_row("two")
    one["parent_id"], two["parent_id"] = two["id"], one["id"]
    assert announce(far, [one, two])["failed"] == 1


def test_changed_units_are_announced_once(far, cast):
    assert joining.announce_units() == 1
    assert joining.announce_units() == 0
    Unit.objects.filter(code="hq").update(name="新总部")
    assert joining.announce_units() == 1
    newest = Envelope.objects.filter(type="units.announced").last()
    assert "新总部" in [one["name"] for one in newest.body["units"]]


# Audit heads


def head(far, seq, number, text, witness=None):
    body = {"seq": number, "hash": text, "witness": witness or {"seq": 0, "hash": ""}}
    return far.deliver(far.event(seq, type="audit.head", data=body))


def alarms():
    return Notice.objects.filter(kind="network.history_changed")


def test_a_growing_chain_is_remembered(far):
    head(far, 1, 5, "a" * 64)
    head(far, 2, 9, "b" * 64)
    assert (far.peer.their_audit_seq, far.peer.their_audit_head) == (9, "b" * 64)
    assert not alarms().exists()


@pytest.mark.parametrize(("number", "text"), [(4, "c" * 64), (5, "c" * 64)])
def test_a_shrunken_or_changed_chain_raises_the_alarm(far, cast, number, text):
    head(far, 1, 5, "a" * 64)
    head(far, 2, number, text)
    assert set(alarms().values_list("member__username", flat=True)) == {"auditor", "sysadmin"}
    assert far.peer.their_audit_head == "a" * 64


def test_our_own_rewriting_is_seen_through_the_peers_memory(far):
    with db.write():
        entry = audit.record(None, "test.did")
    head(far, 1, 1, "a" * 64, {"seq": entry.seq, "hash": entry.hash})
    assert not alarms().exists()
    head(far, 2, 2, "b" * 64, {"seq": entry.seq, "hash": "0" * 64})
    assert alarms().exists()


def test_heads_are_sent_when_they_moved(far):
    assert joining.announce_heads() == 1
    assert joining.announce_heads() == 0
    with db.write():
        audit.record(None, "test.did")
    assert joining.announce_heads() == 1


def test_a_refused_join_leaves_the_peer_only_invited(cast):
    far = FarNode(joined=False)
    code = (
        "rmj1."
        + base64.urlsafe_b64encode(orjson.dumps({"card": their_card(far), "token": "t"})).decode()
    )
    with pytest.raises((CannotJoin, http.HttpError)):
        joining.peer_join(by=cast["sysadmin"], code=code)
    assert far.peer.state == PeerState.INVITED
    assert not federation.is_open(far.peer)
    assert http_fake
