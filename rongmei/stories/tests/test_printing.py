"""审稿单: what it says, who gets it, and that it is on record that it was given out."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from rongmei.kernel import paper
from rongmei.kernel.models import AuditEntry
from rongmei.stories import actions, printing
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom
from tests.pdf_text import text_of


def exported() -> list[str]:
    rows = AuditEntry.objects.filter(action="story.sheet_exported").order_by("seq")
    return list(rows.values_list("subject_id", flat=True))


@pytest.fixture
def made(monkeypatch):
    """The pages that would be typeset, without the typesetter."""
    pages: list[str] = []

    def pdfs(asked, *, seconds=None):
        if len(asked) > paper.MOST_PAGES:
            raise paper.PaperTooBig
        pages.extend(asked)
        return [b"%PDF-" + one.encode() for one in asked]

    monkeypatch.setattr(paper, "pdfs", pdfs)
    return pages


def a_day(cast) -> Story:
    """Returned once, then changed by a reviewer, and signed."""
    story = newsroom.at_step(
        cast, "first", kicker="示例引题", subtitle="示例副题", byline="示例署名"
    )
    actions.story_return(by=cast["yl.first"], story_id=story.pk, reason="请核实到达时间")
    story = newsroom.submit(cast, story)
    newsroom.save(cast, story, by="yl.first", summary="示例摘要，审稿人加写。")
    for step in newsroom.REVIEWERS:
        fresh = Story.objects.get(pk=story.pk)
        actions.story_pass(
            by=cast[newsroom.REVIEWERS[step]], story_id=story.pk, step=step,
            content_hash=fresh.content_hash, opinion=f"{step} 无误", proof=["人名职务", "数字日期"],
        )  # fmt: skip
    return Story.objects.get(pk=story.pk)


def test_the_pdf_says_who_signed_what_and_when(cast, signed_in):
    story = a_day(cast)
    answer = signed_in("yl.chief").post(reverse("stories:sheet_pdf", args=[story.pk]))
    assert answer.headers["Content-Type"] == "application/pdf"
    said = text_of(answer.content)
    last = story.signatures.get(step="final", round=2)
    for words in (
        story.number, "示例引题", story.title, "示例副题", story.author_name, "初审一校", "复审二校",
        "终审三校", "final无误", "人名职务·数字日期", cast["yl.chief"].name, last.seal[:12],
        last.content_hash[:12], story.content_hash, "请核实到达时间", "第2轮", "审稿人加写",
        "规则版本", "清晨六点", "本人在此环节改过稿",
    ):  # fmt: skip
        assert words in said, words
    assert exported() == [str(story.pk)]


def test_the_sheet_says_for_whom_a_delegate_signed(cast, signed_in, made):
    lender, delegate = cast["yl.first"], cast["yl.planner"]
    story = newsroom.at_step(cast, "first")
    actions.delegation_make(
        by=lender, unit_id=story.unit_id, permission="stories.review_first", to_id=delegate.pk,
        ends_at=timezone.now() + timedelta(days=1), reason="出差",
    )  # fmt: skip
    newsroom.sign(cast, story, "first", by="yl.planner")
    page = signed_in("yl.reporter").get(reverse("stories:sheet", args=[story.pk])).content.decode()
    assert f"代 {lender.name}" in page and delegate.name in page


def test_what_a_step_changed_is_shown_with_that_step(cast, made):
    story = a_day(cast)
    changes = printing.sheet(cast["yl.chief"], story)["changes"]
    assert [one.signature.step for one in changes] == ["first"]
    assert [one.label for one in changes[0].differences] == ["摘要"]


def test_a_sheet_carries_its_pictures_and_no_address(cast, made):
    picture = newsroom.a_picture(cast)
    block = {"type": "picture", "value": {"picture": picture.pk, "caption": "现场", "credit": ""}}
    story = newsroom.draft(cast, body=[*newsroom.body(), block], lead_picture=picture)
    html = printing.sheet_html(cast["yl.reporter"], story)
    assert html.count('src="data:image/') == 3
    assert 'src="/' not in html and 'src="http' not in html


def test_a_picture_whose_file_is_gone_is_left_out(cast, made):
    picture = newsroom.a_picture(cast)
    story = newsroom.draft(cast, lead_picture=picture)
    assert printing.sheet_html(cast["yl.reporter"], story).count("data:image/jpeg") == 1
    for one in picture.renditions.all():
        one.file.storage.delete(one.file.name)
    html = printing.sheet_html(cast["yl.reporter"], story)
    assert "data:image/jpeg" not in html and 'src="/' not in html


def test_many_come_as_a_zip_with_a_line_each(cast, signed_in, made):
    stories = [newsroom.draft(cast, title=f"示例 {n}/稿") for n in range(3)]
    ids = [str(one.pk) for one in stories]
    answer = signed_in("yl.chief").post(reverse("stories:sheets"), {"ids": ids})
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert names == [f"审稿单 {one.number} 示例 {n}_稿.pdf" for n, one in enumerate(stories)]
    assert exported() == ids


def test_a_zip_holds_nothing_when_one_is_not_the_members_to_read(cast, signed_in, made):
    mine, other = newsroom.draft(cast), newsroom.draft(cast, by="jc.reporter", title="江川的稿件")
    posted = {"ids": [str(mine.pk), str(other.pk)]}
    assert signed_in("yl.chief").post(reverse("stories:sheets"), posted).status_code == 404
    assert signed_in("yl.chief").post(reverse("stories:sheets"), {"ids": ["x"]}).status_code == 404
    assert made == [] and exported() == []


def test_more_than_a_batch_is_refused_before_a_page_is_made(cast, signed_in, made, monkeypatch):
    monkeypatch.setattr(paper, "MOST_PAGES", 1)
    ids = [str(newsroom.draft(cast, title=f"示例 {n}").pk) for n in range(2)]
    answer = signed_in("yl.chief").post(reverse("stories:sheets"), {"ids": ids}, follow=True)
    assert "一次最多 1 份" in answer.content.decode()
    assert made == [] and exported() == []
    post = json.dumps({"ids": ids}), "application/json"
    refused = signed_in("yl.chief").post("/api/v1/review/sheets", *post)
    assert refused.status_code == 422 and exported() == []


def test_where_no_pdf_can_be_made_the_page_that_prints_is_shown(cast, signed_in, monkeypatch):
    def fails(*_args, **_more):
        raise paper.PaperMissing

    monkeypatch.setattr(paper, "pdfs", fails)
    story = newsroom.draft(cast)
    where = reverse("stories:sheet_pdf", args=[story.pk])
    answer = signed_in("yl.chief").post(where, follow=True)
    assert answer.redirect_chain == [(reverse("stories:sheet", args=[story.pk]), 302)]
    assert "缺少生成 PDF 的组件" in answer.content.decode()
    assert exported() == []
    assert signed_in("yl.chief").post(f"/api/v1/review/stories/{story.pk}/sheet").status_code == 503


def test_opening_the_file_is_a_post_so_that_no_link_leaves_a_line(cast, signed_in):
    story = newsroom.draft(cast)
    assert signed_in("yl.chief").get(f"/desk/stories/{story.pk}/sheet.pdf").status_code == 405


def test_the_sheet_reads_in_english(cast, signed_in, made):
    story = a_day(cast)
    with translation.override("en"):
        html = printing.sheet_html(cast["yl.chief"], story)
    for words in ("Review sheet", "Names and posts", "Changed at each step"):
        assert words in html
