"""An in-memory stand-in for the door, with recorded answers, for tests of everything above it."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rongmei.kernel.http import BadStatus, HttpError, Limits, Response, TooLarge
from rongmei.kernel.http_body import retry_after_seconds


class NotRecorded(AssertionError):
    """A test asked for an address it has recorded no answer for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached the fake door."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes = b""
    allow_internal: bool = False


@dataclass(slots=True)
class _Recorded:
    response: Response | None = None
    error: HttpError | None = None
    delay: float = 0.0


@dataclass
class FakeDoor:
    """Answers from memory; ``asked`` keeps every request in order.

    Several answers recorded for one address are given in turn, the last one for ever. A request
    that brings the recorded etag or date gets a 304, as from a real server.
    """

    asked: list[Asked] = field(default_factory=list)
    _answers: dict[str, deque[_Recorded]] = field(default_factory=lambda: defaultdict(deque))

    def answer(
        self,
        url: str,
        body: bytes | str = b"",
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        final_url: str = "",
        permanent_url: str | None = None,
        delay: float = 0.0,
    ) -> FakeDoor:
        """Record an answer for ``url``; returns the door, so that calls chain."""
        held = {name.lower(): value for name, value in (headers or {}).items()}
        response = Response(
            url=url,
            final_url=final_url or permanent_url or url,
            permanent_url=permanent_url,
            status=status,
            headers=held,
            body=body.encode() if isinstance(body, str) else body,
            etag=held.get("etag", ""),
            last_modified=held.get("last-modified", ""),
            from_ip="192.0.2.1",
        )
        self._answers[url].append(_Recorded(response=response, delay=delay))
        return self

    def fail(self, url: str, error: HttpError) -> FakeDoor:
        """Record that asking for ``url`` raises ``error``."""
        self._answers[url].append(_Recorded(error=error))
        return self

    async def fetch(
        self,
        url: str,
        *,
        etag: str = "",
        last_modified: str = "",
        headers: Mapping[str, str] | None = None,
        allow_internal: bool = False,
        allow: Collection[str] = (),
        expect: Collection[int] = (),
        limits: Limits | None = None,
    ) -> Response:
        """As ``AsyncDoor.fetch``, from memory; ``allow`` plays no part here."""
        self.asked.append(Asked("GET", url, dict(headers or {}), b"", allow_internal))
        response = await self._next(url, expect, limits)
        same = (etag and etag == response.etag) or (
            last_modified and last_modified == response.last_modified
        )
        if not same:
            return response
        return Response(
            url=url,
            final_url=response.final_url,
            status=304,
            headers=response.headers,
            body=b"",
            etag=response.etag,
            last_modified=response.last_modified,
            from_ip=response.from_ip,
        )

    async def post(
        self,
        url: str,
        *,
        content: bytes,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        allow_internal: bool = False,
        allow: Collection[str] = (),
        expect: Collection[int] = (),
        limits: Limits | None = None,
    ) -> Response:
        """As ``AsyncDoor.post``, from memory; ``allow`` plays no part here."""
        sent = {**(headers or {}), "content-type": content_type}
        self.asked.append(Asked("POST", url, sent, content, allow_internal))
        return await self._next(url, expect, limits)

    async def _next(self, url: str, expect: Collection[int], limits: Limits | None) -> Response:
        queue = self._answers.get(url)
        if not queue:
            raise NotRecorded(f"no answer recorded for {url}; recorded: {sorted(self._answers)}")
        recorded = queue.popleft() if len(queue) > 1 else queue[0]
        if recorded.delay:
            await asyncio.sleep(recorded.delay)
        if recorded.error is not None:
            raise recorded.error
        response = recorded.response
        assert response is not None
        if response.status >= 400 and response.status not in expect:
            raise BadStatus(
                url=url,
                status_code=response.status,
                excerpt=response.body[:2048],
                headers=response.headers,
                retry_after=retry_after_seconds(
                    response.headers.get("retry-after", ""), response.headers.get("date")
                ),
            )
        if limits is not None and len(response.body) > limits.max_bytes:
            raise TooLarge(url=url, limit=limits.max_bytes)
        return response
