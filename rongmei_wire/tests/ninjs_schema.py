"""The JSON schema of IPTC ninjs 3.1, test data beside the project that is not kept in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

_FOLDERS: Final = ("../shared", "../../shared")
_PATH: Final = "data/ninjs/ninjs-schema_3.1.json"
_ROOT: Final = Path(__file__).resolve().parents[2]


def needed_schema() -> dict[str, Any]:
    """The schema, for a test that is nothing without it: skips it, and in CI fails it."""
    for folder in _FOLDERS:
        path = _ROOT / folder / _PATH
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_bytes())
            return found
    if os.environ.get("CI") == "true":
        pytest.fail("the ninjs schema is missing beside the project")
    pytest.skip("the ninjs schema is test data that is not kept in the project")
