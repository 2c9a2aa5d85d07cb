"""What is found in texts: script, names of the dictionary, the region, keywords; and the work behind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.archive import actions, dictionary, selectors, tasks
from rongmei.archive.enriching import (
    Dictionary,
    Name,
    enrich,
    keywords,
    names_in,
    script_of,
    shipped_names,
)
from rongmei.archive.hooks import Enricher
from rongmei.archive.indexing import as_indexed
from rongmei.archive.models import Change, Document, Term
from rongmei.archive.types import Findings, Text
from rongmei.kernel import db
from rongmei.kernel.errors import BadInput, NotAllowed
from rongmei.network.testing import Cast

SHIPPED = Dictionary(shipped_names())


def _entities(text: str, title: str = "") -> list[tuple[str, str]]:
    return list(names_in(SHIPPED, [Text(title, text)])[0].entities)


def _region(text: str, title: str = "") -> str:
    return names_in(SHIPPED, [Text(title, text)])[0].region


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("抢修人员连夜恢复供电，线路全部送电。", ("zh", "Hans")),
        ("搶修人員連夜恢復供電，線路全部送電。", ("zh", "Hant")),
        ("Crews restored power to every customer overnight.", ("en", "Latn")),
        ("復旧作業は夜を徹して行われ、すべての利用者に送電が再開された。", ("", "")),
        ("2026-06-01 12:00", ("", "")),
        ("短", ("", "")),
        ("使用 SCADA 系统的变电站完成改造", ("zh", "Hans")),
    ],
)
def test_script_is_told_by_characters_or_not_at_all(text: str, told: tuple[str, str]):
    assert script_of(text) == told


def test_longest_name_is_found_in_any_writing():
    assert ("place", "内蒙古") in _entities("内蒙古自治区今天投运一座变电站")
    assert ("term", "特高压") in _entities("特高壓工程開工")
    names = [Name("organisation", "示例供电所", ("示例所",)), Name("place", "示例")]
    found = Dictionary(names).count("示例所与示例供电所在示例")
    assert {name.name: n for name, n in found.items()} == {"示例供电所": 2, "示例": 1}


def test_latin_name_inside_a_word_is_no_name():
    found = Dictionary([Name("term", "AI")]).count("said ai, ai大模型 aid")
    assert sum(found.values()) == 2


def test_province_whose_bare_name_is_another_word_is_found_by_its_full_name_only():
    # 吉林 is a city too, 青海 a lake, 海南 a prefecture: only the full name says the province.
    assert _entities("吉林市中心") == []
    assert _entities("吉林省今天") == [("place", "吉林省")]


@pytest.mark.parametrize(
    ("title", "body", "region"),
    [
        ("河北迎峰度夏", "今天。", "河北"),
        ("", "河北省电网今天创新高，河北各地加强巡视。", "河北"),
        ("", "河北与山西的线路今天检修，河北和山西都有影响。", ""),
        ("", "记者从河北出发。", ""),
    ],
)
def test_region_is_the_one_the_text_is_about(title: str, body: str, region: str):
    assert _region(body, title) == region


def test_keywords_stand_out_and_common_words_do_not():
    body = "台风登陆以后，抢修队伍连夜出动。台风影响的线路，抢修队伍逐条巡视，今天今天今天。"
    found = keywords([Text("台风过后的抢修", body)])[0].keywords
    assert {"台风", "抢修"} <= set(found[:3])
    assert keywords([Text("", "")])[0] == Findings()


def test_what_was_found_first_stays_where_there_is_room_for_one():
    def say(word: str) -> Enricher:
        made = Findings(region=word, keywords=(word,))
        return Enricher(word, "1", lambda texts: [made for _one in texts])

    found = enrich([say("甲"), say("乙")], [Text("", ""), Text("", "")])
    assert found == [Findings(region="甲", keywords=("甲", "乙"))] * 2


def keep(cast: Cast, title: str, body: str, **more: str) -> Document:
    with db.write():
        return actions.document_keep(
            kind="article", identity=title, unit_id=cast.unit("hq").pk, title=title, body=body,
            source_name="示例", published_at=timezone.now() - timedelta(hours=1), **more,  # type: ignore[arg-type]
        )  # fmt: skip


def test_document_is_looked_at_once_and_the_index_hears_of_it(cast: Cast):
    held = keep(cast, "河北特高压工程", "河北的特高压工程今天开工，河北各地配合施工。")
    given = keep(cast, "山西来的消息", "山西的消息，山西各地。", region="云岭")
    before = Change.objects.count()
    assert tasks.enrich_due() == 2
    assert tasks.enrich_due() == 0
    row = Document.objects.get(pk=held.pk)
    assert row.region == "河北"
    assert {"河北", "特高压"} <= set(row.entity_names)
    assert {"河北", "特高压"} <= set(as_indexed(row, 1).tags)
    # What the source says of itself stays.
    assert Document.objects.get(pk=given.pk).region == "云岭"
    assert Change.objects.count() == before + 2


def test_nothing_found_is_nothing_to_tell_the_index(cast: Cast):
    keep(cast, "没有名称", "这里什么都没有说。")
    before = Change.objects.count()
    assert tasks.enrich_due() == 1
    assert Change.objects.count() == before


def test_changed_text_and_changed_dictionary_make_documents_due(cast: Cast):
    held = keep(cast, "示例供电所的一天", "示例供电所的一天。")
    assert tasks.enrich_due() == 1
    assert Document.objects.get(pk=held.pk).entity_names == []
    actions.term_add(
        by=cast["planner"], kind="organisation", name="示例供电所", variants=["示例所"]
    )
    assert dictionary.waiting() == 1
    assert tasks.enrich_due() == 1
    row = Document.objects.get(pk=held.pk)
    assert selectors.entities_of(row) == [("机构", ["示例供电所"])]
    keep(cast, "示例供电所的一天", "换了内容。")
    assert dictionary.waiting() == 1
    term = Term.objects.get()
    actions.term_remove(by=cast["planner"], term_id=term.pk)
    tasks.enrich_due()
    assert Document.objects.get(pk=held.pk).entity_names == []
    assert tasks.enrich_due() == 0


def test_document_that_changed_meanwhile_is_left_for_the_next_time(cast: Cast):
    held = keep(cast, "示例", "河北的消息。")
    stale = Document.objects.get(pk=held.pk)
    keep(cast, "示例", "山西的消息。")
    actions.documents_enrich([(stale, Findings(region="河北"))], version="x")
    row = Document.objects.get(pk=held.pk)
    assert (row.region, row.enriched_by) == ("", "")


def test_only_those_who_may_keep_the_dictionary(cast: Cast):
    with pytest.raises(NotAllowed):
        actions.term_add(by=cast["yl.reporter"], kind="place", name="示例县")
    with pytest.raises(NotAllowed):
        actions.terms_import(by=cast["duty"], names=[])
    actions.term_add(by=cast["planner"], kind="place", name="示例县")
    with pytest.raises(BadInput):
        actions.term_add(by=cast["planner"], kind="place", name="示例县")


def test_table_is_read_whole_or_not_at_all(cast: Cast):
    names = dictionary.read_csv(
        "类型,名称,别名\n地点,示例乡,示例镇/示例圩\n\nterm,柔直\n".encode("utf-8-sig")
    )
    assert names == [Name("place", "示例乡", ("示例镇", "示例圩")), Name("term", "柔直")]
    assert actions.terms_import(by=cast["planner"], names=names) == 2
    assert actions.terms_import(by=cast["planner"], names=names) == 0
    for bad in ("地点\n".encode(), "星球,示例\n".encode(), "地点,示例".encode("gbk")):
        with pytest.raises(BadInput):
            dictionary.read_csv(bad)
