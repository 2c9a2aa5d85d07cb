"""A node in a folder of its own, with real processes, as tests of several rooms start one."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from rongmei.config import template_db
from rongmei.config.node import ENV_FILE, write_env_file
from tests.demo_network import ROOT, clean_environ


class RunningNode:
    """A node in a folder of its own; its Django is `tests/node_console.py`."""

    def __init__(self, folder: Path, slug: str, start: int) -> None:
        self.home, self.slug = folder / slug, slug
        self.port, self.stream_port = start, start + 1
        self.running: dict[str, int] = {}
        self.home.mkdir()
        url, stream = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.stream_port}"
        write_env_file(
            self.home / ENV_FILE,
            {
                "RONGMEI_SLUG": slug, "RONGMEI_NAME": f"{slug} 节点", "RONGMEI_SECRET_KEY": "x" * 50,
                "RONGMEI_PORT": str(self.port), "RONGMEI_URL": url, "RONGMEI_STREAM_URL": stream,
                "RONGMEI_STREAM_PORT": str(self.stream_port),
            },
        )  # fmt: skip
        template_db.copy_to(self.home / "node.sqlite3")
        environ = {
            **clean_environ(),
            "RONGMEI_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "rongmei.config.settings",
        }
        self.console = subprocess.Popen(
            [sys.executable, "-m", "tests.node_console"], env=environ, cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.ask("seed")

    def ask(self, *words: object) -> Any:
        """Have the node's console do something; its answer."""
        assert self.console.stdin and self.console.stdout
        self.console.stdin.write(json.dumps(words) + "\n")
        self.console.stdin.flush()
        line = self.console.stdout.readline()
        assert line, f"{words}: the console ended"
        return json.loads(line)

    def command(self, *words: str) -> str:
        return str(self.ask("command", *words))

    def start(self, name: str) -> None:
        self.running[name] = self.ask("start", name)

    def up(self, *names: str) -> None:
        """Have a supervisor run these processes, as `rongmei up` does, for `pids`."""
        (self.home / "run" / "status.json").unlink(missing_ok=True)
        self.running["supervisor"] = self.ask("up", *names)

    def pids(self) -> dict[str, int]:
        """Pids of the supervised processes by name; none while the supervisor starts."""
        try:
            status = json.loads((self.home / "run" / "status.json").read_text())
        except FileNotFoundError:
            return {}
        return {"supervisor": status["supervisor"], **status["processes"]}

    def serve(self) -> None:
        for kind in ("web", "stream"):
            self.start(kind)

    def wait_ready(self) -> None:
        wait(
            lambda: answers(self.port, "/healthz") and answers(self.stream_port, "/healthz"),
            "the servers",
        )

    def kill(self, name: str) -> None:
        os.kill(self.running.pop(name), signal.SIGKILL)

    def stop(self) -> None:
        # What it forked asked to end with it.
        self.console.kill()
        self.console.wait()
        for pipe in (self.console.stdin, self.console.stdout):
            assert pipe
            pipe.close()

    def rows(self, statement: str, *params: object) -> list[tuple[object, ...]]:
        with sqlite3.connect(f"file:{self.home / 'node.sqlite3'}?mode=ro", uri=True) as connection:
            return connection.execute(statement, params).fetchall()

    def received(self, kind: str = "%") -> list[int]:
        return [
            int(orjson.loads(row[0])["seq"])
            for row in self.rows(
                "SELECT body FROM network_received WHERE type LIKE ? AND state = 'applied' ORDER BY seq",
                kind,
            )
        ]


def answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def wait(condition: Callable[[], object], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


def free_ports() -> list[int]:
    found = []
    for _ in range(2):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found.append(probe.getsockname()[1])
    return found
