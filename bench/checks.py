"""Measures the wording rules: 20,000 patterns over a story of 5,000 characters, in CPU time.

    python -m bench.checks [--quick]

Ours finds the words as written and in every hidden form. The peers find them only as written: one
alternation of Python's `re`, and `in` for each pattern. The patterns are made from syllables, the
story from paragraphs of ours, with one hidden and three plain words in it.
"""

from __future__ import annotations

import argparse
import random
import re
import statistics
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from bench import machine

if not settings.configured:  # The rules mark their words for translation; nothing else is asked.
    settings.configure(USE_I18N=False)

from rongmei.stories import evasion, lexicon
from rongmei.stories.types import Level

SEED, PATTERNS, LENGTH = 20_263, 20_000, 5_000
SENTENCES = (
    "清晨六点，云岭抢修队抵达现场，48名队员分成三组排查线路，",
    "“先保医院和水厂。”队长说，山路上积雪没过脚踝，车辆只能停在村口，",
    "中午12时30分，110千伏云岭变电站恢复送电，1.2万户居民用上了电。\n",
)


def rules(count: int) -> list[lexicon.Rule]:
    """Words of three to five common characters, half of them 慎."""
    rng = random.Random(SEED)  # a test set, not a secret
    characters = [chr(code) for code in evasion.sounds()]
    words: set[str] = set()
    while len(words) < count:
        words.add("".join(rng.choices(characters, k=rng.choice((3, 4, 5)))))
    levels = (Level.FORBID, Level.CAUTION, Level.HINT, Level.CAUTION)
    return [
        lexicon.Rule(levels[at % 4], word, "", "", (), "made")
        for at, word in enumerate(sorted(words))
    ]


def story(known: list[lexicon.Rule]) -> str:
    """A story of 5,000 characters with three words as they are and one hidden."""
    plain = "".join(SENTENCES) * (LENGTH // 80 + 1)
    put = [known[1].word, known[7000 % len(known)].word, known[-1].word, "*".join(known[4].word)]
    for at, word in enumerate(put):
        where = (at + 1) * LENGTH // 5
        plain = plain[:where] + word + plain[where:]
    return plain[:LENGTH]


def took(run: Callable[[], Any], times: int) -> dict[str, float]:
    """CPU milliseconds of one call: median and 95th of a hundred."""
    spent = []
    for _time in range(times):
        began = time.process_time()
        run()
        spent.append((time.process_time() - began) * 1000)
    spent.sort()
    return {
        "median_ms": round(statistics.median(spent), 3),
        "p95_ms": round(spent[int(len(spent) * 0.95)], 3),
    }


def main() -> int:
    """Measure, check that the same plain words are found, keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.checks", description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    known = rules(PATTERNS)
    text, words = story(known), [one.word for one in known]
    began = time.process_time()
    matcher = lexicon.Matcher(known)
    found = list(matcher.findings("body", text))
    built = round(time.process_time() - began, 3)
    peer = re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))))
    plain = {one.found for one in found if not one.how}
    if plain != set(peer.findall(text)) or len(found) != len(plain) + 1:
        raise SystemExit(f"not the same words: {sorted(plain)}")
    times, few = (40, 3) if quick else (200, 10)
    result = {
        "machine": machine.facts(), "patterns": PATTERNS, "characters": len(text),
        "findings": len(found), "compile_cpu_s": built,
        "ours": took(lambda: list(matcher.findings("body", text)), times),
        "re_alternation": took(lambda: peer.findall(text), few),
        "plain_loop": took(lambda: [one for one in words if one in text], few),
    }  # fmt: skip
    for one in ("re_alternation", "plain_loop"):
        ratio = result[one]["median_ms"] / result["ours"]["median_ms"]  # type: ignore[index]
        result[f"times_{one}"] = round(ratio, 1)
    machine.keep("checks-quick" if quick else "checks", result)
    print(result)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
