"""Findings: replaced at exactly their place, let stand with a reason, never the forbidden ones."""

from __future__ import annotations

import pytest
from django.urls import reverse

from rongmei.kernel.models import AuditEntry
from rongmei.stories import actions, canonical, checking
from rongmei.stories.errors import (
    FindingGone,
    FindingStands,
    NotEditable,
    ReasonMissing,
    StoryChanged,
)
from rongmei.stories.models import FindingNote, Story
from rongmei.stories.tests import newsroom


def findings(story, code):
    fresh = Story.objects.get(pk=story.pk)
    return [one for one in checking.run(fresh, canonical.content_of(fresh)).findings if one.code == code]  # fmt: skip


def replace(cast, story, one, by="yl.reporter", **more):
    fresh = Story.objects.get(pk=story.pk)
    told = {"content_hash": fresh.content_hash, "code": one.code, "found": one.found, "part": one.part, "start": one.start}  # fmt: skip
    return actions.finding_replace(by=cast[by], story_id=story.pk, **{**told, **more})


def settle(cast, story, code, found, reason="本人同意公开", by="yl.reporter"):
    return actions.finding_settle(
        by=cast[by], story_id=story.pk, code=code, found=found, reason=reason
    )


@pytest.mark.parametrize(
    ("words", "code", "masked"),
    [
        ("证号11010519491231002X", "id_card", "110***********002X"),
        ("电话13800138000", "mobile", "138****8000"),
        ("电话138-0013-8000", "mobile", "138-****-8000"),
        ("户号：0512345678", "meter", "05******78"),
        ("卡号6222021234567890128", "bank_card", "***************0128"),
        ("信箱abc@example.com", "email", "a**@example.com"),
    ],
)
def test_one_click_masks_personal_data(cast, words, code, masked):
    story = newsroom.draft(cast, body=newsroom.body(f"<p>请联系，{words}，谢谢。</p>"))
    (one,) = findings(story, code)
    assert one.suggestion == masked
    saved = replace(cast, story, one)
    assert masked in saved.body_text and one.found not in saved.body_text
    assert not findings(story, code)


def test_only_the_found_place_changes_not_the_innocent_one_before_it(cast):
    html = "<p>推广最佳实践，<b>打造最佳</b>方案 &amp; 最佳实践。</p>"
    story = newsroom.draft(cast, body=newsroom.body(html))
    (one,) = findings(story, "absolute")
    saved = replace(cast, story, one)
    assert saved.body_text == "推广最佳实践，打造较好方案 & 最佳实践。"


def test_words_that_are_cut_by_markup_are_left_to_the_writer(cast):
    story = newsroom.draft(cast, body=newsroom.body("<p>打造最<b>佳</b>方案</p>"))
    (one,) = findings(story, "absolute")
    with pytest.raises(FindingGone):
        replace(cast, story, one)
    assert "最佳" in Story.objects.get(pk=story.pk).body_text


def test_a_headline_and_a_quotation_are_replaced_too(cast):
    quote = {"type": "quote", "value": {"quote": "设备座落山顶", "speaker": "示例"}}
    story = newsroom.draft(cast, title="打造最佳方案", body=[*newsroom.body(), quote])
    for code in ("absolute", "typo"):
        (one,) = findings(story, code)
        replace(cast, story, one)
    saved = Story.objects.get(pk=story.pk)
    assert saved.title == "打造较好方案" and "设备坐落山顶" in saved.body_text


def test_a_text_that_changed_since_is_not_touched(cast):
    story = newsroom.draft(cast, title="打造最佳方案")
    (one,) = findings(story, "absolute")
    with pytest.raises(StoryChanged):
        replace(cast, story, one, content_hash="0" * 64)
    with pytest.raises(FindingGone):
        replace(cast, story, one, start=one.start + 1)
    with pytest.raises(NotEditable):
        replace(cast, story, one, by="yl.planner")


def test_confirmed_personal_data_names_who_and_why_and_travels(cast, signed_in):
    story = newsroom.draft(cast, body=newsroom.body("<p>服务电话13800138000，欢迎来电。</p>"))
    settle(cast, story, "mobile", "13800138000")
    newsroom.submit(cast, story)
    page = signed_in("yl.first").get(reverse("review:story", args=[story.pk])).content.decode()
    assert "本人同意公开" in page and "记山行" in page
    line = AuditEntry.objects.get(action="finding.settled")
    assert "13800138000" not in str(line.detail)


def test_what_is_forbidden_cannot_be_let_stand(cast):
    story = newsroom.draft(cast, body=newsroom.body("<p>公布接线图</p>"))
    with pytest.raises(FindingStands):
        settle(cast, story, "grid", "接线图")
    assert AuditEntry.objects.filter(action="story.refused").exists()


def test_a_note_needs_a_reason_a_finding_and_somebody_who_may_edit(cast):
    story = newsroom.draft(cast, title="打造最佳方案")
    with pytest.raises(ReasonMissing):
        settle(cast, story, "absolute", "最佳", reason=" ")
    with pytest.raises(FindingGone):
        settle(cast, story, "absolute", "没有这个词")
    with pytest.raises(NotEditable):
        settle(cast, story, "absolute", "最佳", by="yl.planner")
    assert not FindingNote.objects.exists()


def test_the_queue_counts_findings_by_level(cast, signed_in):
    newsroom.at_step(
        cast, "first", title="打造最佳方案", body=newsroom.body("<p>据悉，已恢复。</p>")
    )
    page = signed_in("yl.first").get(reverse("review:queue")).content.decode()
    assert "慎 1" in page and "提示 1" in page
