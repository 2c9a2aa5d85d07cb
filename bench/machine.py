"""The machine a figure was measured on, and where figures are kept."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def facts() -> dict[str, object]:
    """Cores, Python and how busy the machine is right now."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_average": [round(one, 1) for one in os.getloadavg()],
    }


def keep(name: str, result: dict[str, object]) -> None:
    """Write `result` to bench/results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
