"""Answers as WARC records (ISO 28500:2017), and back again.

A span is one gzip member for the response (or the revisit, where its body is kept already) and one
for the request that asked for it, so that a span can be cut out, copied to another file and read by
itself, and a segment of spans is a file any WARC tool reads.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit, urlunsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from rongmei import __version__
from rongmei.archive.errors import SnapshotBroken
from rongmei.kernel.http import USER_AGENT

if TYPE_CHECKING:
    from rongmei.kernel.http import Response

# A third of the time of the usual 6, for files 6 % larger; a feed is packed each time it changes.
_LEVEL = 2
_CHUNK = 1024 * 1024
# What the door has undone, or what no longer fits the body it hands over: kept under another name.
_UNDONE = frozenset({"content-encoding", "transfer-encoding", "content-length"})
_RENAMED = "X-Archive-Orig-"


@dataclass(frozen=True)
class Answer:
    """What a server gave, as it is to be kept; `sent` are the headers that asked for news only."""

    url: str
    at: datetime
    status: int
    headers: Mapping[str, str]
    body: bytes
    ip: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, got: Response, *, at: datetime, etag: str = "", last_modified: str = "") -> Answer:
        """The answer that the door handed over; names and passwords in the address are left out."""
        asked = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        sent = {name: value for name, value in asked.items() if value}
        url = _bare(got.final_url or got.url)
        return cls(url, at, got.status, got.headers, got.body, got.from_ip, sent)

    @cached_property
    def sha256(self) -> str:
        """The digest of the body, in hex: what makes two answers one."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True)
class Original:
    """An earlier answer with the same body, that a revisit points to."""

    url: str
    at: datetime


@dataclass(frozen=True)
class Kept:
    """A span as read back, its digests found right."""

    url: str
    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_revisit: bool
    digest: str
    """sha-256 of the body in hex, as the record has it."""

    def header(self, name: str) -> str:
        """A header of the answer, or nothing."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]))


def _digest(*pieces: bytes) -> str:
    """A digest as WARC writes it: the name, and base 32 (RFC 3548)."""
    made = hashlib.sha256()
    for piece in pieces:
        made.update(piece)
    return f"sha256:{base64.b32encode(made.digest()).decode()}"


def _b32(hexdigest: str) -> str:
    return f"sha256:{base64.b32encode(bytes.fromhex(hexdigest)).decode()}"


def _date(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _member(write: WARCWriter, out: io.BytesIO) -> bytes:
    raw = out.getvalue()
    out.seek(0)
    out.truncate()
    return gzip.compress(raw, _LEVEL, mtime=0)


def head(name: str) -> bytes:
    """The member a segment begins with: what wrote it, and how to read it."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version="1.1")
    facts = {
        "software": f"Rongmei/{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "robots": "obey",
    }
    writer.write_record(writer.create_warcinfo_record(name, facts))
    return _member(writer, out)


def span(answer: Answer, original: Original | None = None) -> bytes:
    """The bytes that keep an answer: with its body, or pointing to the earlier one that has it."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version="1.1")
    names = {"WARC-Date": _date(answer.at)}
    if answer.ip:
        names["WARC-IP-Address"] = answer.ip
    heads = _response_heads(answer)
    payload = _b32(answer.sha256)
    if original is None:
        heads.compute_headers_buffer()
        names |= {
            "WARC-Payload-Digest": payload,
            "WARC-Block-Digest": _digest(heads.headers_buff, answer.body),
        }
        response = writer.create_warc_record(
            answer.url, "response", payload=io.BytesIO(answer.body), length=len(answer.body),
            http_headers=heads, warc_headers_dict=names,
        )  # fmt: skip
    else:
        response = writer.create_revisit_record(
            answer.url, payload, original.url, _date(original.at), http_headers=heads,
            warc_headers_dict=names,
        )  # fmt: skip
    request = writer.create_warc_record(
        answer.url, "request", http_headers=_request_heads(answer), warc_headers_dict={}
    )
    request.rec_headers.add_header(
        "WARC-Concurrent-To", response.rec_headers.get_header("WARC-Record-ID")
    )
    request.rec_headers.replace_header("WARC-Date", _date(answer.at))
    members = []
    for record in (response, request):
        writer.write_record(record)
        members.append(_member(writer, out))
    return b"".join(members)


def _response_heads(answer: Answer) -> StatusAndHeaders:
    lines = [
        (f"{_RENAMED}{name}" if name.lower() in _UNDONE else name, _one_line(value))
        for name, value in answer.headers.items()
    ]
    lines.append(("Content-Length", str(len(answer.body))))
    try:
        words = HTTPStatus(answer.status).phrase
    except ValueError:
        words = ""
    return StatusAndHeaders(f"{answer.status} {words}".rstrip(), lines, protocol="HTTP/1.1")


def _request_heads(answer: Answer) -> StatusAndHeaders:
    parts = urlsplit(answer.url)
    path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    lines = [
        ("Host", parts.netloc), ("User-Agent", USER_AGENT), ("Accept", "*/*"),
        *((name, _one_line(value)) for name, value in answer.sent.items()),
        ("Accept-Encoding", "gzip, deflate"),
    ]  # fmt: skip
    return StatusAndHeaders(f"GET {path} HTTP/1.1", lines, is_http_request=True)


def _one_line(value: str) -> str:
    return " ".join(value.split())


def read(raw: bytes) -> Kept:
    """The answer in a span. Raises SnapshotBroken where it is cut, or a digest is not right."""
    try:
        records = ArchiveIterator(io.BytesIO(raw), check_digests=True)
        record = next(records)
        if record.rec_type not in {"response", "revisit"}:
            raise SnapshotBroken(cause=f"a {record.rec_type} record")
        body = record.content_stream().read()
        checker = record.digest_checker
        if checker is not None and checker.passed is False:
            raise SnapshotBroken(cause="; ".join(checker.problems))
        heads, names = record.http_headers, record.rec_headers
        said = names.get_header("WARC-Payload-Digest").removeprefix("sha256:")
        kept = Kept(
            url=names.get_header("WARC-Target-URI"),
            status=heads.statusline,
            headers=tuple(heads.headers),
            body=body,
            is_revisit=record.rec_type == "revisit",
            digest=base64.b32decode(said).hex(),
        )
        for other in records:
            other.content_stream().read()
    except (
        ArchiveLoadFailed, StopIteration, AttributeError, ValueError, OSError, EOFError, zlib.error,
    ) as error:  # fmt: skip
        raise SnapshotBroken(cause=f"{type(error).__name__}: {error}") from error
    return kept


def whole_until(file: BinaryIO, start: int) -> int:
    """Where the last whole gzip member that begins at or after `start` ends."""
    return max(_member_ends(file, start), default=start)


def _member_ends(file: BinaryIO, start: int) -> Iterator[int]:
    file.seek(start)
    place, rest = start, b""
    while True:
        unpack = zlib.decompressobj(zlib.MAX_WBITS | 16)
        while not unpack.eof:
            piece = rest or file.read(_CHUNK)
            if not piece:
                return
            rest = b""
            try:
                unpack.decompress(piece)
            except zlib.error:
                return
            place += len(piece) - len(unpack.unused_data)
            rest = unpack.unused_data
        yield place
