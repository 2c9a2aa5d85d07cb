"""Stories out of Word documents, and as Word documents."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from docx import Document

from rongmei.kernel.models import AuditEntry
from rongmei.network import policy
from rongmei.stories import actions, comparing, selectors, word_in, word_out
from rongmei.stories.errors import WordRefused, WordUnseen
from rongmei.stories.models import Comment, Story
from rongmei.stories.tests import newsroom

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
TRACKED = (
    '<w:p><w:r><w:t>抢修队</w:t></w:r><w:del w:id="1" w:author="示例甲" w:date="2026-01-02T03:04:05Z"><w:r>'
    '<w:delText>昨夜</w:delText></w:r></w:del><w:ins w:id="2" w:author="示例甲" w:date="2026-01-02T03:04:05Z">'
    "<w:r><w:t>今晨</w:t></w:r></w:ins><w:r><w:t>到达。</w:t></w:r></w:p>"
)
COMMENTED = (
    '<w:p><w:commentRangeStart w:id="7"/><w:r><w:t>48 名队员</w:t></w:r><w:commentRangeEnd w:id="7"/>'
    '<w:r><w:commentReference w:id="7"/></w:r><w:r><w:t>分成三组。</w:t></w:r></w:p>'
)
COMMENTS = f'<w:comments {W}><w:comment w:id="7" w:author="示例乙" w:date="2026-01-02T00:00:00Z"><w:p><w:r><w:t>人数待核。</w:t></w:r></w:p></w:comment></w:comments>'


def paragraph(text: str, style: str = "", more: str = "") -> str:
    kind = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{kind}{more}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def raw(body: str, *, kind: str = MAIN, **parts: str | bytes) -> bytes:
    """A document of our own making, part by part."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        types = f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
        held.writestr("[Content_Types].xml", types)
        held.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, data in parts.items():
            held.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def as_bytes(made: Any) -> bytes:
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def a_document() -> bytes:
    """What a correspondent sends: headline, text with emphasis, list, table, picture with caption."""
    made = Document()
    made.add_heading("台风过后的十小时", 0)
    line = made.add_paragraph("清晨六点，")
    line.add_run("云岭抢修队").bold = True
    line.add_run("抵达现场。")
    made.add_heading("恢复供电", 2)
    for words in ("巡线", "立杆"):
        made.add_paragraph(words, style="List Bullet")
    for words in ("停电", "验电"):
        made.add_paragraph(words, style="List Number")
    table = made.add_table(2, 2)
    for cell, words in zip(table._cells, ("县", "户数", "云岭", "1200"), strict=True):
        cell.text = words
    made.add_picture(newsroom.picture_file())
    made.add_paragraph("抢修现场", style="Caption")
    made.add_paragraph("全镇恢复供电。")
    return as_bytes(made)


def test_a_document_becomes_headline_and_blocks():
    found = word_in.read(a_document())
    assert found.title == "台风过后的十小时"
    kinds = [one["type"] for one in found.blocks]
    assert kinds == ["paragraph", "heading", "paragraph", "table", "picture", "paragraph"]
    assert found.blocks[0]["value"] == "<p>清晨六点，<b>云岭抢修队</b>抵达现场。</p>"
    assert (
        found.blocks[2]["value"]
        == "<ul><li>巡线</li><li>立杆</li></ul><ol><li>停电</li><li>验电</li></ol>"
    )
    assert found.blocks[3]["value"]["cells"] == [["县", "户数"], ["云岭", "1200"]]
    assert found.blocks[4]["value"]["caption"] == "抢修现场"


def test_tracked_changes_are_accepted_and_told():
    found = word_in.read(raw(TRACKED))
    assert found.blocks == [{"type": "paragraph", "value": "<p>抢修队今晨到达。</p>"}]
    told = [(one.kind, one.text, one.author) for one in found.tracked]
    assert told == [("gone", "昨夜", "示例甲"), ("new", "今晨", "示例甲")]


