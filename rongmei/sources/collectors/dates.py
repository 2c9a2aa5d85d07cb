"""Reading the times that feeds and pages write, and doubting those that cannot be."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ISO = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?"
    r"(?:\s?[(]?(?:星期|周)[一二三四五六日天][)]?)?"
    r"(?:[Tt\s,]{0,4}(凌晨|早上|早晨|上午|中午|下午|晚上)?\s?(\d{1,2})\s?[:时点]\s?(\d{1,2})"
    r"(?:[:分]\s?(\d{1,2})(?:[.,]\d{1,9})?)?分?秒?)?"
    r"\s?([Zz]|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2}(?!\d))?"
)
_LATER = frozenset({"中午", "下午", "晚上"})
_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
# As American systems print it: month first, told from the European order by AM or PM.
_AMERICAN = re.compile(
    r"^(\d{1,2})/(\d{1,2})/(\d{4}),?\s(\d{1,2}):(\d{2})(?::(\d{2}))?\s?([AaPp])\.?[Mm]\.?$"
)
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2}))?([Zz])?$")
# java.util.Date.toString(), which many Chinese publishing systems print.
_JAVA = re.compile(
    r"^[A-Za-z]{3} ([A-Za-z]{3}) (\d{1,2}) (\d{2}:\d{2}:\d{2}) ([A-Z]{2,4}) (\d{4})$"
)
_EPOCH = re.compile(r"^\d{10}(?:\d{3})?$")
# RFC 822 as nearly every feed writes it; what differs goes to the standard library.
_RFC822 = re.compile(
    r"(?:[A-Za-z]{3},?\s+)?(\d{1,2})\s+([A-Za-z]{3})\s+(\d{4})\s+(\d{2}):(\d{2})(?::(\d{2}))?"
    r"(?:\s+(?:(?:GMT|UTC)?([+-])(\d{2}):?(\d{2})|(GMT|UTC|UT|Z))(?:\s*\([^()]*\))?)?",
    re.I,
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=2)


@lru_cache(maxsize=512)
def zone(name: str) -> tzinfo:
    """The named zone; China's when there is no such name."""
    try:
        return ZoneInfo(name or "Asia/Shanghai")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return timezone(timedelta(hours=8))


def parse_when(text: str, *, local: tzinfo) -> datetime | None:
    """An aware datetime, or None if ``text`` holds no time; zoneless times are in ``local``."""
    text = text.strip()[:200]
    if not text:
        return None
    try:
        if not text.isascii():
            text = unicodedata.normalize("NFKC", text)
        return (
            _rfc822(text, local)
            or _digits(text)
            or _iso(text, local)
            or _american(text, local)
            or _mail(text, local)
        )
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def believable(when: datetime, now: datetime) -> bool:
    """Whether news can have been published then, seen from ``now`` (both aware)."""
    return _EARLIEST <= when <= now + _AHEAD


def _rfc822(text: str, local: tzinfo) -> datetime | None:
    match = _RFC822.fullmatch(text)
    month = _MONTHS.get(match[2].lower()) if match else None
    if match is None or month is None:
        return None
    day, _name, year, hour, minute, second, sign, hours, minutes, utc = match.groups()
    offset = _fixed(sign, int(hours), int(minutes)) if sign else UTC if utc else local
    return datetime(
        int(year), month, int(day), int(hour), int(minute), min(int(second or 0), 59), tzinfo=offset
    )


@lru_cache(maxsize=256)
def _fixed(sign: str, hours: int, minutes: int) -> timezone:
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(span if sign == "+" else -span)


def _digits(text: str) -> datetime | None:
    if not _EPOCH.match(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _iso(text: str, local: tzinfo) -> datetime | None:
    match = _ISO.search(text)
    if match is None:
        return _undivided(text, local)
    year, month, day, hour, minute, second = (int(match[part] or 0) for part in (1, 2, 3, 5, 6, 7))
    if match[4] in _LATER and hour < (11 if match[4] == "中午" else 12):
        hour += 12
    # A zone says something of a time of day only: behind a bare date it is the end of a span.
    zone_of = _offset(match[8] if match[5] else None, local)
    return _midnight_too(year, month, day, hour, minute, second, zone_of)


def _undivided(text: str, local: tzinfo) -> datetime | None:
    match = _COMPACT.match(text)
    if match is not None:
        year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        zone_of = _offset(match[7], local)
        return _midnight_too(year, month, day, hour, minute, second, zone_of)
    named = _MONTH.match(text)
    return datetime(int(named[1]), int(named[2]), 1, tzinfo=local) if named else None


def _american(text: str, local: tzinfo) -> datetime | None:
    match = _AMERICAN.match(text)
    if match is None:
        return None
    month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    hour = hour % 12 + (12 if match[7] in "Pp" else 0)
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=local)


def _midnight_too(
    year: int, month: int, day: int, hour: int, minute: int, second: int, zone_of: tzinfo
) -> datetime:
    """A date whose hour may be 24, the midnight at its end (ISO 8601)."""
    late = timedelta(days=1) if hour == 24 and minute == second == 0 else timedelta()
    hour = 0 if late else hour
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone_of) + late


def _offset(text: str | None, local: tzinfo) -> tzinfo:
    if not text:
        return local
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    return _fixed(text[0], int(digits[:2]), int(digits[2:] or 0))


def _mail(text: str, local: tzinfo) -> datetime | None:
    java = _JAVA.match(text)
    if java:
        month, day, clock, name, year = java.groups()
        text = f"{day} {month} {year} {clock} {name}"
    # RFC 822 gives CST to Chicago; a source set in China means its own.
    if text.endswith("CST") and _is_china(local):
        text = text[:-3] + "+0800"
    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    seconds = parsed[9]
    # A bare month name parses too; without a year there is no date.
    if parsed[0] < 1000:
        return None
    return datetime(
        *parsed[:5],
        min(parsed[5], 59),
        tzinfo=local if seconds is None else timezone(timedelta(seconds=seconds)),
    )


def _is_china(local: tzinfo) -> bool:
    return local.utcoffset(datetime(2024, 1, 1)) == timedelta(hours=8)  # noqa: DTZ001 - any day does
