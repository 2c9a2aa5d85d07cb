"""Remarks on passages: they follow their words, are answered, settled and counted."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from rongmei.kernel.errors import BadInput, NotFound
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice
from rongmei.stories import actions, passages, selectors
from rongmei.stories.errors import NotEditable, RemarkSettled
from rongmei.stories.models import Comment, Story
from rongmei.stories.tests import newsroom

TWICE = "<p>抢修队清晨到达。</p><p>天黑以后，抢修队撤离。</p>"


def remark(cast, story: Story, quote: str = "", by: str = "yl.chief", **more: str) -> Comment:
    return actions.comment_add(
        by=cast[by], story_id=story.pk, text=more.pop("text", "请核实。"), quote=quote, **more
    )


def thread(story: Story) -> passages.Thread:
    fresh = Story.objects.get(pk=story.pk)
    (found,) = passages.threads(fresh, selectors.comments_of(fresh))
    return found


def edited(cast, story: Story, *paragraphs: str) -> Story:
    return newsroom.save(cast, story, body=newsroom.body(*paragraphs))


def test_a_remark_stays_at_its_words_when_text_is_put_before_them(cast):
    story = newsroom.draft(cast)
    remark(cast, story, "48 名队员")
    edited(cast, story, "<p>新加的第一段。</p>", newsroom.WORDS)
    found = thread(story)
    assert found.anchor.state == "here" and found.anchor.quote == "48 名队员"


def test_of_two_places_the_one_whose_surroundings_fit_is_meant(cast):
    story = newsroom.draft(cast, body=newsroom.body(TWICE))
    remark(cast, story, "抢修队", before="天黑以后，", after="撤离")
    assert thread(story).anchor.after.startswith("撤离")


def test_a_changed_passage_is_found_again_and_said_to_be_changed(cast):
    story = newsroom.draft(cast)
    remark(cast, story, "48 名队员分成三组排查线路")
    edited(cast, story, newsroom.WORDS.replace("48 名队员分成三组", "52 名队员分为四组"))
    found = thread(story)
    assert found.anchor.state == "changed" and "排查线路" in found.anchor.quote
    assert found.remark.quote == "48 名队员分成三组排查线路"


def test_a_changed_passage_is_looked_for_where_its_surroundings_are(cast):
    lines = [
        f"<p>{name}站的抢修队员逐杆排查线路，随即上报。</p>" for name in ("东岭", "西河", "南坡")
    ]
    story = newsroom.draft(cast, body=newsroom.body(*lines))
    remark(cast, story, "抢修队员逐杆排查线路", before="西河站的", after="，随即上报。")
    lines = [line.replace("逐杆排查", "逐档查看") for line in lines]
    edited(cast, story, *lines)
    assert thread(story).anchor.before.endswith("西河站的")


def test_a_passage_that_was_taken_out_is_said_to_be_gone(cast):
    story = newsroom.draft(cast)
    remark(cast, story, "48 名队员分成三组排查线路")
    edited(cast, story, "<p>全篇另写，与从前的文字毫不相干。</p>")
    assert thread(story).anchor.state == "gone"


def test_spaces_and_line_ends_of_a_selection_do_not_count(cast):
    story = newsroom.draft(cast)
    remark(cast, story, "48\n名队员")
    assert thread(story).anchor.quote == "48 名队员"


def test_headlines_and_tables_can_be_remarked_on(cast):
    table = {
        "type": "table",
        "value": {"caption": "抢修进度", "cells": [["县", "恢复户数"], ["云岭", "1200"]]},
    }
    story = newsroom.draft(cast, body=[*newsroom.body(), table])
    assert remark(cast, story, "连夜恢复").part == "title"
    assert remark(cast, story, "恢复户数").part not in passages.FIELDS


def test_words_that_are_not_in_the_text_are_refused(cast):
    story = newsroom.draft(cast)
    with pytest.raises(BadInput):
        remark(cast, story, "稿件里没有的一句话")
    with pytest.raises(BadInput):
        remark(cast, story, "长" * 501)
    assert not Comment.objects.exists()


@given(st.text(alphabet="供电抢修，。 \n", min_size=1, max_size=40), st.data())
def test_any_stretch_of_a_text_is_found_where_it_was_taken(text, data):
    part = passages._part("a", text)
    if not part.squeezed:
        return
    start = data.draw(st.integers(0, len(part.squeezed) - 1))
    end = data.draw(st.integers(start + 1, len(part.squeezed)))
    held = object.__new__(passages.Passages)
    held.parts, held._pairs = [part], None
    around = (part.squeezed[:start], part.squeezed[end:])
    found = held.anchor(part.squeezed[start:end], *around, part="a")
    assert (found.state, found.order) == ("here", (0, start))


def test_an_answer_goes_to_the_thread_and_tells_who_takes_part(cast):
    story = newsroom.draft(cast)
    made = remark(cast, story, "48 名队员")
    answer = actions.comment_answer(by=cast["yl.reporter"], comment_id=made.pk, text="已核实。")
    actions.comment_answer(by=cast["yl.chief"], comment_id=answer.pk, text="好。")
    found = thread(story)
    assert [one.text for one in found.answers] == ["已核实。", "好。"]
    told = Notice.objects.filter(kind="stories.remark", title__contains="回复")
    assert set(told.values_list("member__username", flat=True)) == {"yl.chief", "yl.reporter"}


def test_who_is_named_hears_of_it_once_and_the_author_too(cast):
    story = newsroom.draft(cast)
    named = cast["yl.second"]
    remark(cast, story, text=f"@{named.name} 请看这个数。@{named.name}")
    kinds = dict(Notice.objects.filter(subject_id=story.pk).values_list("member__username", "kind"))
    assert kinds == {"yl.second": "stories.mention", "yl.reporter": "stories.remark"}


def test_people_who_may_not_read_the_story_are_not_told(cast):
    story = newsroom.draft(cast)
    remark(cast, story, text=f"@{cast['jc.chief'].name} 请看。")
    assert not Notice.objects.filter(member=cast["jc.chief"]).exists()


def test_a_settled_remark_is_not_answered_until_it_is_opened_again(cast):
    story = newsroom.draft(cast)
    made = remark(cast, story)
    settled = actions.comment_settle(by=cast["yl.reporter"], comment_id=made.pk)
    assert settled.settled_by == cast["yl.reporter"].name
    with pytest.raises(RemarkSettled):
        actions.comment_answer(by=cast["yl.chief"], comment_id=made.pk, text="再问。")
    actions.comment_reopen(by=cast["yl.chief"], comment_id=made.pk)
    actions.comment_answer(by=cast["yl.chief"], comment_id=made.pk, text="再问。")
    lines = AuditEntry.objects.filter(action__startswith="comment.").order_by("pk")
    assert list(lines.values_list("action", flat=True)) == [
        "comment.added", "comment.settled", "comment.reopened", "comment.answered",
    ]  # fmt: skip


def test_who_neither_wrote_it_nor_writes_nor_reviews_does_not_settle(cast):
    made = remark(cast, newsroom.draft(cast))
    for verb in (actions.comment_settle, actions.comment_reopen):
        with pytest.raises(NotEditable):
            verb(by=cast["yl.planner"], comment_id=made.pk)
        with pytest.raises(NotFound):
            verb(by=cast["jc.chief"], comment_id=made.pk)


def test_the_queue_says_how_many_remarks_wait(cast, signed_in):
    story = newsroom.at_step(cast, "first")
    made = remark(cast, story)
    remark(cast, story)
    actions.comment_settle(by=cast["yl.chief"], comment_id=made.pk)
    page = signed_in("yl.first").get(reverse("review:queue")).content.decode()
    assert "1 条意见待处理" in page
    review = signed_in("yl.first").get(reverse("review:story", args=[story.pk])).content.decode()
    assert "还有 1 条意见没有处理" in review


def test_a_script_gets_the_panel_alone(cast, signed_in):
    story = newsroom.draft(cast)
    where = reverse("stories:comment", args=[story.pk])
    client = signed_in("yl.chief")
    asked = {"text": "请核实。", "quote": "48 名队员"}
    page = client.post(where, asked, headers={"HX-Request": "true"}).content.decode()
    assert page.lstrip().startswith('<div class="talk"') and "48 名队员" in page
    answer = client.post(where, {**asked, "quote": "没有的话"}, headers={"HX-Request": "true"})
    assert answer.status_code == 422


def test_the_editor_shows_remarks_beside_the_text(cast, signed_in):
    story = newsroom.draft(cast)
    remark(cast, story, "48 名队员", text="人数请再核一次。")
    where = reverse("wagtailsnippets_stories_story:edit", args=[story.pk])
    page = signed_in("yl.reporter").get(where).content.decode()
    assert "人数请再核一次。" in page and "remarks.js" in page


def test_the_api_remarks_answers_and_settles(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.chief")

    def post(path: str, **data: str):
        return client.post(
            f"/api/v1/stories{path}", json.dumps(data), content_type="application/json"
        )

    made = post(f"/{story.pk}/comments", text="请核实。", quote="48 名队员").json()
    assert post(f"/comments/{made['id']}/answers", text="好。").status_code == 201
    (found,) = client.get(f"/api/v1/stories/{story.pk}/comments").json()
    assert found["state"] == "here" and [one["text"] for one in found["answers"]] == ["好。"]
    assert post(f"/comments/{made['id']}/settle").json()["settled_by"] == cast["yl.chief"].name
    assert post(f"/comments/{made['id']}/answers", text="还有。").status_code == 409
    assert post(f"/comments/{made['id']}/reopen").json()["settled_at"] is None