def test_comments_come_with_their_passage():
    found = word_in.read(raw(COMMENTED, word__comments_xml="", **{"word/comments.xml": COMMENTS}))
    assert [(one.text, one.quote, one.author) for one in found.comments] == [
        ("人数待核。", "48 名队员", "示例乙")
    ]


def test_footnotes_follow_the_text():
    notes = f'<w:footnotes {W}><w:footnote w:id="2"><w:p><w:r><w:t>据调度日志。</w:t></w:r></w:p></w:footnote></w:footnotes>'
    body = (
        '<w:p><w:r><w:t>恢复 1200 户。</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r></w:p>'
    )
    found = word_in.read(raw(body, **{"word/footnotes.xml": notes}))
    assert found.blocks[0]["value"] == "<p>恢复 1200 户。[注1]</p><p>[注1] 据调度日志。</p>"


def test_text_in_a_box_is_read_once():
    box = "<w:txbxContent><w:p><w:r><w:t>框里的话</w:t></w:r></w:p></w:txbxContent>"
    body = f"<w:p><w:r><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing></mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>正文。</w:t></w:r></w:p>"
    found = word_in.read(raw(body))
    assert found.blocks[0]["value"] == "<p>正文。</p><p>框里的话</p>"


def test_scripts_in_links_do_not_come_along():
    rels = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" TargetMode="External" Target="javascript:x()"/><Relationship Id="r2" TargetMode="External" Target="https://example.org/a?b=1&amp;c=2"/></Relationships>'
    link = '<w:hyperlink r:id="{}"><w:r><w:t>{}</w:t></w:r></w:hyperlink>'
    body = f"<w:p>{link.format('r1', '坏')}{link.format('r2', '好')}</w:p>"
    found = word_in.read(raw(body, **{"word/_rels/document.xml.rels": rels}))
    assert found.blocks[0]["value"] == '<p>坏<a href="https://example.org/a?b=1&amp;c=2">好</a></p>'


def test_a_table_that_is_too_wide_keeps_its_words_as_lines():
    cells = "".join(f"<w:tc><w:p><w:r><w:t>格{n}</w:t></w:r></w:p></w:tc>" for n in range(25))
    (block,) = word_in.read(raw(f"<w:tbl><w:tr>{cells}</w:tr></w:tbl>")).blocks
    assert (
        block["type"] == "paragraph" and "格0 │ 格1" in block["value"] and "格24" in block["value"]
    )


def test_cells_that_are_merged_keep_the_columns():
    merged = (
        '<w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>宽</w:t></w:r></w:p></w:tc>'
    )
    plain = "".join(f"<w:tc><w:p><w:r><w:t>{n}</w:t></w:r></w:p></w:tc>" for n in "一二")
    (block,) = word_in.read(raw(f"<w:tbl><w:tr>{merged}</w:tr><w:tr>{plain}</w:tr></w:tbl>")).blocks
    assert block["value"]["cells"] == [["宽", ""], ["一", "二"]]


