"""What a story stands on: source and rights, lists of sources, pictures, what machines made."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.utils import timezone

from rongmei.stories import actions, canonical, checking, lexicon_sheets, material
from rongmei.stories.errors import BlockingFindings
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom
from rongmei.stories.types import CheckedText

SOURCES = lexicon_sheets.SHAPES["sources"]


def found(pictures=(), parts=(), **more):
    text = CheckedText(
        uuid.uuid4(), tuple(parts), timezone.now(), own_names=frozenset({"云岭中心"}),
        pictures=tuple(pictures), **more,
    )  # fmt: skip
    return {(one.level.value, one.code) for one in material.check(text)}


def codes(story):
    fresh = Story.objects.get(pk=story.pk)
    return {one.code for one in checking.run(fresh, canonical.content_of(fresh)).findings}


@pytest.mark.parametrize(
    ("rights", "over"),
    [
        ("授权至2026-11-24", True), ("授权至2026年11月25日", False), ("有效期2025.1.1至2025.12.31", True),
        ("有效期 2025.1.1-2027.12.31", False), ("长期授权", False), ("合同2024-01-01签订", False), ("至2026-02-30", False),
    ],
)  # fmt: skip
def test_rights_end_on_the_last_day_they_name(rights, over):
    assert material.over(rights, date(2026, 11, 25)) is over


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"origin": "云岭中心"}, set()),
        ({"origin": ""}, set()),
        ({"origin": "示例日报"}, {("caution", "no_rights")}),
        ({"origin": "示例日报", "rights_basis": "转载许可"}, set()),
        (
            {"origin": "示例日报", "rights_basis": "授权至2020年1月1日"},
            {("caution", "rights_over")},
        ),
    ],
)
def test_a_foreign_source_needs_rights_that_have_not_ended(more, expected):
    assert found(**more) == expected


@pytest.mark.parametrize(
    ("picture", "caption", "expected"),
    [
        ({"title": "线路"}, "线路巡视", set()),
        ({"source": "云岭中心"}, "线路巡视", set()),
        ({"source": "示例图库"}, "线路巡视", {("hint", "picture_rights")}),
        ({"source": "示例图库", "rights": "已购，授权至2020-01-01"}, "线路", {("caution", "rights_over")}),
        ({"credit": "AI生成"}, "线路巡视", {("caution", "aigc_unlabelled")}),
        ({"credit": "AI生成", "aigc": "1"}, "线路巡视", set()),
        ({}, "孩子们在课堂上", {("caution", "portrait_careful")}),
        ({"rights": "监护人已签肖像同意书"}, "孩子们在课堂上", set()),
        ({}, "王建国在检修", {("hint", "portrait")}),
    ],
)  # fmt: skip
def test_pictures_say_by_what_right_and_how_they_were_made(picture, caption, expected):
    assert found(pictures=[(picture, caption)]) == expected


def test_a_text_that_speaks_of_made_by_machines_is_asked_about():
    assert found(parts=[("body", "配图由人工智能生成。")]) == {("hint", "aigc_text")}
    assert found(parts=[("body", "AI绘制")]) == {("hint", "aigc_text")}
    assert found(parts=[("body", "人工智能产业生成新动能")]) == set()


def test_a_column_with_a_list_reprints_only_from_it(cast):
    by = cast["yl.second"]
    listed = actions.lexicon_create(by=by, unit_id=by.unit_id, name="示例名单", kind="sources")
    entry = lexicon_sheets.source_of({"来源": "示例日报", "别称": "示例日报网"})
    made = actions.lexicon_propose(by=by, lexicon_id=listed.pk, entries=[entry], note="示例", categories=["示例栏目"])  # fmt: skip
    actions.lexicon_approve(by=cast["yl.chief"], version_id=made.pk, digest=made.digest)
    foreign = {"origin": "示例晚报", "rights_basis": "转载许可"}
    story = newsroom.draft(cast, category="示例栏目", **foreign)
    assert "source_unlisted" in codes(story)
    with pytest.raises(BlockingFindings):
        newsroom.submit(cast, story)
    # Another column, a listed source by its other name, and the unit's own are free.
    assert "source_unlisted" not in codes(newsroom.save(cast, story, category="别的栏目"))
    saved = newsroom.save(cast, story, category="示例栏目", origin="示例日报网")
    assert "source_unlisted" not in codes(saved)
    own = newsroom.draft(cast, title="示例自采稿", category="示例栏目")
    assert not codes(own) & {"source_unlisted", "no_rights"}


def test_a_list_of_sources_comes_back_as_it_went_out():
    rows = [SOURCES.entry_of({"来源": "示例日报", "许可证号": "示例1号"})]
    assert lexicon_sheets.read(lexicon_sheets.as_csv(rows, SOURCES), SOURCES).entries == rows
