"""`kill -9` in the middle of collecting and indexing: every item served is there once, and found.

Seeded. Four newsrooms on hosts of their own let articles out while one node collects them by feed and
by sitemap, with slow pages and failing ones among them. Its collect and index processes are killed a
few milliseconds after the servers were asked, or after rows were written; now and then their
supervisor, and everything, goes with them. At the end the servers' own logs are held against the rows,
and the rows against the index.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rongmei_wire import Wire
from tests.running_node import RunningNode, free_ports, wait

pytestmark = pytest.mark.kill

SEED = int(os.environ.get("KILL_SEED", "20261124"))
KILLS = int(os.environ.get("KILL_COLLECTING", "200"))
HOSTS = 4
ARTICLES = 600
FAULTS = ("500", "503", "reset", "short", "slow", "slow", "slow", "slow", "302")
# What is killed, and how often in a hundred.
KINDS = {"collect": 52, "index": 30, "collect and index": 12, "supervisor": 6}


def articles(host: int) -> list[dict[str, object]]:
    """Invented articles, no two alike."""
    return [
        {
            "title": f"示例消息：{host} 号台第 {number} 条",
            "body": "\n".join(
                f"{host} 号台第 {number} 条的第 {part} 段。各班组按预案有序推进，现场一切平稳，"
                f"{number * 7 + part} 名示例人员到岗，后续情况仍在核实。"
                for part in range(6)
            ),
        }
        for number in range(ARTICLES)
    ]


@dataclass
class Newsrooms:
    """The outside world, and what it says it did."""

    wires: list[Wire]
    out: list[int] = field(default_factory=lambda: [0] * HOSTS)

    def publish(self, chance: random.Random) -> None:
        host = chance.randrange(HOSTS)
        self.out[host] = self.wires[host].publish(chance.randint(2, 9))

    def asked(self) -> int:
        return sum(wire.asked() for wire in self.wires)

    def released(self) -> set[str]:
        """Addresses of everything that the sitemaps list."""
        return {
            f"{wire.url}/bulk/{place}.html"
            for wire, out in zip(self.wires, self.out, strict=True)
            for place in range(out)
        }

    def pages_served(self) -> set[str]:
        """Addresses of the article pages that were sent whole, by the servers' own logs."""
        return {
            wire.url + row["path"].partition("?")[0]
            for wire in self.wires
            for row in wire.requests()
            if row["status"] == 200 and ".html" in row["path"] and row["whole"]
        }


@pytest.fixture
def newsrooms() -> Iterator[Newsrooms]:
    with ExitStack() as running:
        yield Newsrooms([
            running.enter_context(
                Wire(
                    host=f"127.0.0.{host + 2}", articles=articles(host), out=0, fault_rate=0.12,
                    fault_seed=SEED + host, faults=FAULTS,
                )
            )
            for host in range(HOSTS)
        ])  # fmt: skip


@pytest.fixture
def node(tmp_path: Path, newsrooms: Newsrooms) -> Iterator[RunningNode]:
    node = RunningNode(tmp_path, "hq", free_ports()[0])
    try:
        node.ask("watch", *(
            [f"{wire.url}/bulk/{path}", {"kind": kind, "full_text": False}]
            for wire in newsrooms.wires
            for path, kind in (("latest.xml", "feed"), ("sitemap.xml", "sitemap"))
        ))  # fmt: skip
        node.up("collect", "index")
        wait(lambda: node.pids().get("index"), "the processes")
        yield node
    finally:
        node.stop()


def _number(node: RunningNode, statement: str) -> int:
    (row,) = node.rows(statement)
    return int(str(row[0] or 0))


def _progress(node: RunningNode, newsrooms: Newsrooms, chance: random.Random) -> None:
    """Wait for something to happen, in the network or in the rows; then for a moment."""
    rows = chance.random() < 0.4

    def measure() -> int:
        if rows:
            return _number(node, "SELECT max(seq) FROM archive_change")
        return newsrooms.asked()

    before, until = measure(), time.monotonic() + 5
    while measure() == before and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(chance.uniform(0.005, 0.4))


def _kill(node: RunningNode, kind: str) -> bool:
    """Kill at once; False when what was to be killed is just being started."""
    pids = node.pids()
    wanted = [pids.get(one, 0) for one in kind.split(" and ")]
    try:
        if not all(wanted):
            return False
        for pid in wanted:
            os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    if kind == "supervisor":
        node.up("collect", "index")
    return True


def test_every_item_served_is_there_once_and_found(
    node: RunningNode, newsrooms: Newsrooms, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, done, fetching = random.Random(SEED), Counter[str](), 0
    began = time.monotonic()
    while sum(done.values()) < KILLS:
        newsrooms.publish(chance)
        node.ask("wake")
        _progress(node, newsrooms, chance)
        (kind,) = chance.choices(list(KINDS), weights=list(KINDS.values()))
        if _kill(node, kind):
            done[kind] += 1 + (" and " in kind)
            held = "SELECT count(*) FROM sources_fetchstate WHERE leased_until IS NOT NULL"
            fetching += kind != "index" and _number(node, held) > 0
    killing = time.monotonic() - began
    _settle(node, newsrooms)
    _check_rows(node, newsrooms)
    _check_index(node)
    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(done.items()))
    with capsys.disabled():
        print(
            f"\nseed {SEED}: {sum(done.values())} kills ({kinds}) in {killing:.0f} s, {fetching} of"
            f" them while fetching; {newsrooms.asked()} requests, {len(newsrooms.released())} articles"
            f" let out, all kept once; {time.monotonic() - began:.0f} s in all"
        )
    assert fetching >= KILLS // 5, "hardly a kill met a fetch in progress"


def _settle(node: RunningNode, newsrooms: Newsrooms) -> None:
    """Wait until everything let out is collected and no fetch goes on."""
    wanted = len(newsrooms.released())
    wait(lambda: len(_kept(node)) >= wanted, f"all {wanted} articles", 60)
    resting = "SELECT count(*) FROM sources_fetchstate WHERE leased_until IS NOT NULL OR left > 0"
    wait(lambda: _number(node, resting) == 0, "an end of fetching", 30)


def _kept(node: RunningNode) -> list[str]:
    return [str(url) for (url,) in node.rows("SELECT url FROM archive_document")]


def _check_rows(node: RunningNode, newsrooms: Newsrooms) -> None:
    kept = Counter(_kept(node))
    assert [url for url, count in kept.items() if count > 1] == [], "kept twice"
    assert sorted(newsrooms.released() - set(kept)) == [], "let out, not kept"
    assert sorted(set(kept) - newsrooms.released()) == [], "kept, never let out"
    assert newsrooms.pages_served() <= set(kept)
    bodies = "SELECT count(*) FROM archive_document WHERE body LIKE '%第 5 段%'"
    assert _number(node, bodies) == len(kept), "kept without the end of the text"
    assert _number(node, "SELECT count(*) FROM archive_documentversion") == 0, "a change of nothing"
    assert _number(node, "SELECT count(*) FROM archive_change") == len(kept)
    internal = "SELECT message FROM sources_fetchlog WHERE outcome = 'internal'"
    assert node.rows(internal) == []
    assert node.rows("PRAGMA integrity_check") == [("ok",)]


def _check_index(node: RunningNode) -> None:
    def agree() -> bool:
        verdict = node.ask("verify")
        assert not verdict["needs_rebuild"]
        return not verdict["missing"] and verdict["documents"] == verdict["indexed"]

    wait(agree, "rows and index to agree", 30)
