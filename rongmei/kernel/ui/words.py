"""Times, spans and numbers in words, in the reader's language and time zone.

The browser refreshes relative times with the same words (`static/ui/ui.js`), so a change
here needs the same change there.
"""

from datetime import date, datetime, timedelta
from typing import Final

from django.utils import dateformat, timezone
from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400
WEEK: Final = 7
WAN: Final = 10_000
YI: Final = 100_000_000
NO_DATA: Final = "—"

WEEKDAYS: Final = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)


def local(at: datetime) -> datetime:
    """`at` in the reader's zone; a naive time is taken to be in it already."""
    return timezone.localtime(at) if timezone.is_aware(at) else timezone.make_aware(at)


def weekday(day: date) -> str:
    """周一 … 周日 / Mon … Sun."""
    return str(WEEKDAYS[day.weekday()])


def with_weekday(written: str, day: date) -> str:
    """A written date and its weekday, in the order of the language: 3月4日 周三 / Wed 4 Mar."""
    # Translators: 3月4日 周三
    return gettext("%(day)s %(weekday)s") % {"day": written, "weekday": weekday(day)}


def clock(at: datetime) -> str:
    """24-hour clock, `14:05`."""
    return local(at).strftime("%H:%M")


def exact(at: datetime) -> str:
    """The full time for hovers and records: 2026年3月4日 周三 14:05:09."""
    here = local(at)
    day = dateformat.format(here, gettext("Y年n月j日"))
    return f"{with_weekday(day, here)} {here:%H:%M:%S}"


def stamp(at: datetime) -> str:
    """Date and minute, for bylines and records: 2026年3月4日 14:05."""
    here = local(at)
    return f"{dateformat.format(here, gettext('Y年n月j日'))} {here:%H:%M}"


def short_date(day: date, today: date) -> str:
    """3月4日, with the year when it is not this one."""
    pattern = gettext("n月j日") if day.year == today.year else gettext("Y年n月j日")
    return dateformat.format(day, pattern)


def _near(day: date, today: date) -> str:
    """昨天, 今天, 明天, a weekday within a week, else the date."""
    apart = (day - today).days
    names = {-1: gettext("昨天"), 0: gettext("今天"), 1: gettext("明天")}
    if apart in names:
        return names[apart]
    if abs(apart) < WEEK:
        return weekday(day)
    return short_date(day, today)


def relative(at: datetime, now: datetime | None = None) -> str:
    """How long ago or until: 3分钟前, 2小时后, 昨天 14:05, 周三 14:05, 3月4日."""
    here = local(at)
    ref = local(now) if now else timezone.localtime()
    seconds = (ref - here).total_seconds()
    span = abs(seconds)
    if span < MINUTE:
        return gettext("刚刚") if seconds >= 0 else gettext("马上")
    if span < HOUR:
        n = int(span // MINUTE)
        if seconds > 0:
            return ngettext("%(n)d分钟前", "%(n)d分钟前", n) % {"n": n}
        return ngettext("%(n)d分钟后", "%(n)d分钟后", n) % {"n": n}
    if span < DAY:
        n = int(span // HOUR)
        if seconds > 0:
            return ngettext("%(n)d小时前", "%(n)d小时前", n) % {"n": n}
        return ngettext("%(n)d小时后", "%(n)d小时后", n) % {"n": n}
    if abs((here.date() - ref.date()).days) < WEEK:
        return f"{_near(here.date(), ref.date())} {here:%H:%M}"
    return short_date(here.date(), ref.date())


def planned(at: datetime, now: datetime | None = None) -> str:
    """A time in a plan, always with its weekday: 3月4日 周三 14:05; 今天 14:05."""
    here = local(at)
    ref = local(now) if now else timezone.localtime()
    if abs((here.date() - ref.date()).days) <= 1:
        return f"{_near(here.date(), ref.date())} {here:%H:%M}"
    return f"{with_weekday(short_date(here.date(), ref.date()), here)} {here:%H:%M}"


def span_words(span: timedelta) -> str:
    """A length of time in its two largest units: 2天3小时, 1小时05分, 40分钟, 8秒."""
    seconds = int(abs(span.total_seconds()))
    days, rest = divmod(seconds, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes = rest // MINUTE
    if days:
        return (
            gettext("%(d)d天%(h)d小时") % {"d": days, "h": hours}
            if hours
            else gettext("%(d)d天") % {"d": days}
        )
    if hours:
        return (
            gettext("%(h)d小时%(m)02d分") % {"h": hours, "m": minutes}
            if minutes
            else gettext("%(h)d小时") % {"h": hours}
        )
    if minutes:
        return gettext("%(m)d分钟") % {"m": minutes}
    return gettext("%(s)d秒") % {"s": seconds}


def is_chinese() -> bool:
    """Whether the page is being written in Chinese."""
    return (get_language() or "zh").startswith("zh")


def number_exact(value: float) -> str:
    """Every digit, in thousands: 12,345 or 12.5."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.2f}".rstrip("0").rstrip(".")


def number_words(value: float | None) -> str:
    """A number to read: 1.2万 and 3.4亿 in Chinese, 12,345 in English; no data is a dash."""
    if value is None:
        return NO_DATA
    if not is_chinese():
        return number_exact(value)
    size = abs(value)
    if size < WAN:
        return number_exact(value)
    # 9999.96万 rounds to 10000万, which nobody says: it is 1亿.
    unit, word = (WAN, "万") if round(size / WAN, 1) < WAN else (YI, "亿")
    return f"{value / unit:,.1f}".removesuffix(".0") + word
