"""Write docs/reference/routes.md and checks.md: who may call what, and every place that asks.

Run it as `python tools/route_table.py`; `tests/test_routes.py` fails when a page is out of date.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "routes.md"
CHECKS = ROOT / "docs" / "reference" / "checks.md"
CHECKS_HEAD = """# Checks

Every place in the code that asks whether somebody may, but for those that only choose what a page
offers. Written by `tools/route_table.py` from the code; do not edit it by hand. A place that is gone
from here was taken out: say why in the commit. `tests/test_guards.py` opens each and looks for a
refusal that depends on it.

| Where | Asks |
|---|---|
"""
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


def checks_page() -> str:
    """The page of checks as it should be."""
    sites = import_module("tests.guards").sites()
    lines = [
        f"| `{one.where}` | `{one.asks}`{f' ({one.nth + 1})' if one.nth else ''} |" for one in sites
    ]
    return CHECKS_HEAD + "\n".join(lines) + "\n"


def main() -> None:
    """Set Django up and write the pages."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rongmei.config.settings_test")
    django = import_module("django")

    django.setup()
    PAGE.write_text(page())
    CHECKS.write_text(checks_page())


if __name__ == "__main__":
    main()
