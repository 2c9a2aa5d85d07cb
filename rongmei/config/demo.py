"""The demo network on one machine: two nodes and a wire, embedded, no service needed.

HQ with the big database and the platform (and a second centre) is one node; a centre with its
station is the other. Each has its own folder, database, keys and processes, as it would on machines
of their own.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import orjson

from rongmei.config import template_db
from rongmei.config.node import ENV_FILE, read_env_file, write_env_file
from rongmei.config.supervisor import AlreadyRunning, die_with_parent, hold

Say = Callable[[str], None]


@dataclass(frozen=True)
class NodePlan:
    """A node of the demo network and where it listens, relative to the first port."""

    slug: str
    name: str
    offset: int


NODES = (NodePlan("hq", "云上能源集团总部节点", 0), NodePlan("yunling", "云岭融媒体中心节点", 10))
WIRE_OFFSET = 90
# In a node's folder when its people are there; in the network's when the nodes are peers.
READY, JOINED = "ready", "joined"
# Many times what it takes when nothing else runs: it may start on a machine with much else to do.
READY_SECONDS = 120.0


class DemoProblem(Exception):
    """The demo cannot start; the message says why and what to do."""


@dataclass
class Demo:
    """The demo network in `folder`, listening from `port` on."""

    folder: Path
    port: int
    pace: str
    say: Say

    @property
    def wire_url(self) -> str:
        """Where the example wire answers."""
        return f"http://127.0.0.1:{self.port + WIRE_OFFSET}"

    def home(self, plan: NodePlan) -> Path:
        """The folder of one node."""
        return self.folder / plan.slug

    def url(self, plan: NodePlan) -> str:
        """The address of one node."""
        return f"http://127.0.0.1:{self.port + plan.offset}"

    def prepare(self) -> bool:
        """Make the nodes that are not there yet, settings and database; whether there were any.

        Each node fills itself when it starts (`rongmei demo_node`): Django is loaded once a node.
        """
        fresh = [plan for plan in NODES if not (self.home(plan) / READY).exists()]
        if fresh:
            self.say("准备数据库 preparing the databases")
            template_db.ensure()
        for plan in fresh:
            self._make(plan)
        for plan in NODES:
            self._move(plan)
        return bool(fresh)

    def _make(self, plan: NodePlan) -> None:
        home = self.home(plan)
        database = home / "node.sqlite3"
        # Half-made by an interrupted start: nothing in it yet that anybody entered.
        for path in home.glob("node.sqlite3*"):
            path.unlink()
        home.mkdir(parents=True, exist_ok=True)
        if not (home / ENV_FILE).exists():
            write_env_file(home / ENV_FILE, self._env(plan))
        template_db.copy_to(database)

    def _env(self, plan: NodePlan) -> dict[str, str]:
        port = self.port + plan.offset
        hosts = ",".join(f"127.0.0.1:{self.port + one}" for one in (0, 1, 10, 11, WIRE_OFFSET))
        return {
            "RONGMEI_SLUG": plan.slug,
            "RONGMEI_NAME": plan.name,
            "RONGMEI_SECRET_KEY": secrets.token_urlsafe(48),
            "RONGMEI_PORT": str(port),
            "RONGMEI_STREAM_PORT": str(port + 1),
            "RONGMEI_URL": self.url(plan),
            "RONGMEI_STREAM_URL": f"http://127.0.0.1:{port + 1}",
            "RONGMEI_INTERNAL_HOSTS": hosts,
            "RONGMEI_DEMO": "1",
        }

    def _move(self, plan: NodePlan) -> None:
        """Follow `--port` when the network was made on other ports."""
        path = self.home(plan) / ENV_FILE
        kept = read_env_file(path)
        wanted = {
            **kept,
            **{key: value for key, value in self._env(plan).items() if "SECRET" not in key},
        }
        if wanted != kept:
            write_env_file(path, wanted)

    def _command(self, plan: NodePlan, *words: str) -> list[str]:
        return [sys.executable, "-m", "rongmei", "--home", str(self.home(plan)), *words]

    def check_ports(self) -> None:
        """Every port must be free before anything starts."""
        for offset in (*(o for plan in NODES for o in (plan.offset, plan.offset + 1)), WIRE_OFFSET):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", self.port + offset))
                except OSError as error:
                    raise DemoProblem(
                        f"端口 {self.port + offset} 已被别的程序占用，演示网络没有启动，数据未动。"
                        f"可停掉那个程序，或换一组端口：make run PORT={self.port + 1000}"
                    ) from error

    def start(self, running: ExitStack) -> list[subprocess.Popen[bytes]]:
        """Start the wire and the nodes; they end with us."""
        wire = [
            sys.executable, "-m", "rongmei_wire", "--port", str(self.port + WIRE_OFFSET),
            "--pace", self.pace, "--state", str(self.folder / "wire.json"),
            "--log", str(self.folder / "wire.jsonl"),
        ]  # fmt: skip
        words = ("demo_node", "--wire", self.wire_url)
        commands = [wire, *(self._command(plan, *words) for plan in NODES)]
        # What the caller's shell says of some other node must not reach ours.
        others = ("RONGMEI_", "DJANGO_", "DATABASE_URL")
        environ = {name: value for name, value in os.environ.items() if not name.startswith(others)}
        started = []
        for number, command in enumerate(commands):
            log = running.enter_context((self.folder / f"start-{number}.log").open("ab"))
            started.append(
                subprocess.Popen(  # noqa: S603 - our own commands
                    command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=die_with_parent,
                )
            )  # fmt: skip
        return started

    def wait_ready(self, started: list[subprocess.Popen[bytes]]) -> None:
        """Wait until every node answers and the two are peers."""
        deadline = time.monotonic() + READY_SECONDS
        waiting = [f"{self.wire_url}/healthz", *(f"{self.url(plan)}/healthz" for plan in NODES)]
        joined = False
        while (waiting or not joined) and time.monotonic() < deadline:
            waiting = [url for url in waiting if not _answers(url)]
            joined = (self.folder / JOINED).exists()
            if any(process.poll() is not None for process in started):
                raise DemoProblem("有进程启动后就结束了:\n" + self._last_lines())
            time.sleep(0.05)
        if waiting or not joined:
            what = f"{waiting[0]} 应答" if waiting else "两个节点互联"
            raise DemoProblem(f"没有等到{what}，已建的保留。{self._last_lines()}")

    def _last_lines(self) -> str:
        lines: list[str] = []
        for path in sorted(self.folder.glob("start-*.log")):
            lines += path.read_text(errors="replace").splitlines()[-6:]
        return "\n".join(lines)

    def accounts(self) -> Iterator[dict[str, str]]:
        """The demo accounts of all nodes: node, username, password, name, roles."""
        for plan in NODES:
            path = self.home(plan) / "accounts.json"
            if path.exists():
                yield from orjson.loads(path.read_bytes())


def _answers(url: str) -> bool:
    try:
        # Loopback only, our own address: the one door is for the outside.
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def run(demo: Demo, *, until_ready: Callable[[Demo], None]) -> None:
    """Prepare, start, show the card, and stay until Ctrl-C; then stop everything."""
    demo.folder.mkdir(parents=True, exist_ok=True)
    try:
        lock = hold(demo.folder / "demo.lock")
    except AlreadyRunning as error:
        raise DemoProblem("演示网络已经在运行，没有再启动一份。先在那个窗口按 Ctrl-C。") from error
    with lock, ExitStack() as running:
        demo.check_ports()
        if demo.prepare():
            demo.say("建立单位、人员、信源，启动进程 making units and people, starting")
        else:
            demo.say("启动进程 starting")
        stopping = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        started = demo.start(running)
        try:
            demo.wait_ready(started)
            signal.signal(signal.SIGTERM, stop)
            signal.signal(signal.SIGINT, stop)
            until_ready(demo)
            while not stopping and all(process.poll() is None for process in started):
                time.sleep(0.2)
        except KeyboardInterrupt:
            stopping = True
        finally:
            _stop(started, demo.say)


def _stop(started: list[subprocess.Popen[bytes]], say: Say) -> None:
    say("停止 stopping")
    for process in started:
        if process.poll() is None:
            process.terminate()
    deadline = time.monotonic() + 15
    for process in started:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
