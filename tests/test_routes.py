"""Every address has its row, every row holds, and every permission would be missed.

The test is made from the URL configuration: an address without a row fails by its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from ninja.operation import PathView

from rongmei.kernel.models import AuditEntry
from rongmei.network import policy
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Unit
from rongmei.network.testing import Cast, Route
from rongmei.stories.editor.routes import OPEN
from tests import routes
from tools import route_table

BACKEND = "rongmei.network.backends.MatrixBackend"
ROWS = routes.rows()
GUARDED = {name: given for name, given in ROWS.items() if not any(row.public for row in given)}
SIGNED_OUT = {301, 302, 401, 403, 404}


def call(name: str, row: Route, cast: Cast, username: str | None) -> Any:
    client = Client()
    if username:
        policy.forget(cast.people[username])
        client.force_login(cast.people[username], BACKEND)
    url = reverse(name, kwargs=row.args(cast) if row.args else {})
    data = row.data(cast) if row.data else {}
    before = lines()
    answer = _sent(client, name, row, url, data)
    answer.left = lines() - before
    return answer


@contextmanager
def undone() -> Iterator[None]:
    """Whatever the block wrote is taken back, so that many calls can share one cast."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def lines() -> int:
    """Lines of the audit log, without those that say that something was refused."""
    return AuditEntry.objects.exclude(action__endswith=".refused").count()


def _sent(client: Client, name: str, row: Route, url: str, data: dict[str, Any]) -> Any:
    if row.method == "GET":
        return client.get(url, data)
    if name.startswith("api:") and not row.form:
        return client.generic(row.method, url, json.dumps(data), "application/json")
    return client.generic(row.method, url) if row.method != "POST" else client.post(url, data)


def is_sent_to_sign_in(answer: Any) -> bool:
    return answer.status_code in {301, 302} and urlsplit(answer.url).path == reverse(
        "account_login"
    )


def holds(answer: Any, status: int) -> bool:
    return answer.status_code == status or (status == 302 and is_sent_to_sign_in(answer))


def test_every_address_has_a_row():
    known = {address.name for address in routes.addresses()}
    # The operations of one address of the API share its rows.
    held = {address.pattern for address in routes.addresses() if address.name in ROWS}
    missing = sorted(
        address.name
        for address in routes.addresses()
        if address.pattern not in held and not routes.is_shut(address)
    )
    assert not missing, f"no row in tests/routes.py or a room's tests/routes.py: {missing}"
    stale = sorted(set(ROWS) - known)
    assert not stale, f"rows without an address: {stale}"


def test_every_open_page_of_wagtail_has_a_row():
    assert set(OPEN) <= set(ROWS)


def test_no_two_addresses_share_a_name():
    patterns: dict[str, set[str]] = {}
    for address in routes.addresses():
        if not routes.is_shut(address):
            patterns.setdefault(address.name, set()).add(address.pattern)
    shared = {name: found for name, found in patterns.items() if len(found) > 1}
    assert not shared


def test_every_row_says_something():
    for name, given in ROWS.items():
        for row in given:
            says = [
                bool(row.public),
                row.signed_in and not row.refused,
                bool(row.allowed and row.refused),
            ]
            assert says.count(True) == 1, f"{name}: public, signed_in, or both allowed and refused"


def test_every_api_operation_has_a_row():
    methods: dict[str, set[str]] = {}
    for address in routes.addresses():
        methods.setdefault(address.pattern, set()).update(
            row.method for row in ROWS.get(address.name, ())
        )
    missing = {
        f"{method} {address.pattern}"
        for address in routes.addresses()
        if isinstance(view := getattr(address.view, "__self__", None), PathView)
        for operation in view.operations
        for method in operation.methods
        if method not in methods[address.pattern]
    }
    assert not missing


def test_the_page_of_addresses_is_up_to_date():
    assert route_table.PAGE.read_text() == route_table.page(), "run: python tools/route_table.py"


def test_the_page_of_checks_is_up_to_date():
    """A check that is taken out, or asks something else, shows here even where another stands by."""
    assert route_table.CHECKS.read_text() == route_table.checks_page(), (
        "run: python tools/route_table.py"
    )


