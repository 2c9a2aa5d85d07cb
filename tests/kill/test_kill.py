"""`kill -9` of every kind of process at any moment, and `make run` again: nothing lost, nothing doubled.

Seeded. While people's calls go on (tasks dispatched at HQ, accepted at the centre, stories begun) and
the wire releases news, processes of both nodes are killed in mid-operation, supervisors, the wire and
the whole network among them. Then what the rows say is held against what was acknowledged to the
callers and against the wire's own log.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.demo_network import DemoNetwork, children, eventually, free_base

SEED = int(os.environ.get("KILL_SEED", "20261122"))
KILLS = int(os.environ.get("KILL_COUNT", "200"))
WHOLE = int(os.environ.get("KILL_WHOLE", "10"))
PROCESSES = (
    "web",
    "web-worker",
    "stream",
    "stream-worker",
    "worker",
    "collect",
    "index",
    "exchange",
)

MAKE_TOKEN = """
from rongmei.network.models import ApiToken, Member
from rongmei.network.tokens import make_secret
token, prefix, digest = make_secret()
ApiToken.objects.create(member=Member.objects.get(username={who!r}), name="kill", prefix=prefix,
                        digest=digest, read_only=False)
print("TOKEN", token)
"""


class Caller:
    """A person working through the API, noting what was acknowledged."""

    def __init__(self, base: str, token: str) -> None:
        self.base, self.token = base, token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, or None when there was none: then nobody knows whether it happened."""
        request = urllib.request.Request(
            f"{self.base}/api/v1{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            assert error.code in {409, 500, 502, 503}, error.read()
            return None
        except (OSError, http.client.HTTPException):
            # No answer, or half of one: the process was killed while it spoke.
            return None


class Work(threading.Thread):
    """What people do meanwhile: dispatch, accept, begin to write."""

    def __init__(self, hq: Caller, centre: Caller, to_unit: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.hq, self.centre, self.to_unit, self.stop = hq, centre, to_unit, stop
        self.dispatched: list[str] = []
        self.accepted: list[str] = []
        self.written: list[str] = []
        self.error: Exception | None = None

    def run(self) -> None:
        number = 0
        try:
            while not self.stop.is_set():
                number += 1
                self._round(number)
                time.sleep(0.15)
        except (AssertionError, LookupError, TypeError, ValueError) as error:
            self.error = error

    def _round(self, number: int) -> None:
        due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        title = f"演练任务 {number}"
        task = {"to_unit_id": self.to_unit, "title": title, "brief": "示例", "due_at": due}
        if self.hq.call("POST", "/tasks", task):
            self.dispatched.append(title)
        offered = self.centre.call("GET", "/tasks?stage=offered&limit=3") or {"items": []}
        for row in offered["items"]:
            if self.centre.call("POST", f"/tasks/{row['id']}/answer", {"accept": True}):
                self.accepted.append(row["title"])
        story = {"unit_id": self.to_unit, "title": f"演练稿件 {number}"}
        if number % 3 == 0 and self.centre.call("POST", "/stories", story):
            self.written.append(story["title"])


def victim(network: DemoNetwork, slug: str, kind: str) -> int:
    """Pid of a process of this kind, 0 when it is just being restarted."""
    try:
        pids = network.pids(slug)
    except (OSError, ValueError):
        return 0
    name, _, worker = kind.partition("-")
    pid = pids.get(name, 0)
    if worker and pid:
        pid = next(iter(children(pid)), 0)
    return pid


def kill_one(network: DemoNetwork, chance: random.Random, done: Counter[str]) -> None:
    """Kill one process at a moment that chance chooses."""
    slug = chance.choice(("hq", "yunling"))
    kind = min(chance.sample(PROCESSES, 3), key=lambda one: done[f"{slug} {one}"])
    time.sleep(chance.uniform(0.02, 0.3))
    pid = victim(network, slug, kind)
    if pid:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        done[f"{slug} {kind}"] += 1


def kill_whole(network: DemoNetwork, number: int, done: Counter[str]) -> None:
    """Kill what holds others: the network, a supervisor, the wire; then `make run` again."""
    assert network.process is not None
    kinds = ("demo", "hq supervisor", "yunling supervisor", "wire")
    kind = kinds[number % len(kinds)]
    if kind == "demo":
        pid = network.process.pid
    elif kind == "wire":
        pid = children(network.process.pid)[0]
    else:
        pid = network.pids(kind.split()[0])["supervisor"]
    os.kill(pid, signal.SIGKILL)
    done[kind] += 1
    network.process.wait(60)
    eventually(lambda: not network.alive(), 30)
    network.start()


@pytest.mark.kill
def test_kill_anything_at_any_moment(tmp_path: Path) -> None:
    network = DemoNetwork(tmp_path, free_base(), pace="0.5")
    network.start()
    try:
        _kill_and_check(network)
    except BaseException:
        print(network.logs())
        raise
    finally:
        if network.process is not None:
            network.stop()


def _kill_and_check(network: DemoNetwork) -> None:
    chance, done = random.Random(SEED), Counter[str]()
    hq = Caller(network.hq, _token(network, "hq", "planner"))
    centre = Caller(network.yunling, _token(network, "yunling", "yl.chief"))
    unit = eventually(
        lambda: network.rows("hq", "SELECT id FROM network_unit WHERE code = 'yunling'"), 60
    )[0][0]
    stop = threading.Event()
    work = Work(hq, centre, str(uuid.UUID(unit)), stop)
    work.start()
    whole = 0
    while sum(done.values()) < KILLS:
        if sum(done.values()) >= (whole + 1) * KILLS // (WHOLE + 1):
            kill_whole(network, whole, done)
            whole += 1
        else:
            kill_one(network, chance, done)
    stop.set()
    work.join(30)
    if work.error:
        raise work.error
    assert len(work.dispatched) >= KILLS // 10, "the callers hardly got anything done"
    _settle(network)
    _check_collected(network)
    _check_exchanged(network, work)
    _check_chains(network)
    killed = ", ".join(f"{kind} {count}" for kind, count in sorted(done.items()))
    print(
        f"\nseed {SEED}: {sum(done.values())} kills ({killed}); {len(work.dispatched)} tasks, "
        f"{len(work.accepted)} acceptances, {len(work.written)} stories acknowledged"
    )


def _token(network: DemoNetwork, slug: str, who: str) -> str:
    said = network.command(slug, "shell", "-v", "0", "-c", MAKE_TOKEN.format(who=who))
    lines = [line for line in said.stdout.splitlines() if line.startswith("TOKEN ")]
    assert lines, said.stderr
    return lines[0].split()[1]


def _settle(network: DemoNetwork) -> None:
    """Wait until the wire is out of news, everything is fetched, indexed and exchanged."""
    eventually(lambda: len(network.released()) >= 80, 120)
    for slug in ("hq", "yunling"):
        eventually(
            lambda slug=slug: network.rows(
                slug, "SELECT count(*) FROM network_envelope WHERE acked_at IS NULL"
            ) == [(0,)], 120,
        )  # fmt: skip
    eventually(lambda: len(_collected(network)) >= len(network.released()), 120)


def _collected(network: DemoNetwork) -> list[str]:
    rows = network.rows("hq", "SELECT url FROM archive_document WHERE kind = 'article'")
    return [url.split("/m/", 1)[1] for (url,) in rows]


def _check_collected(network: DemoNetwork) -> None:
    said = sorted(row["path"].split("/m/", 1)[1] for row in network.released())
    kept = sorted(_collected(network))
    assert [path for path, count in Counter(kept).items() if count > 1] == [], "kept twice"
    assert sorted(set(said) - set(kept)) == [], "released by the wire, not kept"

    def agree() -> bool:
        found = network.command("hq", "archive", "verify", "--json")
        return found.returncode == 0

    eventually(agree, 60, every=2)


def _check_exchanged(network: DemoNetwork, work: Work) -> None:
    for slug in ("hq", "yunling"):
        titles = Counter(
            title for (title,) in network.rows(slug, "SELECT title FROM planning_task")
        )
        assert [one for one, count in titles.items() if count > 1] == [], f"doubled at {slug}"
        assert sorted(set(work.dispatched) - set(titles)) == [], f"lost at {slug}"
        failed = network.rows(
            slug, "SELECT type, error FROM network_received WHERE state = 'failed'"
        )
        assert failed == []
    taken = {
        title
        for (title,) in network.rows(
            "hq",
            "SELECT t.title FROM planning_task t JOIN planning_taskresponse r ON r.task_id = t.id "
            "WHERE r.state = 'accepted'",
        )
    }
    assert sorted(set(work.accepted) - taken) == [], "acceptances that HQ never heard of"
    stories = Counter(
        title for (title,) in network.rows("yunling", "SELECT title FROM stories_story")
    )
    assert sorted(set(work.written) - set(stories)) == []
    assert [one for one, count in stories.items() if count > 1] == []


def _check_chains(network: DemoNetwork) -> None:
    for slug in ("hq", "yunling"):
        assert network.rows(slug, "PRAGMA integrity_check") == [("ok",)]
        verdict = network.command(slug, "audit", "verify", "--json")
        assert verdict.returncode == 0, verdict.stdout + verdict.stderr
