"""Folding, units and pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rongmei.archive.analysis import (
    _FOLDING,
    Analyser,
    Piece,
    analyser_with,
    default_analyser,
    fingerprint_of,
    fold,
    folded_units,
    is_searchable,
    is_word_like,
    shipped_terms,
    spaced_units,
    units,
)
from rongmei.archive.index_terms import body_texts
from rongmei.archive.types import IndexDocument


@given(st.text())
def test_folding_keeps_places_and_is_done_once(text):
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＡＢＣ１２３，　", "abc123，　"),
        ("特高壓輸電", "特高压输电"),
        ("後來、裡面、乾旱", "后来、里面、干旱"),
        ("Café ÉLAN Ünïcode", "cafe elan unicode"),
        ("ПРАВДА", "правда"),
        ("İ", "i"),
        ("更", "更"),
    ],
)
def test_folding(text, folded):
    assert fold(text) == folded


def test_every_pair_of_the_two_writings_is_folded_alike():
    assert fold("電網調度與輸變電設備檢修業務") == "电网调度与输变电设备检修业务"


@given(
    st.text(max_size=80)
    | st.text(alphabet="电网はa9_，。 \n\U00020000\ud800\ue000é", max_size=90)
    | st.text(alphabet="电a", min_size=60, max_size=200)
)
def test_units_spaced_for_the_engine_are_the_units(text):
    folded = fold(text)
    assert spaced_units(folded).split() == folded_units(folded)


def test_only_chinese_characters_are_units_by_themselves_among_letters():
    # The ideographs for compatibility are; what stands between them and the others in Unicode is not.
    assert units("\ufa0e\ufa0f") == ["\ufa0e", "\ufa0f"]
    assert units("\ue000电\ue000网\ue001") == ["电", "网"]
    assert units("ꀀꀁ") == ["ꀀꀁ"]
    assert [piece.units for piece in default_analyser().pieces("ꀀꀁ电网")] == [
        ("ꀀꀁ",),
        ("电", "网"),
    ]


def test_units():
    assert units("5G基站±800kV") == ["5g", "基", "站", "800kv"]
    assert units("！？_—") == []
    assert len(units("a" * 130)) == 3
    assert is_searchable("，电")
    assert not is_searchable("，。")


@pytest.mark.parametrize(
    "term", ["特高压", "迎峰度夏", "千伏", "融媒体", "大湾区", "县级融媒体中心"]
)
def test_shipped_terms_come_out_whole(term):
    assert term in shipped_terms()
    assert term in default_analyser().words(f"在{term}报道")


def test_terms_of_a_node():
    name = "云岭卷柏菌"
    assert name not in default_analyser().words(f"发现{name}一种")
    own = Analyser([name])
    assert name in own.words(f"发现{name}一种")
    assert own.fingerprint != default_analyser().fingerprint
    assert own.fingerprint == Analyser([name, name, " "]).fingerprint


@pytest.mark.parametrize(
    ("term", "is_one"),
    [
        ("云帆", True), ("雲帆平臺", True), (" 光储 ", True), ("帆", False), ("5G基站", False), ("Power", False),
        ("云·帆", False), ("云" * 20, True), ("云" * 21, False), ("", False),
    ],
)  # fmt: skip
def test_what_a_segmenter_can_be_told_of(term, is_one):
    assert is_word_like(term) is is_one


def test_a_fingerprint_needs_no_analyser():
    assert fingerprint_of(["云帆"]) == Analyser(["云帆"]).fingerprint
    assert analyser_with(["云帆"]) is analyser_with(("云帆",))
    assert analyser_with(()) is default_analyser()


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("电网", [("电网", True)]),
        ("电网建设", [("电网", True), ("建设", True)]),
        ("電網的建設", [("电网", True), ("建设", True)]),
        ("李建业", [("李建业", False)]),
        ("5G基站", [("5g", False), ("基站", True)]),
        ("的", [("的", False)]),
        ("的的", [("的的", False)]),
        ("电网电网", [("电网", True)]),
        ("！", []),
    ],
)
def test_pieces(text, pieces):
    found = default_analyser().pieces(text)
    assert [(piece.text, piece.is_word) for piece in found] == pieces


def test_a_run_with_marks_is_one_piece():
    assert default_analyser().pieces("GPT-4.1") == (Piece(("gpt", "4", "1"), is_word=False),)


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from("ＡéΩ電網體İ\U0002f804é"))))
def test_folding_is_what_the_table_says_by_whatever_way(text):
    assert fold(text) == text.translate(_FOLDING)


@given(st.text(alphabet="国家电网公司的特高压OK3,。 建设", max_size=40))
def test_every_word_that_a_query_asks_for_is_in_the_index(text):
    analyser = default_analyser()
    asked = {piece.text for piece in analyser.pieces(text) if piece.is_word}
    words = analyser.words(text)
    kept = analyser.spaced_words(text).split()
    assert [word for word in words if word in asked] == [word for word in kept if word in asked]


def test_a_summary_that_opens_the_body_is_indexed_once():
    body = "第一段说事。\n\n第二段说人。" * 3
    assert body_texts(IndexDocument(id="1", title="", body=body, summary=body[:8])) == ("", body)
    flat = "第一段说事。 第二段…"
    assert body_texts(IndexDocument(id="1", title="", body=body, summary=flat)) == ("", body)
    own = IndexDocument(id="1", title="", body=body, summary="另有一句。")
    assert body_texts(own) == ("另有一句。", body)
