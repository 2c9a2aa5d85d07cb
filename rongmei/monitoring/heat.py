"""How hot a topic is, method "burst-1": four terms and the fading, each shown to whoever asks.

    heat = sources + stories + growth + hot list − fading          (points, 0 and up)

- sources  10 · log2(1 + Σ weight), over independent sources; weight 3, 2, 1 for tiers 1, 2, 3.
  A source that only reprinted somebody else's text is not independent.
- stories  4 · log2(1 + n), n texts that differ: a reprint family counts once.
- growth   8 · log2(1 + max(0, n6 − b)), n6 texts of the last 6 hours, b the mean of such spans before.
- hot list 20 / (1 + log2(rank)), for the best rank among the hot lists of the last hour.
- fading   what is lost of the first three by silence: half for every 24 hours since the last text.

Pure. A change of any number is a new method name.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

METHOD: Final = "burst-1"
SOURCES, STORIES, GROWTH, HOT_LIST = 10.0, 4.0, 8.0, 20.0
FADE_HOURS: Final = 24.0
SPAN: Final = timedelta(hours=6)
WEIGHTS: Final = {1: 3, 2: 2, 3: 1}
# From here on a topic is hot enough to be told to people, and to be urgent.
FOUND_AT, URGENT_AT = 40.0, 70.0


@dataclass(frozen=True)
class Text:
    """One text of a topic: its family (or its own id), who brought it first, their tier, when."""

    family: str
    source: str
    tier: int
    at: datetime


def independent(texts: Sequence[Text]) -> list[Text]:
    """One text a family, the earliest: who reprints adds no voice."""
    first: dict[str, Text] = {}
    for text in sorted(texts, key=lambda one: one.at):
        first.setdefault(text.family, text)
    return list(first.values())


def explain(texts: Sequence[Text], *, rank: int | None, now: datetime) -> dict[str, Any]:
    """The heat and how it came about: {"method", "at", "heat", "terms": [{key, points, …}]}.

    The points of the terms add up to the heat.
    """
    own = independent(texts)
    tiers: dict[str, int] = {}
    for text in own:
        tiers[text.source] = min(text.tier, tiers.get(text.source, text.tier))
    weight = sum(WEIGHTS.get(tier, 1) for tier in tiers.values())
    recent = sum(1 for text in own if now - text.at <= SPAN)
    first = min((text.at for text in own), default=now)
    spans = max(1.0, (now - first) / SPAN - 1)
    before = (len(own) - recent) / spans
    last = max((text.at for text in own), default=now)
    silent = max(0.0, (now - last).total_seconds() / 3600)
    terms: list[dict[str, Any]] = [
        {
            "key": "sources", "points": SOURCES * math.log2(1 + weight), "sources": len(tiers),
            "weight": weight,
            "tiers": [sum(1 for one in tiers.values() if one == tier) for tier in (1, 2, 3)],
        },
        {"key": "stories", "points": STORIES * math.log2(1 + len(own)), "stories": len(own)},
        {
            "key": "growth", "points": GROWTH * math.log2(1 + max(0.0, recent - before)),
            "recent": recent, "before": round(before, 2),
        },
    ]  # fmt: skip
    lasting = sum(term["points"] for term in terms)
    terms.append(
        {
            "key": "hot_list", "rank": rank,
            "points": HOT_LIST / (1 + math.log2(rank)) if rank else 0.0,
        }
    )  # fmt: skip
    lost = lasting * (1 - 0.5 ** (silent / FADE_HOURS))
    terms.append({"key": "fading", "points": -lost, "hours": round(silent, 1)})
    for term in terms:
        term["points"] = round(term["points"], 2)
    total = round(sum(term["points"] for term in terms), 2)
    return {"method": METHOD, "at": now.isoformat(), "heat": total, "terms": terms}


def hourly(times: Sequence[datetime], *, now: datetime, hours: int = 24) -> list[int]:
    """Texts in each of the last hours, oldest first, the present hour last."""
    last = now.replace(minute=0, second=0, microsecond=0)
    counts = [0] * hours
    for at in times:
        back = math.floor(
            (last - at.replace(minute=0, second=0, microsecond=0)) / timedelta(hours=1)
        )
        if 0 <= back < hours:
            counts[hours - 1 - back] += 1
    return counts
