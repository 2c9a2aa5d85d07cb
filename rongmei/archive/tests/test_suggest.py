"""What the search box offers, and names that people say in place of the index's keys."""

from __future__ import annotations

import pytest

from rongmei.archive import saved, selectors, suggesting
from rongmei.archive.tests.stock import keep

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(cast, own_index):
    keep(
        cast,
        "yunling",
        "台风抢修进展",
        region="云岭",
        media_class="local",
        tags=["抢修", "示例 标签"],
    )
    keep(cast, "jiangchuan", "江川台风消息", region="江川", media_class="central", shared=False)
    keep(cast, "hq", "台风路径", source_name="江川晚报(示例)", number=2)
    own_index()


def offered(cast, typed, who="planner", at=None):
    """The text of the box after each offer is taken."""
    at = len(typed) if at is None else at
    offers = suggesting.offers_for(cast[who], typed, at)
    return [typed[: one.start] + one.insert + typed[one.end :] for one in offers]


@pytest.mark.parametrize(
    ("typed", "becomes"),
    [
        ("来", "来源:"), ("sou", "source:"), ("台风 -标", "台风 -标签:"), ("来源:江川", "来源:江川晚报(示例) "),
        ("region：云", "region:云岭 "), ("标签:示例", '标签:"示例 标签" '), ("类别:地方", "类别:local "), ("after:今", "after:今天 "),
        ("(来源:江", "(来源:江川晚报(示例) "), ("台", "台风 "),
    ],
)  # fmt: skip
def test_an_offer_takes_the_place_of_what_was_begun(cast, held, typed, becomes):
    found = offered(cast, typed)
    wanted = becomes.replace("江川晚报(示例)", '"江川晚报(示例)"')
    assert wanted in found


def test_text_after_the_caret_stays(cast, held):
    assert "region:云岭  台风" in offered(cast, "region:云 台风", at=8)


def test_nothing_is_offered_inside_quotes_or_for_unknown_fields(cast, held):
    assert offered(cast, '"台风 抢') == []
    assert offered(cast, "没有:台") == []


def test_what_others_keep_to_themselves_is_not_offered(cast, held):
    assert "region:江川 " in offered(cast, "region:江")
    assert offered(cast, "region:江", who="yl.reporter") == []


def test_saved_searches_are_offered_by_name(cast, held):
    saved.search_save(by=cast["planner"], name="汛期值守", query="台风 -广告")
    assert "台风 -广告" in offered(cast, "汛期")
    assert "台风 -广告" not in offered(cast, "汛期", who="yl.reporter")


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("类别:地方媒体", {"台风抢修进展"}), ("class:local", {"台风抢修进展"}), ("渠道:中央", {"江川台风消息"}),
        ("单位:云岭", {"台风抢修进展"}), ("unit:jiangchuan", {"江川台风消息"}), ("-单位:云岭 -unit:江川", {"台风路径"}),
        ("语言:中文 类型:报道", {"台风抢修进展", "江川台风消息", "台风路径"}), ("单位:没有这个", set()),
    ],
)  # fmt: skip
def test_names_that_people_say_are_understood(cast, held, query, titles):
    page = selectors.find(cast["planner"], query)
    assert {one.document.title for one in page.hits} == titles


def test_the_box_and_the_api_offer_the_same(cast, signed_in, held):
    client = signed_in("planner")
    page = client.get("/desk/archive/suggest/", {"q": "来", "at": "1"}).json()["items"]
    api = client.get("/api/v1/archive/suggest", {"q": "来"}).json()["items"]
    assert [one["insert"] for one in page] == [one["insert"] for one in api]
    assert 'data-suggest="/desk/archive/suggest/"' in client.get("/desk/archive/").content.decode()
