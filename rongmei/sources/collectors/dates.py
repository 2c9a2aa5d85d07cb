"""Reading the times that feeds and pages write, and doubting those that cannot be."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_tz
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_ISO = re.compile(
    r"(\d{4})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?"
    r"(?:[Tt\s,，]{0,4}(\d{1,2})\s?[:：时点]\s?(\d{1,2})(?:[:：分]\s?(\d{1,2})(?:[.,]\d{1,9})?)?分?秒?)?"
    r"\s?([Zz]|UTC|GMT|[+-]\d{2}:?\d{2})?"
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
    r"\s+(?:([+-])(\d{2})(\d{2})|(?:GMT|UTC|UT|Z))"
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
        return _rfc822(text) or _digits(text) or _iso(text, local) or _mail(text, local)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def believable(when: datetime, now: datetime) -> bool:
    """Whether news can have been published then, seen from ``now`` (both aware)."""
    return _EARLIEST <= when <= now + _AHEAD


def _rfc822(text: str) -> datetime | None:
    match = _RFC822.fullmatch(text)
    month = _MONTHS.get(match[2].lower()) if match else None
    if match is None or month is None:
        return None
    day, year, hour, minute, second, hours, minutes = (
        int(match[part] or 0) for part in (1, 3, 4, 5, 6, 8, 9)
    )
    offset = _fixed(match[7], hours, minutes) if match[7] else UTC
    return datetime(year, month, day, hour, minute, min(second, 59), tzinfo=offset)


@lru_cache(maxsize=256)
def _fixed(sign: str, hours: int, minutes: int) -> timezone:
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(span if sign == "+" else -span)


def _digits(text: str) -> datetime | None:
    if not _EPOCH.match(text):
        return None
    return datetime.fromtimestamp(int(text[:10]), UTC)


def _iso(text: str, local: tzinfo) -> datetime | None:
    match = _ISO.search(text) or _COMPACT.match(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    return datetime(
        year, month, day, hour, minute, min(second, 59), tzinfo=_offset(match[7], local)
    )


def _offset(text: str | None, local: tzinfo) -> tzinfo:
    if not text:
        return local
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    return _fixed(text[0], int(digits[:2]), int(digits[2:]))


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
