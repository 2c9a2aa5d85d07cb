"""Write docs/reference/routes.md from the permission table that the tests hold.

Run it as `python tools/route_table.py`; `tests/test_routes.py` fails when the page is out of date.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "routes.md"
HEAD = """# Addresses

Every address of a node: which permission opens it, and for whom the tests have tried it. Written by
`tools/route_table.py` from `rongmei/<room>/tests/routes.py`; do not edit it by hand. The people are
those of the example organisation (`rongmei/network/testing.py`); the number is the HTTP status.
Strangers are sent to sign in, or get 401, unless the address is public. Wagtail's other addresses
below `/cms/` answer 404 to everybody.

| Address | Method | Permission | Allowed | Refused |
|---|---|---|---|---|
"""


def _people(pairs: tuple[tuple[str, int], ...]) -> str:
    return ", ".join(f"{username} {status}" for username, status in pairs)


def _line(address: Any, row: Any) -> str:
    permission = getattr(address.view, "rongmei_permission", "")
    allowed, refused = _people(row.allowed), _people(row.refused)
    if row.public:
        permission, allowed = "public", row.public
    elif row.signed_in:
        permission, allowed = "signed-in", allowed or "every member"
    pattern = address.pattern.replace("|", "\\|")
    return (
        f"| `/{pattern}` | {row.method} | {permission or 'in the action'} | {allowed} | {refused} |"
    )


def page() -> str:
    """The page as it should be."""
    routes = import_module("tests.routes")

    rows = routes.rows()
    lines = {
        (address.pattern, order): _line(address, row)
        for address in routes.addresses()
        for order, row in enumerate(rows.get(address.name, ()))
    }
    return HEAD + "\n".join(lines[key] for key in sorted(lines)) + "\n"


def main() -> None:
    """Set Django up and write the page."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongmei.config.settings_test")
    django = import_module("django")

    django.setup()
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
