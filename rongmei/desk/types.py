"""Shapes of the workbench's front page: what waits, what is wrong, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Waiting:
    """Something that waits for this member. `what` is what to do with it, `who` whose it is."""

    what: str
    title: str
    url: str
    due: datetime | None = None
    urgent: bool = False
    who: str = ""


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong, since when, and where to look."""

    title: str
    what: str
    url: str
    at: datetime | None = None


@dataclass(frozen=True)
class Found:
    """A line of a search's answer or of the palette. `title_html` is already escaped."""

    title: str
    url: str
    note: str = ""
    icon: str = ""
    title_html: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Section:
    """Lines of one sort, with how many there are in all and where the rest is."""

    label: str
    icon: str
    lines: list[Found]
    total: int
    url: str = ""
