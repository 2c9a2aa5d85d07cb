"""Every place that asks whether somebody may, and a switch that opens one of them, or all but one.

A place is a call of `policy.require`, `allows`, `anywhere` or `units_for` in the rooms' code, found
in its syntax tree, or the `@page` of a view. Calls are told apart by the position that the caller's
frame is at, so nothing in the program knows of this.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

from rongmei.network import policy
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Unit
from tests import routes

ROOT = Path(__file__).resolve().parent.parent
ASKED = ("require", "allows", "anywhere", "units_for")
Position = tuple[str, int, int]


@dataclass(frozen=True, order=True)
class Site:
    """A place that asks. `where` is file and function, or a page's module and view."""

    where: str
    asks: str
    nth: int = 0

    def __str__(self) -> str:
        return f"{self.where}: {self.asks}" + (f" ({self.nth + 1})" if self.nth else "")

    @property
    def is_shown_only(self) -> bool:
        """Whether it chooses what a page offers: buttons, choices, lines of Today.

        What is behind a button is refused by its verb, and a list by its scope; those are tried.
        """
        path = self.where.split(":")[0]
        shows = "/views" in path or path.startswith(("rongmei/desk/", "rongmei/screen/"))
        return shows and not self.asks.startswith("require")


def _files() -> Iterator[Path]:
    for path in sorted((ROOT / "rongmei").rglob("*.py")):
        if not {"tests", "migrations"} & set(path.parts) and path.name != "testing.py":
            yield path


class _Calls(ast.NodeVisitor):
    """Collects the calls of one file with the functions they stand in."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(ROOT))
        self.inside: list[str] = []
        self.found: dict[Position, Site] = {}

    def _within(self, node: Any) -> None:
        self.inside.append(node.name)
        self.generic_visit(node)
        self.inside.pop()

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _within

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if (
            isinstance(called, ast.Attribute)
            and isinstance(called.value, ast.Name)
            and called.value.id == "policy"
            and called.attr in ASKED
        ):
            where = f"{self.name}:{'.'.join(self.inside)}"
            asks = f"{called.attr}({', '.join(ast.unparse(one) for one in node.args[1:])})"
            nth = sum(one.where == where and one.asks == asks for one in self.found.values())
            site = Site(where, asks, nth)
            self.found[self.name, node.lineno, node.col_offset] = site
        self.generic_visit(node)


@cache
def calls() -> dict[Position, Site]:
    """All calls by position; those of `network.policy` itself and of the page's door left out."""
    found: dict[Position, Site] = {}
    for path in _files():
        visitor = _Calls(path)
        visitor.visit(ast.parse(path.read_text()))
        if visitor.name not in {"rongmei/network/policy.py", "rongmei/network/guard.py"}:
            found |= visitor.found
    return found


def _page(view: Any) -> Site:
    return Site(f"{view.__module__}:{view.__qualname__}", "@page")


@cache
def pages() -> frozenset[Site]:
    """The doors of all pages."""
    return frozenset(
        _page(address.view)
        for address in routes.addresses()
        if getattr(address.view, "rongmei_permission", "") in PERMISSIONS
    )


def sites() -> list[Site]:
    """All that guard something."""
    return sorted(one for one in {*calls().values(), *pages()} if not one.is_shown_only)


def _of(frame: FrameType) -> Site | None:
    path = Path(frame.f_code.co_filename)
    if path.name == "guard.py" and "view" in frame.f_locals:
        return _page(frame.f_locals["view"])
    if path.name == "guard.py":
        # A generator inside the door: its own frame does not know the view.
        return _page(frame.f_back.f_locals["view"]) if frame.f_back else None
    positions = list(frame.f_code.co_positions())
    line, _end, column, _last = positions[frame.f_lasti // 2]
    try:
        name = str(path.relative_to(ROOT))
    except ValueError:
        return None
    return calls().get((name, line or 0, column or 0))


@contextmanager
def switched(opens: Callable[[Site], bool]) -> Iterator[set[Site]]:
    """While it holds, whoever asks at an open place may; yields the places that were asked at."""
    everywhere = frozenset(Unit.objects.values_list("pk", flat=True))
    yes: dict[str, Any] = {
        "require": None, "allows": True, "anywhere": True, "units_for": everywhere,
    }  # fmt: skip
    reached: set[Site] = set()

    def wrap(name: str, truth: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*args: Any, **more: Any) -> Any:
            site = _of(sys._getframe(1))
            if site is not None:
                reached.add(site)
                if opens(site):
                    return yes[name]
            return truth(*args, **more)

        return asked

    with ExitStack() as stack:
        for name in ASKED:
            stack.enter_context(patch.object(policy, name, wrap(name, getattr(policy, name))))
        yield reached
