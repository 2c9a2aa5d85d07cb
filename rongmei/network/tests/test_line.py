"""The line between nodes: in order, once, nothing lost, nothing forged."""

import uuid

import orjson
import pytest
from django.db import DatabaseError

from rongmei.kernel import db
from rongmei.kernel.errors import BadInput, NotAllowed
from rongmei.kernel.ids import uuid7
from rongmei.network import cloudevents, exchange, federation, lines
from rongmei.network.errors import MessageTooLarge, NothingToReplay
from rongmei.network.hooks import Activity
from rongmei.network.models import Envelope, Notice, Peer, Received, Unit
from rongmei.network.tests.far import FarNode

pytestmark = pytest.mark.django_db


class Room:
    """A room above, that understands `test.said` and breaks when told to."""

    def __init__(self):
        self.heard = []
        self.breaks = set()

    def apply(self, arrival):
        word = arrival.body.get("word")
        if word in self.breaks:
            raise self.error(word)
        self.heard.append(word)

    error = ValueError


@pytest.fixture
def room(monkeypatch):
    room = Room()
    known = federation.activities()
    monkeypatch.setattr(
        federation, "activities", lambda: {**known, "test.said": Activity("test.said", room.apply)}
    )
    return room


@pytest.fixture
def far(cast):
    return FarNode()


def say(far, seq, word, **more):
    return far.event(seq, data={"word": word}, **more)


def test_messages_take_effect_in_order_and_once(far, room):
    batch = [say(far, number, number) for number in range(1, 6)]
    assert far.deliver(*batch).json() == {"received": 5, "new": 5, "failed": 0}
    assert far.deliver(*batch).json() == {"received": 5, "new": 0, "failed": 0}
    assert room.heard == [1, 2, 3, 4, 5]


def test_numbers_shared_with_other_peers_are_no_gap(far, room):
    answer = far.deliver(say(far, 3, "a", previous=0), say(far, 9, "b", previous=3))
    assert answer.json()["received"] == 9


def test_a_gap_is_refused_and_asked_again(far, room):
    answer = far.deliver(say(far, 1, "a"), say(far, 3, "c"))
    assert answer.status_code == 409
    assert (answer.json()["code"], answer.json()["received"]) == ("line_gap", 1)
    assert far.deliver(say(far, 2, "b"), say(far, 3, "c")).json()["received"] == 3
    assert room.heard == ["a", "b", "c"]


def test_a_number_under_another_id_stops_the_line(far, room):
    far.deliver(say(far, 1, "a"))
    answer = far.deliver(say(far, 1, "other"))
    assert (answer.status_code, answer.json()["code"]) == (409, "line_diverged")
    assert room.heard == ["a"]
    assert far.peer.last_error


def test_after_joining_again_old_messages_are_known_by_their_ids(far, room):
    first = say(far, 7, "a", previous=0)
    far.deliver(first)
    Peer.objects.filter(pk=far.peer.pk).update(received_seq=0)
    assert far.deliver(first, say(far, 8, "b")).json() == {"received": 8, "new": 1, "failed": 0}
    assert room.heard == ["a", "b"]


def test_a_failure_holds_its_subject_and_lets_others_pass(far, room, cast):
    one, other = uuid7(), uuid7()
    room.breaks = {"bad"}
    answer = far.deliver(
        say(far, 1, "bad", subject=one),
        say(far, 2, "after", subject=one),
        say(far, 3, "fine", subject=other),
    )
    assert answer.json() == {"received": 3, "new": 3, "failed": 2}
    assert room.heard == ["fine"]
    failed, waiting = Received.objects.filter(subject_id=one).order_by("seq")
    assert (failed.state, waiting.state) == ("failed", "waiting")
    assert "ValueError: bad" in failed.error
    assert (
        Notice.objects.filter(member=cast["sysadmin"], kind="network.message_failed").count() == 1
    )

    with pytest.raises(NothingToReplay):
        federation.message_replay(by=cast["sysadmin"], received_id=waiting.pk)
    assert federation.message_replay(by=cast["sysadmin"], received_id=failed.pk).state == "failed"
    room.breaks = set()
    federation.message_replay(by=cast["sysadmin"], received_id=failed.pk)
    assert room.heard == ["fine", "bad", "after"]
    assert not lines.stuck()


def test_giving_up_a_message_lets_the_next_follow(far, room, cast):
    subject = uuid7()
    room.breaks = {"bad"}
    far.deliver(say(far, 1, "bad", subject=subject), say(far, 2, "after", subject=subject))
    failed = Received.objects.get(seq=1)
    federation.message_dismiss(by=cast["sysadmin"], received_id=failed.pk, reason="对方已撤回")
    assert room.heard == ["after"]
    failed.refresh_from_db()
    assert failed.state == "ignored"
    assert "对方已撤回" in failed.error


