"""Reads of the big screen: each tile by itself, with its last good data when it fails.

One tile's fault must not darken the others, and a wall shows the last good figures with their time
rather than nothing.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from django.core.cache import cache
from django.db import DatabaseError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from rongmei.kernel import plugins
from rongmei.kernel.errors import NotFound, RongmeiError
from rongmei.screen.hooks import Tile, TileData

if TYPE_CHECKING:
    from rongmei.network.models import Member

log = logging.getLogger(__name__)
MOST: Final = 5
KEPT: Final = 24 * 3600
SCENES: Final[dict[str, object]] = {"daily": _("日常态势"), "build": _("建设推进")}
State = Literal["ok", "stale", "outage"]


@dataclass(frozen=True)
class Shown:
    """A tile as it is drawn."""

    tile: Tile
    data: TileData
    state: State


def tiles(scene: str = "daily") -> list[Tile]:
    """The tiles of a scene: the first five by order."""
    offered = [one for some in plugins.manager.hook.register_tiles() for one in some]
    hung = [one for one in offered if one.scene == scene]
    return sorted(hung, key=lambda one: one.order)[:MOST]


def tile(key: str) -> Tile:
    """One tile of a scene, or NotFound."""
    for scene in SCENES:
        for one in tiles(scene):
            if one.key == key:
                return one
    raise NotFound


def _kept_as(member_id: uuid.UUID, key: str) -> str:
    # By member: what one may see, another may not.
    return f"screen:{member_id}:{key}"


def show(member: Member, one: Tile) -> Shown:
    """Read a tile; when that fails, its last good data with the state `outage`."""
    kept_as = _kept_as(member.pk, one.key)
    try:
        data = one.read(member)
    except (
        DatabaseError,
        RongmeiError,
        ArithmeticError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ):
        log.exception("tile %s failed", one.key)
        return Shown(one, cache.get(kept_as) or TileData(at=None), "outage")
    cache.set(kept_as, data, KEPT)
    old = data.at is not None and (timezone.now() - data.at).total_seconds() > one.stale_after
    return Shown(one, data, "stale" if old else "ok")


def event_names(scene: str = "daily") -> list[str]:
    """Event names (and prefixes) after which some tile of the scene is read again."""
    return sorted({name for one in tiles(scene) for name in one.events})
