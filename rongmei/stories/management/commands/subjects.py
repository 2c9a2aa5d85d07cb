"""`rongmei subjects import FILE`: IPTC Media Topics, or a unit's own table of subjects."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.kernel.errors import RongmeiError
from rongmei.stories import subject_lists


class Command(BaseCommand):
    """Take a list of subjects in."""

    help = "导入主题分类表：IPTC Media Topics（SKOS JSON），或单位自己的 CSV / import lists of subjects"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("verb", choices=("import",))
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--unit", default="", help="单位代码，导入它自己的表 / whose own table it is"
        )
        parser.add_argument("--dry-run", action="store_true", help="只看不写 / change nothing")
        parser.add_argument("--json", action="store_true")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        try:
            terms = subject_lists.read(options["file"].read_bytes(), options["unit"])
            taken = subject_lists.take_in(terms, options["unit"], dry_run=options["dry_run"])
        except OSError as error:
            raise CommandError(f"打不开 {options['file']}，没有导入：{error.strerror}") from error
        except RongmeiError as error:
            raise CommandError(error.message) from error
        if options["json"]:
            self.stdout.write(
                orjson.dumps({**asdict(taken), "dry_run": options["dry_run"]}).decode()
            )
            return
        did = "会导入" if options["dry_run"] else "已导入"
        self.stdout.write(
            f"{did}：新增 {taken.new}，改动 {taken.changed}，不变 {taken.same}，停用 {taken.retired}。"
        )
