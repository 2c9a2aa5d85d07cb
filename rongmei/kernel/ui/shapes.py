"""What pages hand to the interface kit: typed rows for the shell, strips, timelines and bars.

Plain dicts with the same keys work too, since templates look names up either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

StepState = Literal["done", "now", "next", "failed"]
Level = Literal["red", "orange", "yellow", "blue"]


@dataclass(frozen=True, slots=True)
class RailItem:
    """One place in the left rail. `icon` is a heroicon name; `key` is the letter after `g`."""

    label: str
    url: str
    icon: str
    active: bool = False
    badge: int = 0
    key: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One line of a menu. With `post` it is sent as a form, because it changes something."""

    label: str
    url: str
    icon: str = ""
    post: bool = False
    active: bool = False


@dataclass(frozen=True, slots=True)
class Shell:
    """What the top bar shows. An empty URL leaves that part of the bar out."""

    search_url: str = ""
    palette_url: str = ""
    unit_label: str = ""
    units: Sequence[Link] = ()
    notices_url: str = ""
    notices_count: int = 0
    member_name: str = ""
    member_note: str = ""
    member_menu: Sequence[Link] = ()
    events_url: str = ""
    events: str = ""
    bell_url: str = ""
    home_url: str = "/"
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One stop of a status strip: who did it, when, how long it took or when it is due."""

    label: str
    state: StepState = "next"
    who: str = ""
    at: datetime | None = None
    took: timedelta | None = None
    due: datetime | None = None
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. `state` is a step state or empty for an ordinary remark."""

    text: str
    at: datetime | None = None
    who: str = ""
    icon: str = ""
    note: str = ""
    url: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a number that leads to its rows. `value` None means no data, which is not 0."""

    label: str
    value: float | None
    url: str = ""
    note: str = ""
