"""How often a feed asks to be read: ttl, skipHours, skipDays, sy:updatePeriod, and its WebSub hub.

Hints only: what a source really gets is decided by the schedule, which knows how often the feed
really changes and what the host bears.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from rongmei.sources.collectors.urls import absolute
from rongmei.sources.collectors.xml_names import short
from rongmei.sources.types import Hints

# purl.org/rss/1.0/modules/syndication
_PERIODS: Final = {
    "hourly": 3600, "daily": 86400, "weekly": 7 * 86400, "monthly": 30 * 86400,
    "yearly": 365 * 86400,
}  # fmt: skip
_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST = 30 * 86400


def hints_of(held: Mapping[str, list[etree._Element]]) -> Hints:
    """What the elements of a channel, by short name, say about reading it."""
    return Hints(
        every_seconds=_ttl(held) or _period(held),
        skip_hours=frozenset(_hours(_inside(held, "skiphours", "hour"))),
        skip_days=frozenset(
            _DAYS.index(day)
            for day in map(str.lower, _inside(held, "skipdays", "day"))
            if day in _DAYS
        ),
        hub=_hub(held),
    )


def _ttl(held: Mapping[str, list[etree._Element]]) -> int | None:
    minutes = _number(_first(held, "ttl"))
    return min(minutes * 60, _LONGEST) if minutes else None


def _period(held: Mapping[str, list[etree._Element]]) -> int | None:
    period = _first(held, "sy:updateperiod").lower()
    frequency = _number(_first(held, "sy:updatefrequency"))
    if period not in _PERIODS and not frequency:
        return None
    # The module's defaults: daily, once.
    seconds = _PERIODS.get(period, _PERIODS["daily"]) // (frequency or 1)
    return min(max(seconds, 60), _LONGEST)


def _hours(written: Iterable[str]) -> Iterable[int]:
    """Hours of the day in GMT; 24 stands for midnight in RSS 0.91."""
    for text in written:
        hour = _number(text, least=0)
        if hour is not None and hour <= 24:
            yield hour % 24


def _hub(held: Mapping[str, list[etree._Element]]) -> str:
    for one in (*held.get("atom:link", ()), *held.get("link", ())):
        if (one.get("rel") or "").lower() == "hub":
            return absolute(one.get("href") or "")
    return ""


def _inside(held: Mapping[str, list[etree._Element]], outer: str, inner: str) -> list[str]:
    return [
        (one.text or "").strip()
        for group in held.get(outer, ())
        for one in group
        if isinstance(one.tag, str) and short(one.tag) == inner
    ]


def _first(held: Mapping[str, list[etree._Element]], name: str) -> str:
    return next(((one.text or "").strip() for one in held.get(name, ())), "")


def _number(text: str, *, least: int = 1) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        return None
    return int(text) if int(text) >= least else None
