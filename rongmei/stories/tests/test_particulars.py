"""Credits, titles by channel, subjects, wished channels: cleaned, covered by signatures, handed on."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from rongmei.kernel.errors import BadInput
from rongmei.stories import canonical, ninjs, particulars, selectors, subject_lists, subjects
from rongmei.stories.editor.beside import ChannelTitlesField, CreditsField, SubjectsField
from rongmei.stories.models import Story, Subject
from rongmei.stories.tests import newsroom

CREDITS = [
    {"name": "示例甲", "role": "text", "share": 60},
    {"name": "示例乙", "role": "picture", "share": 40},
]
SCHEME = {
    "conceptSet": [
        {"uri": "http://cv.iptc.org/newscodes/mediatopic/90000001", "qcode": "medtop:90000001",
         "prefLabel": {"en-GB": "sample energy", "zh-Hans": "示例能源"}},
        {"uri": "http://cv.iptc.org/newscodes/mediatopic/90000002", "qcode": "medtop:90000002",
         "prefLabel": {"en-GB": "sample grid"}, "broader": ["http://cv.iptc.org/newscodes/mediatopic/90000001"]},
        {"uri": "http://cv.iptc.org/newscodes/mediatopic/90000003", "qcode": "medtop:90000003",
         "prefLabel": {"en-GB": "sample past"}, "retired": "2026-01-01T00:00:00+00:00"},
    ]
}  # fmt: skip


@pytest.fixture
def scheme(db):
    subject_lists.take_in(subject_lists.read(json.dumps(SCHEME).encode()))


@pytest.mark.parametrize(
    "wrong",
    ["x", [{"name": "甲", "role": "king"}], [{"name": "甲", "share": 101}], [{"name": "甲", "share": "x"}],
     [{"name": "甲", "share": 60}, {"name": "乙", "share": 30}], [{"name": "甲", "share": 100}, {"name": "乙"}],
     [{"name": str(n)} for n in range(21)]],
)  # fmt: skip
def test_shares_make_a_hundred_or_none_is_given(wrong):
    with pytest.raises(BadInput):
        particulars.credits_of(wrong)


def test_credits_are_written_as_people_write_them():
    field = CreditsField()
    assert field.to_python("示例甲 文 60\n示例乙，图，40%\n") == CREDITS
    assert field.to_python(field.prepare_value(CREDITS)) == CREDITS
    assert field.to_python("示例甲")[0] == {"name": "示例甲", "role": "text", "share": 0}
    assert not field.has_changed(CREDITS, "示例甲 文 60\n示例乙 图 40")
    with pytest.raises(ValidationError, match="100"):
        field.to_python("示例甲 文 60")


def test_titles_by_channel_name_channels_that_exist():
    field = ChannelTitlesField()
    assert field.to_python("微信公众号：夜里两点四十，灯亮了") == {"wechat": "夜里两点四十，灯亮了"}
    assert field.prepare_value({"wechat": "夜里"}) == "微信公众号：夜里"
    for wrong in ("没有这个渠道：题", "只有一句话"):
        with pytest.raises(ValidationError):
            field.to_python(wrong)


def test_a_signature_covers_them_only_where_there_is_something_to_say(cast):
    story = newsroom.draft(cast)
    before = canonical.content_of(story)
    assert before["form"] == 1 and not set(particulars.COVERED) & set(before)
    story = newsroom.save(
        cast, story, credits=CREDITS, short_title="示例短题", channel_titles={"wechat": "示例"}
    )
    after = canonical.content_of(Story.objects.get(pk=story.pk))
    assert after["form"] == 2 and after["credits"] == CREDITS
    assert set(canonical.compare(before, after).reasons) >= {"title", "name"}


def test_wished_channels_are_kept_without_touching_the_text(cast):
    story = newsroom.draft(cast)
    saved = newsroom.save(cast, story, channels_wanted=["wechat", "site"])
    assert Story.objects.get(pk=story.pk).channels_wanted == ["wechat", "site"]
    assert saved.content_hash == story.content_hash
    with pytest.raises(BadInput):
        newsroom.save(cast, story, channels_wanted=["nowhere"])


def test_a_package_carries_them_and_ninjs_says_them(cast, scheme):
    story = newsroom.signed(
        cast, credits=CREDITS, subjects=["medtop:90000001"], short_title="示例短题",
        channel_titles={"wechat": "示例微信题"}, channels_wanted=["wechat"],
    )  # fmt: skip
    package = selectors.signed_package(story.pk)
    assert package.channels_wanted == ("wechat",)
    item = ninjs.of_package(package)
    assert {"role": "short", "value": "示例短题"} in item["headlines"]
    assert {"role": "channel:wechat", "value": "示例微信题"} in item["headlines"]
    assert item["people"][1] == {"name": "示例乙", "rel": "contributor:picture"}
    first = {"uri": "http://cv.iptc.org/newscodes/mediatopic/90000001", "name": "示例能源"}
    assert item["subjects"][0] == first


def test_media_topics_are_read_from_iptcs_json(scheme):
    grid = Subject.objects.get(qcode="medtop:90000002")
    assert (grid.name_en, grid.broader, str(grid)) == (
        "sample grid",
        "medtop:90000001",
        "sample grid",
    )
    assert Subject.objects.get(qcode="medtop:90000003").retired
    again = subject_lists.take_in(subject_lists.read(json.dumps(SCHEME).encode()))
    assert (again.new, again.changed, again.same) == (0, 0, 3)


def test_subjects_are_found_by_name_in_both_languages_or_code(cast, scheme):
    field = SubjectsField(required=False)
    assert field.to_python("示例能源、medtop:90000002") == ["medtop:90000001", "medtop:90000002"]
    assert field.prepare_value(["medtop:90000001"]) == "示例能源"
    with pytest.raises(ValidationError, match="没有"):
        field.to_python("不在表里")
    seen = subjects.found("sample", subjects.visible_to(cast["yl.reporter"]))
    assert [one.qcode for one in seen] == ["medtop:90000001", "medtop:90000002"]


def test_a_units_own_table_is_its_own_and_left_out_terms_retire(cast, signed_in, tmp_path, capsys):
    path = tmp_path / "own.csv"
    path.write_text(
        "code,name_zh,name_en,broader\n1,示例检修,maintenance,\n2,示例带电作业,live work,1\n"
    )
    call_command("subjects", "import", str(path), unit="yunling", json=True)
    assert json.loads(capsys.readouterr().out)["new"] == 2
    assert Subject.objects.get(qcode="yunling:2").broader == "yunling:1"

    def seen(username):
        return signed_in(username).get("/api/v1/subjects?q=示例").json()["count"]

    assert seen("yl.reporter") == 2 and seen("jc.reporter") == 0
    path.write_text("code,name_zh\n1,示例检修\n")
    call_command("subjects", "import", str(path), unit="yunling", dry_run=True)
    assert not Subject.objects.filter(retired=True).exists()
    call_command("subjects", "import", str(path), unit="yunling")
    assert Subject.objects.get(qcode="yunling:2").retired and seen("yl.reporter") == 1


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[1]", b'{"conceptSet": []}', b'{"conceptSet": [{}]}', b"\xff\xfe"]
)
def test_what_is_no_list_changes_nothing(db, tmp_path, data):
    path = tmp_path / "bad.json"
    path.write_bytes(data)
    with pytest.raises(CommandError):
        call_command("subjects", "import", str(path))
    assert not Subject.objects.exists()
