"""Machine checks: a table of what is found and what is not; ninjs against its schema."""

from __future__ import annotations

import json

import pytest
from django.utils import timezone

from rongmei.stories import checking, consistency, lexicon, ninjs, selectors
from rongmei.stories.tests import newsroom
from rongmei.stories.types import CheckedText
from rongmei_wire.tests.ninjs_schema import needed_schema

CHECKS = (lexicon.check, lexicon.check_typos, checking.check_patterns, consistency.check)


def found(text, part="body"):
    import uuid

    checked = CheckedText(uuid.uuid4(), ((part, text),), timezone.now())
    return {(one.level.value, one.code, one.found) for check in CHECKS for one in check(checked)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("照顾残废人出行", ("forbid", "wording", "残废人")),
        ("照顾残\u200b废人出行", ("forbid", "wording", "残\u200b废人")),
        ("照顾残 废 人出行", ("forbid", "wording", "残 废 人")),
        ("发电 300KWH", ("caution", "unit", "KWH")),
        ("发电 300\uff2b\uff37\uff28", ("caution", "unit", "\uff2b\uff37\uff28")),
        ("抓获两名罪犯", ("caution", "law", "罪犯")),
        ("打造最佳方案", ("caution", "absolute", "最佳")),
        ("位列第一", ("hint", "absolute", "第一")),
        ("证号11010519491231002X", ("forbid", "id_card", "11010519491231002X")),
        ("联系13800138000", ("caution", "mobile", "13800138000")),
        ("联系138-0013-8000", ("caution", "mobile", "138-0013-8000")),
        ("卡号6222 0212 3456 7890 128", ("forbid", "bank_card", "6222 0212 3456 7890 128")),
        ("写信到a.b@example.com", ("caution", "email", "a.b@example.com")),
        ("住在新安路12号3号楼2单元501室", ("caution", "address", "住在新安路12号3号楼2单元501室")),
        ("公司座落于此", ("caution", "typo", "座落")),
        ("殘廢人", ("forbid", "wording", "殘廢人")),
        ("残*废*人", ("forbid", "wording", "残*废*人")),
        ("歹戋废人", ("forbid", "wording", "歹戋废人")),
        ("残费人", ("caution", "wording", "残费人")),
        ("世界令页先", ("caution", "absolute", "世界令页先")),
        ("户号\uff1a0512345678", ("caution", "meter", "0512345678")),
        ("恢复供电\u3002\u3002", ("hint", "punctuation", "\u3002\u3002")),
        ("2026年11月22日星期一", ("caution", "weekday", "2026年11月22日星期一")),
        ("2026年2月30日", ("caution", "no_such_day", "2026年2月30日")),
        ("变电站位于东经103.8812", ("forbid", "grid_place", "东经103.88")),
        ("公布接线图", ("forbid", "grid", "接线图")),
    ],
)
def test_what_is_found(text, expected):
    codes = {(level, code) for level, code, _words in found(text)}
    assert expected[:2] in codes
    if expected[1] != "grid_place":
        assert expected in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "第一时间赶到现场", "第一书记驻村", "推广最佳实践", "订单号 110105194912310021",
        "2026年11月22日星期日", "2月29日", "真的吗\uff1f\uff01", "他说\u2026\u2026", "AKWHB", "电话 95598",
        "东经103.8812的山口", "订单6222021234567890123", "新安路12号院", "一座座落地的杆塔", "势必竟先到",
        "这事残，废人不提", "参会人员先后发言", "不在第，一排", "哑巴吃黄连",
    ],
)  # fmt: skip
def test_what_is_left_alone(text):
    assert not found(text)


def test_findings_point_into_the_original_text():
    text = "请照顾残\u200b废\u3000人\uff0c谢谢"
    (one,) = lexicon.seed().findings("body", text)
    assert text[one.start : one.end] == one.found and one.suggestion == "残疾人"


def test_the_seed_is_small_and_its_advice_is_translated():
    rules = lexicon.seed().rules
    assert 40 <= len(rules) <= 60 and {one.advice for one in rules} <= lexicon.ADVICE


def test_twenty_thousand_rules_find_in_a_long_text_what_they_should():
    rules = [
        lexicon.Rule(lexicon.Level.HINT, f"词{n}条", "", "", (), "many") for n in range(20_000)
    ]
    big = lexicon.Matcher(rules)
    hits = list(big.findings("body", "山路" * 1000 + "词777条" + "巡视" * 1000))
    assert [one.found for one in hits] == ["词777条"]


def test_a_signed_story_is_valid_ninjs(cast):
    import jsonschema

    picture = newsroom.a_picture(cast)
    block = {"type": "picture", "value": {"picture": picture.pk, "caption": "现场", "credit": "某"}}
    story = newsroom.signed(
        cast, body=[*newsroom.body(), block], lead_picture=picture, tags=["保供"], place="云岭",
        summary="摘要一句", embargo_until=timezone.now(),
    )  # fmt: skip
    item = json.loads(json.dumps(ninjs.of_package(selectors.signed_package(story.pk))))
    schema = needed_schema()
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in validator.iter_errors(item)] == []
