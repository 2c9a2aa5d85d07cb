"""Reading an HTTP body within bounds: inflated piece by piece, never more than the limit."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from rongmei.kernel.http_errors import BadEncoding, TooLarge

# A gzip bomb inflates a thousandfold, so output is asked for in pieces of this size.
_PIECE = 64 * 1024
_MAX_RETRY_AFTER = 24 * 3600.0


class Body:
    """Collects a body; ``cut`` keeps the first ``limit`` bytes instead of refusing the rest."""

    def __init__(self, *, url: str, encoding: str, limit: int, cut: bool = False) -> None:
        self._url = url
        self._limit = limit
        self._cut = cut
        self._parts: list[bytes] = []
        self._size = 0
        self._encoding = encoding.strip().lower()
        self._inflate = self._decoder()

    def _decoder(self) -> zlib._Decompress | None:
        if self._encoding in {"", "identity", "none", "utf-8"}:
            return None
        if self._encoding in {"gzip", "x-gzip"}:
            return zlib.decompressobj(16 + zlib.MAX_WBITS)
        if self._encoding == "deflate":
            return zlib.decompressobj()
        if self._cut:
            return None
        raise BadEncoding(url=self._url, encoding=self._encoding)

    def announce(self, content_length: str) -> None:
        """Refuse early what announces itself as too large."""
        if not self._cut and content_length.isdigit() and int(content_length) > self._limit:
            raise self._too_large()

    def feed(self, chunk: bytes) -> bool:
        """Take one chunk as it came over the line; True when nothing more is wanted."""
        if self._inflate is None:
            return self._keep(chunk)
        while chunk:
            chunk = self._inflate_some(chunk)
            if self._cut and self._size >= self._limit:
                return True
        return False

    def _inflate_some(self, chunk: bytes) -> bytes:
        assert self._inflate is not None
        try:
            piece = self._inflate.decompress(chunk, _PIECE)
        except zlib.error:
            return self._second_try(chunk)
        self._keep(piece)
        if self._inflate.eof:
            rest = self._inflate.unused_data
            if not rest.startswith(b"\x1f\x8b"):
                return b""
            self._inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
            return rest
        return self._inflate.unconsumed_tail

    def _second_try(self, chunk: bytes) -> bytes:
        """Some servers say deflate and send it without the zlib header."""
        if self._encoding == "deflate" and self._size == 0:
            self._encoding = "raw deflate"
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return chunk
        raise BadEncoding(url=self._url, encoding=self._encoding) from None

    def _keep(self, piece: bytes) -> bool:
        self._size += len(piece)
        self._parts.append(piece)
        if self._size > self._limit and not self._cut:
            raise self._too_large()
        return self._cut and self._size >= self._limit

    def done(self) -> bytes:
        """The whole body; a compressed stream that broke off is refused, not kept in part."""
        if self._inflate is not None and self._parts and not self._cut and not self._inflate.eof:
            raise BadEncoding(url=self._url, encoding=self._encoding)
        return b"".join(self._parts)[: self._limit]

    def _too_large(self) -> TooLarge:
        return TooLarge(url=self._url, limit=self._limit)


def retry_after_seconds(value: str, date: str | None = None) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110 10.2.3), at most a day; None if unclear.

    An HTTP date is counted from the answer's own Date header, so that a wrong clock does not
    matter.
    """
    value = value.strip()
    if value.isdecimal() and value.isascii():
        return min(float(value[:9]), _MAX_RETRY_AFTER)
    until = _http_date(value)
    if until is None:
        return None
    now = _http_date(date or "") or datetime.now(UTC)
    return min(max((until - now).total_seconds(), 0.0), _MAX_RETRY_AFTER)


def _http_date(value: str) -> datetime | None:
    try:
        parsed = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
