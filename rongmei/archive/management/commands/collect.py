"""`rongmei collect [SOURCE] --once`: fetch now what is due, or one source."""

from __future__ import annotations

import signal
import threading
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from rongmei.archive import collecting
from rongmei.sources.selectors import named


class Command(BaseCommand):
    """Fetch sources."""

    help = "采集到期的信源 / fetch sources that are due"

    @override
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("source", nargs="?", help="名称、地址或编号 / name, address or id")
        parser.add_argument("--once", action="store_true", help="fetch what is due, then end")
        parser.add_argument("--json", action="store_true")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"] and not options["source"]:
            stop = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_given: stop.set())
            collecting.run(stop)
            return
        ids = None
        if options["source"]:
            found = named(options["source"])
            if not found:
                raise CommandError(f"没有信源“{options['source']}”。没有读取任何内容。")
            ids = [one.pk for one in found]
        failed = False
        for source, outcome in collecting.collect_once(ids):
            failed = failed or outcome.failure is not None
            line = {
                "source": source.name, "outcome": str(outcome.outcome), "seen": outcome.items_seen,
                "new": outcome.items_new, "ms": outcome.took_ms, "message": outcome.message,
            }  # fmt: skip
            if options["json"]:
                self.stdout.write(orjson.dumps(line).decode())
            else:
                words = f"{source.name}\t{outcome.outcome.words}\t+{outcome.items_new}"
                self.stdout.write(f"{words}\t{outcome.message}")
        if failed:
            raise CommandError("有信源没有读成，见上。已有内容不受影响。", returncode=2)
