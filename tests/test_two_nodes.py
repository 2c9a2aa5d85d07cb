"""Two real nodes: processes, databases and keys of their own, a line that is cut and killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

import orjson
import pytest

from rongmei.config import template_db
from rongmei.config.node import ENV_FILE, write_env_file

pytestmark = pytest.mark.slow

SERVE = """
    import sys
    from granian import Granian
    from granian.constants import Interfaces
    stream = sys.argv[1] == "stream"
    target = "rongmei.config.stream:application" if stream else "rongmei.config.wsgi:application"
    if stream:
        import django
        django.setup()
    Granian(
        target, address="127.0.0.1", port=int(sys.argv[2]), workers=1, log_access=False,
        interface=Interfaces.ASGI if stream else Interfaces.WSGI,
        blocking_threads=None if stream else 3,
    ).serve()
"""
SEED = """
    from rongmei.kernel import db
    from rongmei.network.testing import make_people, make_units
    import sys
    with db.write():
        make_people(make_units(self_slug=sys.argv[1], all_here=False))
"""
# What the other side understands: a word about a subject is noted in the audit chain.
SAY = """
    import sys
    from rongmei.kernel import db
    from rongmei.network import exchange
    first, last = int(sys.argv[2]), int(sys.argv[3])
    (peer,) = exchange.active_peers()
    for number in range(first, last):
        with db.write():
            exchange.send(
                to=peer, type="audit.head", subject_id=None, unit_id=None,
                body={"seq": number, "hash": "a" * 64, "witness": {"seq": 0, "hash": ""}},
            )
"""


class RunningNode:
    """A node in a folder of its own."""

    def __init__(self, folder: Path, slug: str, start: int) -> None:
        self.home, self.slug = folder / slug, slug
        self.port, self.stream_port = start, start + 1
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.home.mkdir()
        url, stream = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{self.stream_port}"
        write_env_file(
            self.home / ENV_FILE,
            {
                "RONGMEI_SLUG": slug, "RONGMEI_NAME": f"{slug} 节点", "RONGMEI_SECRET_KEY": "x" * 50,
                "RONGMEI_PORT": str(self.port), "RONGMEI_URL": url, "RONGMEI_STREAM_URL": stream,
            },
        )  # fmt: skip
        template_db.copy_to(self.home / "node.sqlite3")
        self.env = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith("RONGMEI_") and name != "DATABASE_URL"
            },
            "RONGMEI_HOME": str(self.home),
            "DJANGO_SETTINGS_MODULE": "rongmei.config.settings",
        }
        self.python(SEED, slug)

    def python(self, code: str, *words: str) -> None:
        setup = "import django\ndjango.setup()\n"
        subprocess.run(
            [sys.executable, "-c", setup + textwrap.dedent(code), *words], env=self.env, check=True
        )

    def command(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "rongmei", *words],
            env=self.env,
            capture_output=True,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def spawn(self, name: str, *command: str) -> None:
        log = (self.home / f"{name}.log").open("ab")
        self.running[name] = subprocess.Popen(
            [sys.executable, *command], env=self.env, stdout=log, stderr=log
        )

    def serve(self) -> None:
        for kind, port in (("web", self.port), ("stream", self.stream_port)):
            self.spawn(kind, "-c", textwrap.dedent(SERVE), kind, str(port))

    def wait_ready(self) -> None:
        wait(
            lambda: answers(self.port, "/healthz") and answers(self.stream_port, "/healthz"),
            "the servers",
        )

    def dial(self) -> None:
        self.spawn("dialer", "-m", "rongmei", "peer", "dial")

    def kill(self, name: str) -> None:
        self.running.pop(name).kill()

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGKILL)
            process.wait()

    def rows(self, statement: str, *params: object) -> list[tuple[object, ...]]:
        import sqlite3

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
    lower.dial()
    # The lower node's units come under HQ; both know each other's units.
    wait(
        lambda: upper.rows(
            "SELECT 1 FROM network_unit WHERE code = 'yunling' AND parent_id IS NOT NULL"
        ),
        "units",
    )
    assert lower.rows("SELECT 1 FROM network_unit WHERE code = 'hq'")

    lower.python(SAY, "", "1000", "1100")
    wait(lambda: len(heads(upper)) == 100, "the first hundred")

    # A cut line: both sides go on writing; nothing crosses.
    upper.command("peer", "cut", "yunling")
    lower.python(SAY, "", "1100", "1700")
    upper.python(SAY, "", "2000", "2600")
    time.sleep(1)
    assert len(heads(upper)) == 100
    assert not heads(lower)
    state = orjson.loads(upper.command("peer", "list", "--json"))[0]
    assert (state["cut"], state["unsent"] >= 600) == (True, True)

    # Mended while the dialling process is killed again and again in the middle of it.
    upper.command("peer", "mend", "yunling")
    for _ in range(3):
        before = len(heads(upper)) + len(heads(lower))
        wait(lambda before=before: len(heads(upper)) + len(heads(lower)) > before, "some progress")
        lower.kill("dialer")
        lower.dial()
    wait(lambda: len(heads(upper)) >= 700 and len(heads(lower)) >= 600, "everything after the cut")
    assert heads(upper) == list(range(1000, 1700))
    assert heads(lower) == list(range(2000, 2600))
    for node in nodes:
        assert not node.rows("SELECT 1 FROM network_received WHERE state <> 'applied'")

    # The server is killed too, and comes back.
    upper.kill("web")
    lower.python(SAY, "", "1700", "1710")
    upper.spawn("web", "-c", textwrap.dedent(SERVE), "web", str(upper.port))
    wait(lambda: len(heads(upper)) == 710, "messages after the server came back")
    assert heads(upper) == list(range(1000, 1710))
