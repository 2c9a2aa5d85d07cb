"""`rongmei init`: make a node in RONGMEI_HOME; bring units and people in from a sheet."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from rongmei.config import setup
from rongmei.config.node import ENV_FILE
from rongmei.kernel.errors import RongmeiError
from rongmei.network import sheets
from rongmei.network.models import Member, RoleHolding
from rongmei.network.types import Role, UnitKind

_OUTCOMES = {
    "made": "新建",
    "changed": "修改",
    "unchanged": "没有变化",
    "refused": "被拒",
    "held": "未写入",
}


class Command(BaseCommand):
    """Make a node: folder, key, database, first unit, three administrators."""

    help = "在 RONGMEI_HOME 建一个节点 · make a node in RONGMEI_HOME"
    requires_system_checks = []
    requires_migrations_checks = False

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--slug", default="", help="节点代码，用于 cookie 和互联")
        parser.add_argument("--name", default="融媒节点", help="节点名称")
        parser.add_argument("--url", default="", help="人们和对端访问的地址")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--unit", default="hq", help="第一个单位的代码")
        parser.add_argument("--unit-name", default="集团总部", help="第一个单位的名称")
        parser.add_argument("--unit-kind", default="hq", choices=list(UnitKind.values))
        parser.add_argument("--import", dest="sheet", type=Path, help="从 Excel 表导入单位和人员")
        parser.add_argument("--dry-run", action="store_true", help="只报告导入会怎样，不写入")
        parser.add_argument("--template", type=Path, help="写一份空的导入表，然后结束")
        parser.add_argument("--json", action="store_true", help="机器可读的输出")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if options["template"]:
            sheets.write_template(options["template"])
            self.stdout.write(f"导入模板已写到 {options['template']}")
            return
        said: dict[str, Any] = {}
        try:
            if not (options["sheet"] and (settings.RONGMEI_NODE.home / ENV_FILE).exists()):
                said["node"] = self._make(options)
            if options["sheet"]:
                said["import"] = self._import(options)
        except (RongmeiError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(said, ensure_ascii=False, indent=2))
        if said.get("import", {}).get("refused"):
            raise CommandError("有的行被拒：那张表没有写入。改好后用 --import 再来一次。")

    def _make(self, options: dict[str, Any]) -> dict[str, Any]:
        node = settings.RONGMEI_NODE
        slug = options["slug"] or node.home.name.lower().replace("_", "-")
        url = (options["url"] or f"http://127.0.0.1:{options['port']}").rstrip("/")
        setup.write_home(node, slug=slug, name=options["name"], url=url, port=options["port"])
        setup.make_database(node)
        setup.make_key(node.home)
        first = setup.FirstUnit(
            options["unit"], options["unit_name"], UnitKind(options["unit_kind"])
        )
        made = setup.make_first(slug=slug, name=options["name"], url=url, unit=first)
        if not options["json"]:
            self.stdout.write(f"节点“{options['name']}”已建在 {node.home}")
            self.stdout.write("三位管理员的一次性密码（只显示这一次，首次登录须修改）：")
            for member, password in made:
                self.stdout.write(f"  {member.username:10} {password}   {member.name}")
            self.stdout.write(f"接下来：rongmei --home {node.home} up，然后打开 {url}/desk/")
        return {
            "home": str(node.home),
            "url": url,
            "passwords": {member.username: password for member, password in made},
        }

    def _import(self, options: dict[str, Any]) -> dict[str, Any]:
        content = Path(options["sheet"]).read_bytes()
        by, grantor = (self._admin(role) for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN))
        report = sheets.run(content, by=by, grantor=grantor, dry_run=options["dry_run"])
        if not options["json"]:
            for line in report.lines:
                words = [f"{line.sheet} {line.row:>4}", _OUTCOMES[line.outcome], line.name]
                shown = line.password if not options["dry_run"] else ""
                self.stdout.write("  ".join(filter(None, [*words, line.note, shown])))
            done = (
                "试运行，没有写入"
                if options["dry_run"]
                else f"写入的表：{'、'.join(report.applied) or '无'}"
            )
            self.stdout.write(f"{done};" + ",".join(
                f"{label} {len(report.of(key))}" for key, label in _OUTCOMES.items()
            ))  # fmt: skip
        return {
            "dry_run": options["dry_run"],
            "applied": report.applied,
            "refused": len(report.of("refused")),
            "lines": [
                {
                    "sheet": line.sheet, "row": line.row, "name": line.name, "outcome": line.outcome,
                    "note": line.note, "password": "" if options["dry_run"] else line.password,
                }
                for line in report.lines
            ],
        }  # fmt: skip

    def _admin(self, role: Role) -> Member:
        holding = (
            RoleHolding.objects.select_related("member__unit")
            .filter(role=role, member__is_active=True, ends_at=None, unit__node__is_self=True)
            .order_by("created_at")
            .first()
        )
        if holding is None:
            raise CommandError(f"本节点没有在任的{role.label}，不能导入。")
        return holding.member
