"""/exchange/v1/: what another node may ask of this one. Machines only; every request is signed.

The same views serve in the web process and in the stream process; long polls belong in the latter,
so that they do not hold a thread of the former.
"""

from __future__ import annotations

import asyncio
import io
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from rongmei.kernel import db
from rongmei.kernel.errors import RongmeiError
from rongmei.network import cloudevents, federation, joining, lines, selectors, signing
from rongmei.network.errors import BadMessage, BadSignature, LineClosed, MessageTooLarge, NotPeer
from rongmei.network.models import Peer
from rongmei.network.types import PeerState

MAX_WAIT = 30
_STEP = 0.2
_RETRY_AFTER = 3
_MAX_HELLO = 1024 * 1024


def _outline(request: HttpRequest) -> signing.Outline:
    query = request.META.get("QUERY_STRING", "")
    url = f"{request.scheme}://{request.get_host()}{request.path}{'?' + query if query else ''}"
    return signing.Outline(request.method or "", url, dict(request.headers))


def _answer(request: HttpRequest, status: int, body: bytes, content_type: str) -> HttpResponse:
    """A response signed with this node's key, bound to the request it answers."""
    headers = signing.sign_response(
        status=status, body=body, content_type=content_type, request=_outline(request),
        key_id=str(selectors.this_node().pk),
    )  # fmt: skip
    return HttpResponse(body, status=status, headers=headers)


def _json(request: HttpRequest, status: int, found: dict[str, Any]) -> HttpResponse:
    return _answer(request, status, orjson.dumps(found), "application/json")


def _refusal(error: RongmeiError, **more: Any) -> HttpResponse:
    """A refusal is not signed: whoever asks may be a stranger."""
    body = orjson.dumps({"code": error.code, "message": error.message, **more})
    response = HttpResponse(body, status=error.status, content_type="application/json")
    if isinstance(error, LineClosed):
        response.headers["Retry-After"] = str(_RETRY_AFTER)
        # A closed line is refused every few seconds on purpose: Django would log each as an error.
        response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _body(request: HttpRequest, limit: int) -> bytes:
    length = request.headers.get("Content-Length", "")
    if (length.isdigit() and int(length) > limit) or len(request.body) > limit:
        raise MessageTooLarge
    return request.body


def _our_authorities() -> set[str]:
    node = settings.RONGMEI_NODE
    return {signing.authority(node.url), signing.authority(node.stream_url)}


def _verified(request: HttpRequest, body: bytes, public_key: str | None = None) -> signing.Verified:
    """Check signature, addressee and nonce; without `public_key` the signer must be a peer."""
    outline = _outline(request)

    strangers: list[str] = []

    def look_up(key_id: str) -> str | None:
        if public_key is not None:
            return public_key
        peer = _peer_row(key_id)
        if peer is None or peer.state in {PeerState.INVITED, PeerState.REVOKED}:
            strangers.append(key_id)
            return None
        return peer.public_key

    # A request that was signed for another node must not be good here.
    if signing.authority(outline.url) not in _our_authorities():
        raise BadSignature
    try:
        verified = signing.verify_request(outline, body, look_up)
    except BadSignature as error:
        if strangers:
            raise NotPeer from error
        raise
    if federation.nonce_seen(verified.nonce):
        raise BadSignature
    return verified


def _peer_row(key_id: str) -> Peer | None:
    try:
        node_id = uuid.UUID(key_id)
    except ValueError:
        return None
    return lines.peer_of_node(node_id)


def _caller(request: HttpRequest, body: bytes) -> Peer:
    """The peer that signed this request, its line open; its being here is noted."""
    verified = _verified(request, body)
    peer = _peer_row(verified.key_id)
    if peer is None:
        raise NotPeer
    federation.require_open(peer)
    federation.note_ok(peer.pk, clock_skew=round(verified.clock_skew, 1))
    return peer


