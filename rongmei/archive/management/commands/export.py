"""`rongmei export --query … --format … --out FILE`: what the whole archive has on a query, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import exporting
from rongmei.archive.errors import ArchiveError, QueryError
from rongmei.archive.export_forms import COLUMNS, FORMS
from rongmei.kernel import audit, db


class Command(BaseCommand):
    """Take documents out as the operator of the node, who sees everything."""

    help = "导出资料 / export documents: CSV, JSON Lines, ninjs, Parquet"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--query", default="", help="检索式，空为全部 / empty: everything")
        parser.add_argument("--format", choices=sorted(FORMS), default="jsonl")
        parser.add_argument("--out", type=Path, required=True)
        parser.add_argument("--most", type=int, default=0, help="at most so many, newest first")
        parser.add_argument(
            "--columns", default="", help="只要这些列，用逗号分开 / only these columns, by comma"
        )
        parser.add_argument("--json", action="store_true")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        query, out = options["query"], options["out"]
        most = options["most"] or 10_000_000
        columns = tuple(filter(None, options["columns"].split(","))) or COLUMNS
        if unknown := set(columns) - set(COLUMNS):
            raise CommandError(
                f"没有这样的列：{', '.join(sorted(unknown))}。可选：{', '.join(COLUMNS)}"
            )
        say = self._quiet if options["json"] else self._progress
        with db.write():
            audit.record(None, "archive.exported", query=query[:500], format=options["format"])
        try:
            found, written = exporting.save_to(out, query, options["format"], say, most, columns)
        except QueryError as error:
            raise CommandError(f"{query}\n{' ' * error.position}^\n{error.message}") from error
        except (ArchiveError, OSError) as error:
            raise CommandError(f"{error} 没有留下文件。") from error
        facts = {
            "found": found, "written": written, "format": options["format"], "file": str(out),
            "bytes": out.stat().st_size, "node": settings.RONGMEI_NODE.slug,
        }  # fmt: skip
        if options["json"]:
            self.stdout.write(orjson.dumps(facts).decode())
        else:
            self.stdout.write(f"\n找到 {found} 条，写入 {written} 条：{out}")

    def _progress(self, done: int, total: int) -> None:
        self.stdout.write(f"\r{done} / {total}", ending="")
        self.stdout.flush()

    def _quiet(self, done: int, total: int) -> None:
        """The answer is one line of JSON."""
