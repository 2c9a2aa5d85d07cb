"""Hidden words are found, real texts are left alone: the figures that the documents give are held here."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.evasions import evasions
from rongmei.stories import evasion, lexicon
from rongmei.stories.types import Level
from rongmei_wire.tests.inews import needed_articles


def rule(word, level=Level.FORBID, **more):
    return lexicon.Rule(level, word, "", "", more.pop("exceptions", ()), "ours", **more)


def words(text, *rules):
    return [(one.found, one.how) for one in lexicon.Matcher(rules).findings("body", text)]


def test_hidden_words_are_found_whatever_the_way():
    tried, hit = Counter(), Counter()
    for way, word, sentence in evasions():
        tried[way] += 1
        hit[way] += any(word in (one.word for one in _rules(one)) for one in _found(sentence))
    assert set(tried) == {"width", "script", "hidden", "blanks", "gaps", "split", "sound"}
    assert all(hit[way] / tried[way] >= 0.9 for way in tried), (tried, hit)


def _found(sentence):
    return lexicon.seed().findings("body", sentence)


def _rules(finding):
    same = (finding.code, finding.advice, finding.suggestion)
    return [one for one in lexicon.seed().rules if (one.code, one.advice, one.instead) == same]


def test_real_news_hides_no_words_and_hardly_uses_forbidden_ones():
    articles = needed_articles("dev")
    hidden, forbidden = [], []
    for one in articles:
        for finding in _found(f"{one['title']}\n{one['body']}"):
            hidden += [finding.found] if finding.how else []
            forbidden += [finding.found] if finding.level is Level.FORBID else []
    false_share = len(hidden) / sum(1 for _one in evasions())
    assert false_share <= 0.02, hidden
    assert len(forbidden) <= len(articles) * 0.02, forbidden


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("他说“残废”一词", []),
        ("他说残废一词", [("残废", "")]),
        ("“旧稿”说残废，“新稿”不说", [("残废", "")]),
    ],
)
def test_inside_quotation_marks_a_word_may_be_innocent(text, expected):
    assert words(text, rule("残废", contexts=frozenset({"quote"}))) == expected


def test_inside_a_book_title_a_word_may_be_innocent():
    rules = rule("残废", contexts=frozenset({"title"}))
    assert words("读《残废者》", rules) == [] and words("残废者", rules) == [("残废", "")]


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("确保*万无一失", "确保电网万无一失", ["确保电网万无一失"]),
        ("确保*万无一失", "确保安全。万无一失", []),
        ("[最|极]先进的", "极先进的设备", ["极先进的"]),
        ("第?名次", "排第三名次", ["第三名次"]),
    ],
)
def test_patterns(pattern, text, expected):
    assert [one for one, _how in words(text, rule(pattern, pattern=True))] == expected


@pytest.mark.parametrize("pattern", ["*", "?", "[]词语", "[词语", "词]语文", "一*二"])
def test_a_pattern_with_nothing_to_look_for_is_refused(pattern):
    with pytest.raises(ValueError, match=r".*"):
        lexicon.compiled(pattern)


def test_figures_for_latin_letters():
    rules = rule("bank")
    assert words("the b4nk", rules)[0][0] == "b4nk"
    assert words("databank 84nk3r", rules) == []


def test_a_sound_alone_never_stops_a_story():
    (one,) = lexicon.Matcher([rule("残废人")]).findings("body", "照顾残费人")
    assert one.level is Level.CAUTION and one.how


def test_the_most_serious_of_two_that_overlap_is_told():
    found = words("照顾残废人出行", rule("照顾残废人出行", Level.HINT), rule("残废"))
    assert found == [("残废", "")]


def test_every_syllable_has_its_characters():
    assert len(evasion.sounds()) == 3755 and len(set(evasion.sounds().values())) == 396


@pytest.mark.parametrize(
    "text", ["残\u200b废\u3000人", "殘  廢人 A\u030a 5㎞", "\U000e0101残废", "", "𝐊𝐖𝐇", "残*废*人", "歹戋 废"]
)  # fmt: skip
def test_places_point_into_the_original(text):
    folded = evasion.fold(text)
    for view in (folded, evasion.gaps(folded), evasion.split(folded), evasion.leet(folded)):
        if view is not None:
            assert len(view.text) == len(view.starts) == len(view.ends)
            assert all(0 <= a < b <= len(text) for a, b in zip(view.starts, view.ends, strict=True))
