"""Runs the example wire until it is stopped: `python -m rongmei_wire --pace demo`."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rongmei_wire.bulk import ArticleError, read_jsonl
from rongmei_wire.library import ContentError
from rongmei_wire.schedule import StateError
from rongmei_wire.wire import Wire


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the wire, write its address to standard output, and wait for SIGINT or SIGTERM."""
    options = _parser().parse_args(arguments)
    try:
        articles = read_jsonl(options.articles) if options.articles else None
        wire = Wire(
            pace=options.pace,
            port=options.port,
            host=options.host,
            log=options.log,
            state=options.state,
            articles=articles,
            fault_rate=options.fault_rate,
            fault_seed=options.fault_seed,
        ).start()
    except (ValueError, OSError, StateError, ArticleError, ContentError) as error:
        sys.stderr.write(f"rongmei_wire: {error}\n")
        return 2
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    sys.stdout.write(f"{wire.url}\n")
    sys.stdout.flush()
    stopped.wait()
    wire.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rongmei_wire", description="示例通讯社: a local, invented news source."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port (default)")
    parser.add_argument("--log", type=Path, help="evidence log, JSON Lines, appended to")
    parser.add_argument("--state", type=Path, help="keeps the epoch, so a restart goes on")
    parser.add_argument(
        "--pace", default="demo", help="demo, all, or the seconds between two releases"
    )
    parser.add_argument("--articles", type=Path, help="JSON Lines of title, body, date for /bulk/")
    parser.add_argument("--fault-rate", type=float, default=0.0, help="share of /bulk/ that fails")
    parser.add_argument("--fault-seed", type=int, default=0)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
