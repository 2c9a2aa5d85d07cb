"""What outside receivers of notices want to hear, as pure functions.

Formats, limits and error numbers follow the platforms' documentation of their group robots:
企业微信 (markdown ≤ 4,096 bytes, 20 messages a minute), 钉钉 (markdown ≤ 20,000 bytes, 20 a minute,
`sign` in the address), 飞书 (post ≤ 30,000 bytes, `sign` in the body). The webhook is our own:
JSON, signed with HMAC-SHA256 over "timestamp.body".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

import orjson

from rongmei.network.models import NoticeRoute

Kind = NoticeRoute.Kind

# Bytes of the text of one message, a little below what the platforms refuse.
LIMITS: Final[dict[str, int]] = {
    Kind.WEBHOOK: 200_000,
    Kind.WECOM: 4_000,
    Kind.DINGTALK: 20_000,
    Kind.FEISHU: 30_000,
}
GAP_SECONDS: Final = 3.0
PER_MINUTE: Final = 20
_BUSY: Final[dict[str, frozenset[int]]] = {
    # -1: system busy; 45009: called too often; 45033: too many at once.
    Kind.WECOM: frozenset({-1, 45009, 45033}),
    # -1: system busy; 130101: more than 20 a minute.
    Kind.DINGTALK: frozenset({-1, 130101}),
    # 11232: called too often; 9499 is said for the same with other words.
    Kind.FEISHU: frozenset({11232, 9499}),
}
# After "too often" the platforms want quiet: 钉钉 for ten minutes, the others for one.
WAIT_SECONDS: Final[dict[str, float]] = {Kind.WECOM: 60, Kind.DINGTALK: 600, Kind.FEISHU: 60}


@dataclass(frozen=True)
class Line:
    """One notice as it will be read: `who` are the names it is for, `url` is absolute."""

    id: str
    kind: str
    title: str
    body: str
    url: str
    urgent: bool
    at: datetime
    who: tuple[str, ...]


@dataclass(frozen=True)
class Message:
    """An HTTP request to be made: where to, with which body and headers."""

    url: str
    content: bytes
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What the other side made of it: fine, or `retry` (after `wait` seconds) or stop, and why."""

    ok: bool
    retry: bool = False
    wait: float = 0.0
    why: str = ""


def _text(line: Line) -> str:
    mark = "【急】" if line.urgent else ""
    who = f" {'、'.join(line.who)}" if line.who else ""
    title = line.title.replace("[", "(").replace("]", ")")
    linked = f"[{title}]({line.url})" if line.url else title
    body = f"\n> {cut(line.body, 600)}" if line.body else ""
    return f"- {mark}{linked}{who}{body}"


def cut(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, never half a character."""
    raw = text.encode()
    if len(raw) <= limit:
        return text
    return raw[: limit - 3].decode(errors="ignore") + "…"


def batches(kind: str, lines: Sequence[Line]) -> list[list[Line]]:
    """Lines in messages that stay below the platform's limit."""
    limit = LIMITS[kind] - 200
    found: list[list[Line]] = []
    size = limit + 1
    for line in lines:
        length = len(_text(line).encode()) + (400 if kind == Kind.WEBHOOK else 1)
        if size + length > limit or len(found[-1]) >= 50:
            found.append([])
            size = 0
        found[-1].append(line)
        size += length
    return found


def wecom(url: str, secret: str, lines: Iterable[Line], now: datetime) -> Message:
    """企业微信: the key is in the address; markdown."""
    text = cut("\n".join(map(_text, lines)), LIMITS[Kind.WECOM])
    return _json(url, {"msgtype": "markdown", "markdown": {"content": text}})


def dingtalk(url: str, secret: str, lines: Iterable[Line], now: datetime) -> Message:
    """钉钉: HMAC-SHA256 over "timestamp\\nsecret" with the secret, in the address (milliseconds)."""
    listed = list(lines)
    text = cut("\n".join(map(_text, listed)), LIMITS[Kind.DINGTALK])
    if secret:
        stamp = round(now.timestamp() * 1000)
        digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
        sign = quote_plus(base64.b64encode(digest))
        url = f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={sign}"
    title = cut(listed[0].title, 60) if listed else ""
    return _json(url, {"msgtype": "markdown", "markdown": {"title": title, "text": text}})


def feishu(url: str, secret: str, lines: Iterable[Line], now: datetime) -> Message:
    """飞书: HMAC-SHA256 of nothing with the key "timestamp\\nsecret", in the body (seconds)."""
    rows: list[list[dict[str, str]]] = []
    for line in lines:
        mark = "【急】" if line.urgent else ""
        who = f" {'、'.join(line.who)}" if line.who else ""
        head: list[dict[str, str]] = [
            {"tag": "a", "text": mark + line.title, "href": line.url}
            if line.url
            else {"tag": "text", "text": mark + line.title},
            {"tag": "text", "text": who},
        ]
        rows.append(head)
        if line.body:
            rows.append([{"tag": "text", "text": cut(line.body, 600)}])
    body: dict[str, Any] = {
        "msg_type": "post",
        "content": {"post": {"zh_cn": {"title": "融媒通知", "content": rows}}},
    }
    if secret:
        stamp = str(int(now.timestamp()))
        digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        body.update(timestamp=stamp, sign=base64.b64encode(digest).decode())
    return _json(url, body)


def webhook(url: str, secret: str, lines: Iterable[Line], now: datetime) -> Message:
    """Our own: JSON with X-Rongmei-Timestamp and X-Rongmei-Signature (sha256=hex)."""
    notices = [
        {
            "id": line.id, "kind": line.kind, "title": line.title, "body": line.body,
            "url": line.url, "urgent": line.urgent, "at": line.at.isoformat(), "members": line.who,
        }
        for line in lines
    ]  # fmt: skip
    message = _json(url, {"notices": notices})
    stamp = str(int(now.timestamp()))
    message.headers["x-rongmei-timestamp"] = stamp
    message.headers["x-rongmei-signature"] = "sha256=" + webhook_signature(
        secret, stamp, message.content
    )
    return message


def webhook_signature(secret: str, stamp: str, content: bytes) -> str:
    """What a receiver computes to check a webhook; refuse timestamps older than five minutes."""
    return hmac.new(secret.encode(), stamp.encode() + b"." + content, hashlib.sha256).hexdigest()


def _json(url: str, body: Any) -> Message:
    return Message(url, orjson.dumps(body), {})


BUILD: Final = {
    Kind.WEBHOOK: webhook,
    Kind.WECOM: wecom,
    Kind.DINGTALK: dingtalk,
    Kind.FEISHU: feishu,
}


def judge(kind: str, body: bytes) -> Answer:
    """Read a robot's answer: the status is always 200, the truth is in the error number."""
    if kind == Kind.WEBHOOK:
        return Answer(ok=True)
    try:
        said = orjson.loads(body)
        number = said.get("errcode", said.get("code", said.get("StatusCode")))
        words = str(said.get("errmsg", said.get("msg", said.get("StatusMessage", ""))))
        number = int(number)
    except (orjson.JSONDecodeError, AttributeError, TypeError, ValueError):
        return Answer(ok=False, retry=True, why="应答不是约定的格式")
    if number == 0:
        return Answer(ok=True)
    why = f"{number} {words}"[:280]
    if number in _BUSY[kind]:
        return Answer(ok=False, retry=True, wait=WAIT_SECONDS[kind], why=why)
    return Answer(ok=False, why=why)
