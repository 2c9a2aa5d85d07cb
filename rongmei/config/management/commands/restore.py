"""`rongmei restore FILE --home NEW`: a backup becomes a node in a new folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from rongmei.config import backups
from rongmei.kernel.errors import RongmeiError


class Command(BaseCommand):
    """Check a backup and put it into a new folder; overwrites nothing."""

    help = "把备份恢复到一个新文件夹 · restore a backup into a new folder"
    requires_system_checks = []
    requires_migrations_checks = False

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--home", type=Path, required=True, help="新文件夹，不能已有内容")
        parser.add_argument("--database", default="", help="PostgreSQL 节点：一个空数据库的地址")
        parser.add_argument("--json", action="store_true", help="机器可读的输出")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        home = options["home"].resolve()
        try:
            manifest = backups.restore(options["file"], home, database_url=options["database"])
        except (RongmeiError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps({"home": str(home), **manifest}, ensure_ascii=False))
            return
        count = len(manifest["files"])
        self.stdout.write(f"{count} 个文件已核对并恢复到 {home}(备份于 {manifest['at']})")
        self.stdout.write("审计链相符。检索索引会在启动后重建，建好之前检索结果不全。")
        self.stdout.write(f"接下来：rongmei --home {home} doctor，然后 rongmei --home {home} up")
