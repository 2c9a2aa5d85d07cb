"""The evidence log: what the wire really served, for comparing with what a reader kept.

JSON Lines. A request line: {"event": "request", "at", "method", "path", "status", "bytes",
"conditional", "user_agent", "whole"}; `bytes` counts body bytes: those offered for a whole body, whose line is
written before it is sent, and those taken for a stream, whose line follows it; `whole` is false for a
stream that broke off or was left. `status` 0 means that
the connection was broken on purpose before an answer. A release line: {"event": "release", "at", "id", "medium",
"title", "published", "path"}. A start line: {"event": "start", "at", "epoch", "url"}.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# In memory only the newest lines are kept; the file keeps all of them.
MEMORY_LINES = 20_000


class EvidenceLog:
    """Appends one line an event and flushes it, so a killed wire loses no finished line."""

    def __init__(self, path: Path | None) -> None:
        self._lock = threading.Lock()
        self._lines: list[dict[str, Any]] = []
        self._counts: Counter[str] = Counter()
        self._file = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")

    def write(self, event: str, **fields: object) -> None:
        """Record one event with the real time (not the injected clock) as `at`."""
        line = {"event": event, "at": datetime.now(UTC).isoformat(), **fields}
        with self._lock:
            self._counts[event] += 1
            self._lines.append(line)
            if len(self._lines) > MEMORY_LINES:
                del self._lines[: MEMORY_LINES // 4]
            if self._file is not None and not self._file.closed:
                self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._file.flush()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """The remembered lines of one event kind, oldest first."""
        with self._lock:
            return [line for line in self._lines if line["event"] == event]

    def count(self, event: str) -> int:
        """How many lines of one event kind there were."""
        with self._lock:
            return self._counts[event]

    def close(self) -> None:
        """Close the file; later lines are remembered but not written."""
        with self._lock:
            if self._file is not None:
                self._file.close()
