"""Making a node stand: its folder, key, database, first unit and three administrators."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.utils.translation import gettext as _

from rongmei.config import template_db
from rongmei.config.node import ENV_FILE, Node, write_env_file
from rongmei.kernel import audit, db
from rongmei.kernel.errors import RongmeiError
from rongmei.network.actions.members import one_time_password
from rongmei.network.models import Member, RoleHolding, Unit
from rongmei.network.models import Node as NodeRow
from rongmei.network.types import Milestone, Role, UnitKind

ADMINS: Final = (
    ("sysadmin", "系统管理员", "System administrator", Role.SYSTEM_ADMIN),
    ("secadmin", "安全管理员", "Security administrator", Role.SECURITY_ADMIN),
    ("auditor", "审计管理员", "Audit administrator", Role.AUDIT_ADMIN),
)


class AlreadyMade(RongmeiError):
    """The folder holds a node."""

    status = 409


@dataclass(frozen=True)
class FirstUnit:
    """The unit at the top of this node."""

    code: str
    name: str
    kind: UnitKind


def write_home(node: Node, *, slug: str, name: str, url: str, port: int) -> None:
    """Write `node.env` with a fresh secret key, once, and make the folders."""
    if (node.home / ENV_FILE).exists():
        raise AlreadyMade(
            _("%(home)s 里已有一个节点，没有改动。要另建，请换一个文件夹。") % {"home": node.home}
        )
    node.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    node.data.mkdir(mode=0o700, exist_ok=True)
    pairs = {
        "RONGMEI_SLUG": slug,
        "RONGMEI_NAME": name,
        "RONGMEI_URL": url,
        "RONGMEI_PORT": str(port),
        "RONGMEI_SECRET_KEY": node.secret_key,
    }
    if not node.database_url.startswith("sqlite"):
        pairs["DATABASE_URL"] = node.database_url
    write_env_file(node.home / ENV_FILE, pairs)


def make_database(node: Node) -> None:
    """A migrated database: a copy of the template for SQLite, migrations for PostgreSQL."""
    if node.database_url.startswith("sqlite:///"):
        path = Path(node.database_url.removeprefix("sqlite:///"))
        if not path.exists():
            template_db.copy_to(path)
            path.chmod(0o600)
    call_command("migrate", verbosity=0)


def make_key(home: Path) -> Path:
    """The node's Ed25519 key as PEM, readable by its owner only; made once."""
    path = home / "keys" / "node.pem"
    if path.exists():
        return path
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(pem)
    return path


def make_first(*, slug: str, name: str, url: str, unit: FirstUnit) -> list[tuple[Member, str]]:
    """The node's own row, its first unit, and three administrators with one-time passwords."""
    given = [(one, one_time_password()) for one in ADMINS]
    hashed = [make_password(password) for _one, password in given]
    made: list[tuple[Member, str]] = []
    with db.write():
        if NodeRow.objects.filter(is_self=True).exists():
            raise AlreadyMade(_("数据库里已有本节点，没有改动。"))
        node = NodeRow.objects.create(slug=slug, name=name, url=url, is_self=True)
        first = Unit.objects.create(
            code=unit.code, name=unit.name, kind=unit.kind, node=node, milestone=Milestone.SET_UP
        )
        audit.record(None, "node.made", node, unit_id=first.pk, slug=slug)
        for ((username, title, title_en, role), password), kept in zip(given, hashed, strict=True):
            member = Member.objects.create(
                username=username, name=title, name_en=title_en, unit=first,
                password=kept, must_change_password=True,
            )  # fmt: skip
            RoleHolding.objects.create(member=member, unit=first, role=role)
            audit.record(None, "member.added", member, username=username)
            audit.record(None, "role.granted", member, role=role.value, at=str(first))
            made.append((member, password))
    return made
