"""The newsroom copy keeps its own rules: counts, lengths, no padding, marked as sample."""

import re
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from rongmei_wire.library import ContentError, default_library, load, render_dates
from rongmei_wire.newsroom import LOCAL
from rongmei_wire.pictures import SCENES

LIBRARY = default_library()
PIECES = LIBRARY.pieces
CHINESE = [piece for piece in PIECES if piece.language == "zh"]
ENGLISH = [piece for piece in PIECES if piece.language == "en"]
HAN = re.compile(r"[\u4e00-\u9fff]")


def shingles(text: str, size: int = 8) -> set[str]:
    clean = "".join(HAN.findall(text))
    return {clean[i : i + size] for i in range(len(clean) - size + 1)}


def test_there_is_enough_of_it():
    assert len(CHINESE) >= 66
    assert len(ENGLISH) >= 5
    assert {piece.medium for piece in PIECES} == set(LIBRARY.media)


@pytest.mark.parametrize("piece", CHINESE, ids=lambda piece: piece.id)
def test_a_chinese_piece_has_a_newsroom_length_and_all_its_parts(piece):
    assert 200 <= len(HAN.findall(piece.text)) <= 900
    assert 6 <= len(piece.title) <= 60
    assert piece.author and piece.summary and len(piece.paragraphs) >= 2
    assert piece.sample is True
    assert piece.region in {"云岭省", "江川省", "全国"}


@pytest.mark.parametrize("piece", CHINESE, ids=lambda piece: piece.id)
def test_chinese_copy_uses_chinese_punctuation(piece):
    for text in (piece.title, piece.subtitle, piece.summary, piece.author, *piece.paragraphs):
        assert not re.search(r"[\u4e00-\u9fff”][,;:?!()]|[,;?!()][\u4e00-\u9fff“]", text), text


def test_every_source_name_is_marked_as_a_sample():
    assert all("示例" in m.name or "Sample" in m.name for m in LIBRARY.media.values())


def test_the_kinds_and_subjects_are_varied():
    kinds = {piece.kind for piece in PIECES}
    assert kinds >= {"消息", "通讯", "评论", "图片新闻", "短视频稿", "服务信息", "解读", "人物"}
    subjects = Counter(piece.category for piece in PIECES)
    wanted = {
        "抢修", "迎峰度夏", "新能源", "乡村振兴", "先进典型", "民生热点", "辟谣", "行业政策",
        "科技创新", "安全生产", "文化体育", "服务",
    }  # fmt: skip
    assert wanted <= set(subjects)
    assert all(subjects[name] >= 3 for name in wanted)


def test_three_events_are_told_by_five_media_in_their_own_words():
    for event in ("typhoon-weiying", "heat-record", "rumour-price"):
        own = [piece for piece in CHINESE if piece.event == event and not piece.family]
        assert len(own) >= 5
        assert len({piece.medium for piece in CHINESE if piece.event == event}) >= 5


def test_reprints_are_near_copies_with_another_headline():
    copies = [piece for piece in PIECES if piece.family]
    assert len(copies) >= 8
    for copy in copies:
        original = LIBRARY.piece(copy.family)
        kept = shingles(copy.text)
        assert len(kept & shingles(original.text)) / len(kept) > 0.7, copy.id
        assert copy.title != original.title
        assert copy.medium != original.medium
        assert copy.offset > original.offset
        assert copy.source
        assert len(copy.text) < len(original.text) + 20


def test_nothing_else_repeats():
    own = [piece for piece in CHINESE if not piece.family]
    prints = {piece.id: shingles(piece.text) for piece in own}
    for one, other in combinations(own, 2):
        shared = prints[one.id] & prints[other.id]
        smaller = min(len(prints[one.id]), len(prints[other.id]))
        assert len(shared) / smaller < 0.08, (one.id, other.id, sorted(shared)[:5])
    paragraphs = Counter(text for piece in own for text in piece.paragraphs)
    assert [text for text, count in paragraphs.items() if count > 1] == []
    assert len({piece.title for piece in PIECES}) == len(PIECES)


def test_about_half_is_out_at_the_start():
    early = sum(piece.offset <= 0 for piece in PIECES)
    assert 0.4 < early / len(PIECES) < 0.6
    assert min(piece.offset for piece in PIECES) >= -30


def test_the_gbk_medium_can_be_written_in_gbk():
    (slug,) = [m.slug for m in LIBRARY.media.values() if m.charset == "GBK"]
    for piece in PIECES:
        if piece.medium == slug:
            (piece.title + piece.summary + piece.text + piece.author).encode("gbk")


def test_pictures_name_scenes_that_exist_and_have_captions():
    pictures = [picture for piece in PIECES for picture in piece.pictures]
    assert {picture.scene for picture in pictures} <= set(SCENES)
    assert all(picture.caption for picture in pictures)


def test_date_marks_follow_the_day_of_publication():
    from datetime import datetime

    when = datetime(2025, 8, 31, 23, 0, tzinfo=LOCAL)
    assert render_dates("{昨}、{今}、{明}", when) == "30日、31日、1日"
    assert render_dates("{今全}到{明全}", when) == "8月31日到9月1日"
    for piece in PIECES:
        for text in (piece.title, piece.summary, piece.text):
            assert "{" not in render_dates(text, when), piece.id


def test_a_broken_content_file_is_named(tmp_path: Path):
    media = (Path(load.__code__.co_filename).parent / "content" / "media.toml").read_text("utf-8")
    (tmp_path / "media.toml").write_text(media, "utf-8")
    (tmp_path / "bad.toml").write_text('[[piece]]\nid = "x"\n', "utf-8")
    with pytest.raises(ContentError, match=r"bad\.toml: x"):
        load(tmp_path)
