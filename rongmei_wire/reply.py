"""What a route answers with: a whole body, or a stream that may misbehave on purpose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


class BreakConnection(Exception):
    """Raised by a stream, or by a route, to cut the connection without ending the answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. A `stream` is sent chunked unless `length` says how long it claims to be.

    Whole bodies with status 200 get an ETag, and a Last-Modified when `modified` is given; both are
    honoured in conditional requests unless `conditional` is off.
    """

    body: bytes = b""
    type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    modified: datetime | None = None
    stream: Iterator[bytes] | None = None
    length: int | None = None
    conditional: bool = True


NOT_FOUND = Reply(
    "<!doctype html><meta charset=utf-8><title>404</title><p>没有这个页面。</p>".encode(),
    status=404,
)
