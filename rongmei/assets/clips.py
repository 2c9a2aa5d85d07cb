"""A video's or a recording's file on its way in: what it is by its own bytes, how long it plays, and
where it was taken, which is blotted out.

Nothing is encoded again; only kinds that browsers play are taken. Files are gigabytes, so all of this
walks boxes and chunks and never holds a file in memory.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from rongmei.assets.errors import ClipBroken, NotAClip

CHUNK: Final = 1024 * 1024
# Boxes of the index of an MP4 file are small; the sound and picture lie in mdat, which is not read.
MOST_INDEX: Final = 64 * 1024 * 1024
PROBE_SECONDS: Final = 20
# Positions as cameras write them (ISO 6709), for instance +30.1234+120.1234+012.3/
_PLACE = re.compile(
    rb"[+-]\d{2}(?:\d{2})?\.?\d*[+-]\d{3}(?:\d{2})?\.?\d*(?:[+-]\d+\.?\d*)?(?:CRS[\w/-]*)?/"
)
_AUDIO_BRANDS: Final = {b"M4A ", b"M4B "}


@dataclass(frozen=True)
class Format:
    """A kind of file: `kind` is video or audio."""

    kind: str
    mime: str
    suffix: str


MP4: Final = Format("video", "video/mp4", ".mp4")
M4A: Final = Format("audio", "audio/mp4", ".m4a")
MOV: Final = Format("video", "video/quicktime", ".mov")
WEBM: Final = Format("video", "video/webm", ".webm")
MP3: Final = Format("audio", "audio/mpeg", ".mp3")
WAV: Final = Format("audio", "audio/wav", ".wav")
OGG: Final = Format("audio", "audio/ogg", ".ogg")
FORMATS: Final = (MP4, M4A, MOV, WEBM, MP3, WAV, OGG)


def sniff(head: bytes) -> Format | None:
    """What a file is by its first bytes; None for anything that is not taken. Names are not asked."""
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return M4A if brand in _AUDIO_BRANDS else MOV if brand == b"qt  " else MP4
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return WEBM if b"webm" in head[:64] else None
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return WAV
    if head.startswith(b"OggS"):
        return OGG
    if head.startswith(b"ID3") or _frame_of_mp3(head):
        return MP3
    return None


def _frame_of_mp3(head: bytes) -> bool:
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    return version != 1 and layer == 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


@dataclass(frozen=True)
class TakenClip:
    """A checked file: what it is, its SHA-256 after cleaning, its size, and how long it plays."""

    format: Format
    digest: str
    size: int
    seconds: int | None


def take_in(file: IO[bytes]) -> TakenClip:
    """Check a file that may be written to, blot out places in it, and measure it.

    Raises NotAClip for what browsers do not play, ClipBroken for a file that ends too early.
    """
    file.seek(0)
    found = sniff(file.read(64))
    if found is None:
        raise NotAClip
    seconds = None
    if found in (MP4, M4A, MOV):
        seconds = _take_in_mp4(file)
    elif found is WAV:
        seconds = _seconds_of_wav(file)
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return TakenClip(found, digest.hexdigest(), size, seconds)


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of content, end) of the boxes in a part of an MP4 file."""
    at = start
    while at + 8 <= end:
        file.seek(at)
        head = file.read(16)
        size, kind, content = struct.unpack(">I", head[:4])[0], head[4:8], at + 8
        if size == 1 and len(head) == 16:
            size, content = struct.unpack(">Q", head[8:16])[0], at + 16
        elif size == 0:
            size = end - at
        if size < content - at or at + size > end:
            raise ClipBroken
        yield kind, content, at + size
        at += size
    if at != end:
        raise ClipBroken


def _take_in_mp4(file: IO[bytes]) -> int | None:
    """How long it plays; its index is there and whole, and holds no places afterwards."""
    end = file.seek(0, 2)
    indexes = [(a, b) for kind, a, b in _boxes(file, 0, end) if kind == b"moov"]
    if not indexes:
        raise ClipBroken
    seconds = None
    for start, stop in indexes:
        if stop - start > MOST_INDEX:
            raise ClipBroken
        for kind, a, _b in _boxes(file, start, stop):
            if kind == b"mvhd":
                seconds = _seconds_of_header(file, a)
        file.seek(start)
        index = file.read(stop - start)
        blotted = _PLACE.sub(lambda found: b" " * len(found[0]), index)
        if blotted != index:
            file.seek(start)
            file.write(blotted)
    return seconds


def _seconds_of_header(file: IO[bytes], at: int) -> int | None:
    file.seek(at)
    head = file.read(32)
    if len(head) < 32:
        raise ClipBroken
    wide = head[0] == 1
    scale, length = struct.unpack(">IQ", head[20:32]) if wide else struct.unpack(">II", head[12:20])
    return round(length / scale) if scale else None


def _seconds_of_wav(file: IO[bytes]) -> int | None:
    end = file.seek(0, 2)
    at, rate = 12, 0
    while at + 8 <= end:
        file.seek(at)
        kind, size = struct.unpack("<4sI", file.read(8))
        if kind == b"fmt " and size >= 16:
            rate = struct.unpack("<HHIIHH", file.read(16))[3]
        if kind == b"data":
            if at + 8 + size > end:
                raise ClipBroken
            return round(size / rate) if rate else None
        at += 8 + size + size % 2
    raise ClipBroken


def probed_seconds(path: str) -> int | None:
    """How long a file plays as ffprobe says, where it is installed; None when nobody knows."""
    program = shutil.which("ffprobe")
    if program is None:
        return None
    asked = [program, "-v", "error", "-protocol_whitelist", "file", "-show_entries", "format=duration",
             "-of", "csv=p=0", path]  # fmt: skip
    try:
        # The program is found on the path, and the path is a file of our own: nothing is typed here.
        said = subprocess.run(asked, capture_output=True, timeout=PROBE_SECONDS, check=False)  # noqa: S603
        return round(float(said.stdout.decode("ascii", "ignore").strip() or "nan"))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