@csrf_exempt
@require_POST
def inbox(request: HttpRequest) -> HttpResponse:
    """Take a batch of messages; answer {"received": highest number without a gap}."""
    try:
        body = _body(request, cloudevents.MAX_BYTES)
        peer = _caller(request, body)
        if request.content_type != cloudevents.CONTENT_TYPE:
            raise BadMessage
        messages = cloudevents.decode(body, node_id=peer.node_id)
    except RongmeiError as error:
        return _refusal(error)
    try:
        taken = federation.take(peer.pk, messages)
    except RongmeiError as error:
        federation.note_error(peer.pk, error.message)
        peer.refresh_from_db(fields=["received_seq"])
        if error.status != 409:
            return _refusal(error)
        found = {"code": error.code, "message": error.message, "received": peer.received_seq}
        return _json(request, 409, found)
    return _json(
        request, 200, {"received": taken.received, "new": taken.new, "failed": taken.failed}
    )


def _start_poll(request: HttpRequest) -> tuple[Peer, int, float]:
    peer = _caller(request, _body(request, 0))
    try:
        after = int(request.GET.get("after", ""))
        wait = min(float(request.GET.get("wait", "0")), MAX_WAIT)
    except ValueError as error:
        raise BadMessage from error
    if after < 0 or not wait >= 0:
        raise BadMessage
    if after > peer.acked_seq:
        federation.acknowledge(peer.pk, after)
    return peer, after, wait


def _look(peer_id: uuid.UUID, after: int) -> tuple[int | str, federation.Batch | None]:
    """What waits now, and a mark that changes when something is committed after this look."""
    mark = db.data_version()
    peer = lines.peer_now(peer_id)
    federation.require_open(peer)
    return mark, federation.batch_after(peer, after)


@csrf_exempt
@require_GET
async def outbox(request: HttpRequest) -> HttpResponse:
    """Give what waits after number `after`, waiting up to `wait` seconds for something.

    Everything up to `after` is thereby acknowledged. An empty batch means nothing came.
    """
    loop = asyncio.get_running_loop()
    try:
        peer, after, wait = await sync_to_async(_start_poll)(request)
        deadline = loop.time() + wait
        mark, batch = await sync_to_async(_look)(peer.pk, after)
        while batch is None and loop.time() < deadline:
            await asyncio.sleep(_STEP)
            if await sync_to_async(db.data_version)() != mark:
                mark, batch = await sync_to_async(_look)(peer.pk, after)
    except RongmeiError as error:
        return _refusal(error)
    content = batch.content if batch else b"[]"
    return await sync_to_async(_answer)(request, 200, content, cloudevents.CONTENT_TYPE)


def _hang_up() -> None:
    # Looked up here, in the request's own thread: each thread has a connection of its own.
    connection.close()


async def outbox_application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """`outbox` as a bare ASGI application for the stream process, without pages' middleware."""
    async with ThreadSensitiveContext():
        response = await outbox(ASGIRequest(scope, io.BytesIO()))
        await sync_to_async(_hang_up)()
    headers = [(name.encode(), value.encode()) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": response.content})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def hello(request: HttpRequest) -> HttpResponse:
    """GET: this node's card, for peers. POST: join with a card and an invitation's token."""
    try:
        if request.method == "GET":
            _caller(request, _body(request, 0))
            return _json(request, 200, joining.card())
        body = _body(request, _MAX_HELLO)
        return _json(request, 200, _join(request, body))
    except RongmeiError as error:
        return _refusal(error)


def _join(request: HttpRequest, body: bytes) -> dict[str, Any]:
    try:
        asked = orjson.loads(body)
        theirs, token = asked["card"], asked["token"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadMessage from error
    joining.check_card(theirs)
    verified = _verified(request, body, theirs["public_key"])
    if not constant_time_compare(verified.key_id, theirs["id"]):
        raise BadSignature
    joining.hello_accept(theirs=theirs, token=str(token))
    return joining.card()
