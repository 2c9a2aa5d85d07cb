"""The exchange process of a node that dials: it pushes its outbox and long-polls its peers'.

Each peer that we dial has two threads, one a direction, so that a slow answer on one never holds
the other up. The rows are the truth: killing this process at any moment loses and doubles nothing.
"""

from __future__ import annotations

import logging
import random
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from django.db import DatabaseError, connection

from rongmei.kernel import db, http
from rongmei.kernel.errors import RongmeiError
from rongmei.network import cloudevents, federation, joining, selectors, signing
from rongmei.network.errors import BadMessage, LineDiverged, LineGap
from rongmei.network.models import Peer
from rongmei.network.types import PeerState

log = logging.getLogger(__name__)

INBOX: Final = "/exchange/v1/inbox"
OUTBOX: Final = "/exchange/v1/outbox"
POLL_SECONDS: Final = 25
_STEP: Final = 0.2
_IDLE: Final = 15.0
_FIRST_DELAY: Final = 0.5
_LAST_DELAY: Final = 15.0
_PUSH: Final = http.Limits(connect=5, read=30, total=60, max_bytes=64 * 1024, redirects=0)
_POLL: Final = http.Limits(
    connect=5,
    read=POLL_SECONDS + 15,
    total=POLL_SECONDS + 60,
    max_bytes=cloudevents.MAX_BYTES + 1024,
    redirects=0,
)


@dataclass
class Backoff:
    """How long to wait after a failure: doubling up to 15 s, each shortened by chance."""

    delay: float = _FIRST_DELAY
    chance: Callable[[], float] = random.random

    def next(self, asked: float | None = None) -> float:
        """Seconds to wait now; `asked` is what the other side wants, and wins within the bound."""
        if asked is not None:
            return min(asked, _LAST_DELAY)
        now = self.delay * (0.5 + self.chance() / 2)
        self.delay = min(self.delay * 2, _LAST_DELAY)
        return now

    def reset(self) -> None:
        """After a success the next failure waits briefly again."""
        self.delay = _FIRST_DELAY


def _peer(peer_id: uuid.UUID) -> Peer | None:
    return Peer.objects.select_related("node").filter(pk=peer_id).first()


def _request(method: str, url: str, body: bytes, content_type: str) -> signing.Outline:
    return signing.sign_request(
        method=method, url=url, body=body, content_type=content_type,
        key_id=str(selectors.this_node().pk),
    )  # fmt: skip


def _proved(peer: Peer, request: signing.Outline, answer: http.Response) -> bytes:
    signing.verify_response(
        status=answer.status, headers=answer.headers, body=answer.body,
        request=request, public_key=peer.public_key,
    )  # fmt: skip
    return answer.body


def push_once(peer: Peer) -> int:
    """Send the next batch of the outbox; return how many messages were sent (0: nothing waits).

    Raises RongmeiError (HttpError when the line fails).
    """
    batch = federation.batch_after(peer, peer.acked_seq)
    if batch is None:
        return 0
    url = peer.node.url + INBOX
    request = _request("POST", url, batch.content, cloudevents.CONTENT_TYPE)
    answer = http.post(
        url, content=batch.content, content_type=cloudevents.CONTENT_TYPE, headers=request.headers,
        allow={joining.host_port(url)}, expect={409}, limits=_PUSH,
    )  # fmt: skip
    said = _read(_proved(peer, request, answer))
    if answer.status == 409 and said.get("code") != LineGap.code:
        raise LineDiverged(said.get("message", ""))
    federation.acknowledge(peer.pk, said["received"])
    if answer.status == 409 and said["received"] == peer.acked_seq:
        raise LineGap(said.get("message", ""))
    return batch.count


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadMessage from error
    if not isinstance(said, dict) or type(said.get("received")) is not int:
        raise BadMessage
    return said


