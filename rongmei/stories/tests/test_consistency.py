"""What contradicts itself in a text is found; what only looks alike is left alone."""

from __future__ import annotations

from datetime import date

import pytest

from rongmei.stories import consistency

TODAY = date(2026, 11, 24)


def found(text, today=TODAY):
    return {(code, text[start:end], instead) for code, (start, end), instead in consistency.look(text, today)}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "words", "instead"),
    [
        ("抢修队员48名赶到。抢修队员46名返回。", "two_values", "抢修队员46名", ""),
        ("风电占60%，光伏占55%。", "share_sum", "占60%，光伏占55%", ""),
        ("供电可靠率达到103%", "rate_over", "可靠率达到103%", ""),
        ("新建220KV线路", "unit_form", "KV", "千伏"),
        ("发电300 kWh", "unit_form", "kWh", "千瓦时"),
        ("115千伏线路", "voltage", "115千伏", ""),
        ("2026年11月22日星期一", "weekday", "2026年11月22日星期一", "星期日"),
        ("2026年2月30日", "no_such_day", "2026年2月30日", ""),
        ("13月5日", "no_such_day", "13月5日", ""),
        ("3月5日至3月2日", "day_order", "3月5日至3月2日", ""),
        ("3月15日至12日", "day_order", "3月15日至12日", ""),
        ("25时10分到达", "no_such_time", "25时10分", ""),
        ("他说：“抓紧抢修。", "unpaired", "“", ""),
        ("印发《通知", "unpaired", "《", ""),
        ("多了一个）", "unpaired", "）", ""),
        ("抢修的的队员", "doubled", "的的", "的"),
        ("云岭变电站变电站投运", "doubled", "变电站变电站", "变电站"),
    ],
)
def test_what_is_found(text, code, words, instead):
    assert (code, words, instead) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "抢修队员48名赶到，后勤队员46名返回。", "风电占60%，光伏占40%。", "负荷增长103%",
        "±800千伏线路与110千伏变电站", "12月28日至1月3日", "3月2日至5日", "2月29日", "24时0分",
        "他说：“抓紧抢修（夜间）。”", "“第一段\n“第二段。”", "的的确确是这样", "研究研究再说", "10千伏安变压器",
    ],
)  # fmt: skip
def test_what_is_left_alone(text):
    assert found(text) == set()


def test_a_date_without_a_year_is_the_nearest():
    assert consistency.infer(12, 30, None, date(2027, 1, 3)) == date(2026, 12, 30)
    assert consistency.infer(1, 3, None, date(2026, 12, 30)) == date(2027, 1, 3)
    assert consistency.infer(2, 29, None, date(2026, 5, 1)) == date(2024, 2, 29)