def test_what_a_failed_message_wrote_is_rolled_back(far, room, monkeypatch):
    def half(arrival):
        Unit.objects.update(name="半途")
        raise KeyError("x")

    monkeypatch.setattr(
        federation, "activities", lambda: {"test.said": Activity("test.said", half)}
    )
    far.deliver(say(far, 1, "a"))
    assert not Unit.objects.filter(name="半途").exists()
    assert Received.objects.get().state == "failed"


def test_trouble_of_the_database_stores_nothing(far, room):
    from django.db import OperationalError

    room.breaks, room.error = {"busy"}, OperationalError
    with pytest.raises(OperationalError):
        far.deliver(say(far, 1, "busy"))
    assert not Received.objects.exists()
    assert far.peer.received_seq == 0
    assert issubclass(OperationalError, DatabaseError)


def test_an_unknown_type_is_kept_until_it_is_understood(far, room, cast):
    far.deliver(far.event(1, type="future.thing"))
    row = Received.objects.get()
    assert (row.state, far.peer.received_seq) == ("failed", 1)
    room_apply = federation.activities()["test.said"].apply
    known = federation.activities()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            federation,
            "activities",
            lambda: {**known, "future.thing": Activity("future.thing", room_apply)},
        )
        assert federation.retry_failed() == 1
    row.refresh_from_db()
    assert row.state == "applied"


def _broken(far):
    base = far.event(1)
    yield {**base, "specversion": "0.3"}
    yield {**base, "source": cloudevents.source_of(uuid7())}
    yield {**base, "type": "com.other.thing"}
    yield {**base, "type": "net.rongmei.Bad Name"}
    yield {**base, "id": "1"}
    yield {**base, "seq": 1}
    yield {**base, "seq": "01"}
    yield {**base, "prevseq": "1"}
    yield {**base, "time": "2026-11-22T10:00:00"}
    yield {**base, "data": []}
    yield {**base, "subject": "x"}
    yield {**base, "Bad-Name": 1}
    yield {name: value for name, value in base.items() if name != "time"}
    yield []


def test_malformed_events_are_refused_whole(far, room):
    for event in _broken(far):
        assert far.deliver(event).status_code == 422, event
    assert (
        far.call("POST", "/exchange/v1/inbox", b"{}", cloudevents.CONTENT_TYPE).status_code == 422
    )
    assert far.call("POST", "/exchange/v1/inbox", b"[", cloudevents.CONTENT_TYPE).status_code == 422
    assert far.call("POST", "/exchange/v1/inbox", b"[]", "application/json").status_code == 422
    assert not Received.objects.exists()


def test_too_many_or_too_large_is_refused(far, room, monkeypatch):
    assert far.deliver(*[far.event(number) for number in range(1, 202)]).status_code == 422
    monkeypatch.setattr(cloudevents, "MAX_BYTES", 100)
    assert far.deliver(far.event(1)).status_code == 413


# The outbox


def _queue(far, *words):
    with db.write():
        return [
            exchange.send(
                to=far.peer, type="test.said", subject_id=None, unit_id=None, body={"word": word}
            )
            for word in words
        ]


def test_the_outbox_gives_and_acknowledges(far):
    first, second, third = _queue(far, "a", "b", "c")
    answer = far.call("GET", "/exchange/v1/outbox?after=0")
    events = answer.json()
    assert [event["data"]["word"] for event in events] == ["a", "b", "c"]
    assert (events[0]["prevseq"], events[1]["prevseq"]) == ("0", events[0]["seq"])
    assert far.peer.acked_seq == 0
    answer = far.call("GET", f"/exchange/v1/outbox?after={second.seq}")
    assert [event["data"]["word"] for event in answer.json()] == ["c"]
    assert far.peer.acked_seq == second.seq
    assert Envelope.objects.get(pk=first.pk).acked_at
    assert Envelope.objects.get(pk=third.pk).acked_at is None


def test_an_outbox_is_one_peers_own(far):
    _queue(far, "a")
    other = FarNode(slug="other")
    assert other.call("GET", "/exchange/v1/outbox?after=0").json() == []


@pytest.mark.parametrize(
    ("query", "status"),
    [("after=99", 409), ("after=-1", 422), ("", 422), ("after=0&wait=nan", 422)],
)
def test_impossible_positions_are_refused(far, query, status):
    assert far.call("GET", f"/exchange/v1/outbox?{query}").status_code == status


def test_a_batch_is_bounded_in_number_and_size(far, monkeypatch):
    _queue(far, *range(5))
    monkeypatch.setattr(federation, "MAX_BATCH", 3)
    batch = federation.batch_after(far.peer, 0)
    assert batch.count == 3
    monkeypatch.setattr(federation, "MAX_BYTES", 10)
    assert federation.batch_after(far.peer, batch.last).count == 1
    assert federation.batch_after(far.peer, 10**9) is None


