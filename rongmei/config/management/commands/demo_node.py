"""`rongmei demo_node`: one node of the demo network, filled when it is fresh, joined, and up."""

from __future__ import annotations

import os
import secrets
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from typing_extensions import override

from rongmei.config import demo_content
from rongmei.config.demo import JOINED, NODES, READY
from rongmei.config.supervisor import die_with_parent
from rongmei.kernel import context, db
from rongmei.kernel.errors import RongmeiError
from rongmei.network import joining
from rongmei.network.models import Member
from rongmei.network.testing import PEOPLE, UNITS, make_people, make_units
from rongmei.network.types import Role

_WAIT_SECONDS = 60.0


class Command(BaseCommand):
    """Fill this node if that has not been done, see that it is joined, and start it."""

    help = "演示网络的一个节点：填好、互联、启动 / one node of the demo network"
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--wire", required=True)

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        die_with_parent()
        home: Path = settings.RONGMEI_NODE.home
        upper, lower = NODES
        joined, invitation = home.parent / JOINED, home.parent / "invitation"
        # Forked: what runs here must leave the supervisor without connections and threads.
        if not (home / READY).exists():
            _fork(partial(_fill, options["wire"]), wait=True)
            (home / READY).touch()
        if not joined.exists() and settings.RONGMEI_NODE.slug == upper.slug:
            _fork(partial(_invite, invitation), wait=True)
        elif not joined.exists() and settings.RONGMEI_NODE.slug == lower.slug:
            _fork(partial(_join, invitation, joined), wait=False)
        call_command("up", with_parent=True)


def _fork(run: Callable[[], None], *, wait: bool) -> None:
    pid = os.fork()
    if not pid:
        code = 1
        try:
            die_with_parent()
            run()
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    if wait and os.waitpid(pid, 0)[1]:
        raise CommandError("示例数据没有建好，已建的保留。看上面的提示，改正后再运行 make run。")


def _fill(wire: str) -> None:
    node = settings.RONGMEI_NODE
    with context.acting(context.Context(actor="rongmei demo")), translation.override("zh-hans"):
        with db.write():
            units = make_units(self_slug=node.slug, all_here=False)
            people = make_people(units)
        passwords = _passwords(people)
        demo_content.fill(node.slug, units, people, wire=wire)
    _write_accounts(node.home, people, passwords)


def _invite(invitation: Path) -> None:
    """HQ leaves an invitation for the centre."""
    draft = invitation.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(joining.peer_invite(by=None))
    draft.replace(invitation)


def _join(invitation: Path, joined: Path) -> None:
    """The centre takes the invitation as soon as HQ answers; then it dials by itself."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            joining.peer_join(by=None, code=invitation.read_text())
            break
        except (OSError, RongmeiError):
            # Not there yet, or left from a start that was broken off.
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
    joined.touch()
    invitation.unlink()


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
