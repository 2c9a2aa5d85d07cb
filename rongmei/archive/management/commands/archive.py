"""`rongmei archive verify|rebuild`: compare the search index with the rows, or make it anew."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import indexing


class Command(BaseCommand):
    """Look after the search index."""

    help = "核对或重建检索索引 / verify or rebuild the search index"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("verb", choices=("verify", "rebuild"))
        parser.add_argument("--json", action="store_true")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if options["verb"] == "rebuild":
            done = indexing.rebuild(None if options["json"] else self._progress)
            self._say(options, {"rebuilt": done}, f"索引已重建，{done} 条变更。")
        verdict = indexing.verify()
        facts = {
            "ok": verdict.ok, "documents": verdict.documents, "indexed": verdict.indexed,
            "behind": verdict.behind, "missing": list(verdict.missing),
            "needs_rebuild": verdict.needs_rebuild,
        }  # fmt: skip
        words = f"文献 {verdict.documents}，索引 {verdict.indexed}，待索引变更 {verdict.behind}"
        self._say(options, facts, words)
        if not verdict.ok:
            raise CommandError(
                "索引与数据库不一致；文献都在，没有丢失。若索引进程正在追赶，稍后再核对；"
                "否则运行 rongmei archive rebuild。",
                returncode=2,
            )

    def _progress(self, done: int) -> None:
        self.stdout.write(f"\r{done}", ending="")
        self.stdout.flush()

    def _say(self, options: dict[str, Any], facts: dict[str, Any], words: str) -> None:
        self.stdout.write(orjson.dumps(facts).decode() if options["json"] else words)
