"""What the search box offers, and names that people say in place of the index's keys."""

from __future__ import annotations

import pytest

from rongmei.archive import saved, selectors, suggesting
from rongmei.archive.models import Document, Snapshot, SnapshotUse
from rongmei.archive.tests.stock import START, keep
from rongmei.sources.actions import groups, source_add, source_change

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
        ("region：云", "region:云岭 "), ("标签:示例", '标签:"示例 标签" '), ("类别:地方", "类别:local "), ("带有:快", "带有:快照 "), ("after:今", "after:今天 "),
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


@pytest.fixture
def sources(cast):
    """Two sources with a document each; the first is in a group of its unit's own."""
    group = groups.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name="电网要闻")
    made = []
    for number, tier in enumerate((1, 3)):
        url = f"https://s{number}.example/feed"
        source = source_add(
            by=cast["duty"], unit_id=cast.unit("hq").pk, name=f"示例源{number}", url=url, tier=tier,
            groups=[group.pk] if not number else [],
        )  # fmt: skip
        kept = keep(
            cast, "hq", f"第{number}条", number=number, image_url=f"{url}.jpg" if number else ""
        )
        Document.objects.filter(pk=kept.pk).update(source=source)
        made.append(source)
    return made


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("tier:1", {"第0条"}), ("层级：3", {"第1条"}), ("tier:9", set()), ("-tier:1", {"第1条"}),
        ("group:电网", {"第0条"}), ('group:"电网"', set()), ('分组:"电网要闻" 条', {"第0条"}), ("-分组:电网", {"第1条"}),
        ("has:image", {"第1条"}), ("-带有:图片", {"第0条"}), ("has:versions", set()),
    ],
)  # fmt: skip
def test_by_what_the_source_is_in_and_what_the_document_has(
    cast, sources, own_index, query, titles
):
    own_index()
    page = selectors.find(cast["duty"], query)
    assert {one.document.title for one in page.hits} == titles


def test_a_source_that_changes_its_tier_takes_its_documents_along(cast, sources, own_index):
    own_index()
    source_change(by=cast["duty"], source_id=sources[0].pk, tier=2)
    assert selectors.find(cast["duty"], "tier:1").total == 0
    assert selectors.find(cast["duty"], "tier:2").total == 1


def test_a_group_of_another_unit_is_no_name_to_search_by(cast, sources, own_index):
    """What is in it may be seen (the sources are shared); that there is such a group, may not."""
    own_index()
    assert selectors.find(cast["yl.planner"], "第0条").total == 1
    assert selectors.find(cast["yl.planner"], "group:电网").total == 0
    assert offered(cast, "分组:", who="yl.planner") == []
    assert offered(cast, "分组:电", who="duty") == ["分组:电网要闻 "]


def test_a_document_that_comes_with_a_snapshot_has_one(cast, sources, own_index):
    document = Document.objects.get(title="第0条")
    snapshot = Snapshot.objects.create(
        segment="s", offset=0, length=1, sha256="0" * 64, url="https://s0.example/a", size=1,
        fetched_at=START,
    )  # fmt: skip
    SnapshotUse.objects.create(document=document, version=1, snapshot=snapshot)
    own_index()
    found = selectors.find(cast["duty"], "has:snapshot").hits
    assert [one.document.title for one in found] == ["第0条"]


def test_the_box_and_the_api_offer_the_same(cast, signed_in, held):
    client = signed_in("planner")
    page = client.get("/desk/archive/suggest/", {"q": "来", "at": "1"}).json()["items"]
    api = client.get("/api/v1/archive/suggest", {"q": "来"}).json()["items"]
    assert [one["insert"] for one in page] == [one["insert"] for one in api]
    assert 'data-suggest="/desk/archive/suggest/"' in client.get("/desk/archive/").content.decode()
