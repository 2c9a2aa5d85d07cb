"""`rongmei audit verify|export`: check the audit chain, take a copy of it."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from typing_extensions import override

from rongmei.kernel import audit
from rongmei.kernel.models import AuditEntry
from rongmei.network import auditing


class Command(BaseCommand):
    """Check or copy the audit chain."""

    help = "验证或导出审计链 · verify or export the audit chain"
    requires_system_checks = []

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["verify", "export"])
        parser.add_argument("--json", action="store_true", help="机器可读的输出")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "export":
            for text in auditing.csv_lines(AuditEntry.objects.all()):
                self.stdout.write(text, ending="")
            return
        verdict = audit.verify()
        broken = AuditEntry.objects.filter(seq=verdict.broken).first() if verdict.broken else None
        if options["json"]:
            said = {
                "ok": verdict.ok, "entries": verdict.entries, "head": verdict.head,
                "broken": verdict.broken, "reason": verdict.reason,
            }  # fmt: skip
            self.stdout.write(json.dumps(said))
        elif verdict.ok:
            self.stdout.write(f"{verdict.entries} 条记录全部相符。链头 {verdict.head}")
        else:
            self.stdout.write(f"第 {verdict.broken} 条对不上：{auditing.REASONS[verdict.reason]}")
            if broken:
                at = broken.at.isoformat(timespec="seconds")
                self.stdout.write(f"  {at} {broken.actor} {broken.action} {broken.subject}")
            self.stdout.write(
                f"它之前的 {verdict.entries} 条都相符。请保留现场，与备份和对端留存的链头核对。"
            )
        if not verdict.ok:
            sys.exit(1)
