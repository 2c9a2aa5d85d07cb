"""What does not agree with itself: quantities, shares, units, dates, brackets, doubled words.

Each rule looks at one part of a story and speaks only where the text contradicts itself; what would
need knowledge of the world is a question for people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from rongmei.stories.evasion import HAN
from rongmei.stories.lexicon import excerpt
from rongmei.stories.types import CheckedText, Finding, Level

ADVICE: Final = {
    "two_values": _("同一数量前后不一致，请核对。"),
    "share_sum": _("几项占比相加超过百分之百，请核对。"),
    "rate_over": _("比率超过百分之百，请核对。"),
    "unit_form": _("计量单位用规范写法，全文一致。"),
    "voltage": _("不是常用的电压等级，请核对。"),
    "weekday": _("日期与星期不符，请核对。"),
    "no_such_day": _("没有这一天，请核对日期。"),
    "day_order": _("起止日期前后颠倒，请核对。"),
    "no_such_time": _("没有这个时刻，请核对。"),
    "unpaired": _("引号、括号或书名号不成对。"),
    "doubled": _("词语重复，疑为多打。"),
}  # fmt: skip
Span = tuple[int, int]
_DAYS: Final = "一二三四五六日"
_NUMBER: Final = r"\d+(?:\.\d+)?(?:[万亿])?"
_UNITS: Final = "名|人|户|台|座|辆|基|万千瓦时|亿千瓦时|千瓦时"
# Words before a number with which several values of one thing are usual.
_SEVERAL: Final = re.compile(
    "分别|最高|最低|不低于|不少于|给予|每|平均|增加|增长|减少|下降|其中|新增|近|仅|超过|到"
)
_QUANTITY = re.compile(
    rf"([{HAN}]{{2,8}}?)(?:共有|共计|共|约|达到|达|为|有)?(?<!第)({_NUMBER})余?({_UNITS})(?![{HAN}]?次)"
)
_SHARE = re.compile(r"占[^，。；\n\d]{0,8}(\d+(?:\.\d+)?)%")
_RATE = re.compile(rf"((?:合格|及格|覆盖|可靠|出勤|满意|成活|普及|执行|到位|复电)率)[{HAN}]{{0,3}}?(\d+(?:\.\d+)?)%")  # fmt: skip
_FORMS: Final = {"kv": "千伏", "kva": "千伏安", "mw": "兆瓦", "kw": "千瓦", "kwh": "千瓦时", "mwh": "兆瓦时", "mva": "兆伏安", "km": "千米", "kg": "千克"}  # fmt: skip
_FORM = re.compile(r"(?<=\d)\s?(kva|kv|kwh|kw|mwh|mva|mw)(?![a-z])", re.IGNORECASE)
_VOLTAGE = re.compile(r"(?<![\d.])(±?\d+(?:\.\d+)?)千伏(?!安)")
_VOLTAGES: Final = frozenset(["0.22", "0.38", "0.4", "1", "3", "6", "10", "20", "27.5", "35", "55", "60", "66", "110", "132", "154", "220", "330", "345", "400", "500", "750", "765", "800", "1000", "1100", "±400", "±500", "±535", "±600", "±660", "±800", "±1100", "±320", "±350", "±420"])  # fmt: skip
_DATE = re.compile(
    "(?:(\\d{4})年)?(\\d{1,2})月(\\d{1,2})日(?:[(\uff08]?(?:星期|周)([一二三四五六日天]))?"
)
_RANGE = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:至|到|—|-|~)(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日")  # fmt: skip
_TIME = re.compile(r"(?<![\d:])(\d{1,2})(?:时|点)(\d{1,2})分")
_PAIRS: Final = {"“": "”", "‘": "’", "（": "）", "《": "》", "【": "】", "〈": "〉", "「": "」"}
_CLOSING: Final = {closing: opening for opening, closing in _PAIRS.items()}
_LITTLE = re.compile("(的|了|是|在|和|与|及|对|将|被|把|从|向|于|由)\\1")
# 是是非非, 的的确确 and their kind are words.
_LITTLE_FINE = re.compile("是是非非|的的确确|对对子|了了|与与|从从容容|对对|在在")
_LONG = re.compile(rf"([{HAN}]{{3,8}})\1")


def infer(month: int, day: int, said: int | None, today: date) -> date:
    """The day that is meant: where no year is said, the one nearest to today. ValueError for none."""
    if said:
        return date(said, month, day)
    ways: list[date] = []
    for year in (today.year - 1, today.year, today.year + 1):
        try:
            ways.append(date(year, month, day))
        except ValueError:
            continue
    if not ways:
        if (month, day) == (2, 29):
            return date(2024, 2, 29)
        raise ValueError
    return min(ways, key=lambda one: abs(one - today))


def _quantities(text: str) -> Iterator[tuple[str, Span, str]]:
    """The same four characters before figures of the same unit, and other figures."""
    known: dict[tuple[str, str], str] = {}
    for match in _QUANTITY.finditer(text):
        what, value, unit = match[1][-4:], match[2], match[3]
        if len(what) < 4 or what[-1] in "和及与第增减了前后" or _SEVERAL.search(what):
            continue
        before = known.setdefault((what, unit), value)
        if before != value:
            yield "two_values", match.span(), ""


def _shares(text: str) -> Iterator[tuple[str, Span, str]]:
    for sentence in re.finditer(r"[^。！？\n]+", text):
        found = list(_SHARE.finditer(sentence[0]))
        if len(found) > 1 and sum(float(one[1]) for one in found) > 100.5:
            first, last = found[0].start(), found[-1].end()
            yield "share_sum", (sentence.start() + first, sentence.start() + last), ""
    for match in _RATE.finditer(text):
        if float(match[2]) > 100:
            yield "rate_over", match.span(), ""


def _units(text: str) -> Iterator[tuple[str, Span, str]]:
    for match in _FORM.finditer(text):
        yield "unit_form", match.span(1), _FORMS[match[1].lower()]
    for match in _VOLTAGE.finditer(text):
        if match[1] not in _VOLTAGES:
            yield "voltage", match.span(), ""


def _dates(text: str, today: date) -> Iterator[tuple[str, Span, str]]:
    for match in _DATE.finditer(text):
        try:
            day = infer(int(match[2]), int(match[3]), int(match[1] or 0) or None, today)
        except ValueError:
            yield "no_such_day", match.span(), ""
            continue
        said = (match[4] or "").replace("天", "日")
        if said and said != _DAYS[day.weekday()]:
            yield "weekday", match.span(), "星期" + _DAYS[day.weekday()]
    for match in _RANGE.finditer(text):
        year = int(match[1] or 0) or None
        try:
            begin = infer(int(match[2]), int(match[3]), year, today)
            end_year = int(match[4] or 0) or begin.year
            end = date(end_year, int(match[5] or begin.month), int(match[6]))
        except ValueError:
            continue
        # 12月28日至1月3日 goes over the end of a year.
        over = not match[4] and begin.month >= 10 and end.month <= 3
        if end < begin and not over and begin - end < timedelta(days=366):
            yield "day_order", match.span(), ""
    for match in _TIME.finditer(text):
        if int(match[1]) > 24 or int(match[2]) > 59:
            yield "no_such_time", match.span(), ""


def _pairs(text: str) -> Iterator[tuple[str, Span, str]]:
    """A quotation over several paragraphs opens in each of them and closes in the last."""
    begun: list[tuple[str, int]] = []
    carried: list[tuple[str, int]] = []
    for at, mark in enumerate(text):
        if mark in _PAIRS:
            begun.append((mark, at))
            carried = [] if mark == "“" else carried
        elif mark in _CLOSING:
            waiting = begun or carried
            if waiting and waiting[-1][0] == _CLOSING[mark]:
                waiting.pop()
            elif mark != "’":
                yield "unpaired", (at, at + 1), ""
        elif mark == "\n" and begun:
            carried = [one for one in begun if one[0] == "“"][-1:]
            yield from (("unpaired", (at, at + 1), "") for mark, at in begun if mark != "“")
            begun = []
    yield from (("unpaired", (at, at + 1), "") for _mark, at in (*carried, *begun))


def _doubled(text: str) -> Iterator[tuple[str, Span, str]]:
    for match in _LITTLE.finditer(text):
        if not _LITTLE_FINE.match(text, match.start()):
            yield "doubled", match.span(), match[1]
    for match in _LONG.finditer(text):
        yield "doubled", match.span(), match[1]


_CAUTIONS: Final = frozenset({"share_sum", "weekday", "no_such_day", "day_order", "no_such_time", "rate_over"})  # fmt: skip


def look(text: str, today: date) -> Iterator[tuple[str, Span, str]]:
    """(code, place, what to write instead) of everything in one part that does not agree."""
    yield from _quantities(text)
    yield from _shares(text)
    yield from _units(text)
    yield from _dates(text, today)
    yield from _pairs(text)
    yield from _doubled(text)


def check(checked: CheckedText) -> Iterator[Finding]:
    """The checker."""
    today = timezone.localtime(checked.today).date()
    for part, text in checked.parts:
        for code, (start, end), instead in look(text, today):
            level = Level.CAUTION if code in _CAUTIONS else Level.HINT
            yield Finding(
                level, code, part, start, end, text[start:end], excerpt(text, start, end),
                ADVICE[code], instead,
            )  # fmt: skip
