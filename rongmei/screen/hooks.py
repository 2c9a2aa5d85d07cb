"""Hooks of the big screen: tiles, and what a tile shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rongmei.kernel.plugins import hookspec

if TYPE_CHECKING:
    from rongmei.network.models import Member


@dataclass(frozen=True)
class Figure:
    """A key figure. None is "not known"; `href` leads to the rows it counts."""

    label: str
    value: float | None
    unit: str = ""
    href: str = ""
    change: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a tile; `share` (0 to 1) draws a bar beside the value."""

    text: str
    value: float | None = None
    href: str = ""
    note: str = ""
    share: float | None = None
    wide_only: bool = False


@dataclass(frozen=True)
class TileData:
    """What a tile shows, and the time of its data (not of its drawing).

    `figure` and `unit` are the main figure; `figures` stand beside it, `trend` is drawn as a line
    from the oldest to the newest, and `href` leads to the rows behind it all. `at` None: no data yet.
    """

    at: datetime | None
    figure: float | None = None
    unit: str = ""
    label: str = ""
    figures: Sequence[Figure] = ()
    trend: Sequence[float | None] = ()
    trend_label: str = ""
    rows: Sequence[Row] = ()
    href: str = ""


@dataclass(frozen=True)
class Tile:
    """A tile of the scene. `read` only reads, from selectors, within the member's scope.

    `events` are prefixes of event names after which it is read again; older than `stale_after`
    seconds its data are greyed; `main` gives it the large place; `scene` is where it hangs.
    """

    key: str
    title: object
    order: int
    read: Callable[[Member], TileData]
    events: tuple[str, ...] = ()
    stale_after: float = 600.0
    main: bool = False
    scene: str = "daily"


@hookspec
def register_tiles() -> list[Tile]:
    """Return the room's tiles; a scene shows the first five by order."""
    return []
