"""`rongmei demo_seed`: units, people and sources of one node of the demo network."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from typing_extensions import override

from rongmei.config import demo_content
from rongmei.kernel import context, db
from rongmei.network.models import Member
from rongmei.network.testing import PEOPLE, UNITS, make_people, make_units
from rongmei.network.types import Role


class Command(BaseCommand):
    """Fill a fresh demo node."""

    help = "给演示节点建立单位、人员、信源 / fill a fresh demo node"
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--wire", required=True)

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        node = settings.RONGMEI_NODE
        with context.acting(context.Context(actor="rongmei demo")), translation.override("zh-hans"):
            with db.write():
                units = make_units(self_slug=node.slug, all_here=False)
                people = make_people(units)
            passwords = _passwords(people)
            demo_content.fill(node.slug, units, people, wire=options["wire"])
        _write_accounts(node.home, people, passwords)


def _passwords(people: dict[str, Member]) -> dict[str, str]:
    made = {}
    for username, member in people.items():
        made[username] = f"{secrets.token_hex(3)}-{secrets.token_hex(3)}"
        member.set_password(made[username])
        member.save(update_fields=["password"])
    return made


def _write_accounts(home: Path, people: dict[str, Member], passwords: dict[str, str]) -> None:
    roles = {username: found for username, _n, _e, _u, found in PEOPLE}
    unit_of = {username: unit for username, _n, _e, unit, _r in PEOPLE}
    short = {code: row[3] for code, row in ((one[0], one) for one in UNITS)}
    rows = [
        {
            "node": settings.RONGMEI_NODE.slug,
            "unit": short[unit_of[username]],
            "unit_code": unit_of[username],
            "username": username,
            "name": people[username].name,
            "password": passwords[username],
            "roles": "、".join(str(Role(role).label) for role in roles[username]),
        }
        for username in people
    ]
    path = home / "accounts.json"
    path.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    path.chmod(0o600)
