"""How long pages take on a full node, over HTTP, signed in, with every process of the node running.

    python -m bench.pages [--quick] [--requests N] [--keep FOLDER]

10,000 stories, 2,000 publications, 5,000 pitches and tasks, 100,000 documents with their index;
with `--quick` a tenth. Targets: workbench pages p95 under 250 ms, search p95 under 100 ms. The
time is that of the whole answer, connecting included. `--keep` keeps the node to look at later, or
uses the one already there.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from itertools import cycle
from pathlib import Path
from typing import Any

from bench import machine

PAGE_MS, SEARCH_MS = 250, 100
WARM = 4
PASSWORD = "bench-示例-2026"


def free_port() -> int:
    """A port such that the one after it is likely to be free too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make(home: Path, *, quick: bool) -> dict[str, Any]:
    """A full node in `home`; made once."""
    from rongmei.config import template_db
    from rongmei.config.node import ENV_FILE, write_env_file

    write_env_file(
        home / ENV_FILE,
        {"RONGMEI_SLUG": "hq", "RONGMEI_NAME": "示例节点", "RONGMEI_SECRET_KEY": "bench" * 10},
    )
    template_db.copy_to(home / "node.sqlite3")
    os.environ["RONGMEI_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "rongmei.config.settings"
    import django

    django.setup()
    from django.db import connection

    from bench.newsroom import Amounts, build_node

    tenth = Amounts(1_000, 200, 500, 10_000, 1_000)
    made = build_node(tenth if quick else Amounts(), PASSWORD)
    connection.close()
    (home / "bench.json").write_text(json.dumps(made), encoding="utf-8")
    return made


@contextmanager
def running(home: Path) -> Iterator[str]:
    """The node with all its processes; gives its address."""
    port = free_port()
    env = {
        **os.environ, "RONGMEI_HOME": str(home), "RONGMEI_PORT": str(port),
        "RONGMEI_STREAM_PORT": str(free_port()),
    }  # fmt: skip
    log = (home / "up.log").open("ab")
    node = subprocess.Popen(
        [sys.executable, "-m", "rongmei", "--home", str(home), "up"],
        env=env,
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while not _answers(url) and time.monotonic() < deadline:
            if node.poll() is not None:
                raise SystemExit((home / "up.log").read_text(encoding="utf-8")[-2000:])
            time.sleep(0.2)
        yield url
    finally:
        node.terminate()
        node.wait(20)
        log.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


class Visitor:
    """A browser: keeps cookies, may be signed in or carry a token."""

    def __init__(self, url: str, *, token: str = "") -> None:
        self.url, self.jar = url, CookieJar()
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))
        self.open.addheaders = [("Accept-Language", "zh-CN,zh;q=0.9")]
        if token:
            self.open.addheaders.append(("Authorization", f"Bearer {token}"))

    def sign_in(self, username: str, password: str) -> Visitor:
        """Through the sign-in page, as people do."""
        address = f"{self.url}/accounts/login/"
        self.open.open(address, timeout=30).read()
        csrf = next(one.value for one in self.jar if "csrf" in one.name)
        form = urllib.parse.urlencode(
            {"login": username, "password": password, "csrfmiddlewaretoken": csrf, "next": "/desk/"}
        )
        request = urllib.request.Request(address, form.encode(), {"Referer": address})
        with self.open.open(request, timeout=30) as answer:
            if "/accounts/login" in answer.url:
                raise SystemExit(f"{username} could not sign in")
        return self

    def get(self, path: str) -> float:
        """Milliseconds until the last byte came; any answer but 200 on this path ends the run."""
        started = time.perf_counter()
        try:
            with self.open.open(self.url + path, timeout=60) as answer:
                answer.read()
                landed = urllib.parse.urlsplit(answer.url).path
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.code}\n{error.read()[:600]!r}") from error
        except http.client.HTTPException as error:
            raise SystemExit(f"{path}: {error!r}") from error
        if landed != path.split("?")[0]:
            raise SystemExit(f"{path} led to {landed}")
        return (time.perf_counter() - started) * 1000


def _queries(runs: list[str], path: str, **more: str) -> dict[str, list[str]]:
    """Addresses for four kinds of question, from runs of characters of documents."""

    def ask(query: str) -> str:
        return f"{path}?{urllib.parse.urlencode({'q': query, **more})}"

    return {
        "one word": [ask(run[:2]) for run in runs],
        "two words": [ask(f"{run[:2]} {run[4:6]}") for run in runs],
        "phrase": [ask(f'"{run[:5]}"') for run in runs],
    }


