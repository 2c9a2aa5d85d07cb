"""Marking what was found, in text that may be hostile."""

from __future__ import annotations

import html
import re

import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from rongmei.archive.analysis import default_analyser
from rongmei.archive.highlight import highlight, highlight_terms
from rongmei.archive.query import parse


def terms(query: str) -> tuple[str, ...]:
    return highlight_terms(parse(query), default_analyser())


@pytest.mark.parametrize(
    ("query", "text", "marked"),
    [
        ("特高压", "云岭特高压工程", "云岭<mark>特高压</mark>工程"),
        ("特高压", "特高壓與電網", "<mark>特高壓</mark>與電網"),
        ("電網", "电网 電網", "<mark>电网</mark> <mark>電網</mark>"),
        ("电网 网络", "电网络", "<mark>电网络</mark>"),
        ('"迎峰度夏"', "“迎峰”度夏", "“<mark>迎峰”度夏</mark>"),
        ("ai", "AI and said, ＡＩ", "<mark>AI</mark> and said, <mark>ＡＩ</mark>"),
        ("5g", "5G基站与15G", "<mark>5G</mark>基站与15G"),
        ("covid-19", "COVID-19、COVID 19", "<mark>COVID-19</mark>、<mark>COVID 19</mark>"),
        ("-电网", "电网", "电网"),
        ("电网 -工程", "电网工程", "<mark>电网</mark>工程"),
        ("title:电网 source:云岭", "云岭电网", "云岭<mark>电网</mark>"),
        ("a.*b", "axxb a.*b", "axxb <mark>a.*b</mark>"),
        ("", "电网", "电网"),
        ("电网", "", ""),
        ("mark", "<mark>x</mark>", "&lt;<mark>mark</mark>&gt;x&lt;/<mark>mark</mark>&gt;"),
        (
            "电网",
            '<script>alert("电网")</script>',
            "&lt;script&gt;alert(&quot;<mark>电网</mark>&quot;)&lt;/script&gt;",
        ),
        ("amp", "a&amp;b", "a&amp;<mark>amp</mark>;b"),
        ("电网", "电<>网", "<mark>电&lt;&gt;网</mark>"),
        (
            "img onerror",
            "<img src=x onerror=1>",
            "&lt;<mark>img</mark> src=x <mark>onerror</mark>=1&gt;",
        ),
    ],
)
def test_marks(query, text, marked):
    found = highlight(text, terms(query))
    assert found == marked
    assert isinstance(found, SafeString)


def test_the_window_has_most_terms_and_starts_at_a_sentence():
    text = "电网。" + "无关的话" * 50 + "。这里讲电网与特高压的建设。" + "后文" * 50
    found = highlight(text, terms("电网 特高压"), 40)
    assert found.startswith("…这里讲<mark>电网</mark>与<mark>特高压</mark>的")
    assert found.endswith("…")
    assert len(re.sub("</?mark>|…", "", found)) == 40


@pytest.mark.parametrize("text", ["电网" + "话" * 99, "话" * 99 + "电网", "话" * 99])
def test_a_window_at_the_ends(text):
    found = highlight(text, terms("电网"), 20)
    assert ("<mark>电网</mark>" in found) == ("电网" in text)
    assert len(re.sub("</?mark>|…", "", found)) == 20


HOSTILE = st.text(st.sampled_from("<>&\"'/=;电網网a1 。\n\x00mark") | st.characters(), max_size=120)


@settings(max_examples=500, deadline=None)
@given(HOSTILE, st.lists(HOSTILE, max_size=4), st.none() | st.integers(1, 60))
def test_only_marks_are_tags_and_no_text_changes(text, wanted, width):
    found = highlight(text, wanted, width)
    bare = re.sub("</?mark>", "", found)
    assert not re.search("[<>\"']", bare)
    shown = html.unescape(bare)
    if width is None or len(text) <= width:
        assert shown == text or "\x00" in text or shown == html.unescape(html.escape(text))
    opened = re.findall("</?mark>", found)
    assert opened == ["<mark>", "</mark>"] * (len(opened) // 2)
