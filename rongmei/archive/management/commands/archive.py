"""`rongmei archive verify|rebuild`: compare the search index with the rows, or make it anew."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import indexing, verifying
from rongmei.archive.verifying import Verdict


class Command(BaseCommand):
    """Look after the search index."""

    help = "核对或重建检索索引 / verify or rebuild the search index"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("verb", choices=("verify", "rebuild"))
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--full", action="store_true", help="逐条核对 / compare every one")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
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
