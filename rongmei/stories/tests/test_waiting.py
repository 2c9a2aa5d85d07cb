"""A reviewer's day: the order of the queue, what was looked at, and what may be signed together."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from rongmei.kernel.errors import NotFound
from rongmei.kernel.models import AuditEntry
from rongmei.network.testing import Cast
from rongmei.stories import actions, waiting
from rongmei.stories.errors import NotInBatch, WrongStep
from rongmei.stories.models import Check, Comment, Look, Signature, Story, StoryState
from rongmei.stories.tests import flowing, newsroom
from rongmei.stories.types import Picked
from rongmei.stories.waiting import Waits, ranked

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)


def a_wait(name: str, **more) -> Waits:
    base = {
        "story_id": name, "state": "first", "unit_id": "u", "since": NOW, "content_hash": "h",
        "checked": True, "levels": {"forbid": 0, "caution": 0, "hint": 0},
    }  # fmt: skip
    return Waits(**{**base, **more})


def look(cast: Cast, story: Story, by: str) -> None:
    fresh = Story.objects.get(pk=story.pk)
    actions.story_look(by=cast[by], story_id=story.pk, content_hash=fresh.content_hash)


def pick(story: Story, step: str) -> Picked:
    return Picked(story.pk, step, Story.objects.get(pk=story.pk).content_hash)


def why(cast: Cast, story: Story, by: str) -> str:
    row = waiting.waits_of(cast[by], story.pk)
    assert row is not None
    return row.alone


def test_the_green_channel_comes_first_then_deadlines_then_risk_then_age():
    rows = [
        a_wait("old", since=NOW - timedelta(days=3)),
        a_wait("new"),
        a_wait("hint", levels={"hint": 1}),
        a_wait("exemplar", exemplar=True),
        a_wait("caution", levels={"caution": 1}),
        a_wait("tomorrow", due=NOW + timedelta(days=1)),
        a_wait("late", due=NOW - timedelta(hours=1)),
        a_wait("green", green=True),
    ]
    order = [one.story_id for one in ranked(rows)]
    assert order == ["green", "late", "tomorrow", "caution", "hint", "exemplar", "old", "new"]
    assert next(one.story_id for one in ranked(rows, "since")) == "old"
    assert [one.story_id for one in ranked(rows, "risk")][:3] == ["caution", "hint", "exemplar"]
    assert ranked(rows, "'; drop") == ranked(rows)


def test_the_deadline_is_the_nearest_of_embargo_and_task(cast):
    soon, later = (timezone.now() + timedelta(hours=n) for n in (2, 30))
    newsroom.at_step(cast, "first", title="示例定时稿", embargo_until=later)
    (one,) = waiting.queue_of(cast["yl.first"])
    assert (one.due, one.due_for) == (later, "embargo")
    assert one.is_late(later + timedelta(seconds=1)) and not one.is_late(soon)


def test_a_step_with_a_time_limit_has_a_deadline(cast):
    flowing.published(cast, flowing.steps(first={"hours": 4}))
    story = newsroom.at_step(cast, "first")
    (one,) = waiting.queue_of(cast["yl.first"])
    assert one.due_for == "step"
    assert abs(one.due - story.submitted_at - timedelta(hours=4)) < timedelta(minutes=1)


def test_waiting_begins_with_the_last_signature(cast):
    story = newsroom.at_step(cast, "second")
    (one,) = waiting.queue_of(cast["yl.second"])
    assert one.since == story.signatures.get(step="first").signed_at


def test_a_text_changed_since_the_last_look_says_so(cast):
    story = newsroom.at_step(cast, "first")
    (one,) = waiting.queue_of(cast["yl.first"])
    assert one.fresh and not one.changed
    look(cast, story, "yl.first")
    (one,) = waiting.queue_of(cast["yl.first"])
    assert not one.fresh
    newsroom.save(cast, story, by="yl.first", summary="示例改动")
    (one,) = waiting.queue_of(cast["yl.first"])
    assert one.fresh and one.changed


def test_a_look_is_at_the_present_text_of_a_story_in_reach_and_leaves_no_line(cast):
    story = newsroom.at_step(cast, "first")
    lines = AuditEntry.objects.count()
    actions.story_look(by=cast["yl.first"], story_id=story.pk, content_hash="0" * 64)
    assert not Look.objects.exists()
    look(cast, story, "yl.first")
    look(cast, story, "yl.first")
    assert Look.objects.count() == 1 and AuditEntry.objects.count() == lines
    with pytest.raises(NotFound):
        look(cast, story, "jc.first")


def test_opening_a_story_by_reading_only_leaves_no_look(cast, signed_in):
    story = newsroom.at_step(cast, "first")
    signed_in("yl.first").get(reverse("review:story", args=[story.pk]))
    signed_in("yl.first").get(reverse("review:glance", args=[story.pk]))
    assert not Look.objects.exists()


def test_only_a_simple_story_that_was_looked_at_may_be_signed_with_others(cast):
    story = newsroom.at_step(cast, "first")
    assert "还没看过" in why(cast, story, "yl.first")
    look(cast, story, "yl.first")
    assert why(cast, story, "yl.first") == ""
    Comment.objects.create(
        story=story,
        unit_id=story.unit_id,
        author_id=cast["yl.first"].pk,
        author_name="示例",
        text="？",
    )
    assert "讨论" in why(cast, story, "yl.first")
    Comment.objects.update(settled_at=timezone.now())
    check = Check.objects.get(story=story, content_hash=story.content_hash)
    Check.objects.filter(pk=check.pk).update(versions={**check.versions, "lexicon": "old"})
    assert "规则有变" in why(cast, story, "yl.first")
    hint = {"level": "hint", "code": "x", "part": "title", "start": 0, "end": 1, "found": "示"}
    Check.objects.filter(pk=check.pk).update(versions=check.versions, findings=[hint])
    assert "有提示" in why(cast, story, "yl.first")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"elsewhere": True}, "其他节点"),
        ({"green": True}, "绿色通道"),
        ({"exemplar": True}, "典型"),
    ],
)
def test_what_is_special_is_signed_alone(fields, words):
    assert words in waiting.why_alone(a_wait("x", seen="h", **fields), Check(), talked=False)


def test_signing_several_leaves_a_full_signature_on_each(cast):
    stories = [newsroom.at_step(cast, "first", title=f"示例 {n}") for n in range(3)]
    for one in stories:
        look(cast, one, "yl.first")
    picks = [pick(one, "first") for one in stories]
    outcomes = actions.batch_pass(by=cast["yl.first"], picks=picks, opinion="一并核过")
    assert [one.error for one in outcomes] == ["", "", ""]
    for one in stories:
        signature = Signature.objects.get(story=one)
        assert signature.content_hash == one.content_hash and signature.opinion == "一并核过"
        passed = AuditEntry.objects.filter(action="story.passed", subject_id=str(one.pk))
        assert passed.get().detail["seal"] == signature.seal


def test_a_refusal_stops_none_of_the_others_and_is_on_record(cast):
    good, unseen, old = (
        newsroom.at_step(cast, "first", title=f"示例 {n}") for n in ("好", "没看", "旧")
    )
    look(cast, good, "yl.first")
    stale = pick(old, "first")
    newsroom.save(cast, old, by="yl.first", summary="示例改动")
    look(cast, old, "yl.first")
    picks = [stale, pick(unseen, "first"), pick(good, "first")]
    outcomes = actions.batch_pass(by=cast["yl.first"], picks=picks, opinion="")
    assert [bool(one.error) for one in outcomes] == [True, True, False]
    assert set(Signature.objects.values_list("story_id", flat=True)) == {good.pk}
    refused = AuditEntry.objects.filter(action="story.refused").values_list("detail", flat=True)
    assert {one["reason"] for one in refused} >= {"not_in_batch"}


@pytest.mark.parametrize("username", ["yl.reporter", "yl.second", "yl.chief"])
def test_signing_several_asks_for_the_same_right_as_signing_one(cast, username):
    story = newsroom.at_step(cast, "first")
    look(cast, story, username)
    (outcome,) = actions.batch_pass(by=cast[username], picks=[pick(story, "first")], opinion="")
    assert outcome.error and not Signature.objects.exists()


def test_nobody_signs_two_steps_by_signing_several(cast):
    story = newsroom.at_step(cast, "first")
    look(cast, story, "yl.first")
    picks = [pick(story, "first"), pick(story, "second")]
    for _ in range(2):
        actions.batch_pass(by=cast["yl.first"], picks=picks, opinion="")
    assert Signature.objects.filter(story=story).count() <= 1


def test_another_units_story_in_a_batch_refuses_the_whole_before_any_signature(cast):
    mine = newsroom.at_step(cast, "first")
    theirs = newsroom.submit(cast, newsroom.draft(cast, by="jc.reporter"), by="jc.reporter")
    look(cast, mine, "yl.first")
    with pytest.raises(NotFound):
        picks = [pick(mine, "first"), Picked(theirs.pk, "first", theirs.content_hash)]
        actions.batch_pass(by=cast["yl.first"], picks=picks, opinion="")
    with pytest.raises(NotInBatch):
        many = [Picked(f"00000000-0000-7000-8000-{n:012}", "first", "h") for n in range(51)]
        actions.batch_pass(by=cast["yl.first"], picks=many, opinion="")
    assert not Signature.objects.exists()


def test_the_form_signs_the_chosen_rows_over_the_text_that_was_listed(cast, signed_in):
    one, other = (newsroom.at_step(cast, "first", title=f"示例 {n}") for n in (1, 2))
    client = signed_in("yl.first")
    for story in (one, other):
        look(cast, story, "yl.first")
    page = client.get(reverse("review:queue")).content.decode()
    offered = [f"{story.pk} first {story.content_hash}" for story in (one, other)]
    assert all(f'value="{words}"' in page for words in offered)
    posted = {"ids": [str(one.pk)], "pick": offered, "opinion": "同意"}
    answer = client.post(reverse("review:batch"), posted, follow=True)
    assert "已签名通过 1 篇" in answer.content.decode()
    states = dict(Story.objects.values_list("pk", "state"))
    assert states == {one.pk: StoryState.SECOND, other.pk: StoryState.FIRST}


def test_filters_and_order_live_in_the_address(cast, signed_in):
    newsroom.at_step(cast, "first", title="示例平常稿")
    special = newsroom.draft(cast, title="示例急稿")
    actions.story_submit(by=cast["yl.reporter"], story_id=special.pk, urgent="突发")
    client = signed_in("yl.first")
    page = client.get(reverse("review:queue")).content.decode()
    assert page.index("示例急稿") < page.index("示例平常稿")
    page = client.get(reverse("review:queue") + "?flag=green").content.decode()
    assert "示例急稿" in page and "示例平常稿" not in page
    page = client.get(reverse("review:queue") + "?flag=exemplar").content.decode()
    assert "没有符合筛选的稿件" in page


def test_a_longer_queue_costs_no_more_queries(cast, signed_in):
    client, counts = signed_in("yl.first"), []
    for many in (2, 12):
        for n in range(many):
            newsroom.at_step(cast, "first", title=f"示例 {many}-{n}")
        client.get(reverse("review:queue"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("review:queue"))
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 30


def test_the_api_lists_and_signs_by_the_same_rules(cast, signed_in):
    story = newsroom.at_step(cast, "first")
    client = signed_in("yl.first")
    (row,) = client.get("/api/v1/review/queue").json()
    assert row["step"] == "first" and "还没看过" in row["alone"]
    text = story.content_hash
    where, looked = f"/api/v1/review/stories/{story.pk}/look", json.dumps({"content_hash": text})
    assert client.post(where, looked, "application/json").status_code == 204
    body = {"picks": [{"story_id": str(story.pk), "step": "first", "content_hash": text}]}
    (outcome,) = client.post("/api/v1/review/batch", json.dumps(body), "application/json").json()
    assert outcome["error"] == ""
    assert client.get("/api/v1/review/queue").json() == []


# The final reviewer's side panel.


def dossier_page(cast, signed_in, story: Story) -> str:
    where = reverse("review:story", args=[story.pk])
    return signed_in("yl.chief").get(where).content.decode()


def test_the_final_reviewer_sees_that_the_text_is_what_was_signed(cast, signed_in):
    story = newsroom.at_step(cast, "final", rights_basis="自采", byline="示例署名")
    page = dossier_page(cast, signed_in, story)
    assert page.count("签的就是现在这一版") == 2
    assert "之后有" not in page


def test_a_small_change_after_a_signature_is_shown_against_that_signature(cast, signed_in):
    story = newsroom.at_step(cast, "final", summary="示例摘要。")
    newsroom.save(cast, story, by="yl.chief", summary="示例摘要！")
    page = dossier_page(cast, signed_in, story)
    assert page.count("之后有 1 处改动") == 2


def test_what_changed_materially_after_the_second_review_cannot_be_signed_off(cast):
    story = newsroom.at_step(cast, "final")
    newsroom.save(cast, story, by="yl.chief", title="换了标题的示例稿")
    fresh = Story.objects.get(pk=story.pk)
    assert fresh.state == StoryState.SECOND
    with pytest.raises(WrongStep):
        actions.story_pass(
            by=cast["yl.chief"], story_id=story.pk, step="final", content_hash=fresh.content_hash
        )


def test_the_dossier_says_what_the_rights_and_pictures_lack(cast, signed_in):
    picture = newsroom.a_picture(cast)
    type(picture).objects.filter(pk=picture.pk).update(aigc="1", credit="")
    picture.refresh_from_db()
    story = newsroom.at_step(cast, "final", lead_picture=picture, rights_basis="")
    page = dossier_page(cast, signed_in, story)
    assert "属于生成合成的图片 1 张" in page and "有空缺" in page