def test_every_desk_page_is_guarded():
    """All but what holds no data and has to reach a phone whose session ended, as its row says."""
    public = {name for name, rows in ROWS.items() if all(one.public for one in rows)}
    bare = [
        address.name
        for address in routes.addresses()
        if address.pattern.startswith("desk/") and not hasattr(address.view, "rongmei_permission")
        if address.name not in public
    ]
    assert not bare, f"without @page: {bare}"


@pytest.mark.parametrize("name", sorted(GUARDED))
def test_row_holds(name: str, cast: Cast):
    for row in GUARDED[name]:
        answer = call(name, row, cast, None)
        assert answer.status_code in SIGNED_OUT, (
            f"{row.method} {name}: a stranger got {answer.status_code}"
        )
        if answer.status_code in {301, 302}:
            assert is_sent_to_sign_in(answer), f"{name}: a stranger was sent to {answer.url}"
        for username, status in row.refused:
            answer = call(name, row, cast, username)
            assert holds(answer, status), (
                f"{row.method} {name}: {username} got {answer.status_code}"
            )
            assert answer.left == 0, f"{name}: {username} was refused and left a line"
        for username, status in row.allowed:
            answer = call(name, row, cast, username)
            assert answer.status_code == status, (
                f"{row.method} {name}: {username} got {answer.status_code}"
            )
        if row.signed_in and not row.allowed:
            answer = call(name, row, cast, "hq.reporter")
            assert answer.status_code < 400, f"{row.method} {name}: got {answer.status_code}"


@pytest.mark.parametrize(
    "name", sorted(name for name, given in ROWS.items() if given[0].public and "api" not in name)
)
def test_public_address_answers_strangers(name: str, cast: Cast):
    for row in ROWS[name]:
        assert call(name, row, cast, None).status_code < 500


def _asked(permission: str) -> bool:
    """Whether the permission's own room asks for it anywhere."""
    room = Path("rongmei") / permission.split(".")[0]
    if room.name not in routes.tables():
        return False
    return any(
        f'"{permission}"' in path.read_text()
        for path in room.rglob("*.py")
        if "tests" not in path.parts and path.name != "matrix.py"
    )


def _near(permission: str) -> list[tuple[str, Route]]:
    """Rows with refusals, the likeliest to notice first."""
    views = {address.name: address.view for address in routes.addresses()}
    found = [(name, row) for name, given in GUARDED.items() for row in given if row.refused]
    room, verb = re.split(r"\.", permission)

    def far(pair: tuple[str, Route]) -> tuple[bool, bool]:
        asked = getattr(views[pair[0]], "rongmei_permission", "")
        return asked != permission, room not in pair[0] and verb not in pair[0]

    return sorted(found, key=far)


@pytest.mark.parametrize("permission", [name for name in PERMISSIONS if _asked(name)])
def test_table_would_notice_a_permission_given_to_everybody(permission: str, cast: Cast):
    if permission in routes.not_by_route():
        pytest.skip(routes.not_by_route()[permission])
    everywhere = frozenset(Unit.objects.values_list("pk", flat=True))
    truth = policy.units_for

    def loosened(member: Any, name: str) -> frozenset[Any]:
        given = getattr(member, "is_authenticated", False) and name == permission
        return everywhere if given else truth(member, name)

    with patch.object(policy, "units_for", loosened):
        for name, row in _near(permission):
            for username, status in row.refused:
                if not holds(call(name, row, cast, username), status):
                    return
    pytest.fail(f"no refusal in the table depends on {permission}")


# Rooms without records of a unit: what they show is public, or other rooms choose it.
WITHOUT_UNITS = {"desk", "screen", "portal"}


@pytest.mark.parametrize("room", sorted(set(routes.tables()) - WITHOUT_UNITS))
def test_table_would_notice_a_reach_that_ends_nowhere(room: str, cast: Cast):
    """Whoever holds a permission somewhere holds it everywhere: another unit's member gets in."""
    everywhere = frozenset(Unit.objects.values_list("pk", flat=True))
    truth = policy.units_for

    def boundless(member: Any, name: str) -> frozenset[Any]:
        return everywhere if truth(member, name) else frozenset()

    with patch.object(policy, "units_for", boundless):
        for name in routes.tables()[room].ROUTES:
            for row in GUARDED.get(name, ()):
                for username, status in row.refused:
                    if row.args and not holds(call(name, row, cast, username), status):
                        return
    pytest.fail(f"no row of {room} depends on where a permission is held")
