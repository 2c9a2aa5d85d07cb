"""`rongmei doctor`: is this node well, and what to do where it is not."""

from __future__ import annotations

import dataclasses
import json
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from typing_extensions import override

from rongmei.config import health

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗"}


class Command(BaseCommand):
    """Examine the node; exit status 1 when something must be mended."""

    help = "检查节点是否健康 · examine this node"
    requires_system_checks = []

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="机器可读的输出")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        found = health.examine(settings.RONGMEI_NODE)
        if options["json"]:
            self.stdout.write(
                json.dumps([dataclasses.asdict(one) for one in found], ensure_ascii=False)
            )
        else:
            for one in found:
                self.stdout.write(f"{_MARKS[one.level]} {one.name:10} {one.seen}")
                if one.todo:
                    self.stdout.write(f"  → {one.todo}")
        if any(one.level == "fail" for one in found):
            sys.exit(1)
