"""Run every benchmark, one after the other: `python -m bench [--quick] [name…]`.

Each runs in a process of its own, so that one neither warms nor bloats another, keeps its figures in
bench/results/, and adds its lines to the table at the end: what, how much, target, ratio to a peer.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bench.machine import RESULTS, facts

Line = tuple[str, str, str, str]


def _search(found: dict[str, Any]) -> Iterator[Line]:
    ours, peer = found["tantivy"], found["sqlite_fts5"]
    for what in ("two_words", "phrase", "word_with_charts"):
        name = what.replace("_", " ")
        ratio = f"{ours[what]['p95_ms'] / peer[what]['p95_ms']:.2f} × FTS5"
        yield f"index, {name}, p95", f"{ours[what]['p95_ms']} ms", "< 100 ms", ratio
    ratio = f"{ours['documents_per_second'] / peer['documents_per_second']:.2f} × FTS5"
    yield "indexing", f"{ours['documents_per_second']} documents/s", "", ratio


def _collect(found: dict[str, Any]) -> Iterator[Line]:
    ways, targets = found["ways"], {"feedparser + jieba + FTS5": "≥ 3 ×"}
    speed = f"{ways['ours']['per_cpu_second']:.0f} documents/CPU s"
    yield "collecting, to searchable", speed, "≥ 1,000 documents/CPU s", ""
    for peer, ratio in found["ratio_to_peer"].items():
        speed = f"{ways[peer]['per_cpu_second']:.0f} documents/CPU s"
        yield f"beside {peer}", speed, targets.get(peer, ""), f"ours {ratio} ×"


def _growth(found: dict[str, Any]) -> Iterator[Line]:
    for one in found["points"]:
        size, answers = f"at {one['documents']:,}", one["answers"]
        speed = one["ingest_here"]["ingested_per_cpu_second"]
        yield f"ingest {size}", f"{speed} documents/CPU s", "level", ""
        for name, most in (("two_words", 20), ("api_two_words_facets_series", 60)):
            took = answers[name]
            said = f"{took['p95_ms']} ms ({took['cpu_p95_ms']} CPU)"
            yield f"{name.replace('_', ' ')} {size}, p95", said, f"< {most} ms", ""
        held = max(
            one["memory_mb"]["peak_while_ingesting"] or 0,
            one["memory_mb"]["after_questions"]["all"],
        )
        yield f"memory, ingest and search {size}", f"{held} MB", "< 1,200 MB", ""


def _pages(found: dict[str, Any]) -> Iterator[Line]:
    for one in found["pages"]:
        took = f"{one['p95_ms']} ms ({one['cpu_ms']} CPU)"
        yield f"{one['what']}, p95", took, f"< {one['target_ms']} ms", ""


def _sources_day(found: dict[str, Any]) -> Iterator[Line]:
    watched = f"{found['sources']:,} sources for {found['hours']:g} h"
    fixed = f"{found['polls_at_fixed_pace']:,} at 10 min"
    yield f"{watched}, polls", f"{found['polls']:,}", "", fixed
    spared = f"{found['bodies_saved_by_conditions']:.0%}"
    yield "  of which cost no body (304)", f"{found['not_modified']:,}", "", spared
    yield "  least gap at a host", f"{found['least_gap_s']} s", "≥ 5 s", ""
    yield "  most at once at a host", f"{found['most_at_once']}", "≤ 2", ""
    yield "  memory", f"{found['peak_rss_mb']} MB", "< 500 MB", ""
    yield "  processor", f"{found['cpu_seconds']} s", "< 300 s", ""


def _node(found: dict[str, Any]) -> Iterator[Line]:
    yield "start, nothing there, to the card", f"{found['start_first_s']} s", "< 30 s", ""
    yield "  to the first page signed in", f"{found['first_page_s']} s", "< 30 s", ""
    yield "start again, to the card", f"{found['start_again_s']} s", "< 30 s", ""
    item, task = found["item"]["after_fetch"], found["task"]
    for what, one in (("item findable after its fetch", item), ("task on the other node", task)):
        yield f"{what}, median / p95", f"{one['median_s']} / {one['p95_s']} s", "< 2 s", ""
    for slug, size in found["memory_pss_mb"].items():
        yield f"memory at rest, node {slug}", f"{size} MB", "< 800 MB", ""


def _reprints(found: dict[str, Any]) -> Iterator[Line]:
    ours, peer = found["ours"], found["datasketch"]
    speed = f"{ours['documents_per_second']} documents/s ({ours['megabytes_per_second']} MB/s)"
    yield "reprints found", speed, "≥ 10,000", f"{found['ratio']} × datasketch"
    yield "reprints, recall", f"{ours['recall']}", "≥ 0.98", f"{peer['recall']}"
    false = f"{ours['false_of_documents']:.2%}"
    yield "reprints, false", false, "< 0.5%", f"{peer['false_of_documents']:.2%}"


def _checks(found: dict[str, Any]) -> Iterator[Line]:
    took = found["ours"]
    speed = f"{took['p95_ms']} ms CPU"
    what = f"checks, {found['patterns']:,} patterns, {found['characters']:,} characters, p95"
    yield what, speed, "< 5 ms", f"re takes {found['times_re_alternation']} ×"


def _stories(found: dict[str, Any]) -> Iterator[Line]:
    ours, peer = found["ours"], found["wagtail"]
    for name, words in (("editor", "editor opened"), ("save", "saved"), ("queue", "review queue")):
        took, most = ours[name], found["targets_ms"][name]
        beside = peer.get(name)
        ratio = f"Wagtail {beside['cpu_median_ms']} CPU" if beside else ""
        what = f"{words}, {found['stories']:,} stories, p95"
        yield what, f"{took['p95_ms']} ms ({took['cpu_p95_ms']} CPU)", f"< {most} ms", ratio


@dataclass(frozen=True)
class Bench:
    """A benchmark: how it is started, what holds its figures, and its lines of the table."""

    full: tuple[str, ...]
    quick: tuple[str, ...]
    lines: Callable[[dict[str, Any]], Iterator[Line]]
    quick_result: str


BENCHES = {
    "search": Bench(
        ("--documents", "20000", "--questions", "200"),
        ("--documents", "5000", "--questions", "60", "--out", str(RESULTS / "search-quick.json")),
        _search,
        "search-quick",
    ),
    "collect": Bench((), ("--quick",), _collect, "collect-quick"),
    # A million documents take half an hour more: python -m bench.growth --folder DIR
    "growth": Bench(
        ("--sizes", "30000", "300000"),
        ("--quick", "--questions", "100"),
        _growth,
        "growth-quick",
    ),
    "reprints": Bench((), ("--quick",), _reprints, "reprints-quick"),
    "sources-day": Bench((), ("--quick",), _sources_day, "sources-day-quick"),
    "checks": Bench((), ("--quick",), _checks, "checks-quick"),
    "pages": Bench((), ("--quick", "--requests", "10"), _pages, "pages-quick"),
    "stories": Bench((), ("--quick", "--requests", "20"), _stories, "stories-quick"),
    "node": Bench((), ("--quick",), _node, "node-quick"),
}


def _command(name: str, quick: bool) -> list[str]:
    one = BENCHES[name]
    return [
        sys.executable,
        "-m",
        f"bench.{name.replace('-', '_')}",
        *(one.quick if quick else one.full),
    ]


def table(lines: list[Line]) -> str:
    """The lines under each other, columns as wide as need be."""
    rows = [("figure", "measured", "target", "peer"), *lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join(text.ljust(wide) for text, wide in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def main() -> int:
    """Run them; the exit status is that of the first that failed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--quick", action="store_true", help="small amounts, about two minutes")
    asked = parser.parse_args()
    unknown = set(asked.names) - set(BENCHES)
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    lines: list[Line] = []
    before, started = facts(), time.monotonic()
    for name in asked.names or BENCHES:
        print(f"== {name}", flush=True)
        done = subprocess.run(_command(name, asked.quick), check=False, stdout=subprocess.DEVNULL)
        if done.returncode:
            return done.returncode
        kept = BENCHES[name].quick_result if asked.quick else name
        lines += BENCHES[name].lines(json.loads((RESULTS / f"{kept}.json").read_bytes()))
    print(table(lines))
    print(
        f"{before['cores']} cores, Python {before['python']}, load {before['load_average']} before,"
        f" {facts()['load_average']} after; {time.monotonic() - started:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