def test_our_batches_are_what_we_would_accept(far):
    envelope = _queue(far, "a")[0]
    from rongmei.network.selectors import this_node

    (message,) = cloudevents.decode(
        federation.batch_after(far.peer, 0).content, node_id=this_node().pk
    )
    assert (message.id, message.seq, message.body) == (envelope.id, envelope.seq, {"word": "a"})


def test_a_message_too_large_to_send_is_refused_when_written(far, monkeypatch):
    monkeypatch.setattr(exchange, "MAX_BODY", 50)
    with pytest.raises(MessageTooLarge), db.write():
        exchange.send(
            to=far.peer, type="x.y", subject_id=None, unit_id=None, body={"text": "长" * 50}
        )


def test_a_peer_restored_from_a_backup_gets_everything_again(far):
    envelopes = _queue(far, "a", "b")
    federation.acknowledge(far.peer.pk, envelopes[1].seq)
    federation.acknowledge(far.peer.pk, envelopes[0].seq)
    assert federation.batch_after(far.peer, far.peer.acked_seq).count == 1


# The keeper's pages


def test_other_units_keeper_may_not_touch_the_line(far, signed_in, cast):
    client = signed_in("yl.sysadmin")
    for verb in ("cut", "mend", "pause", "resume"):
        assert client.post(f"/desk/network/peers/{far.peer.pk}/{verb}/").status_code == 403
    assert client.post("/desk/network/peers/invite/").status_code == 403
    with pytest.raises(NotAllowed):
        federation.message_replay(by=cast["yl.sysadmin"], received_id=uuid.uuid4())
    assert not far.peer.line_cut


def test_members_without_the_permission_are_refused(far, signed_in):
    client = signed_in("planner")
    assert client.post(f"/desk/network/peers/{far.peer.pk}/cut/").status_code == 403
    assert client.get("/desk/network/peers/").status_code == 200


def test_cut_and_mend_by_button(far, signed_in, room):
    client = signed_in("sysadmin")
    assert client.post(f"/desk/network/peers/{far.peer.pk}/cut/").status_code == 302
    assert far.deliver(say(far, 1, "a")).status_code == 503
    page = client.get(f"/desk/network/peers/{far.peer.pk}/").content.decode()
    assert "线路已断开" in page
    client.post(f"/desk/network/peers/{far.peer.pk}/mend/")
    assert far.deliver(say(far, 1, "a")).json()["new"] == 1


def test_a_line_that_is_down_is_logged_once_and_once_when_it_is_back(far, caplog):
    caplog.set_level("INFO")
    for _try in range(3):
        federation.note_error(far.peer.pk, "拒绝连接")
    federation.note_error(far.peer.pk, "超时")
    federation.note_ok(far.peer.pk)
    federation.note_ok(far.peer.pk)
    said = [(one.levelname, one.getMessage().split(" is ")[1]) for one in caplog.records]
    assert said == [("WARNING", "down: 拒绝连接"), ("INFO", "back")]


def test_refusing_a_cut_line_is_no_error_of_ours(far, signed_in, caplog):
    signed_in("sysadmin").post(f"/desk/network/peers/{far.peer.pk}/cut/")
    caplog.clear()
    for _try in range(3):
        assert far.deliver(say(far, 1, "a")).status_code == 503
    assert [one.getMessage() for one in caplog.records if one.levelname != "INFO"] == []


def test_replay_by_button_and_a_reason_for_giving_up(far, signed_in, room):
    room.breaks = {"bad"}
    far.deliver(say(far, 1, "bad"))
    row = Received.objects.get()
    client = signed_in("sysadmin")
    assert "ValueError" in client.get(f"/desk/network/peers/{far.peer.pk}/").content.decode()
    room.breaks = set()
    client.post(f"/desk/network/peers/messages/{row.pk}/replay/")
    row.refresh_from_db()
    assert row.state == "applied"
    answer = client.post(f"/desk/network/peers/messages/{row.pk}/dismiss/")
    assert answer.status_code == BadInput.status


def test_pages_cost_few_queries(far, signed_in, django_assert_max_num_queries, room):
    far.deliver(*[say(far, number, number) for number in range(1, 60)])
    client = signed_in("sysadmin")
    client.get("/desk/network/peers/")
    with django_assert_max_num_queries(20):
        client.get("/desk/network/peers/")
    with django_assert_max_num_queries(26):
        client.get(f"/desk/network/peers/{far.peer.pk}/")


def test_sizes_are_what_the_wire_can_carry():
    assert exchange.MAX_BODY < cloudevents.MAX_BYTES
    assert orjson.loads(cloudevents.join([b"1", b"2"])) == [1, 2]
