"""Comparing two versions of a text, and bringing one back."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from rongmei.kernel.models import AuditEntry
from rongmei.stories import actions, comparing, versions
from rongmei.stories.comparing import Segment
from rongmei.stories.errors import NotEditable, StoryChanged, StoryLocked
from rongmei.stories.models import Story, StoryState
from rongmei.stories.tests import newsroom

A = "清晨六点，云岭抢修队抵达现场，48 名队员分成三组排查线路。"
B = "上午九点，最后一处断点接通，全镇恢复供电。"
C = "值班调度员核对负荷，确认主网运行平稳。"


def content(*paragraphs: str, **more: object) -> dict[str, object]:
    html = "".join(f"<p>{one}</p>" for one in paragraphs)
    return {
        "title": "标题", "lead_picture": None, "body": [{"type": "paragraph", "html": html}], **more,
    }  # fmt: skip


def kinds(before: dict, after: dict) -> list[str]:
    return [one.kind for one in comparing.compare(before, after).rows]


def test_differences_go_by_words_not_by_characters():
    runs = comparing.runs("抢修队抵达现场，48 名队员", "抢修队赶到现场，58 名队员")
    assert Segment("gone", "抵达") in runs and Segment("new", "赶到") in runs
    assert Segment("gone", "48") in runs and Segment("new", "58") in runs


@given(
    st.text(alphabet="供电抢修，。ab 1\n的", max_size=60),
    st.text(alphabet="供电抢修，。ab 1\n的", max_size=60),
)
def test_runs_hold_both_texts_whole(before, after):
    runs = comparing.runs(before, after)
    assert "".join(one.text for one in runs if one.kind != "new") == before
    assert "".join(one.text for one in runs if one.kind != "gone") == after


@pytest.mark.parametrize("alphabet", ["是", "甲乙", "供电，。"])
def test_ten_thousand_characters_without_a_full_stop_are_held_whole(alphabet):
    before, after = alphabet * 2500, ("另" + alphabet[::-1]) * 2500
    runs = comparing.runs(before[:10_000], after[:10_000])
    assert "".join(one.text for one in runs if one.kind != "gone") == after[:10_000]


def test_a_paragraph_that_was_moved_is_not_one_gone_and_one_new():
    assert kinds(content(A, B, C), content(C, A, B)) == ["moved", "same", "same", "left"]


def test_a_moved_paragraph_shows_what_changed_on_the_way():
    rows = comparing.compare(content(A, B, C), content(C.replace("核对", "复核"), A, B)).rows
    moved = rows[0]
    assert moved.kind == "moved" and moved.other == 3
    assert Segment("new", "复核") in moved.segments


def test_paragraphs_that_came_and_went_say_so():
    assert kinds(content(A, B), content(A, C, B)) == ["same", "new", "same"]
    assert kinds(content(A, C, B), content(A, B)) == ["same", "gone", "same"]


def test_a_change_of_emphasis_alone_is_marked():
    before, after = content(A), content(A.replace("云岭", "<b>云岭</b>"))
    assert kinds(before, after) == ["marked"]


def test_a_changed_picture_is_seen_though_its_caption_is_the_same():
    block = {
        "type": "picture",
        "caption": "现场",
        "credit": "",
        "picture": {"digest": "a", "title": ""},
    }
    other = {**block, "picture": {"digest": "b", "title": ""}}
    before, after = {**content(), "body": [block]}, {**content(), "body": [other]}
    assert kinds(before, after) == ["marked"]


def test_any_field_that_differs_is_named():
    found = comparing.compare(content(A), content(A, title="新标题", place="云岭"))
    assert {one.name for one in found.fields} == {"title", "place"}


def test_long_runs_of_unchanged_paragraphs_are_folded_beside_an_open_one():
    paragraphs = [f"第 {n} 段写的是第 {n} 件事。" for n in range(9)]
    changed = [*paragraphs[:4], "这里换成了别的话。", *paragraphs[5:]]
    found = comparing.compare(content(*paragraphs), content(*changed))
    parts = versions.stretches(found.rows)
    assert [(one.folded, len(one.rows)) for one in parts if one.folded] == [(True, 3), (True, 3)]
    assert sum(len(one.rows) for one in parts) == len(found.rows)


def revisions(story: Story) -> list[int]:
    return list(story.revisions.order_by("pk").values_list("pk", flat=True))


def restore(cast, story: Story, revision: int, by: str = "yl.reporter", base: int | None = None):
    fresh = Story.objects.get(pk=story.pk)
    return actions.story_restore(
        by=cast[by], story_id=story.pk, revision_id=revision, base_revision=base or fresh.latest_revision_id
    )  # fmt: skip


def test_an_old_version_comes_back_as_a_new_one_and_nothing_between_is_lost(cast):
    story = newsroom.draft(cast)
    newsroom.save(cast, story, title="改过的标题", body=newsroom.body("<p>改过的正文。</p>"))
    before = revisions(story)
    back = restore(cast, story, before[-2])
    assert back.title == "云岭抢修队连夜恢复供电" and "48 名队员" in back.body_text
    assert revisions(story)[:-1] == before
    line = AuditEntry.objects.filter(action="story.restored").get()
    assert line.detail["revision"] == before[-2]


def test_bringing_back_the_present_text_changes_nothing(cast):
    story = newsroom.draft(cast)
    before = revisions(story)
    restore(cast, story, before[-1])
    assert revisions(story) == before
    assert not AuditEntry.objects.filter(action="story.restored").exists()


def test_the_author_brings_nothing_back_while_reviewers_read(cast):
    story = newsroom.at_step(cast, "first")
    with pytest.raises(NotEditable):
        restore(cast, story, revisions(story)[0])
    assert AuditEntry.objects.filter(action="story.refused", detail__verb="story_restore").exists()


def test_a_version_is_not_brought_back_over_one_that_was_not_seen(cast):
    story = newsroom.draft(cast)
    seen = revisions(story)[-1]
    newsroom.save(cast, story, title="他人改的标题")
    with pytest.raises(StoryChanged):
        restore(cast, story, revisions(story)[0], base=seen)
    assert Story.objects.get(pk=story.pk).title == "他人改的标题"


def test_a_locked_story_keeps_its_text(cast):
    story = newsroom.draft(cast)
    actions.story_lock(by=cast["yl.reporter"], story_id=story.pk)
    with pytest.raises(StoryLocked):
        restore(cast, story, revisions(story)[0], by="yl.chief")


def test_a_reviewer_who_brings_back_another_text_loses_the_signature_before(cast):
    story = newsroom.draft(cast, title="旧的标题")
    newsroom.save(cast, story, title="新的标题")
    newsroom.submit(cast, story)
    newsroom.sign(cast, story, "first")
    old = story.revisions.order_by("pk")[1]
    assert old.as_object().title == "旧的标题"
    assert restore(cast, story, old.pk, by="yl.second").state == StoryState.FIRST


def test_the_page_compares_what_the_address_says(cast, signed_in):
    story = newsroom.draft(cast)
    newsroom.save(
        cast, story, title="改过的标题", body=newsroom.body(newsroom.WORDS, "<p>新的一段。</p>")
    )
    first, *_rest, last = revisions(story)
    where = reverse("stories:versions", args=[story.pk])
    client = signed_in("yl.reporter")
    page = client.get(where, {"from": first, "to": last}).content.decode()
    assert "新的一段。</ins>" in page and "改过的标题" in page
    assert client.get(where, {"from": last, "to": last, "view": "pair"}).status_code == 200
    assert client.get(where, {"from": 999_999_999, "to": last}).status_code == 404


def test_versions_of_another_story_are_not_reached_through_this_one(cast, signed_in):
    mine, other = newsroom.draft(cast), newsroom.draft(cast, by="jc.reporter", title="江川稿")
    where = reverse("stories:versions", args=[mine.pk])
    foreign = revisions(other)[-1]
    assert signed_in("yl.reporter").get(where, {"from": foreign, "to": foreign}).status_code == 404
    back = reverse("stories:version_restore", args=[mine.pk, foreign])
    assert signed_in("yl.reporter").post(back).status_code == 404


def test_the_api_compares_and_restores(cast, signed_in):
    story = newsroom.draft(cast)
    newsroom.save(cast, story, title="改过的标题")
    client = signed_in("yl.reporter")
    rows = client.get(f"/api/v1/stories/{story.pk}/versions").json()
    assert [one["id"] for one in rows] == revisions(story)[::-1]
    old, new = rows[1]["id"], rows[0]["id"]
    found = client.get(f"/api/v1/stories/{story.pk}/versions/{old}/to/{new}").json()
    assert [one["name"] for one in found["fields"]] == ["title"] and not found["pieces"]
    asked = json.dumps({"base_revision": new})
    back = client.post(
        f"/api/v1/stories/{story.pk}/versions/{old}/restore", asked, content_type="application/json"
    )
    assert back.status_code == 200 and back.json()["title"] == "云岭抢修队连夜恢复供电"


def test_comparing_costs_few_queries(cast, signed_in, django_assert_max_num_queries):
    story = newsroom.draft(cast)
    for n in range(6):
        newsroom.save(cast, story, summary=f"第 {n} 稿")
    client = signed_in("yl.reporter")
    where = reverse("stories:versions", args=[story.pk])
    client.get(where)
    with django_assert_max_num_queries(22):
        client.get(where)