def bomb() -> bytes:
    return raw("", **{"word/media/a.xml": b"", "word/styles.xml": b" " * (41 * 1024 * 1024)})


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "不是 Word 文档"),
        (b"PK\x03\x04 cut short", "不是 Word 文档"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧版 .doc 或加了密码"),
        (raw("", kind="application/vnd.ms-word.document.macroEnabled.main+xml"), "宏"),
        (raw("", **{"word/vbaProject.bin": b"x"}), "宏"),
        (raw("", **{"word/styles.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}), "外部定义"),
        (raw("", **{"word/styles.xml": b"<a>"}), "已损坏"),
        (raw("<w:p>" * 3), "已损坏"),
        (raw(f"<w:p><w:r><w:t>{'长' * 400_001}</w:t></w:r></w:p>"), "文字太多"),
    ],
)  # fmt: skip
def test_what_is_no_plain_word_document_is_refused_with_the_reason(data, words):
    with pytest.raises(WordRefused) as refused:
        word_in.read(data)
    assert words in refused.value.message


def test_what_is_nested_very_deep_is_read_or_refused_never_a_crash():
    for depth in (100, 240, 5000):
        data = raw("<w:sdt>" * depth + paragraph("深") + "</w:sdt>" * depth)
        with contextlib.suppress(WordRefused):
            found = word_in.read(data)
            assert found.title == "深" or "深" in str(found.blocks)


def test_a_part_that_unpacks_to_too_much_is_refused():
    with pytest.raises(WordRefused) as refused:
        word_in.read(bomb())
    assert "过大" in refused.value.message


def take(cast, data: bytes, **more: Any) -> Story:
    by = cast["yl.reporter"]
    return actions.story_from_word(by=by, unit_id=by.unit_id, data=data, **more)


def test_a_story_is_made_with_its_pictures_among_the_media(cast):
    story = take(cast, a_document())
    assert story.title == "台风过后的十小时" and "全镇恢复供电" in story.body_text
    picture = next(one for one in story.body if one.block_type == "picture")
    assert picture.value["picture"] is not None and picture.value["caption"] == "抢修现场"
    assert AuditEntry.objects.filter(action="story.from_word").exists()


def test_changes_and_comments_must_have_been_seen_before_a_story_is_made(cast):
    data = raw(TRACKED + COMMENTED, **{"word/comments.xml": COMMENTS})
    with pytest.raises(WordUnseen):
        take(cast, data)
    assert not Story.objects.exists()
    story = take(cast, data, seen=word_in.read(data).digest)
    remark = Comment.objects.get(story=story)
    assert remark.quote == "48 名队员" and "示例乙" in remark.text and "人数待核。" in remark.text


def test_a_document_that_is_refused_leaves_no_story(cast):
    with pytest.raises(WordRefused):
        take(cast, b"nothing")
    assert not Story.objects.exists()


def test_who_does_not_write_for_the_unit_makes_no_story_of_a_document(cast):
    with pytest.raises(policy.NotAllowed):
        actions.story_from_word(
            by=cast["jc.reporter"], unit_id=cast.unit("yunling").pk, data=a_document()
        )


def test_a_story_goes_out_and_comes_back_whole(cast):
    key = newsroom.a_picture(cast).pk
    body = [
        *newsroom.body("<p>清晨<b>六点</b>，<a href=\"https://example.org/\">抢修队</a>抵达。</p><ul><li>巡线</li></ul><ol><li>验电</li></ol>"),
        {"type": "heading", "value": "恢复供电"},
        {"type": "table", "value": {"caption": "", "cells": [["县", "户数"], ["云岭", "1200"]]}},
        {"type": "picture", "value": {"picture": key, "caption": "现场", "credit": ""}},
    ]  # fmt: skip
    story = newsroom.draft(cast, body=body, summary="一句话。")
    found = word_in.read(word_out.story_docx(story))
    assert found.title == story.title and len(found.pictures) == 1
    words = "".join(str(one["value"]) for one in found.blocks)
    for kept in (
        "清晨<b>六点</b>，",
        '<a href="https://example.org/">抢修队</a>',
        "<ul><li>巡线</li></ul>",
        "<ol><li>验电</li></ol>",
    ):
        assert kept in words
    assert {"type": "heading", "value": "恢复供电"} in found.blocks
    assert [one["value"]["cells"] for one in found.blocks if one["type"] == "table"] == [
        [["县", "户数"], ["云岭", "1200"]]
    ]


def test_numbered_lists_each_begin_with_one(cast):
    story = newsroom.draft(
        cast, body=newsroom.body("<ol><li>甲</li></ol><p>间</p><ol><li>乙</li></ol>")
    )
    made = Document(io.BytesIO(word_out.story_docx(story)))
    numbers = [one._p.pPr.numPr.numId.val for one in made.paragraphs if one.text in {"甲", "乙"}]
    assert len(set(numbers)) == 2


OLD = "抢修队昨夜到达现场。"
NEW = "抢修队今晨到达现场，随即开工。"


def content(*paragraphs: str) -> dict[str, Any]:
    html = "".join(f"<p>{one}</p>" for one in paragraphs)
    return {"title": "标题", "lead_picture": None, "body": [{"type": "paragraph", "html": html}]}


def test_accepting_every_tracked_change_gives_the_later_text(cast):
    story = newsroom.draft(cast)
    old, new = (
        content(OLD, "多余的话全部删掉。", "不变。"),
        content("新加的一段话。", NEW, "不变。"),
    )
    at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    data = word_out.changes_docx(story, comparing.compare(old, new), author="示例甲", at=at)
    found = word_in.read(data)
    text = "".join(str(one["value"]) for one in found.blocks)
    assert NEW in text and "新加的一段话。" in text and "多余" not in text
    gone = "".join(one.text for one in found.tracked if one.kind == "gone")
    assert "昨夜" in gone and "多余的话全部删掉。" in gone
    assert {(one.author, one.at) for one in found.tracked} == {("示例甲", "2026-01-02T03:04:00Z")}
    assert Document(io.BytesIO(data)).paragraphs


def test_control_characters_do_not_break_a_document(cast):
    story = newsroom.draft(cast, summary="摘\x0b要", body=newsroom.body("<p>正\x01文</p>"))
    assert word_in.read(word_out.story_docx(story)).blocks


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("稿件.docx", data)


def test_the_page_shows_what_is_inside_and_then_makes_a_story(cast, signed_in):
    client, data = signed_in("yl.reporter"), raw(TRACKED)
    seen = client.post(reverse("stories:word_preview"), {"file": upload(data)})
    assert "昨夜</del>" in seen.content.decode()
    asked = {"unit": str(cast.unit("yunling").pk), "title": "示例稿"}
    first = client.post(reverse("stories:word_new"), {**asked, "file": upload(data)})
    assert first.status_code == 422 and "昨夜</del>" in first.content.decode()
    digest = word_in.read(data).digest
    made = client.post(reverse("stories:word_new"), {**asked, "file": upload(data), "seen": digest})
    assert made.status_code == 302 and Story.objects.get().title == "示例稿"
    refused = client.post(reverse("stories:word_preview"), {"file": upload(b"x")})
    assert refused.status_code == 422 and "不是 Word 文档" in refused.content.decode()


def test_giving_a_document_out_is_on_record(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    answer = client.post(reverse("stories:word", args=[story.pk]))
    assert word_in.read(answer.content).title == story.title
    old, new = list(story.revisions.order_by("pk").values_list("pk", flat=True))[-2:]
    answer = client.post(reverse("stories:changes_word", args=[story.pk, old, new]))
    assert word_in.read(answer.content).tracked
    lines = AuditEntry.objects.filter(action="story.word_exported").order_by("pk")
    assert [one.detail["versions"] for one in lines] == [[], [old, new]]


def test_the_api_takes_and_gives_documents(cast, signed_in):
    client, data = signed_in("yl.reporter"), raw(COMMENTED, **{"word/comments.xml": COMMENTS})
    found = client.post("/api/v1/stories/word/preview", {"file": upload(data)}).json()
    assert found["comments"][0]["quote"] == "48 名队员"
    asked = {"unit_id": str(cast.unit("yunling").pk), "title": "接口稿"}
    assert client.post("/api/v1/stories/word", {**asked, "file": upload(data)}).status_code == 409
    asked["seen"] = found["digest"]
    made = client.post("/api/v1/stories/word", {**asked, "file": upload(data)})
    assert made.status_code == 201, made.content
    answer = client.post(f"/api/v1/stories/{made.json()['id']}/word")
    assert word_in.read(answer.content).title == "接口稿"
    assert selectors.comments_of(Story.objects.get()).count() == 1
