"""Another node, played by a test: it has a key of its own and calls this one."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.test import Client

from rongmei.kernel.ids import uuid7
from rongmei.network import cloudevents, signing
from rongmei.network.models import Node, Peer
from rongmei.network.types import PeerState

HOST = signing.authority(settings.RONGMEI_NODE.url)


class FarNode:
    """A peer of this node."""

    def __init__(self, *, joined: bool = True, slug: str = "far") -> None:
        self.id = uuid7()
        self.key = Ed25519PrivateKey.generate()
        self.slug = slug
        self.client = Client()
        if joined:
            node = Node.objects.create(
                pk=self.id, slug=slug, name="远方节点", url="http://127.0.0.1:9"
            )
            Peer.objects.create(
                node=node, public_key=signing.public_text(self.key), state=PeerState.ACTIVE
            )

    @property
    def peer(self) -> Peer:
        return Peer.objects.select_related("node").get(node_id=self.id)

    def sign(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        content_type: str = "application/json",
        host: str = HOST,
    ) -> signing.Outline:
        with patch.object(signing, "node_key", lambda: self.key):
            return signing.sign_request(
                method=method, url=f"http://{host}{path}", body=body,
                content_type=content_type, key_id=str(self.id),
            )  # fmt: skip

    def send(
        self,
        request: signing.Outline,
        body: bytes = b"",
        *,
        path: str | None = None,
        host: str = HOST,
    ) -> Any:
        """Send a signed request, perhaps with something else than what was signed."""
        path = path or request.url.split(host, 1)[1]
        content_type = request.headers["Content-Type"]
        rest = request.headers
        return self.client.generic(
            request.method,
            path,
            data=body,
            content_type=content_type,
            headers={"host": host, **rest},
        )

    def call(
        self, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
    ) -> Any:
        return self.send(self.sign(method, path, body, content_type), body)

    def event(
        self,
        seq: int,
        previous: int | None = None,
        *,
        type: str = "test.said",
        subject: uuid.UUID | None = None,
        id: uuid.UUID | None = None,
        data: dict[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        event = {
            "specversion": "1.0", "id": str(id or uuid7()), "source": cloudevents.source_of(self.id),
            "type": f"net.rongmei.{type}", "time": datetime.now(UTC).isoformat(),
            "datacontenttype": "application/json", "data": data or {}, "seq": str(seq),
            "prevseq": str(seq - 1 if previous is None else previous), **more,
        }  # fmt: skip
        if subject:
            event["subject"] = str(subject)
        return event

    def deliver(self, *events: dict[str, Any]) -> Any:
        body = orjson.dumps(list(events))
        return self.call("POST", "/exchange/v1/inbox", body, cloudevents.CONTENT_TYPE)
