"""`rongmei import FILE --unit CODE`: a file of another node, or of anybody, into the archive now."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import importing
from rongmei.kernel.errors import NotFound
from rongmei.sources.errors import SourceError


class Command(BaseCommand):
    """Read files into a unit's archive; the index process takes them in as it does everything."""

    help = "导入资料文件 / import files: JSON Lines, ninjs, NewsML-G2, CSV, WXR, Word, mail, ZIP"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("files", nargs="+", type=Path)
        parser.add_argument("--unit", required=True, help="单位代码 / code of the unit")
        parser.add_argument("--json", action="store_true")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        for path in options["files"]:
            say = self._quiet if options["json"] else self._progress
            try:
                done = importing.file_import(path, unit_code=options["unit"], say=say)
            except NotFound as error:
                raise CommandError(f"没有单位“{options['unit']}”，没有读取任何内容。") from error
            except (SourceError, OSError) as error:
                raise CommandError(
                    f"{path}：{error} 此前读到的已经收下，再导入一次不会重复。"
                ) from error
            if options["json"]:
                self.stdout.write(orjson.dumps({"file": str(path), **asdict(done)}).decode())
            else:
                words = f"读到 {done.seen} 条，新收 {done.new} 条，更新 {done.changed} 条"
                self.stdout.write(f"\n{path}：{words}，已有 {done.known + done.same} 条")
                for remark in done.remarks:
                    self.stdout.write(f"  {remark}")

    def _progress(self, done: importing.Imported) -> None:
        self.stdout.write(f"\r{done.seen}", ending="")
        self.stdout.flush()

    def _quiet(self, done: importing.Imported) -> None:
        """The answer is one line of JSON a file."""
