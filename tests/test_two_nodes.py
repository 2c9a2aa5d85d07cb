"""Two real nodes: processes, databases and keys of their own, a line that is cut and killed."""

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
from pathlib import Path
from typing import Any

import orjson
import pytest

from rongmei.config import template_db
from rongmei.config.node import ENV_FILE, write_env_file
from tests.demo_network import ROOT, clean_environ

pytestmark = pytest.mark.slow


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


def wait(condition, what: str, seconds: float = 60) -> None:
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


@pytest.fixture
def nodes(tmp_path):
    upper, lower = (
        RunningNode(tmp_path, slug, port)
        for slug, port in zip(("hq", "yunling"), free_ports(), strict=True)
    )
    upper.serve()
    upper.wait_ready()
    lower.command("peer", "join", upper.command("peer", "invite"))
    yield upper, lower
    for node in (upper, lower):
        node.stop()


def heads(node: RunningNode) -> list[int]:
    return [number for number in node.received("audit.head") if number >= 1000]


def test_nothing_is_lost_or_doubled_over_cuts_and_kills(nodes):
    upper, lower = nodes
    lower.start("dialer")
    # The lower node's units come under HQ; both know each other's units.
    wait(
        lambda: upper.rows(
            "SELECT 1 FROM network_unit WHERE code = 'yunling' AND parent_id IS NOT NULL"
        ),
        "units",
    )
    assert lower.rows("SELECT 1 FROM network_unit WHERE code = 'hq'")

    lower.ask("say", 1000, 1100)
    wait(lambda: len(heads(upper)) == 100, "the first hundred")

    # A cut line: both sides go on writing; nothing crosses.
    upper.command("peer", "cut", "yunling")
    lower.ask("say", 1100, 1300)
    upper.ask("say", 2000, 2200)
    time.sleep(1)
    assert len(heads(upper)) == 100
    assert not heads(lower)
    state = orjson.loads(upper.command("peer", "list", "--json"))[0]
    assert (state["cut"], state["unsent"] >= 200) == (True, True)

    # Mended while the dialling process is killed again and again in the middle of it.
    upper.command("peer", "mend", "yunling")
    for _ in range(3):
        before = len(heads(upper)) + len(heads(lower))
        wait(lambda before=before: len(heads(upper)) + len(heads(lower)) > before, "some progress")
        lower.kill("dialer")
        lower.start("dialer")
    wait(lambda: len(heads(upper)) >= 300 and len(heads(lower)) >= 200, "everything after the cut")
    assert heads(upper) == list(range(1000, 1300))
    assert heads(lower) == list(range(2000, 2200))
    for node in nodes:
        assert not node.rows("SELECT 1 FROM network_received WHERE state <> 'applied'")

    # The server is killed too, and comes back.
    upper.kill("web")
    lower.ask("say", 1300, 1310)
    upper.start("web")
    wait(lambda: len(heads(upper)) == 310, "messages after the server came back")
    assert heads(upper) == list(range(1000, 1310))
