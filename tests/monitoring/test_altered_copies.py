"""Copies as other desks make them are found, and other articles are not taken for copies."""

from __future__ import annotations

import pytest

from bench import altered
from bench.reprints import detect, mixed, natural, quality
from rongmei.monitoring import copies

NOTICE = "特别声明：以上文章内容仅代表作者本人观点，不代表示例平台观点或立场。如有关于作品内容、版权或其它问题请于作品发表后的30日内与示例平台联系。"
ROUND_UP = "示例县今天发布通告，城区两条道路夜间施工，请司机提前绕行，公交线路同步调整，预计下月初恢复通行。"


def test_altered_copies_are_found_and_other_articles_are_not():
    mix = mixed(1_200, seed=41)
    found = detect(mix.texts)
    figures = quality(mix, found)
    assert len(mix.origins) == 240
    assert figures["recall"] >= 0.98, figures
    assert figures["false_of_documents"] < 0.005, figures
    same = natural(mix.texts, found)
    assert same["found"] == same["equal_bodies"] > 0


def test_the_same_seed_makes_the_same_copies():
    held = altered.articles()[:50]
    able = [number for number, one in enumerate(held) if altered.long_enough(one[1])]
    first, second = (list(altered.copies_of(held, able, 7)) for _ in range(2))
    assert first == second != list(altered.copies_of(held, able, 8))
    for one in first:
        assert one.title != held[one.origin][0]
        assert one.body != held[one.origin][1]


def test_verdict_by_minima_agrees_with_the_shingles_or_says_nothing():
    mix = mixed(600, seed=3)
    for copy, origin in mix.origins.items():
        one, other = copies.sketches([mix.texts[origin], mix.texts[copy]])
        verdict = copies.judged(one, other)
        whole = copies.likeness(
            copies.shingles(mix.texts[origin]), copies.shingles(mix.texts[copy])
        )
        assert verdict is None or verdict.is_copy == whole.is_copy


@pytest.mark.parametrize("small", [NOTICE, ROUND_UP])
def test_what_stands_under_many_articles_makes_them_no_family(small: str):
    article = altered.articles()[0][1]
    assert len(article) > 400
    one, other = copies.shingles(small), copies.shingles(article + "\n" + small)
    assert not copies.likeness(one, other).is_copy


def test_small_notice_of_ours_in_a_round_up_is_carried():
    article = altered.articles()[0][1]
    found = copies.likeness(copies.shingles(ROUND_UP), copies.shingles(article + ROUND_UP))
    assert found.is_carried
    assert not found.is_copy


def test_notice_of_a_platform_is_no_part_of_the_text():
    body = "示例正文第一句。示例正文第二句。"
    assert copies.core(body + NOTICE) == copies.core(body)
    # A company that declares something says who does.
    declared = "示例公司发表声明：网传内容不实。"
    assert copies.core(declared) == copies.letters(declared)


@pytest.mark.parametrize("text", ["", "短", "\ud800" * 80, "\U00020000" * 80, "a b\n" * 60])
def test_any_text_has_a_sketch(text: str):
    found = copies.sketch(text)
    assert found.is_short == (len(copies.core(text)) < copies.SHORT)
    assert len(found.bands) == (0 if found.is_short else copies.BANDS)
