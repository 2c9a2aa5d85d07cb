"""Heat in words: each term with its figures and its formula, for pages and the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class HeatLine:
    """One term of the heat: its name, what was counted, how it is computed, and its points."""

    label: str
    what: str
    formula: str
    points: float


def tier_name(tier: int) -> str:
    """What a tier of media is called."""
    return {1: _("一级"), 2: _("二级")}.get(tier, _("三级"))


def _words(term: Mapping[str, Any]) -> tuple[str, str, str]:
    key = term["key"]
    if key == "sources":
        first, second, third = term["tiers"]
        return (
            _("独立信源"),
            _("%(n)d 家：一级 %(a)d、二级 %(b)d、三级 %(c)d(权重 3、2、1，合计 %(w)d)")
            % {"n": term["sources"], "a": first, "b": second, "c": third, "w": term["weight"]},
            f"10 × log₂(1 + {term['weight']})",
        )
    if key == "stories":
        return (
            _("不同文本"), _("%(n)d 篇，同一转载家族只计一次") % {"n": term["stories"]},
            f"4 × log₂(1 + {term['stories']})",
        )  # fmt: skip
    if key == "growth":
        return (
            _("近 6 小时增长"),
            _("近 6 小时 %(n)d 篇，此前平均每 6 小时 %(b)s 篇")
            % {"n": term["recent"], "b": f"{term['before']:g}"},
            f"8 × log₂(1 + max(0, {term['recent']} − {term['before']:g}))",
        )
    if key == "hot_list":
        rank = term["rank"]
        what = _("在热榜第 %(n)d 位") % {"n": rank} if rank else _("近一小时不在热榜上")
        return _("热榜"), what, f"20 ÷ (1 + log₂ {rank})" if rank else "0"
    return (
        _("冷却"), _("最近一篇在 %(h)s 小时前；前三项每 24 小时减半") % {"h": f"{term['hours']:g}"},
        f"− Σ × (1 − 0.5^({term['hours']:g} ÷ 24))",
    )  # fmt: skip


def heat_lines(explain: Mapping[str, Any]) -> list[HeatLine]:
    """The terms of an explanation in words; empty before the first count."""
    return [HeatLine(*_words(term), term["points"]) for term in explain.get("terms", [])]


def heat_total(explain: Mapping[str, Any]) -> float:
    """The sum of the terms, which is the heat."""
    return round(sum(float(term["points"]) for term in explain.get("terms", [])), 2)


def hours(history: Sequence[int], explain: Mapping[str, Any]) -> list[tuple[str, float | None]]:
    """(hour of the day, documents) of the last day, for a histogram."""
    if not history or "at" not in explain:
        return []
    last = timezone.localtime(datetime.fromisoformat(explain["at"]))
    count = len(history)
    return [
        (f"{(last - timedelta(hours=count - 1 - at)).hour}:00", float(n))
        for at, n in enumerate(history)
    ]
