"""The named cast that tests (and the demo) are about, and the rows of the permission test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from rongmei.network import policy
from rongmei.network.models import Member, Node, RoleHolding, Unit
from rongmei.network.types import Role, UnitKind

# code, name, English name, short name, kind, parent, region, node slug
UNITS: Final = [
    ("hq", "云上能源集团总部", "Yunshang Energy HQ", "总部", UnitKind.HQ, None, "", "hq"),
    ("platform", "云上新闻（全媒体新闻平台）", "Yunshang News", "平台", UnitKind.PLATFORM, "hq", "", "hq"),
    ("yunling", "云岭融媒体中心", "Yunling Centre", "云岭", UnitKind.CENTRE, "hq", "云岭", "yunling"),
    ("jiangchuan", "江川融媒体中心", "Jiangchuan Centre", "江川", UnitKind.CENTRE, "hq", "江川", "hq"),
    ("shimenkan", "石门坎融媒体站", "Shimenkan Station", "石门坎", UnitKind.STATION, "yunling", "云岭", "yunling"),
]  # fmt: skip

# username, name, English name, unit, roles
PEOPLE: Final = [
    ("duty", "值守明", "Zhi Shouming", "hq", (Role.DUTY,)),
    ("planner", "策海帆", "Ce Haifan", "hq", (Role.PLANNER,)),
    ("analyst", "析微", "Xi Wei", "hq", (Role.ANALYST,)),
    ("hq.reporter", "总一稿", "Zong Yigao", "hq", (Role.REPORTER,)),
    ("hq.chief", "总终签", "Zong Zhongqian", "hq", (Role.FINAL_REVIEWER,)),
    ("sysadmin", "系统安", "Xi Tongan", "hq", (Role.SYSTEM_ADMIN,)),
    ("secadmin", "安全守", "An Quanshou", "hq", (Role.SECURITY_ADMIN,)),
    ("auditor", "审计清", "Shen Jiqing", "hq", (Role.AUDIT_ADMIN,)),
    ("editor", "平台编", "Ping Taibian", "platform", (Role.PLATFORM_EDITOR,)),
    ("yl.chief", "云岭终", "Yun Lingzhong", "yunling", (Role.FINAL_REVIEWER,)),
    ("yl.reporter", "记山行", "Ji Shanxing", "yunling", (Role.REPORTER,)),
    ("yl.first", "初一审", "Chu Yishen", "yunling", (Role.FIRST_REVIEWER,)),
    ("yl.second", "复二审", "Fu Ershen", "yunling", (Role.SECOND_REVIEWER,)),
    ("yl.planner", "云岭策", "Yun Lingce", "yunling", (Role.PLANNER,)),
    ("yl.sysadmin", "云岭系", "Yun Lingxi", "yunling", (Role.SYSTEM_ADMIN,)),
    ("yl.secadmin", "云岭安", "Yun Lingan", "yunling", (Role.SECURITY_ADMIN,)),
    ("yl.auditor", "云岭计", "Yun Lingji", "yunling", (Role.AUDIT_ADMIN,)),
    ("jc.chief", "江川终", "Jiang Chuanzhong", "jiangchuan", (Role.FINAL_REVIEWER,)),
    ("jc.reporter", "江小记", "Jiang Xiaoji", "jiangchuan", (Role.REPORTER,)),
    ("jc.first", "江初审", "Jiang Chushen", "jiangchuan", (Role.FIRST_REVIEWER,)),
    ("jc.second", "江复审", "Jiang Fushen", "jiangchuan", (Role.SECOND_REVIEWER,)),
    ("yl.nobody", "云岭新", "Yun Lingxin", "yunling", ()),
    ("smk.reporter", "石站员", "Shi Zhanyuan", "shimenkan", (Role.REPORTER,)),
]  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """Units by code and people by username."""

    units: dict[str, Unit]
    people: dict[str, Member]

    def unit(self, code: str) -> Unit:
        """The unit with this code."""
        return self.units[code]

    def __getitem__(self, username: str) -> Member:
        """The person, with nothing cached from an earlier request."""
        member = self.people[username]
        policy.forget(member)
        return member


def make_units(*, self_slug: str = "hq", all_here: bool = True) -> dict[str, Unit]:
    """Make this node's row and the units it hosts.

    With `all_here` every unit is hosted on this node, as in a small group; otherwise only its own,
    and the others are learnt from the peer.
    """
    node, _ = Node.objects.get_or_create(
        slug=self_slug,
        defaults={
            "name": settings.RONGMEI_NODE.name, "url": settings.RONGMEI_NODE.url, "is_self": True,
        },
    )  # fmt: skip
    if all_here:
        # The other node of the example, not joined: tests make it a peer where they need one.
        Node.objects.get_or_create(
            slug="yunling", defaults={"name": "云岭节点", "url": "http://127.0.0.1:8010"}
        )
    made: dict[str, Unit] = {}
    for order, (code, name, name_en, short, kind, parent, region, slug) in enumerate(UNITS):
        if not all_here and slug != self_slug:
            continue
        made[code], _ = Unit.objects.get_or_create(
            code=code,
            defaults={
                "name": name, "name_en": name_en, "short_name": short, "kind": kind,
                "parent": made.get(parent or ""), "region": region, "order": order * 10,
                "node": node,
            },
        )  # fmt: skip
    return made


def make_people(units: dict[str, Unit], *, password: str | None = None) -> dict[str, Member]:
    """Make the people of these units with their roles."""
    made: dict[str, Member] = {}
    for username, name, name_en, unit, roles in PEOPLE:
        if unit not in units:
            continue
        member = Member.objects.create_user(
            username, password, name=name, name_en=name_en, unit=units[unit]
        )
        RoleHolding.objects.bulk_create(
            RoleHolding(member=member, unit=units[unit], role=role) for role in roles
        )
        made[username] = member
    return made


def make_cast() -> Cast:
    """The whole cast on one node."""
    units = make_units()
    return Cast(units, make_people(units))


@dataclass(frozen=True)
class Route:
    """Who may call an address and who may not: one row of the permission test.

    `args` and `data` are made from the cast (and may make the records they need); `allowed` and
    `refused` are (username, status) pairs. `public` is the reason why strangers may call it;
    `signed_in` says that every member may, with any answer below 400 or those in `allowed`. Data of an API call
    goes as JSON, or with `form` as a form with files.
    """

    args: Callable[[Cast], dict[str, Any]] | None = None
    method: str = "GET"
    data: Callable[[Cast], dict[str, Any]] | None = None
    allowed: tuple[tuple[str, int], ...] = ()
    refused: tuple[tuple[str, int], ...] = ()
    public: str = ""
    signed_in: bool = False
    form: bool = False
