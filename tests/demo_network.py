"""The demo network as tests start it: real nodes, real processes, on ports of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# What the tests' own settings need must not reach the nodes.
OWN = ("RONGMEI_", "DJANGO_", "DATABASE_URL")
OFFSETS = (0, 1, 10, 11, 90)


def clean_environ() -> dict[str, str]:
    """The environment as a person's shell has it, with the tests' template of the database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    if "RONGMEI_CACHE" in os.environ:
        kept["RONGMEI_CACHE"] = os.environ["RONGMEI_CACHE"]
    return kept


def free_base() -> int:
    """The first port of a free range, outside the usual one."""
    # From a place of our own: another test run may have asked, and not have started yet.
    first = os.getpid() % 80
    for base in (21_000 + (first + step) % 80 * 100 for step in range(80)):
        taken = False
        for offset in OFFSETS:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", base + offset))
                except OSError:
                    taken = True
                    break
        if not taken:
            return base
    raise RuntimeError("no free ports")


@dataclass
class DemoNetwork:
    """A running (or stopped) demo network."""

    folder: Path
    port: int
    pace: str = "all"
    process: subprocess.Popen[str] | None = None
    output: list[str] = field(default_factory=list)

    @property
    def hq(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def yunling(self) -> str:
        return f"http://127.0.0.1:{self.port + 10}"

    @property
    def wire(self) -> str:
        return f"http://127.0.0.1:{self.port + 90}"

    def start(self, timeout: float = 120) -> float:
        """Start and wait for the card; return the seconds it took."""
        began = time.monotonic()
        log = (self.folder / "make-run.log").open("a+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rongmei", "demo", "--folder", str(self.folder / "demo"),
             "--port", str(self.port), "--pace", self.pace],
            cwd=ROOT, env=clean_environ(), stdout=log, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        start = log.tell()
        while time.monotonic() - began < timeout:
            text = (self.folder / "make-run.log").read_bytes()[start:].decode(errors="replace")
            if "Ctrl-C" in text:
                return time.monotonic() - began
            if self.process.poll() is not None:
                raise RuntimeError(f"the demo ended: {text[-3000:]}{self.logs()}")
            time.sleep(0.1)
        raise RuntimeError(f"the demo did not come up: {text[-3000:]}{self.logs()}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Stop as Ctrl-C does; return the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(40)
        self.process = None
        return status

    def logs(self) -> str:
        """The ends of all logs, for a failure's message."""
        paths = sorted((self.folder / "demo").rglob("*.log"))
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in paths
        )

    def accounts(self) -> dict[str, dict[str, str]]:
        """Accounts by username."""
        found: dict[str, dict[str, str]] = {}
        for slug in ("hq", "yunling"):
            path = self.folder / "demo" / slug / "accounts.json"
            for row in json.loads(path.read_text()):
                found[row["username"]] = row
        return found

    def home(self, slug: str) -> Path:
        return self.folder / "demo" / slug

    def alive(self) -> list[str]:
        """Command lines of processes of this network that still run."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in line and "rongmei" in line:
                found.append(line)
        return found

    def pids(self, slug: str) -> dict[str, int]:
        """Pids of a node's processes by name."""
        path = self.home(slug) / "run" / "status.json"
        status = json.loads(path.read_text())
        return {"supervisor": status["supervisor"], **status["processes"]}

    def rows(self, slug: str, statement: str, *params: Any) -> list[tuple[Any, ...]]:
        """Read rows of a node's database, as an auditor with the file would."""
        uri = f"file:{self.home(slug) / 'node.sqlite3'}?mode=ro"
        with sqlite3.connect(uri, uri=True, timeout=30) as connection:
            return connection.execute(statement, params).fetchall()

    def command(self, slug: str, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a `rongmei` command on a node."""
        return subprocess.run(
            [sys.executable, "-m", "rongmei", "--home", str(self.home(slug)), *words],
            cwd=ROOT, env=clean_environ(), capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    def released(self) -> list[dict[str, Any]]:
        """What the wire's own log says it released: one entry an id."""
        found = {}
        for line in (self.folder / "demo" / "wire.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row.get("event") == "release":
                found[row["id"]] = row
        return list(found.values())


def children(pid: int) -> list[int]:
    """Child processes of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def get(url: str, timeout: float = 10) -> tuple[int, bytes]:
    """A plain GET on loopback."""
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return answer.status, answer.read()


def eventually(check: Any, seconds: float = 60, every: float = 0.25) -> Any:
    """Wait until `check()` is truthy and return it; its last value in the failure."""
    deadline = time.monotonic() + seconds
    value = None
    while time.monotonic() < deadline:
        value = check()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"did not come true in {seconds} s; last: {value!r}")


@contextmanager
def running(folder: Path, *, pace: str = "all") -> Iterator[DemoNetwork]:
    """A demo network that runs while the block does."""
    network = DemoNetwork(folder, free_base(), pace)
    network.start()
    try:
        yield network
    finally:
        if network.process is not None:
            network.stop()
