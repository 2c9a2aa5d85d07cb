"""The query language: what each spelling means, what is refused and where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rongmei.archive.errors import QueryError
from rongmei.archive.query import (
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_TERMS,
    And,
    Everything,
    Field,
    Not,
    Or,
    Phrase,
    When,
    Word,
    describe,
    parse,
    rewrite,
    searched_texts,
    to_string,
)
from rongmei.kernel.errors import RongmeiError

A, B, C = Word("a"), Word("b"), Word("c")

MEANINGS = [
    ("", Everything()),
    ("  \u3000\n", Everything()),
    ("！？……", Everything()),
    ("特高压", Word("特高压")),
    ("特高压 电网", And((Word("特高压"), Word("电网")))),
    ("特高压\u3000电网", And((Word("特高压"), Word("电网")))),
    ("a AND b", And((A, B))),
    ("a 且 b", And((A, B))),
    ("a OR b", Or((A, B))),
    ("a 或 b", Or((A, B))),
    ("a 或者 b", Or((A, B))),
    ("a|b", Or((A, B))),
    ("a｜b", Or((A, B))),
    ("a or b", And((A, Word("or"), B))),
    ("或许 且慢", And((Word("或许"), Word("且慢")))),
    ("a b OR c", Or((And((A, B)), C))),
    ("a (b OR c)", And((A, Or((B, C))))),
    ("a（b 或 c）", And((A, Or((B, C))))),
    ("(a b) c", And((A, B, C))),
    ("a OR (b OR c)", Or((A, B, C))),
    ("((a))", A),
    ("-a", Not(A)),
    ("－a", Not(A)),
    ("NOT a", Not(A)),
    ("不含 a", Not(A)),
    ("--a", A),
    ("-(a b)", Not(And((A, B)))),
    ("a -b -c", And((A, Not(B), Not(C)))),
    ("a OR -b", Or((A, Not(B)))),
    ("COVID-19", Word("COVID-19")),
    ('"迎峰度夏"', Phrase("迎峰度夏")),
    ("“迎峰度夏”", Phrase("迎峰度夏")),
    ("“迎峰度夏“", Phrase("迎峰度夏")),
    ("”迎峰度夏”", Phrase("迎峰度夏")),
    ('“迎峰度夏"', Phrase("迎峰度夏")),
    ("＂迎峰度夏＂", Phrase("迎峰度夏")),
    ("「迎峰度夏」", Phrase("迎峰度夏")),
    ("『迎峰度夏』", Phrase("迎峰度夏")),
    ('"a  b"', Phrase("a  b")),
    ('"say \\"hi\\" \\\\ there"', Phrase('say "hi" \\ there')),
    ('"他说“好”吗"', Phrase("他说“好”吗")),
    ('"OR"', Phrase("OR")),
    ('a"b"c', And((A, Phrase("b"), C))),
    ('-"a b"', Not(Phrase("a b"))),
    ("source:云岭日报", Field("source", "云岭日报")),
    ("来源：云岭日报", Field("source", "云岭日报")),
    ("SOURCE: 云岭日报", Field("source", "云岭日报")),
    ('source:"云岭 日报"', Field("source", "云岭 日报", True)),
    ("来源：“云岭日报”", Field("source", "云岭日报", True)),
    ("-source:云岭日报", Not(Field("source", "云岭日报"))),
    ("title:特高压", Field("title", "特高压")),
    ("region:云岭 kind:story", And((Field("region", "云岭"), Field("kind", "story")))),
    ("语言:en", Field("lang", "en")),
    ("unit:0190-a", Field("unit", "0190-a")),
    ("has:snapshot", Field("has", "snapshot")),
    ("带有：快照 -has:图片", And((Field("has", "snapshot"), Not(Field("has", "image"))))),
    ('带有:"旧版"', Field("has", "versions")),
    ("tier:1 层级：２", And((Field("tier", "1"), Field("tier", "２")))),
    ("分组:电网", Field("group", "电网")),
    ("(source:甲 或 source:乙)", Or((Field("source", "甲"), Field("source", "乙")))),
    ("after:2026-06-01", When("after", "2026-06-01")),
    ("起始：2026年6月1日", When("after", "2026-06-01")),
    ("before:2026/6", When("before", "2026-06")),
    ("date:20260601", When("date", "2026-06-01")),
    ("date:2026.6.1", When("date", "2026-06-01")),
    ("date:２０２６－０６", When("date", "2026-06")),
    ("date:2026年", When("date", "2026")),
    ("date:今天", When("date", "today")),
    ("date:Yesterday", When("date", "yesterday")),
    ("日期：昨日", When("date", "yesterday")),
    ("date:本月", When("date", "month")),
    ("after:7d", When("after", "7d")),
    ("after:近7天", When("after", "7d")),
    ("after:36小时", When("after", "36h")),
    ("after:2周", When("after", "2w")),
    ("date:2026-06-01..2026-06-10", When("date", "2026-06-01..2026-06-10")),
    ("collected:today", When("collected", "today")),
    # What is pasted rather than typed.
    ("重磅：特高压开工", Word("重磅：特高压开工")),
    ("https://news.example/a?b=1", Word("https://news.example/a?b=1")),
    ("12:30", Word("12:30")),
    ("Breaking: a", And((Word("Breaking:"), A))),
    ("《云岭日报》", Word("《云岭日报》")),
    ("a , b", And((A, B))),
    (
        '特高压 "迎峰度夏" source:云岭日报 -广告 after:2026-06-01 (a OR b)',
        And(
            (
                Word("特高压"),
                Phrase("迎峰度夏"),
                Field("source", "云岭日报"),
                Not(Word("广告")),
                When("after", "2026-06-01"),
                Or((A, B)),
            )
        ),
    ),
]


@pytest.mark.parametrize(("text", "meaning"), MEANINGS)
def test_meaning(text, meaning):
    assert parse(text) == meaning
    assert parse(to_string(meaning)) == meaning


@pytest.mark.parametrize(
    ("text", "position", "problem", "suggestion"),
    [
        ('a "b', 2, "引号没有闭合", "补上引号"),
        ("「b", 0, "引号没有闭合", "补上引号"),
        ('""', 0, "引号里没有", "写上要找的词"),
        ('a "！"', 2, "引号里没有", "写上要找的词"),
        ("a -", 2, "减号后面", "-广告"),
        ("a - b", 2, "减号后面", "-广告"),
        ("(a", 0, "左括号", "补上右括号"),
        ("a (b (c)", 2, "左括号", "补上右括号"),
        ("a)", 1, "右括号", "补上左括号"),
        ("a ()", 2, "括号里是空的", "写上条件"),
        ("a OR", 2, "“OR”后面", "补上检索词"),
        ("a 或 ！", 2, "“或”后面", "补上检索词"),
        ("或 a", 0, "“或”前面", "补上检索词"),
        ("AND a", 0, "“AND”前面", "补上检索词"),
        ("a OR OR b", 2, "“OR”后面", "补上检索词"),
        ("(a OR) b", 3, "“OR”后面", "补上检索词"),
        ("NOT", 0, "“NOT”后面", "补上检索词"),
        ("-！", 0, "“-”后面", "补上检索词"),
        ("a source:", 9, "“source:”后面没有内容", "source:云岭"),
        ("来源：", 3, "“来源:”后面没有内容", "来源:云岭"),
        ("source:(a OR b)", 7, "括号", "(source:甲 或 source:乙)"),
        ("sorce:云岭", 0, "没有“sorce”", "source:"),
        ("zzzz:云岭", 0, "没有“zzzz”", "title、source"),
        ("a has:视频", 6, "“视频”不能这样问", "snapshot/快照"),
        ("has:", 4, "“has:”后面没有内容", "has:snapshot"),
        ("tier:一级", 5, "层级是一个数字", "tier:1"),
        ("after:2026-13", 6, "“2026-13”", "2026-06-01"),
        ("after:2026-02-30", 6, "“2026-02-30”", "7d"),
        ("after:明年", 6, "“明年”", "本周"),
        ("after:0d", 6, "“0d”", "7d"),
        ("after:1500", 6, "“1500”", "2026"),
        ("date:2026-06-10..2026-06-01", 5, "不是可以识别的日期", "2026"),
        ("date:7d..today", 5, "不是可以识别的日期", "2026"),
        ("after:٢٠٢٦", 6, "不是可以识别的日期", "2026"),
        ("a" * (MAX_LENGTH + 1), MAX_LENGTH, "检索式超过", "关键的词"),
        ("a " * (MAX_TERMS + 1), 2 * MAX_TERMS, "检索条件超过", "分几次"),
        ("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), MAX_DEPTH, "套了", "多余的括号"),
        ("-" * (MAX_DEPTH + 1) + "a", MAX_DEPTH, "套了", "多余的括号"),
    ],
)
def test_refused(text, position, problem, suggestion):
    with pytest.raises(QueryError) as refusal:
        parse(text)
    error = refusal.value
    assert isinstance(error, RongmeiError)
    assert isinstance(error, ValueError)
    assert (error.status, error.code) == (400, "query_error")
    assert error.position == error.details["position"] == position
    assert problem in error.problem
    assert suggestion in error.suggestion
    assert str(error) == error.problem + error.suggestion


PARTS = st.sampled_from(
    ["特高压", "迎峰", "a", "OR", "或", "AND", "NOT", "-", "－", "(", ")", "（", "）", '"', "“", "”",
     "「", "」", ":", "：", "source:", "来源：", "foo:", "has:", "快照", "tier:", "1", "group:", "title:", "after:", "2026-06-01", "7d", "今天",
     " ", "\u3000", "|", "\\", "//", "！", "《", "\x00", "..", "é", "𠮷", "ｓ"]
)  # fmt: skip
TYPED = st.one_of(st.text(max_size=60), st.lists(PARTS, max_size=25).map("".join))


@settings(max_examples=1_500, deadline=None)
@given(TYPED)
def test_whatever_is_typed_is_understood_or_refused(text):
    try:
        meaning = parse(text)
    except QueryError as error:
        assert 0 <= error.position <= len(text)
        assert error.problem
        assert error.suggestion
        return
    assert parse(to_string(meaning)) == meaning
    assert describe(meaning)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "全部文献"),
        ("特高压", "含有 特高压"),
        (
            '特高压 "迎峰度夏" -广告',
            "含有 特高压，并且含有“迎峰度夏”这一原文，并且不含“广告”",
        ),
        ("a (b OR c)", "含有 a，并且（含有 b，或者含有 c）"),
        ("(a b) OR c", "（含有 a，并且含有 b），或者含有 c"),
        ('source:云岭 region:"云岭"', "来源含“云岭”，并且地区为“云岭”"),
        ("带有:快照 -has:image", "有原始快照，并且排除（有图片）"),
        ("tier:1 分组:电网", "层级为“1”，并且分组为“电网”"),
        ("-kind:post", "排除（类型为“post”）"),
        ("after:2026-06-01 before:2026-07", "2026-06-01起发布，并且早于2026-07发布"),
        ("after:7d", "近 7 天发布"),
        ("date:2026-06-01..2026-06-10", "2026-06-01 至 2026-06-10发布"),
        ("collected:昨天", "昨天采集"),
    ],
)
def test_described(text, sentence):
    assert describe(parse(text)) == sentence


def test_rewriting_field_conditions():
    def by_id(field):
        if field.name != "unit":
            return field
        return Or((Field("unit", "1", True), Field("unit", "2", True)))

    assert to_string(rewrite(parse("a -(unit:云岭 source:b) (unit:云岭 OR c)"), by_id)) == (
        'a -((unit:"1" OR unit:"2") source:b) (unit:"1" OR unit:"2" OR c)'
    )


def test_texts_that_are_searched():
    asked = parse('a "b c" -d (title:e OR title:"f" OR source:g) a')
    assert searched_texts(asked) == (A, Phrase("b c"), Word("e"), Phrase("f"))
