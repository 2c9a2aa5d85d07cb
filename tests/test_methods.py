"""HEAD and OPTIONS are no way round the rows' refusals, nor is Django's superuser flag."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rongmei.network import policy
from rongmei.network.models import Member
from rongmei.network.testing import Cast, Route
from tests import routes
from tests.test_routes import BACKEND, GUARDED, call, holds, lines, undone

pytestmark = pytest.mark.slow
ROOMS = sorted(routes.tables())


def of_room(room: str) -> list[tuple[str, Route]]:
    """The room's guarded rows."""
    table = routes.tables()[room].ROUTES
    return [(name, row) for name in table for row in GUARDED.get(name, ())]


@contextmanager
def laid_out(row: Route, cast: Cast) -> Iterator[None]:
    """The records of the row are there once for all its calls, and are taken back at the end."""
    with undone():
        _ = row.args and row.args(cast), row.data and row.data(cast)
        yield
    as_stored(cast)


def as_stored(cast: Cast) -> None:
    """People as they are in the database again: a password set in memory outlives what is undone."""
    for member in cast.people.values():
        member.refresh_from_db()


def sent_as(method: str, name: str, row: Route, cast: Cast, username: str) -> Any:
    """The row's address, asked with another method; `left` as in `call`."""
    client = Client()
    policy.forget(cast.people[username])
    client.force_login(cast.people[username], BACKEND)
    with undone():
        url = reverse(name, kwargs=row.args(cast) if row.args else {})
        data = row.data(cast) if row.data else {}
        before = lines()
        send = getattr(client, method.lower())
        answer = send(url) if method == "OPTIONS" else send(url, data)
        answer.left = lines() - before
    return answer


def opens_no_more_than_get(answer: Any, got: Any) -> bool:
    """The same as GET gives to the same person, or refused, or not known there, or nothing but
    the names of the methods (Django's own answer to OPTIONS).
    """
    if not answer.streaming and not answer.content and "Allow" in answer.headers:
        return True
    return answer.status_code in {got.status_code, 403, 404, 405}


def test_rows_of_all_rooms_are_tried():
    assert sum(len(of_room(room)) for room in ROOMS) == sum(map(len, GUARDED.values()))


@pytest.mark.parametrize("room", ROOMS)
def test_head_and_options_open_no_more_than_get_and_change_nothing(room: str, cast: Cast):
    for name, row in of_room(room):
        people = [*row.refused, *row.allowed[:1]] or [("hq.reporter", 200)]
        with laid_out(row, cast):
            for username, status in people:
                got = sent_as("GET", name, row, cast, username)
                # A page may show its empty form to somebody whose sending it is refused.
                assert row.method != "GET" or not row.refused or holds(got, status)
                for method in ("HEAD", "OPTIONS"):
                    answer = sent_as(method, name, row, cast, username)
                    said = f"{method} {name}: {username} got {answer.status_code}"
                    assert opens_no_more_than_get(answer, got), said
                    assert not answer.left or row.method == "GET", f"{said}, and left a line"


@pytest.mark.parametrize("room", ROOMS)
def test_the_superuser_flag_opens_nothing(room: str, cast: Cast):
    Member.objects.update(is_superuser=True, is_staff=True)
    for name, row in of_room(room):
        with laid_out(row, cast):
            for username, status in row.refused:
                with undone():
                    answer = call(name, row, cast, username)
                said = f"{row.method} {name}: {username}, a superuser, got {answer.status_code}"
                assert holds(answer, status) and answer.left == 0, said
