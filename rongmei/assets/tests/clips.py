"""Small videos and recordings for tests, byte by byte."""

from __future__ import annotations

import io
import struct
import wave


def box(kind: bytes, content: bytes) -> bytes:
    """A box of an MP4 file."""
    return struct.pack(">I", 8 + len(content)) + kind + content


def mp4(
    seconds: int = 65, brand: bytes = b"isom", place: bytes = b"", sound: bytes = b"\0" * 64
) -> bytes:
    """A file whose index says how long it plays; nothing in it can be seen."""
    header = struct.pack(">BxxxIIII", 0, 0, 0, 600, seconds * 600) + b"\0" * 80
    told = (
        box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(place), 0) + place)) if place else b""
    )
    index = box(b"moov", box(b"mvhd", header) + told)
    return box(b"ftyp", brand + b"\0\0\0\0" + brand) + index + box(b"mdat", sound)


def wav(seconds: int = 2) -> bytes:
    """Silence."""
    out = io.BytesIO()
    with wave.open(out, "wb") as held:
        held.setnchannels(1)
        held.setsampwidth(2)
        held.setframerate(8000)
        held.writeframes(b"\0\0" * 8000 * seconds)
    return out.getvalue()
