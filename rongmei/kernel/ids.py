"""UUIDv7: ids that sort by time and need no central counter (RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last = 0


def uuid7() -> uuid.UUID:
    """Return a new UUIDv7; ids made by one process always ascend.

    The 48-bit millisecond clock is followed by 12 bits of sub-millisecond fraction (method 3 of
    RFC 9562, section 6.2), bumped when the clock stands still, and 62 random bits.
    """
    global _last
    with _lock:
        nanoseconds = time.time_ns()
        stamp = (nanoseconds // 1_000_000 << 12) | (nanoseconds % 1_000_000 << 12) // 1_000_000
        stamp = max(stamp, _last + 1)
        _last = stamp
    value = (stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64
    value |= 0x2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    return uuid.UUID(int=value)
