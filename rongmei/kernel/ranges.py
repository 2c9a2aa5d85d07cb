"""Parts of files over HTTP (RFC 9110, 14): players ask for the middle of a recording, lines that broke
go on where they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Final

from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)

CHUNK: Final = 256 * 1024
_ONE = re.compile(r"bytes=(\d*)-(\d*)")


def span(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of what a Range header asks for; None when it is to be ignored: it is no
    single range of bytes. Raises ValueError when nothing of it is in the file."""
    found = _ONE.fullmatch(asked.strip())
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if not first:
        start, stop = max(0, size - int(last)), size - 1
    else:
        start, stop = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < start:
            return None
    if start >= size or start > stop:
        raise ValueError("outside the file")
    return start, stop


def _part(file: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length > 0 and (chunk := file.read(min(CHUNK, length))):
            length -= len(chunk)
            yield chunk


def ranged(request: HttpRequest, whole: HttpResponseBase) -> HttpResponseBase:
    """The part of a served file that the request asks for, or the whole of it.

    A condition (If-Range) that names another version of the file gets the whole new one.
    """
    file = whole.file_to_stream if isinstance(whole, FileResponse) else None
    if file is None or whole.status_code != 200:
        return whole
    whole.headers["Accept-Ranges"] = "bytes"
    size = int(whole.headers.get("Content-Length") or 0)
    condition = request.headers.get("If-Range", "")
    asked = request.headers.get("Range", "")
    if not asked or not size or (condition and condition != whole.headers.get("Last-Modified")):
        return whole
    try:
        found = span(asked, size)
    except ValueError:
        whole.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    if found is None:
        return whole
    start, stop = found
    kept = {name: value for name, value in whole.headers.items() if name != "Content-Length"}
    part = StreamingHttpResponse(_part(file, start, stop - start + 1), status=206, headers=kept)
    # A part that nobody begins to read would leave the file open.
    part._resource_closers.append(file.close)  # type: ignore[attr-defined] # not in the stubs
    part.headers["Content-Range"] = f"bytes {start}-{stop}/{size}"
    part.headers["Content-Length"] = str(stop - start + 1)
    return part
