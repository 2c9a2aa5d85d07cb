"""Hooks of the stories room."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rongmei.kernel.plugins import hookspec
from rongmei.stories.types import CheckedText, Finding


@dataclass(frozen=True)
class Checker:
    """A machine check. `run` is pure and quick: it reads a CheckedText and yields findings.

    `version` is kept with every report, so that one knows which rules a text was checked by.
    """

    name: str
    version: str
    run: Callable[[CheckedText], Iterable[Finding]]


@hookspec
def register_checks() -> list[Checker]:
    """Return the checks that run before every human step."""
    return []
