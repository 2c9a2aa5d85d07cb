"""The wall: who may look, one tile's fault, ages, and no names of persons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from rongmei.network.testing import PEOPLE, Cast
from rongmei.screen import selectors
from rongmei.screen.hooks import Tile, TileData
from rongmei.screen.tiles import TILES, by_hour

SignedIn = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    cache.clear()


def test_scene_shows_five_tiles_and_nobodys_name(signed_in: SignedIn):
    shown = signed_in("planner").get("/screen/").content.decode()
    assert shown.count("data-refresh") == 5 == sum(one.scene == "daily" for one in TILES)
    assert not [name for _user, name, *_rest in PEOPLE if name in shown]


def test_the_scene_of_the_road_map_counts_units_and_leads_to_them(signed_in: SignedIn):
    client = signed_in("planner")
    shown = client.get("/screen/?scene=build").content.decode()
    assert shown.count("data-refresh") == 3
    assert "建设推进" in shown
    for step in ("planned", "accepted"):
        assert f"/desk/network/road/?step={step}" in shown
    road = client.get("/screen/tiles/road/").content.decode()
    assert "全部单位" in road
    # A scene nobody has made is the daily one, not an error on the wall.
    assert "今日态势" in client.get("/screen/?scene=moon").content.decode()


def test_reporters_have_no_wall(signed_in: SignedIn):
    assert signed_in("yl.reporter").get("/screen/").status_code == 403
    assert signed_in("yl.reporter").get("/screen/tiles/tasks/").status_code == 403


def test_unknown_tile(signed_in: SignedIn):
    assert signed_in("planner").get("/screen/tiles/nothing/").status_code == 404


def test_failed_tile_shows_the_last_good_data(cast: Cast):
    at = timezone.now() - timedelta(seconds=5)
    answers = [TileData(at=at, figure=7)]

    def read(_member: object) -> TileData:
        return answers.pop()

    tile = Tile("odd", "odd", 1, read)
    member = cast["planner"]
    assert selectors.show(member, tile).state == "ok"
    failed = selectors.show(member, tile)
    assert (failed.state, failed.data.figure, failed.data.at) == ("outage", 7, at)
    assert selectors.show(cast["duty"], tile).data.at is None, "another's data are not shown"


def test_old_data_are_stale(cast: Cast):
    old = timezone.now() - timedelta(seconds=90)
    tile = Tile("old", "old", 1, lambda _member: TileData(at=old), stale_after=60)
    assert selectors.show(cast["planner"], tile).state == "stale"


def test_hours_are_counted_where_they_fell():
    now = timezone.now().replace(minute=30, second=0, microsecond=0)
    times = [
        now,
        now - timedelta(minutes=29),
        now - timedelta(minutes=31),
        now - timedelta(hours=2),
    ]
    assert by_hour(times, now, hours=3) == [1.0, 1.0, 2.0]
