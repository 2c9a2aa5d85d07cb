"""House rules that no other linter knows; each names what to do. Exit status 1 when one is broken.

- nothing stands behind a return;
- sizes: a function has at most 60 lines, a file at most 600;
- inside a room calls go one way: edge > actions > parts and selectors > models > words;
- from another room only its public files are imported;
- rows are asked for in selectors, actions and named parts, never in views or API files;
- nothing tracked holds a machine's path.
"""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FUNCTION_LINES, FILE_LINES = 60, 600

# Height of a file inside its room; a file may import only files not above it.
HEIGHT = {
    "types": 0, "errors": 0, "matrix": 0, "events": 0, "hooks": 0, "records": 0, "blocks": 0,
    "query": 0, "dates": 0, "analysis": 0, "flows": 0, "kinds": 0, "embeds": 0, "cells": 0,
    "submission_rows": 1, "models": 1, "link_rows": 1, "outlink_rows": 1, "policy": 2, "guard": 3, "selectors": 3, "actions": 4,
    "api": 5, "forms": 5, "subscribers": 5, "context": 5, "middleware": 5, "collecting": 5, "handed": 5, "shelf": 5, "importing": 5, "upkeep": 5,
    "dialer": 5, "tasks": 5, "sheets": 5, "signins": 5, "editor": 5, "federation": 4, "joining": 4, "uploading": 4, "keeping": 4, "ageing": 5, "plugins": 6, "urls": 7, "apps": 8, "management": 9,
}  # fmt: skip
PART, EDGE = 3, 5
PUBLIC = {
    "actions", "selectors", "events", "hooks", "types", "errors",
    "analysis", "policy", "collectors", "polite", "readers", "spool", "records", "guard", "tokens", "exchange", "testing",
}  # fmt: skip
ROOMS = {path.parent.name for path in (ROOT / "rongmei").glob("*/__init__.py")}
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root|home)/\w")


def height(stem: str) -> int:
    """How high a file stands in its room; unknown names are parts, between selectors and actions."""
    if stem.startswith(("views", "api_", "wagtail_hooks")):
        return EDGE
    return HEIGHT.get(stem, PART)


def sizes(path: Path, tree: ast.Module, lines: int) -> Iterator[str]:
    """Files and functions that are too long to be read in one go."""
    if lines > FILE_LINES:
        yield f"{path}: {lines} lines; split the file at a noun (limit {FILE_LINES})"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines (limit {FUNCTION_LINES})"


def never_run(path: Path, tree: ast.Module) -> Iterator[str]:
    """Statements behind a return or a raise in one block: what a merge of two changes leaves behind."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            for one, after in itertools.pairwise(block) if isinstance(block, list) else ():
                if isinstance(one, ast.Return | ast.Raise | ast.Continue | ast.Break):
                    yield f"{path}:{after.lineno}: is never run; the block ends before it"


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported from rongmei at run time.

    Imports for type checking only are left out: naming another room's row in a signature is fine.
    """
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rongmei."):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("rongmei."):
                    yield node.lineno, alias.name


def direction(path: Path, tree: ast.Module) -> Iterator[str]:
    """Imports that go up inside a room, or past another room's public files."""
    room, rest = path.parts[1], path.parts[2:]
    stem = rest[0].removesuffix(".py")
    for line, name in imports(tree):
        parts = name.split(".")
        if len(parts) < 3 or parts[1] == "kernel" or parts[1] not in ROOMS:
            continue
        target = parts[2]
        if parts[1] == room:
            if target != stem and room != "config" and height(target) > height(stem):
                yield f"{path}:{line}: {stem} must not import {target}: it stands above it"
        elif room != "config" and target not in PUBLIC:
            yield f"{path}:{line}: {parts[1]}.{target} is private to that room"


def rows(path: Path, tree: ast.Module) -> Iterator[str]:
    """`.objects` at the edge: reads belong to selectors, writes to actions."""
    stems = {path.parts[2].removesuffix(".py"), path.stem}
    if not any(stem.startswith(("views", "api")) or stem in {"plugins", "urls"} for stem in stems):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "objects":
            yield f"{path}:{node.lineno}: ask a selector instead of .objects"


def machine_paths() -> Iterator[str]:
    """Tracked text that names a path of somebody's machine."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.stat().st_size > 1_000_000 or name.endswith("house.py"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                yield f"{name}:{number}: a path of somebody's machine"


def check() -> list[str]:
    """Everything that is broken, one line each."""
    found: list[str] = list(machine_paths())
    for path in sorted((ROOT / "rongmei").rglob("*.py")):
        short = path.relative_to(ROOT)
        if {"migrations", "tests"} & set(short.parts) or len(short.parts) < 3:
            continue
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        found += sizes(short, tree, text.count("\n"))
        found += never_run(short, tree)
        if len(short.parts) >= 3 and short.name != "__init__.py":
            found += direction(short, tree)
            found += rows(short, tree)
    return found


if __name__ == "__main__":
    problems = check()
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
