"""The date forms of the query language: read as typed, kept as typed, resolved when searching.

A saved search "the last 7 days" must go on meaning the last 7 days, so a query keeps the
canonical text, and `period` turns it into seconds with the present time and the reader's offset.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from django.utils.translation import gettext as _

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = {"h": 3_600, "d": 86_400, "w": 604_800}
_UNITS = {"小时": "h", "天": "d", "日": "d", "周": "w"} | {unit: unit for unit in _SECONDS}
_NAMED = {
    "today": "today", "今天": "today", "今日": "today",
    "yesterday": "yesterday", "昨天": "yesterday", "昨日": "yesterday",
    "week": "week", "本周": "week", "month": "month", "本月": "month",
    "year": "year", "今年": "year",
}  # fmt: skip
_ROLLING = re.compile(r"(?:近|最近)?(\d{1,4})个?([hdw]|小时|天|日|周)", re.ASCII)
_CALENDAR = re.compile(
    r"(\d{4})(?:(?:[-/.]|年)(\d{1,2})(?:(?:[-/.]|月)(\d{1,2})日?|月?)?|年?)", re.ASCII
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})[t_](\d{2}):(\d{2})(?::(\d{2}))?", re.ASCII)
# Nothing in the archive is later: calendar forms end here.
_END = int(datetime(2200, 1, 1, tzinfo=UTC).timestamp())
_WIDTH = str.maketrans("０１２３４５６７８９－／．", "0123456789-/.")


def canonical(typed: str) -> str | None:
    """The canonical form of a typed date, or None if it is none.

    2026-06-01, 2026-06, 2026, today, yesterday, week, month, year, 36h, 7d, 2w, or two calendar
    forms joined by two dots. 2026-06-01T08:30 is a minute, with :15 a second; two dots after any
    calendar form mean "and later".
    """
    text = typed.strip().translate(_WIDTH).lower()
    if ".." in text:
        return _joined(*text.split("..")) if text.count("..") == 1 else None
    if text in _NAMED:
        return _NAMED[text]
    if rolling := _ROLLING.fullmatch(text):
        return f"{int(rolling[1])}{_UNITS[rolling[2]]}" if int(rolling[1]) else None
    return _moment(text) or _calendar(text)


def _joined(left: str, right: str) -> str | None:
    first = _moment(left) or _calendar(left)
    if not right:
        return f"{first}.." if first else None
    last = _moment(right) or _calendar(right)
    if first is None or last is None or _span(first, 0)[0] >= _span(last, 0)[1]:
        return None
    return f"{first}..{last}"


def _moment(text: str) -> str | None:
    """2026-06-01T08:30 or …:15 in its canonical form; an underscore may stand for the T."""
    found = _MOMENT.fullmatch(text)
    day = found and _calendar(found[1])
    if found is None or day is None or int(found[2]) > 23:
        return None
    rest = [part for part in found.groups()[2:] if part is not None]
    return None if any(int(part) > 59 for part in rest) else f"{day}T{':'.join([found[2], *rest])}"


def _span(text: str, tz_offset: int) -> tuple[int, int]:
    """Seconds since 1970 of the start of a calendar form or moment, and of the first after it."""
    day, _t, clock = text.partition("T")
    first, after = _days(day)
    if not clock:
        return _seconds(first) - tz_offset, _seconds(after) - tz_offset
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    start = _seconds(first) - tz_offset + hours * 3_600 + minutes * 60 + sum(seconds)
    return start, start + (1 if seconds else 60)


def _calendar(text: str) -> str | None:
    found = _CALENDAR.fullmatch(text) or _COMPACT.fullmatch(text)
    if found is None:
        return None
    year, month, day = found.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    if not 1900 <= int(year) <= 2199:
        return None
    return "-".join([year] + [f"{int(part):02}" for part in (month, day) if part])


def _days(calendar: str) -> tuple[date, date]:
    """The first day of a calendar form and the first day after it."""
    parts = [int(part) for part in calendar.split("-")]
    if len(parts) == 3:
        first = date(*parts)
        return first, first + timedelta(days=1)
    year, month = parts[0], parts[1] if len(parts) == 2 else 1
    first = date(year, month, 1)
    if len(parts) == 1 or month == 12:
        return first, date(year + 1, 1, 1)
    return first, date(year, month + 1, 1)


def _named_days(name: str, today: date) -> tuple[date, date]:
    tomorrow = today + timedelta(days=1)
    first = {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "week": today - timedelta(days=today.weekday()),
        "month": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }[name]
    return first, today if name == "yesterday" else tomorrow


def is_rolling(text: str) -> bool:
    """Whether a canonical date is a span until now, like 7d."""
    return _ROLLING.fullmatch(text) is not None


def period(text: str, *, now: int, tz_offset: int) -> tuple[int, int]:
    """Seconds since 1970 of the start, and of the first second after, of a canonical date.

    `tz_offset` is the reader's distance from UTC in seconds (Shanghai: 28800). Days are calendar
    days there; 7d is the 168 hours until now.
    """
    if rolling := _ROLLING.fullmatch(text):
        return now - int(rolling[1]) * _SECONDS[rolling[2]], now + 1
    if ".." in text:
        first, last = text.split("..")
        return _span(first, tz_offset)[0], _span(last, tz_offset)[1] if last else _END
    if text not in _NAMED:
        return _span(text, tz_offset)
    today = datetime.fromtimestamp(now + tz_offset, UTC).date()
    start, after = _named_days(text, today)
    return _seconds(start) - tz_offset, _seconds(after) - tz_offset


def _seconds(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def describe(text: str) -> str:
    """A canonical date in the reader's language."""
    named = {
        "today": _("今天"),
        "yesterday": _("昨天"),
        "week": _("本周"),
        "month": _("本月"),
        "year": _("今年"),
    }
    if text in named:
        return named[text]
    if rolling := _ROLLING.fullmatch(text):
        forms = {"h": _("近 %(count)s 小时"), "d": _("近 %(count)s 天"), "w": _("近 %(count)s 周")}
        return forms[rolling[2]] % {"count": rolling[1]}
    if ".." in text:
        first, last = (end.replace("T", " ") for end in text.split(".."))
        if not last:
            return _("%(first)s 起") % {"first": first}
        return _("%(first)s 至 %(last)s") % {"first": first, "last": last}
    return text.replace("T", " ")


def interval_start(seconds: int, interval: str, *, tz_offset: int) -> int:
    """The start of the hour, day, week (from Monday) or month that a moment is in."""
    if interval == "hour":
        return seconds - (seconds + tz_offset) % 3_600
    day_start = seconds - (seconds + tz_offset) % 86_400
    if interval == "day":
        return day_start
    day = (_EPOCH + timedelta(seconds=day_start + tz_offset)).date()
    back = day.weekday() if interval == "week" else day.day - 1
    return day_start - back * 86_400
