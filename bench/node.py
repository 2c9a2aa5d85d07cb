"""How a node lives: how soon it is up, what it takes at rest, how soon things are there.

Starts a demo network of its own (two nodes and the wire, real processes, loopback) and measures
from outside, through the API and the database file:

- start: from the command to the card, the first time (nothing there) and again, and to the first
  page that somebody who signed in can use;
- memory: proportional set size of all processes of a node, after it has settled;
- task: from the answer to HQ's dispatch to the row at the centre;
- item: from its fetch, and from its release by the wire, to the search that finds it.

    python -m bench.node [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import machine
from bench.pages import Visitor
from tests.demo_network import DemoNetwork, children, eventually, free_base

MAKE_TOKEN = """
from rongmei.network.models import ApiToken, Member
from rongmei.network.tokens import make_secret
token, prefix, digest = make_secret()
ApiToken.objects.create(member=Member.objects.get(username={who!r}), name="bench", prefix=prefix,
                        digest=digest, read_only=False)
print("TOKEN", token)
"""


class Caller:
    """Somebody with a token at a node."""

    def __init__(self, network: DemoNetwork, slug: str, who: str) -> None:
        self.base = network.hq if slug == "hq" else network.yunling
        said = network.command(slug, "shell", "-v", "0", "-c", MAKE_TOKEN.format(who=who))
        found = [line for line in said.stdout.splitlines() if line.startswith("TOKEN ")]
        if not found:
            raise RuntimeError(said.stderr)
        self.token = found[0].split()[1]

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.base}/api/v1{path}", method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


def family(pid: int) -> list[int]:
    """A process and all below it."""
    return [pid, *(one for child in children(pid) for one in family(child))]


def pss_mb(pids: list[int]) -> float:
    """Proportional set size of these processes together, in MB (10⁶ bytes)."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return round(total / 1e6, 1)


def summary(seconds: list[float]) -> dict[str, float]:
    """Median, 95th percentile and worst of some durations."""
    ordered = sorted(seconds)
    return {
        "count": len(ordered),
        "median_s": round(statistics.median(ordered), 3),
        "p95_s": round(ordered[max(0, int(len(ordered) * 0.95) - 1)], 3),
        "max_s": round(ordered[-1], 3),
    }


def tasks(network: DemoNetwork, hq: Caller, count: int) -> dict[str, float]:
    """From HQ's answer to a dispatch until the centre has the row."""
    unit = network.rows("yunling", "SELECT id FROM network_unit WHERE code = 'yunling'")[0][0]
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    took = []
    for number in range(count):
        title = f"测速任务 {number}"
        hq.call("POST", "/tasks", {"to_unit_id": unit, "title": title, "due_at": due})
        began = time.monotonic()
        eventually(
            lambda title=title: network.rows(
                "yunling", "SELECT 1 FROM planning_task WHERE title = ?", title
            ),
            30, every=0.01,
        )  # fmt: skip
        took.append(time.monotonic() - began)
        time.sleep(0.3)
    return summary(took)


def items(network: DemoNetwork, reader: Caller, count: int) -> dict[str, dict[str, float]]:
    """From fetch and from release until the search finds the item, for the next `count` items."""
    seen = {row[0] for row in network.rows("hq", "SELECT url FROM archive_document")}
    fetched, released = [], []
    deadline = time.monotonic() + 120
    while len(fetched) < count and time.monotonic() < deadline:
        fresh = [
            row
            for row in network.rows("hq", "SELECT url, title, fetched_at FROM archive_document")
            if row[0] not in seen
        ]
        for url, title, at in fresh:
            asked = urllib.parse.urlencode({"q": f'"{title}"', "limit": 50})
            eventually(
                lambda asked=asked, url=url: url
                in [one["url"] for one in reader.call("GET", f"/archive/search?{asked}")["items"]],
                30, every=0.02,
            )  # fmt: skip
            now = datetime.now(UTC)
            seen.add(url)
            fetched.append((now - datetime.fromisoformat(at).replace(tzinfo=UTC)).total_seconds())
            told = [one["at"] for one in network.released() if url.endswith(one["path"])]
            if told:
                released.append((now - datetime.fromisoformat(told[0])).total_seconds())
        time.sleep(0.02)
    return {"after_fetch": summary(fetched), "after_release": summary(released)}


def first_page(network: DemoNetwork) -> float:
    """Seconds from the card until the planner has signed in and sees Today."""
    account = network.accounts()["planner"]
    began = time.monotonic()
    Visitor(network.hq).sign_in(account["username"], account["password"]).get("/desk/")
    return time.monotonic() - began


def run(quick: bool) -> dict[str, Any]:
    """Measure and keep the figures; the same as a dict."""
    before = machine.facts()
    folder = Path(tempfile.mkdtemp(prefix="rongmei-bench-"))
    os.environ["RONGMEI_CACHE"] = str(folder / "cache")
    network = DemoNetwork(folder, free_base(), pace="2")
    report: dict[str, Any] = {"bench": "node", **before, "quick": quick}
    try:
        card = network.start()
        report["start_first_s"] = round(card, 1)
        report["first_page_s"] = round(card + first_page(network), 1)
        network.stop()
        report["start_again_s"] = round(network.start(), 1)
        hq, duty = Caller(network, "hq", "planner"), Caller(network, "hq", "duty")
        report["item"] = items(network, duty, 6 if quick else 20)
        report["task"] = tasks(network, hq, 6 if quick else 30)
        time.sleep(5 if quick else 20)
        report["memory_pss_mb"] = {
            slug: pss_mb(family(network.pids(slug)["supervisor"])) for slug in ("hq", "yunling")
        }
    finally:
        if network.process is not None:
            network.stop()
        shutil.rmtree(folder, ignore_errors=True)
    report["load_after"] = machine.facts()["load_average"]
    machine.keep(f"node{'-quick' if quick else ''}", report)
    return report


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="few rounds")
    print(json.dumps(run(options.parse_args().quick), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
