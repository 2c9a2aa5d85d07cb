"""`rongmei archive verify|rebuild|retention`: compare index and rows, make the index anew, age out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import ageing, indexing, retention, verifying
from rongmei.archive.verifying import Verdict


class Command(BaseCommand):
    """Look after the archive."""

    help = "核对、重建索引，或按保留规则清理 / verify, rebuild the index, or age out by the rules"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("verb", choices=("verify", "rebuild", "retention"))
        parser.add_argument("--dry-run", action="store_true", help="只看不删 / remove nothing")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--full", action="store_true", help="逐条核对 / compare every one")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "retention":
            self._retention(options)
            return
        if options["verb"] == "rebuild":
            done = indexing.rebuild(None if options["json"] else self._progress)
            self._say(options, {"rebuilt": done}, f"索引已重建，{done} 条变更。")
        say = None if options["json"] else lambda done, total: self._progress(done)
        verdict = verifying.verify(full=options["full"], say=say)
        words = (
            f"文献 {verdict.documents}，索引 {verdict.indexed}，待索引变更 {verdict.behind}，"
            f"快照 {verdict.snapshots}；核对了 {verdict.checked_documents} 篇文献、"
            f"{verdict.checked_snapshots} 份快照"
        )
        self._say(options, verdict.facts(), words)
        if not verdict.ok:
            raise CommandError(_advice(verdict), returncode=2)

    def _retention(self, options: dict[str, Any]) -> None:
        if options["dry_run"]:
            due = retention.due_now()
            oldest = f"，最早的采集于 {due.oldest:%Y-%m-%d}" if due.oldest else ""
            words = f"会清理 {due.removable} 篇{oldest}；保全中 {due.held} 篇、在用 {due.in_use} 篇会留下。没有清理任何资料。"
            self._say(options, {"dry_run": True, **asdict(due)}, words)
            return
        run = ageing.run_now(None if options["json"] else self._progress)
        if run is None:
            self._say(options, {"rules": 0, "removed": 0}, "没有按天数保留的规则，一切都永久保留。")
            return
        facts = {
            "removed": run.removed, "held": run.held, "in_use": run.in_use,
            "snapshots": run.snapshots, "reclaimed": ageing.reclaim_due(),
        }  # fmt: skip
        words = (
            f"清理了 {run.removed} 篇；保全中 {run.held} 篇、在用 {run.in_use} 篇留下；"
            f"去掉快照 {run.snapshots} 份，收回 {facts['reclaimed']} 字节。"
        )
        self._say(options, facts, words)

    def _progress(self, done: int) -> None:
        self.stdout.write(f"\r{done}", ending="")
        self.stdout.flush()

    def _say(self, options: dict[str, Any], facts: dict[str, Any], words: str) -> None:
        self.stdout.write(orjson.dumps(facts).decode() if options["json"] else words)


def _advice(verdict: Verdict) -> str:
    """What differs, and what to do."""
    said = []
    if not verdict.index_ok:
        said.append(
            f"索引缺 {verdict.missing_count} 篇、多 {verdict.surplus_count} 篇"
            f"（{'、'.join((*verdict.missing, *verdict.surplus)[:5])}）；文献都在，没有丢失。"
            "若索引进程正在追赶，稍后再核对；否则运行 rongmei archive rebuild。"
        )
    if verdict.broken_count:
        said.append(
            f"{verdict.broken_count} 份快照读不出来或摘要不符：{';'.join(verdict.broken[:5])}。"
            "文献没有丢失；请从备份中取回 data/snapshots 里的这些文件。"
        )
    return "\n".join(said)
