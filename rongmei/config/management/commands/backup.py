"""`rongmei backup FILE`: the whole node in one file, while it works."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from rongmei.config import backups
from rongmei.kernel import audit
from rongmei.kernel.errors import RongmeiError


class Command(BaseCommand):
    """Write database, media, keys and settings into one tar file."""

    help = "把整个节点备份到一个文件 · back up this node into one file"
    requires_system_checks = []

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--json", action="store_true", help="机器可读的输出")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        seq, head, _at = audit.head()
        try:
            made = backups.backup(settings.RONGMEI_NODE, options["file"], audit_head=(seq, head))
        except (RongmeiError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(made, ensure_ascii=False))
            return
        size = sum(one["size"] for one in made["files"])
        self.stdout.write(
            f"{len(made['files'])} 个文件、{size / 1e6:.1f} MB 已备份到 {options['file']}"
        )
        self.stdout.write(
            "检索索引不在备份里，恢复后自动重建。备份里有密钥和口令摘要，请像密钥一样保管。"
        )