def plan(made: dict[str, Any]) -> list[tuple[str, str, list[str], int]]:
    """(what, who, addresses, target in ms) of everything that is measured."""
    desk = "/desk/"
    rows: list[tuple[str, str, list[str], int]] = [
        ("Today, planner", "planner", [desk], PAGE_MS),
        ("Today, reviewer", "yl.first", [desk], PAGE_MS),
        ("stories", "yl.chief", [f"{desk}stories/", f"{desk}stories/?page=3"], PAGE_MS),
        ("story", "yl.chief", [made["story"]], PAGE_MS),
        ("review queue", "yl.first", [f"{desk}stories/review/"], PAGE_MS),
        ("editor", "yl.reporter", [made["editor"]], PAGE_MS),
        ("pitches", "planner", [f"{desk}planning/"], PAGE_MS),
        ("tasks", "planner", [f"{desk}planning/tasks/"], PAGE_MS),
        ("topics", "planner", [f"{desk}monitoring/"], PAGE_MS),
        ("publications", "editor", [f"{desk}channels/publications/"], PAGE_MS),
        ("audit log", "auditor", [f"{desk}network/audit/"], PAGE_MS),
        ("screen", "planner", ["/screen/"], PAGE_MS),
        ("portal home", "", ["/"], PAGE_MS),
        ("article", "", [made["article"]], PAGE_MS),
        ("archive, newest", "planner", [f"{desk}archive/"], PAGE_MS),
    ]
    for kind, paths in _queries(made["runs"], f"{desk}archive/").items():
        rows.append((f"archive page, {kind}", "planner", paths, SEARCH_MS))
    narrowed = _queries(made["runs"], f"{desk}archive/", region="云岭")["one word"]
    rows.append(("archive page, word + facet", "planner", narrowed, SEARCH_MS))
    for kind, paths in _queries(made["runs"], "/api/v1/archive/search").items():
        rows.append((f"search API, {kind}", "token", paths, SEARCH_MS))
    return rows


def worked(home: Path) -> float:
    """CPU milliseconds that the web server and its worker have used: true on a busy machine too."""
    status = json.loads((home / "run" / "status.json").read_bytes())
    web, ticks = str(status["processes"]["web"]), 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if web in (stat.parent.name, fields[1]):
            ticks += int(fields[11]) + int(fields[12])
    return 1000 * ticks / os.sysconf("SC_CLK_TCK")


def measure(url: str, home: Path, made: dict[str, Any], requests: int) -> list[dict[str, Any]]:
    """Every row of the plan, `requests` times, after a few that are not counted."""
    people: dict[str, Visitor] = {
        "": Visitor(url),
        "token": Visitor(url, token=made["token"]),
    }
    found = []
    for what, who, paths, target in plan(made):
        if who not in people:
            people[who] = Visitor(url).sign_in(who, PASSWORD)
        visitor, path = people[who], cycle(paths)
        for _n in range(WARM):
            visitor.get(next(path))
        before = worked(home)
        took = sorted(visitor.get(next(path)) for _n in range(requests))
        cpu = (worked(home) - before) / requests
        found.append(
            {
                "what": what, "p50_ms": round(statistics.median(took), 1),
                "p95_ms": round(took[int(len(took) * 0.95) - 1], 1), "cpu_ms": round(cpu, 1),
                "target_ms": target,
            }
        )  # fmt: skip
    return found


def run(quick: bool = False, requests: int = 40, keep: Path | None = None) -> dict[str, Any]:
    """Make the node, measure, tell and keep the figures."""
    home = keep or Path(tempfile.mkdtemp(prefix="rongmei-bench-"))
    home.mkdir(parents=True, exist_ok=True)
    before, started = machine.facts(), time.perf_counter()
    try:
        there = home / "bench.json"
        made = json.loads(there.read_text()) if there.exists() else make(home, quick=quick)
        making = time.perf_counter() - started
        with running(home) as url:
            rows = measure(url, home, made, requests)
    finally:
        if keep is None:
            shutil.rmtree(home, ignore_errors=True)
    result: dict[str, Any] = {
        "bench": "pages", **before, "load_after": machine.facts()["load_average"],
        "quick": quick, "requests": requests, "making_seconds": round(making, 1), "pages": rows,
    }  # fmt: skip
    print(f"{'page':32}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms':>9}{'target':>8}")
    for row in rows:
        late = "  over" if row["p95_ms"] > row["target_ms"] else ""
        print(
            f"{row['what']:32}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['cpu_ms']:>9}{row['target_ms']:>8}{late}",
            flush=True,
        )
    machine.keep(f"pages{'-quick' if quick else ''}", result)
    return result


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--requests", type=int, default=40)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    run(asked.quick, asked.requests, asked.keep)


if __name__ == "__main__":
    main()