def poll_once(peer: Peer, *, wait: float = POLL_SECONDS) -> int:
    """Ask for what the peer has for us and take it; return how many messages came."""
    query = f"{OUTBOX}?after={peer.received_seq}&wait={wait:g}"
    answer, request = None, None
    for base in dict.fromkeys(filter(None, (peer.stream_url, peer.node.url))):
        url = base + query
        request = _request("GET", url, b"", "application/json")
        try:
            answer = http.fetch(
                url, headers=request.headers, allow={joining.host_port(url)}, limits=_POLL
            )
            break
        except (http.ConnectFailure, http.BadStatus) as error:
            # The stream process may be down while the web process answers.
            gone = isinstance(error, http.ConnectFailure) or error.status_code in {404, 502}
            if base == peer.node.url or not gone:
                raise
    if answer is None or request is None:
        raise BadMessage
    messages = cloudevents.decode(_proved(peer, request, answer), node_id=peer.node_id)
    if messages:
        federation.take(peer.pk, messages)
    return len(messages)


def _said(error: Exception) -> str:
    """Why the line failed, in words: the other side's own where it gave some."""
    if isinstance(error, http.BadStatus):
        try:
            return str(orjson.loads(error.excerpt)["message"])
        except (ValueError, KeyError, TypeError):
            return str(error)
    return str(error)


@dataclass
class Line:
    """The two threads of one peer."""

    peer_id: uuid.UUID
    stop: threading.Event = field(default_factory=threading.Event)
    threads: dict[str, threading.Thread] = field(default_factory=dict)

    def keep(self) -> None:
        """Start the threads that are not running (the first time, or after a crash)."""
        for name, work in (("push", self._push), ("poll", self._poll)):
            thread = self.threads.get(name)
            if thread is None or not thread.is_alive():
                self.threads[name] = threading.Thread(
                    target=self._run, args=(work,), name=f"{name}-{self.peer_id}", daemon=True
                )
                self.threads[name].start()

    def _run(self, work: Callable[[Peer], bool]) -> None:
        backoff = Backoff()
        try:
            while not self.stop.is_set():
                self._turn(work, backoff)
        finally:
            connection.close()

    def _turn(self, work: Callable[[Peer], bool], backoff: Backoff) -> None:
        mark = db.data_version()
        peer = _peer(self.peer_id)
        if peer is None or not federation.is_open(peer):
            self._idle(mark)
            return
        try:
            more = work(peer)
        except (RongmeiError, DatabaseError) as error:
            self._failed(peer, error, backoff)
            return
        backoff.reset()
        if not more:
            self._idle(mark)

    def _failed(self, peer: Peer, error: Exception, backoff: Backoff) -> None:
        words = _said(error)
        if isinstance(error, DatabaseError):
            log.warning("line to %s: %s", peer, words)
        elif words != peer.last_error:
            federation.note_error(peer.pk, words)
        self.stop.wait(backoff.next(getattr(error, "retry_after", None)))

    def _push(self, peer: Peer) -> bool:
        sent = push_once(peer)
        if sent:
            federation.note_ok(peer.pk)
        return bool(sent)

    def _poll(self, peer: Peer) -> bool:
        poll_once(peer)
        federation.note_ok(peer.pk)
        return True

    def _idle(self, mark: int | str) -> None:
        """Sleep until something is committed after `mark`, at most a while."""
        waited = 0.0
        while waited < _IDLE and not self.stop.wait(_STEP):
            waited += _STEP
            if db.data_version() != mark:
                return


def _dialled() -> set[uuid.UUID]:
    joined = (PeerState.ACTIVE, PeerState.PAUSED)
    return set(Peer.objects.filter(we_dial=True, state__in=joined).values_list("pk", flat=True))


def run(stop: threading.Event) -> None:
    """Dial every peer that is ours to dial until `stop` is set; new peers are picked up by itself."""
    lines: dict[uuid.UUID, Line] = {}
    try:
        while not stop.wait(0.5):
            try:
                wanted = _dialled()
            except DatabaseError:
                log.exception("the database does not answer; the lines stay as they are")
                connection.close()
                continue
            for peer_id in lines.keys() - wanted:
                lines.pop(peer_id).stop.set()
            for peer_id in wanted:
                lines.setdefault(peer_id, Line(peer_id)).keep()
    finally:
        for line in lines.values():
            line.stop.set()
        connection.close()
