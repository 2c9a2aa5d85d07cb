"""The node's key, and HTTP Message Signatures (RFC 9421) over what nodes say to each other.

A request's signature covers the method, the authority, the path, the query and the digest of the
body (RFC 9530, SHA-256, also of an empty one), the time and a nonce; a response's covers the
status, the digest and the signature of the request that it answers. The scheme is left out, because
a proxy may end TLS. Only Ed25519 is spoken. The key id is the id of the node.

A signature is good for five minutes; clocks may differ by ten. A node's clock is never used for
order, so a clock that is off does no harm within that, and beyond it the line says so in words.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from typing_extensions import override

from rongmei.network.errors import BadSignature

MAX_AGE: Final = timedelta(minutes=5)
CLOCK_SKEW: Final = timedelta(minutes=10)
_TAG: Final = "rongmei-exchange"
_LABEL: Final = "rm"
_REQUEST_PARTS: Final = (
    "@method",
    "@authority",
    "@path",
    "@query",
    "content-type",
    "content-digest",
)
_RESPONSE_PARTS: Final = ("@status", "content-type", "content-digest", '"signature";req')
_TIME_WORDS: Final = ("in the future", "in the past", "age exceeds")


class ClockDiffers(BadSignature):
    """The signature's time is too far from this node's clock."""

    words = _("两端时钟相差过大（允许 10 分钟）或消息已过时，未收。请校准两端服务器时间。")


@dataclass
class Outline:
    """A request as its signature sees it. `url` is absolute; header names are kept as given."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Answer:
    """A response as its signature sees it, with the request it answers."""

    status_code: int
    headers: dict[str, str]
    request: Outline


@dataclass(frozen=True)
class Verified:
    """Who signed a request, with which nonce, and how far their clock is from ours (seconds)."""

    key_id: str
    nonce: str
    clock_skew: float


def _key_path() -> Path:
    return Path(settings.RONGMEI_NODE.home) / "keys" / "node.pem"


def _make_key(path: Path) -> None:
    """Put a new key at `path` unless another process was quicker; readable by the owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


@lru_cache(maxsize=8)
def _load_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _make_key(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidKey(f"{path} does not hold an Ed25519 key")
    return key


def node_key() -> Ed25519PrivateKey:
    """This node's private key, from RONGMEI_HOME/keys/node.pem; made at the first use."""
    return _load_key(_key_path())


def public_text(key: Ed25519PrivateKey | None = None) -> str:
    """The public key as peers keep it: base64 of its 32 bytes."""
    raw = (key or node_key()).public_key().public_bytes_raw()
    return base64.b64encode(raw).decode()


def fingerprint(public_key: str) -> str:
    """What two people read to each other to make sure of a key: eight groups of four hex digits."""
    digest = hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))


def read_public(text: str) -> Ed25519PublicKey:
    """The key behind its base64 text; ValueError when it is not one."""
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


class _Keys(HTTPSignatureKeyResolver):
    """Looks up peers' keys by node id; signs with the node's own."""

    def __init__(self, look_up: Callable[[str], str | None] | None = None) -> None:
        self._look_up = look_up

    @override
    def resolve_public_key(self, key_id: str) -> Any:
        """The public key of this node id, or None."""
        text = self._look_up(key_id) if self._look_up else None
        return read_public(text) if text else None

    @override
    def resolve_private_key(self, key_id: str) -> Any:
        """This node's own key, whatever it calls itself."""
        return node_key()


def authority(url: str) -> str:
    """Host and port as a Host header names them, without a default port."""
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    host = (parts.hostname or "").lower()
    return host if parts.port in (None, default) else f"{host}:{parts.port}"


def sign_request(
    *, method: str, url: str, key_id: str, body: bytes = b"", content_type: str = "application/json"
) -> Outline:
    """Return the request with the headers to send: Content-Type, -Digest, Signature(-Input)."""
    outline = Outline(method, url, {"Content-Type": content_type})
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys()).sign(
        outline,
        key_id=key_id,
        nonce=secrets.token_urlsafe(18),
        label=_LABEL,
        tag=_TAG,
        covered_component_ids=_REQUEST_PARTS,
        body=body,
    )
    return outline


def _verifier(look_up: Callable[[str], str | None]) -> HTTPMessageVerifier:
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519, key_resolver=_Keys(look_up)
    )
    verifier.max_clock_skew = CLOCK_SKEW
    return verifier


def _checked(
    message: Outline | Answer,
    body: bytes,
    look_up: Callable[[str], str | None],
    parts: tuple[str, ...],
) -> Any:
    headers = {name.lower() for name in message.headers}
    if "content-digest" not in headers:
        raise BadSignature
    try:
        (result,) = _verifier(look_up).verify(
            message, max_age=MAX_AGE, expect_tag=_TAG, require_components=parts, body=body
        )
    except InvalidSignature as error:
        if any(words in str(error) for words in _TIME_WORDS):
            raise ClockDiffers from error
        raise BadSignature(reason=str(error)) from error
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise BadSignature(reason=str(error)) from error
    return result


def verify_request(message: Outline, body: bytes, look_up: Callable[[str], str | None]) -> Verified:
    """Check a request's signature; `look_up` gives the public key of a node id, or None.

    Raises BadSignature, or ClockDiffers when only its time is wrong. Whether the nonce was seen
    before, and whether the authority is ours, is the caller's to ask.
    """
    result = _checked(message, body, look_up, _REQUEST_PARTS)
    if not result.nonce:
        raise BadSignature
    created = float(result.parameters["created"])
    return Verified(str(result.parameters["keyid"]), result.nonce, created - time.time())


def sign_response(
    *, status: int, body: bytes, content_type: str, key_id: str, request: Outline
) -> dict[str, str]:
    """Headers for a response that answers the signed `request`."""
    answer = Answer(status, {"Content-Type": content_type}, request)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Keys()).sign(
        answer,
        key_id=key_id,
        label=_LABEL,
        tag=_TAG,
        covered_component_ids=_RESPONSE_PARTS,
        body=body,
    )
    return answer.headers


def verify_response(
    *, status: int, headers: Mapping[str, str], body: bytes, request: Outline, public_key: str
) -> None:
    """Check that the peer with this key gave this answer to this very request; BadSignature."""
    _checked(Answer(status, dict(headers), request), body, lambda _id: public_key, _RESPONSE_PARTS)
