"""Submissions: a number at once, never twice, answered with a reason, credited, never overwritten."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from rongmei.assets import actions as assets
from rongmei.assets.tests.clips import mp4
from rongmei.kernel.errors import BadInput, NotAllowed, NotFound
from rongmei.kernel.ids import uuid7
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice
from rongmei.stories import actions, canonical, five_questions, selectors, submissions
from rongmei.stories.actions import Written
from rongmei.stories.errors import (
    AuthorCannotReview,
    NoDesk,
    OwnSubmission,
    ReasonMissing,
    SubmissionChanged,
    SubmissionIncomplete,
    SubmissionKeyReused,
    SubmissionStands,
)
from rongmei.stories.models import Story
from rongmei.stories.submission_rows import Submission, SubmissionEntry, SubmissionState
from rongmei.stories.tests import newsroom, submitting
from rongmei.stories.tests.submitting import AUTHOR, EDITOR, HEAD, written

Kind = SubmissionEntry.Kind


def send(cast, pk, key, *, text=submitting.TEXT, base=None, by=AUTHOR, desk="yunling", **more):
    return actions.submission_send(
        by=cast[by], submission_id=pk, key=key, unit_id=cast.unit(desk).pk,
        written=written(text=text, **more), base_version=base,
    )  # fmt: skip


def test_a_submission_has_its_number_at_once_and_the_desk_is_told(cast):
    row = submitting.sent(cast)
    assert row.number == f"YUNLING-TG-{timezone.localdate():%Y%m%d}-001"
    assert submitting.sent(cast, title="另一篇").number.endswith("-002")
    told = set(Notice.objects.filter(subject_id=row.pk).values_list("member__username", flat=True))
    assert {EDITOR, "yl.first", HEAD} <= told and AUTHOR not in told
    assert row.answer_due_at - row.sent_at == timedelta(hours=24)


def test_the_same_sending_twice_is_one_submission(cast):
    pk, key = uuid7(), uuid.uuid4()
    first, again = send(cast, pk, key), send(cast, pk, key)
    assert first.pk == again.pk and first.number == again.number
    assert Submission.objects.count() == 1
    assert SubmissionEntry.objects.filter(kind=Kind.SENT).count() == 1
    assert Notice.objects.filter(kind="stories.submission", member=cast[EDITOR]).count() == 1


def test_a_key_that_comes_again_with_another_text_is_refused(cast):
    pk, key = uuid7(), uuid.uuid4()
    send(cast, pk, key)
    with pytest.raises(SubmissionKeyReused):
        send(cast, pk, key, text="别的文字")
    with pytest.raises(SubmissionKeyReused):
        send(cast, uuid7(), key)
    assert Submission.objects.get().text == submitting.TEXT


def test_the_database_takes_a_key_once_too(cast):
    row, key = submitting.sent(cast), uuid.uuid4()
    one = {"submission": row, "kind": Kind.SENT_AGAIN, "person_id": row.author_id, "key": key}
    SubmissionEntry.objects.create(**one)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubmissionEntry.objects.create(**one)


def test_a_second_tap_with_a_new_key_does_not_send_twice(cast):
    pk = uuid7()
    send(cast, pk, uuid.uuid4())
    with pytest.raises(SubmissionStands):
        send(cast, pk, uuid.uuid4())


def test_two_phones_never_overwrite_each_other(cast):
    draft = submitting.saved(cast)
    how = {"by": cast[AUTHOR], "submission_id": draft.pk, "unit_id": draft.unit_id}
    one = actions.submission_save(**how, written=written(text="甲机写的"), base_version=1)
    assert one.version == 2
    with pytest.raises(SubmissionChanged):
        actions.submission_save(**how, written=written(text="乙机写的"), base_version=1)
    assert Submission.objects.get().text == "甲机写的"
    # What is there already is not saved again, whatever the device believed.
    same = actions.submission_save(**how, written=written(text="甲机写的"), base_version=1)
    assert same.version == 2
    with pytest.raises(SubmissionChanged):
        send(cast, draft.pk, uuid.uuid4(), text="乙机写的", base=1)
    assert Submission.objects.get().state == SubmissionState.DRAFT


def test_nobody_else_touches_a_draft_or_sees_it(cast):
    draft = submitting.saved(cast)
    with pytest.raises(NotFound):
        actions.submission_save(
            by=cast[EDITOR], submission_id=draft.pk, unit_id=cast.unit("hq").pk,
            written=written(), base_version=1,
        )  # fmt: skip
    with pytest.raises(NotFound):
        submissions.submission_for(cast[EDITOR], draft.pk)
    with pytest.raises(NotFound):
        actions.submission_adopt(by=cast[EDITOR], submission_id=draft.pk)
    assert not submissions.inbox(cast[EDITOR]).exists()


def test_desks_are_one_s_own_unit_s_and_those_above_where_somebody_else_reads(cast):
    assert [one.code for one in submissions.desks_for(cast[AUTHOR])] == ["yunling", "hq"]
    assert [one.code for one in submissions.desks_for(cast[EDITOR])] == ["yunling", "hq"]
    assert submissions.desks_for(cast["sysadmin"]) == []
    with pytest.raises(NoDesk):
        submitting.sent(cast, desk="jiangchuan")
    with pytest.raises(NotAllowed):
        submitting.sent(cast, by="planner")


@pytest.mark.parametrize(
    ("more", "error"),
    [({"title": " "}, SubmissionIncomplete), ({"text": ""}, SubmissionIncomplete),
     ({"title": "长" * 81}, BadInput), ({"text": "字" * 50_001}, BadInput), ({"text": "断\x00行"}, BadInput),
     ({"faces": "nonsense"}, BadInput), ({"pictures": ({"uid": "no"},)}, BadInput),
     ({"pictures": ({"uid": str(uuid.uuid4())},), "faces": "none"}, BadInput)],
)  # fmt: skip
def test_what_cannot_be_sent_is_refused_in_words(cast, more, error):
    with pytest.raises(error):
        submitting.sent(cast, **more)
    assert not Submission.objects.exists()


def test_reading_is_no_answer_but_asking_back_is(cast):
    row = submitting.sent(cast)
    due = row.answer_due_at
    row = actions.submission_take(by=cast[EDITOR], submission_id=row.pk)
    assert row.answer_due_at == due and row.first_answer_at is None
    row = actions.submission_ask(by=cast[EDITOR], submission_id=row.pk, reason="缺现场照片")
    assert row.answer_due_at is None and row.first_answer_at is not None


@pytest.mark.parametrize("verb", [actions.submission_ask, actions.submission_decline])
def test_a_return_needs_a_reason(cast, verb):
    row = submitting.sent(cast)
    with pytest.raises(ReasonMissing):
        verb(by=cast[EDITOR], submission_id=row.pk, reason="  ")
    assert Submission.objects.get().state == SubmissionState.SENT


def test_what_was_asked_back_goes_to_the_same_editor_and_keeps_its_number(cast):
    row = submitting.asked(cast)
    number = row.number
    again = send(cast, row.pk, uuid.uuid4(), text="改好的文字，11月3日。", base=row.version)
    assert (again.number, again.state, again.editor_name) == (number, SubmissionState.TAKEN, cast[EDITOR].name)  # fmt: skip
    assert again.answer_due_at is not None
    first, asked, second = submissions.entries_of(again)
    assert first.content["text"] == submitting.TEXT and second.content["text"].startswith("改好")
    assert (asked.reason, asked.example) == ("缺现场照片", "拍一张队员合闸的照片")


def test_nobody_handles_their_own_submission(cast):
    row = submitting.sent(cast, by=EDITOR)
    for verb in (actions.submission_take, actions.submission_adopt):
        with pytest.raises(OwnSubmission):
            verb(by=cast[EDITOR], submission_id=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        Submission.objects.update(editor_id=row.author_id)


def test_another_desk_does_not_see_it(cast):
    row = submitting.sent(cast)
    with pytest.raises(NotFound):
        submissions.submission_for(cast["jc.chief"], row.pk)
    for verb in (actions.submission_take, actions.submission_adopt):
        with pytest.raises(NotFound):
            verb(by=cast["jc.chief"], submission_id=row.pk)
        with pytest.raises(NotAllowed):
            verb(by=cast["sysadmin"], submission_id=row.pk)


def a_picture(cast):
    by = cast[AUTHOR]
    return assets.picture_add(
        by=by, unit_id=by.unit_id, file=newsroom.picture_file(), title="抢修", credit="石站员 摄"
    )


def test_an_adopted_piece_is_the_editor_s_story_with_the_author_s_credit_and_pictures(cast):
    picture = a_picture(cast)
    row = submitting.sent(
        cast, faces="none", pictures=({"uid": picture.uid, "caption": "合闸"},), text="一<二\n\n三"
    )
    row, story = actions.submission_adopt(by=cast[EDITOR], submission_id=row.pk)
    assert story.author_id == cast[EDITOR].pk and story.unit_id == cast.unit("yunling").pk
    assert story.byline == "石站员（石门坎融媒体站）" and story.title == row.title
    blocks = canonical.content_of(story)["body"]
    assert [one["type"] for one in blocks] == ["paragraph", "paragraph", "picture"]
    assert blocks[0]["html"] == "<p>一&lt;二</p>"
    assert (blocks[2]["caption"], blocks[2]["picture"]["credit"]) == ("合闸", "石站员 摄")
    assert (row.state, row.story_id) == (SubmissionState.ADOPTED, story.pk)
    with pytest.raises(SubmissionStands):
        actions.submission_adopt(by=cast["yl.first"], submission_id=row.pk)
    assert Story.objects.count() == 1


def test_a_video_goes_over_to_the_desk_s_unit_with_the_piece(cast, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    by = cast[AUTHOR]
    clip = assets.clip_add(by=by, unit_id=by.unit_id, file=io.BytesIO(mp4(5)), title="现场")
    sent = {"uid": clip.pk, "caption": "合闸现场", "kind": "clip"}
    row = submitting.sent(cast, faces="none", pictures=(sent,))
    assert submissions.pictures_of(row)[0]["clip"] == clip
    _row, story = actions.submission_adopt(by=cast[EDITOR], submission_id=row.pk)
    block = canonical.content_of(story)["body"][-1]
    assert (block["type"], block["caption"]) == ("clip", "合闸现场")
    assert block["clip"]["digest"] == clip.digest
    with pytest.raises(BadInput):
        submitting.sent(cast, by="jc.reporter", desk="hq", faces="none", pictures=(sent,))


def test_pictures_need_a_word_on_the_people_in_them(cast):
    picture = ({"uid": a_picture(cast).uid, "caption": ""},)
    for faces in ("", "not_yet"):
        with pytest.raises(SubmissionIncomplete):
            submitting.sent(cast, pictures=picture, faces=faces)
    assert submitting.sent(cast, pictures=picture, faces="consented").number


def test_who_sent_the_piece_does_not_review_the_story(cast):
    row = submitting.sent(cast, by="yl.second")
    _row, story = actions.submission_adopt(by=cast[EDITOR], submission_id=row.pk)
    newsroom.submit(cast, story)
    newsroom.sign(cast, story, "first")
    with pytest.raises(AuthorCannotReview):
        newsroom.sign(cast, story, "second")
    assert story not in selectors.review_queue(cast["yl.second"])
    assert AuditEntry.objects.filter(action="story.refused").exists()


def test_pieces_on_one_thing_are_merged_and_both_are_credited(cast):
    first, second = (
        submitting.sent(cast),
        submitting.sent(cast, title="同一件事", text="补充一段。"),
    )
    _row, story = actions.submission_adopt(by=cast[EDITOR], submission_id=first.pk)
    row, story = actions.submission_merge(
        by=cast["yl.first"], submission_id=second.pk, story_id=story.pk
    )
    assert story.body_text.endswith("补充一段。") and story.byline.count("石站员") == 2
    assert (row.state, row.story_id) == (SubmissionState.MERGED, story.pk)
    third = submitting.sent(cast, title="晚到的")
    newsroom.submit(cast, story)
    with pytest.raises(BadInput):
        actions.submission_merge(by=cast["yl.first"], submission_id=third.pk, story_id=story.pk)
    assert Submission.objects.get(pk=third.pk).state == SubmissionState.SENT


def test_a_late_answer_is_told_to_the_head_of_the_desk_once(cast):
    row = submitting.sent(cast)
    assert actions.submissions_overdue() == 0
    Submission.objects.update(answer_due_at=timezone.now() - timedelta(minutes=1))
    assert actions.submissions_overdue() == 1
    assert actions.submissions_overdue() == 0
    told = Notice.objects.filter(kind="stories.submission_overdue")
    assert [one.member.username for one in told] == [HEAD]
    row.refresh_from_db()
    assert row.is_overdue and "24" in submissions.next_words(row)
    actions.submission_decline(by=cast[EDITOR], submission_id=row.pk, reason="时效已过")
    row.refresh_from_db()
    assert not row.is_overdue and submissions.figures([row.unit_id]).late == 1


def test_figures_say_how_soon_and_how_much(cast):
    assert submissions.figures([cast.unit("yunling").pk]).median is None
    for title, hours in (("甲", 1), ("乙", 3), ("丙", 8)):
        row = submitting.sent(cast, title=title)
        if title == "甲":
            actions.submission_adopt(by=cast[EDITOR], submission_id=row.pk)
        else:
            actions.submission_decline(by=cast[EDITOR], submission_id=row.pk, reason="重复")
        Submission.objects.filter(pk=row.pk).update(
            first_answer_at=row.sent_at + timedelta(hours=hours)
        )
    found = submissions.figures([cast.unit("yunling").pk])
    assert (found.median, found.used, found.decided) == (timedelta(hours=3), 1, 3)
    assert submissions.figures_of(cast[AUTHOR]).sent == 3


def labels(row):
    return [(one.label, one.state) for one in submissions.course(row, submissions.entries_of(row))]


def test_the_course_reads_like_a_courier_s(cast):
    row = submissions.submission_for(cast[AUTHOR], submitting.sent(cast).pk)
    assert labels(row)[:2] == [("收到", "done"), ("等编辑看", "now")]
    actions.submission_take(by=cast[EDITOR], submission_id=row.pk)
    _row, story = actions.submission_adopt(by=cast[EDITOR], submission_id=row.pk)
    newsroom.submit(cast, story)
    row = submissions.submission_for(cast[AUTHOR], row.pk)
    assert labels(row) == [
        ("收到", "done"), ("编辑在看", "done"), ("采用", "done"), ("送审", "done"), ("初审一校", "now"),
        ("复审二校", "next"), ("终审三校", "next"), ("签发", "next"), ("发布", "next"), ("传播", "next"),
    ]  # fmt: skip


def test_an_author_takes_a_piece_back_until_it_is_decided(cast):
    row = submitting.sent(cast)
    actions.submission_withdraw(by=cast[AUTHOR], submission_id=row.pk)
    with pytest.raises(SubmissionStands):
        actions.submission_take(by=cast[EDITOR], submission_id=row.pk)
    with pytest.raises(NotFound):
        actions.submission_withdraw(by=cast[EDITOR], submission_id=submitting.sent(cast).pk)


def test_a_draft_is_thrown_away_but_nothing_that_was_sent(cast):
    draft = submitting.saved(cast)
    actions.submission_discard(by=cast[AUTHOR], submission_id=draft.pk)
    actions.submission_discard(by=cast[AUTHOR], submission_id=draft.pk)
    assert not Submission.objects.exists()
    with pytest.raises(SubmissionStands):
        actions.submission_discard(by=cast[AUTHOR], submission_id=submitting.sent(cast).pk)


def test_reasons_are_the_unit_s_and_those_of_units_above(cast):
    how = {"kind": "asked", "words": "缺数据", "example": "写明户数"}
    actions.reason_add(by=cast["yl.chief"], unit_id=cast.unit("yunling").pk, **how)
    offered = submissions.answers_offered(cast.unit("shimenkan").pk)
    assert offered[0].words == "缺数据"
    assert "缺数据" not in [one.words for one in submissions.answers_offered(cast.unit("hq").pk)]
    assert all(one.example for one in submissions.shipped_reasons())
    with pytest.raises(NotAllowed):
        actions.reason_add(by=cast[EDITOR], unit_id=cast.unit("yunling").pk, **how)


def test_the_five_questions_are_asked_where_the_text_does_not_answer(cast):
    assert five_questions.unanswered(submitting.TEXT, "石门坎") == ["why"]
    missing = five_questions.unanswered("工作有序开展。")
    assert {"when", "where", "who", "how"} <= set(missing)
    said = submissions.look_over(cast[AUTHOR], "题", "联系电话13800138000", "")
    assert any("手机号" in one["advice"] for one in said)


def test_pages_show_both_sides_and_cost_few_queries(cast, signed_in, django_assert_max_num_queries):
    for n in range(8):
        submitting.sent(cast, title=f"第 {n} 篇")
    row = submitting.asked(cast)
    for username in (AUTHOR, EDITOR):
        client = signed_in(username)
        with django_assert_max_num_queries(25):
            assert "第 3 篇" in client.get(reverse("submissions:list")).content.decode()
        shown = client.get(reverse("submissions:submission", args=[row.pk])).content.decode()
        assert row.number in shown and "缺现场照片" in shown and "合闸" in shown


def test_the_api_keeps_the_same_rules(cast, signed_in):
    client, how = signed_in(AUTHOR), {"content_type": "application/json"}
    desks = client.get("/api/v1/submissions/desks").json()
    where = f"/api/v1/submissions/{uuid7()}"
    piece = {"unit_id": desks[0]["id"], "title": "接口投的稿", "text": submitting.TEXT}
    made = client.put(where, json.dumps(piece), **how)
    assert made.status_code == 200 and made.json()["version"] == 1, made.content
    sending = json.dumps({**piece, "base_version": 1, "key": str(uuid.uuid4())})
    numbers = {client.post(where + "/send", sending, **how).json()["number"] for _ in range(3)}
    assert len(numbers) == 1 and Submission.objects.count() == 1
    answer = json.dumps({"reason": "缺照片", "example": "拍一张"})
    assert client.post(where + "/ask", answer, **how).status_code == 403
    assert signed_in(EDITOR).post(where + "/ask", answer, **how).json()["state"] == "asked"
    entries = client.get(where).json()["entries"]
    assert entries[-1]["example"] == "拍一张"


def test_bad_input_is_refused_and_nothing_half_written(cast, signed_in):
    client, how = signed_in(AUTHOR), {"content_type": "application/json"}
    unit = str(cast.unit("yunling").pk)
    where = f"/api/v1/submissions/{uuid7()}"
    for bad in ({"unit_id": "x"}, {}, {"unit_id": unit, "title": ["a"]}, {"unit_id": unit, "faces": "x"}):  # fmt: skip
        assert client.put(where, json.dumps(bad), **how).status_code == 422
    assert client.put(where, io.BytesIO(b"{").read(), **how).status_code in {400, 422}
    assert not Submission.objects.exists()


def test_written_is_cleaned_as_it_is_kept():
    kept = Written(
        title="  两\n行 ", text="一\r\n二 ", pictures=({"uid": uuid.UUID(int=1)},)
    ).cleaned()
    assert (kept["title"], kept["text"]) == ("两 行", "一\n二")
    assert kept["pictures"] == [{"uid": str(uuid.UUID(int=1)), "caption": ""}]
