"""Documents cannot rot: what the program has is documented, and what is documented exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from rongmei.kernel import events, plugins
from rongmei.network.matrix import PERMISSIONS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md"])
A_PATH = re.compile(r"`((?:rongmei|rongmei_wire|tests|tools|docs|bench)/[\w./-]+)`")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_named_in_a_page_exist(path):
    named = A_PATH.findall(path.read_text(encoding="utf-8"))
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_every_setting_is_documented():
    text = "".join(path.read_text() for path in (ROOT / "rongmei" / "config").glob("*.py"))
    names = set(re.findall(r'"((?:RONGMEI|EMAIL)_[A-Z_]+|DATABASE_URL)"', text))
    documented = page("reference/settings.md")
    assert not {name for name in names if f"`{name}`" not in documented}


def test_every_event_is_documented():
    documented = page("reference/events.md")
    assert not {name for name in events.REGISTRY if f"`{name}`" not in documented}


def test_every_hook_is_documented():
    documented = page("reference/hooks.md")
    names = {name for name in vars(plugins.manager.hook) if name.startswith("register_")}
    assert names
    assert not {name for name in names if f"`{name}`" not in documented}


def test_every_permission_is_documented():
    documented = page("reference/permissions.md")
    assert not {name for name in PERMISSIONS if f"`{name}`" not in documented}


def test_every_command_is_documented():
    documented = page("reference/commands.md")
    ours = {name for name, app in get_commands().items() if str(app).startswith("rongmei")}
    assert not {name for name in ours if f"rongmei {name}" not in documented}


def test_every_room_has_a_readme():
    rooms = [path.parent for path in (ROOT / "rongmei").glob("*/__init__.py")]
    assert not [room.name for room in rooms if not (room / "README.md").exists()]


def recorded_actions() -> dict[str, Path]:
    """Every action that an `audit.record` in the program names, where it is said as a text."""
    found: dict[str, Path] = {}
    for path in (ROOT / "rongmei").rglob("*.py"):
        if "tests" in path.parts or path.name == "testing.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("audit.record"):
                # A choice between two texts names both.
                for one in ast.walk(node.args[1]):
                    if isinstance(one, ast.Constant) and re.fullmatch(r"\w+\.\w+", str(one.value)):
                        found[str(one.value)] = path
    return found


def test_every_line_of_the_audit_log_has_words():
    """Missing here? Add the action to `register_audit_words` in the room's plugins.py."""
    words = {key for some in plugins.manager.hook.register_audit_words() for key in some}
    recorded = recorded_actions()
    assert len(recorded) > 60
    missing = {action: path.name for action, path in recorded.items() if action not in words}
    assert not missing
