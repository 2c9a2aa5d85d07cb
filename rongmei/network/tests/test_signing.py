"""Signatures between nodes hold, and every attack on them is refused."""

import stat
import time
from unittest.mock import patch

import pytest

from rongmei.network import cloudevents, signing
from rongmei.network.models import Peer, Received
from rongmei.network.tests.far import HOST, FarNode
from rongmei.network.types import PeerState

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(cast):
    return FarNode()


def _inbox(far, body=b"[]"):
    return far.sign("POST", "/exchange/v1/inbox", body, cloudevents.CONTENT_TYPE)


def test_a_signed_batch_is_received_and_the_answer_is_signed(far):
    request = _inbox(far)
    answer = far.send(request, b"[]")
    assert answer.status_code == 200
    signing.verify_response(
        status=200, headers=dict(answer.headers), body=answer.content, request=request,
        public_key=signing.public_text(),
    )  # fmt: skip


def test_the_key_file_is_for_its_owner_only(settings, tmp_path):
    from dataclasses import replace

    settings.RONGMEI_NODE = replace(settings.RONGMEI_NODE, home=tmp_path)
    first = signing.public_text()
    path = tmp_path / "keys" / "node.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signing._load_key.cache_clear()
    assert signing.public_text() == first


def test_a_changed_body_is_refused(far):
    assert far.send(_inbox(far), b"[1]").status_code == 401


def test_a_changed_path_is_refused(far):
    request = far.sign("GET", "/exchange/v1/outbox?after=0")
    assert far.send(request, path="/exchange/v1/hello?after=0").status_code == 401


def test_a_changed_query_is_refused(far):
    request = far.sign("GET", "/exchange/v1/outbox?after=0")
    assert far.send(request, path="/exchange/v1/outbox?after=1").status_code == 401


def test_a_changed_method_is_refused(far):
    request = far.sign("GET", "/exchange/v1/hello")
    request.method = "POST"
    assert far.send(request).status_code in {401, 422}


def test_a_request_for_another_node_is_refused(far):
    request = far.sign("GET", "/exchange/v1/hello", host="elsewhere.example")
    assert far.send(request, host="elsewhere.example").status_code == 401


@pytest.mark.parametrize(
    ("minutes", "status"), [(0, 200), (-14, 200), (9, 200), (-16, 401), (11, 401)]
)
def test_age_and_clocks(far, minutes, status):
    from datetime import datetime, timedelta

    moment = datetime.now().astimezone() + timedelta(minutes=minutes)
    real = signing.HTTPMessageSigner.sign

    def then(self, *args, **kwargs):
        return real(self, *args, created=moment, **kwargs)

    with patch.object(signing.HTTPMessageSigner, "sign", then):
        request = _inbox(far)
    answer = far.send(request, b"[]")
    assert answer.status_code == status
    if status == 401:
        assert answer.json()["code"] == "clock_differs"
    else:
        assert abs(Peer.objects.get(node_id=far.id).clock_skew - minutes * 60) < 5


def test_a_changed_date_is_refused(far):
    request = _inbox(far)
    created = f"created={int(time.time())}"
    old = request.headers["Signature-Input"]
    request.headers["Signature-Input"] = old.replace(
        old[old.index("created=") :].split(";")[0], created[:-1] + "0"
    )
    if request.headers["Signature-Input"] == old:
        request.headers["Signature-Input"] = old.replace("created=1", "created=2", 1)
    assert far.send(request, b"[]").status_code == 401


def test_a_wrong_key_is_refused(far):
    other = FarNode(joined=False)
    other.id = far.id
    assert other.send(_inbox(other), b"[]").status_code == 401


def test_a_replay_is_refused(far):
    request = _inbox(far)
    assert far.send(request, b"[]").status_code == 200
    assert far.send(request, b"[]").status_code == 401


@pytest.mark.parametrize("missing", ["Content-Digest", "Signature", "Signature-Input"])
def test_a_missing_header_is_refused(far, missing):
    request = _inbox(far)
    del request.headers[missing]
    assert far.send(request, b"[]").status_code == 401


@pytest.mark.parametrize("part", ["@method", "@authority", "@path", "@query", "content-digest"])
def test_a_signature_that_leaves_a_part_out_is_refused(far, part, monkeypatch):
    parts = tuple(one for one in signing._REQUEST_PARTS if one != part)
    with monkeypatch.context() as patched:
        patched.setattr(signing, "_REQUEST_PARTS", parts)
        request = _inbox(far)
        if part == "content-digest":
            request.headers["Signature-Input"] = request.headers["Signature-Input"].replace(
                ' "content-digest"', ""
            )
    assert far.send(request, b"[]").status_code == 401


@pytest.mark.parametrize(
    ("state", "cut", "status"),
    [
        (PeerState.INVITED, False, 403),
        (PeerState.REVOKED, False, 403),
        (PeerState.PAUSED, False, 503),
        (PeerState.ACTIVE, True, 503),
    ],
)
def test_a_line_that_is_not_open_refuses(far, state, cut, status):
    Peer.objects.filter(node_id=far.id).update(state=state, line_cut=cut)
    answer = far.deliver(far.event(1))
    assert answer.status_code == status
    assert not Received.objects.exists()
    assert ("Retry-After" in answer.headers) is (status == 503)
    assert far.call("GET", "/exchange/v1/outbox?after=0").status_code == status


def test_strangers_are_refused(cast):
    assert FarNode(joined=False).deliver().status_code == 403


def test_an_answer_to_another_request_is_refused(far):
    first, second = _inbox(far), _inbox(far)
    answer = far.send(first, b"[]")
    with pytest.raises(signing.BadSignature):
        signing.verify_response(
            status=200, headers=dict(answer.headers), body=answer.content, request=second,
            public_key=signing.public_text(),
        )  # fmt: skip
    with pytest.raises(signing.BadSignature):
        signing.verify_response(
            status=200, headers=dict(answer.headers), body=b"{}", request=first,
            public_key=signing.public_text(),
        )  # fmt: skip


def test_authority_drops_default_ports():
    assert signing.authority("https://A.example:443/x") == "a.example"
    assert signing.authority("http://127.0.0.1:8000") == "127.0.0.1:8000"
    assert HOST
