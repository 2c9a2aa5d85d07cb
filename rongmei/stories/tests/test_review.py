"""The three-person rule, attacked."""

from __future__ import annotations

import uuid

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.kernel.models import AuditEntry, Event
from rongmei.network.models import Grant, Notice, RoleHolding
from rongmei.stories import actions, canonical, selectors
from rongmei.stories.errors import (
    AuthorCannotReview,
    BlockingFindings,
    NotEditable,
    NothingToReview,
    NotSigned,
    OnePersonOneStep,
    ReasonMissing,
    StoryChanged,
    StoryIsReplica,
    StoryLocked,
    WrongState,
    WrongStep,
)
from rongmei.stories.models import Signature, Story, StoryState
from rongmei.stories.tests import newsroom


def refused(code: str) -> bool:
    return AuditEntry.objects.filter(action="story.refused", detail__reason=code).exists()


def give(cast, username, role, unit="yunling"):
    RoleHolding.objects.create(member=cast.people[username], unit=cast.unit(unit), role=role)


def test_three_people_sign_and_the_package_is_exactly_what_they_signed(cast):
    story = newsroom.signed(cast)
    assert story.state == StoryState.SIGNED
    package = selectors.signed_package(story.pk)
    assert [one.step for one in package.signatures] == ["first", "second", "final"]
    assert len({one.person_id for one in package.signatures}) == 3
    assert package.content_hash == story.content_hash
    assert "48 名队员" in package.html and package.unit_name == "云岭融媒体中心"
    names = list(Event.objects.filter(subject_id=story.pk).values_list("name", flat=True))
    assert names.count("stories.passed") == 3 and "stories.signed" in names


def test_the_author_cannot_review_even_with_every_role(cast):
    story = newsroom.at_step(cast, "first")
    for role in ("first_reviewer", "second_reviewer", "final_reviewer"):
        give(cast, "yl.reporter", role)
    with pytest.raises(AuthorCannotReview):
        newsroom.sign(cast, story, "first", by="yl.reporter")
    assert refused("author_cannot_review")


def test_the_author_cannot_return_their_own_story(cast):
    story = newsroom.at_step(cast, "first")
    give(cast, "yl.reporter", "first_reviewer")
    with pytest.raises(AuthorCannotReview):
        actions.story_return(by=cast["yl.reporter"], story_id=story.pk, reason="我自己退")


def test_one_person_with_two_roles_signs_only_one_step(cast):
    give(cast, "yl.first", "second_reviewer")
    story = newsroom.at_step(cast, "second")
    with pytest.raises(OnePersonOneStep):
        newsroom.sign(cast, story, "second", by="yl.first")
    assert refused("one_person_one_step")


def test_a_role_changed_midway_does_not_help(cast):
    story = newsroom.at_step(cast, "final")
    RoleHolding.objects.filter(member=cast.people["yl.second"]).delete()
    give(cast, "yl.second", "final_reviewer")
    with pytest.raises(OnePersonOneStep):
        newsroom.sign(cast, story, "final", by="yl.second")


def test_a_role_that_ended_signs_nothing(cast):
    story = newsroom.at_step(cast, "first")
    RoleHolding.objects.filter(member=cast.people["yl.first"]).update(ends_at=timezone.now())
    with pytest.raises((NotAllowed, NotFound)):
        newsroom.sign(cast, story, "first")


@pytest.mark.parametrize("step", ["second", "final"])
def test_a_step_cannot_be_skipped(cast, step):
    story = newsroom.at_step(cast, "first")
    with pytest.raises(WrongStep):
        newsroom.sign(cast, story, step)


def test_a_step_that_does_not_exist_is_refused(cast):
    story = newsroom.at_step(cast, "first")
    with pytest.raises(WrongStep):
        newsroom.sign(cast, story, "publish", by="yl.chief")


def test_a_step_cannot_be_signed_twice(cast):
    story = newsroom.at_step(cast, "second")
    with pytest.raises(WrongStep):
        newsroom.sign(cast, story, "first")


@pytest.mark.parametrize("username", ["jc.first", "jc.chief", "smk.reporter"])
def test_reviewers_of_another_unit_do_not_even_see_it(cast, username):
    story = newsroom.at_step(cast, "first")
    with pytest.raises(NotFound):
        newsroom.sign(cast, story, "first", by=username)


@pytest.mark.parametrize("username", ["yl.second", "yl.chief", "yl.planner", "duty", "sysadmin"])
def test_the_wrong_role_cannot_sign_the_first_step(cast, username):
    story = newsroom.at_step(cast, "first")
    with pytest.raises((NotAllowed, NotFound)):
        newsroom.sign(cast, story, "first", by=username)


def test_a_superuser_signs_nothing(cast):
    story = newsroom.at_step(cast, "first")
    people = cast.people["sysadmin"]
    people.is_superuser = people.is_staff = True
    people.save()
    with pytest.raises(NotFound):
        newsroom.sign(cast, story, "first", by="sysadmin")


def test_a_stale_tab_signs_nothing(cast):
    story = newsroom.at_step(cast, "first")
    seen = story.content_hash
    newsroom.save(cast, story, by="yl.first", summary="补一句摘要")
    with pytest.raises(StoryChanged):
        actions.story_pass(by=cast["yl.first"], story_id=story.pk, step="first", content_hash=seen)
    assert refused("story_changed")


def test_a_caption_changed_behind_the_text_is_seen(cast):
    picture = newsroom.a_picture(cast)
    story = newsroom.at_step(cast, "final", lead_picture=picture)
    type(picture).objects.filter(pk=picture.pk).update(caption="换了说明")
    with pytest.raises(StoryChanged):
        newsroom.sign(cast, story, "final")


def test_a_picture_changed_after_signing_unsigns_the_package(cast):
    picture = newsroom.a_picture(cast)
    story = newsroom.signed(cast, lead_picture=picture)
    assert selectors.signed_package(story.pk).lead_image
    type(picture).objects.filter(pk=picture.pk).update(digest="0" * 64)
    with pytest.raises(NotSigned):
        selectors.signed_package(story.pk)


def test_text_changed_in_the_database_unsigns_the_package(cast):
    story = newsroom.signed(cast)
    Story.objects.filter(pk=story.pk).update(title="被改过的标题")
    with pytest.raises(NotSigned):
        selectors.signed_package(story.pk)


def test_a_signature_changed_in_the_database_breaks_its_seal(cast):
    story = newsroom.signed(cast)
    Signature.objects.filter(story=story, step="second").update(opinion="改写的意见")
    with pytest.raises(NotSigned):
        selectors.signed_package(story.pk)


def test_a_state_set_by_hand_is_not_a_signature(cast):
    story = newsroom.at_step(cast, "second")
    Story.objects.filter(pk=story.pk).update(state="signed", signed_at=timezone.now())
    with pytest.raises(NotSigned):
        selectors.signed_package(story.pk)


def row(story, **fields):
    base = {
        "story": story, "unit_id": story.unit_id, "round": 1, "step": "first", "verdict": "passed",
        "person_id": uuid.uuid4(), "person_name": "某", "author_id": story.author_id,
        "signed_at": timezone.now(), "content_hash": story.content_hash, "seal": "0" * 64,
    }  # fmt: skip
    return Signature(**{**base, **fields})


def test_the_database_itself_holds_the_rule(cast):
    story = newsroom.at_step(cast, "second")
    first = Signature.objects.get(story=story)
    for bad in (
        row(story),  # the same step again
        row(story, step="second", person_id=first.person_id),  # the same person again
        row(story, step="second", person_id=story.author_id),  # the author
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            bad.save()


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "云岭抢修队连夜送电"},
        {"body": newsroom.body(newsroom.WORDS.replace("48", "84"))},
        {"body": newsroom.body(newsroom.WORDS, "<p>队长张伟明说，今晚一定通电。</p>")},
        {"origin": "别处"},
        {"features_exemplar": True},
        {"byline": "另一人"},
    ],
)
def test_a_material_edit_sends_the_story_one_step_back(cast, fields):
    story = newsroom.at_step(cast, "final")
    story = newsroom.save(cast, story, by="yl.chief", **fields)
    assert story.state == StoryState.SECOND
    voided = Signature.objects.get(story=story, step="second")
    assert voided.voided_at and Signature.objects.get(story=story, step="first").voided_at is None
    # The final reviewer has no hand in the step below; the second signs again, then the final.
    with pytest.raises(NotAllowed):
        newsroom.sign(cast, story, "second", by="yl.chief")


def test_a_picture_put_in_is_material(cast):
    picture = newsroom.a_picture(cast)
    story = newsroom.at_step(cast, "second")
    story = newsroom.save(cast, story, by="yl.second", lead_picture=picture)
    assert story.state == StoryState.FIRST


def test_a_small_edit_stands_and_the_final_signature_covers_it(cast):
    long = "<p>" + "队员们沿着山路逐段巡视，更换老化部件，记录每一处隐患。" * 12 + "</p>"
    story = newsroom.at_step(cast, "final", body=newsroom.body(long))
    story = newsroom.save(
        cast, story, by="yl.chief", body=newsroom.body(long.replace("逐段巡视", "逐段查看", 1))
    )
    assert story.state == StoryState.FINAL
    story = newsroom.sign(cast, story, "final")
    assert Signature.objects.get(story=story, step="final").edited
    assert selectors.signed_package(story.pk).content_hash == story.content_hash


def test_small_edits_that_add_up_are_material(cast):
    line = "队员们沿着山路逐段巡视，更换老化部件，记录每一处隐患。"
    story = newsroom.at_step(cast, "second", body=newsroom.body("<p>" + line * 10 + "</p>"))
    text = line * 10
    for n in range(8):
        text = text.replace("山路", f"小道{'甲乙丙丁戊己庚辛'[n]}", 1)
        if Story.objects.get(pk=story.pk).state != StoryState.SECOND:
            break
        story = newsroom.save(cast, story, by="yl.second", body=newsroom.body(f"<p>{text}</p>"))
    assert story.state == StoryState.FIRST


def test_an_edit_after_signing_takes_the_final_signature_off(cast):
    story = newsroom.signed(cast)
    story = newsroom.save(cast, story, by="yl.chief", summary="补一句")
    assert story.state == StoryState.FINAL and story.signed_at is None
    with pytest.raises(NotSigned):
        selectors.signed_package(story.pk)
    assert selectors.signed_package(newsroom.sign(cast, story, "final").pk)


@pytest.mark.parametrize("username", ["yl.reporter", "yl.first", "yl.second", "yl.planner"])
def test_nobody_else_edits_a_signed_story(cast, username):
    story = newsroom.signed(cast)
    with pytest.raises(NotEditable):
        newsroom.save(cast, story, by=username, title="偷改")


def test_the_author_cannot_edit_in_review(cast):
    story = newsroom.at_step(cast, "second")
    with pytest.raises(NotEditable):
        newsroom.save(cast, story, title="审核中偷改")
    assert refused("not_editable")


def test_two_writers_never_overwrite_each_other(cast):
    story = newsroom.draft(cast)
    base = story.latest_revision_id
    actions.story_save(
        by=cast["yl.first"], story_id=story.pk, fields={"title": "甲"}, base_revision=base
    )
    with pytest.raises(StoryChanged):
        actions.story_save(
            by=cast["yl.reporter"], story_id=story.pk, fields={"title": "乙"}, base_revision=base
        )
    with pytest.raises(StoryChanged):
        actions.story_save(
            by=cast["yl.reporter"], story_id=story.pk, fields={"title": "乙"}, base_revision=None
        )
    assert Story.objects.get(pk=story.pk).title == "甲"


def test_an_automatic_save_is_replaced_by_the_same_writers_next(cast):
    story = newsroom.draft(cast)
    before = story.revisions.count()
    for n in range(5):
        story = newsroom.save(cast, story, automatic=True, title=f"第 {n} 稿")
    story = newsroom.save(cast, story, title="定稿")
    assert story.revisions.count() == before + 1
    story = newsroom.save(cast, story, automatic=True, title="甲")
    story = newsroom.save(cast, story, by="yl.first", automatic=True, title="乙")
    assert story.revisions.count() == before + 3


def test_a_lock_keeps_others_out(cast):
    story = newsroom.draft(cast)
    actions.story_lock(by=cast["yl.reporter"], story_id=story.pk)
    with pytest.raises(StoryLocked):
        newsroom.save(cast, story, by="yl.first", title="抢改")
    with pytest.raises(StoryLocked):
        actions.story_unlock(by=cast["yl.first"], story_id=story.pk)
    actions.story_unlock(by=cast["yl.chief"], story_id=story.pk)
    assert newsroom.save(cast, story, by="yl.first", title="接着改").title == "接着改"


def test_a_return_needs_a_reason_and_starts_the_round_anew(cast):
    story = newsroom.at_step(cast, "second")
    with pytest.raises(ReasonMissing):
        actions.story_return(by=cast["yl.second"], story_id=story.pk, reason="  ")
    story = actions.story_return(by=cast["yl.second"], story_id=story.pk, reason="数据请注明出处")
    assert story.state == StoryState.RETURNED
    assert Notice.objects.filter(member=cast.people["yl.reporter"], body="数据请注明出处").exists()
    story = newsroom.submit(cast, story)
    assert (story.round, story.state) == (2, StoryState.FIRST)
    story = newsroom.sign(cast, newsroom.sign(cast, story, "first"), "second")
    assert newsroom.sign(cast, story, "final").state == StoryState.SIGNED


def test_signatures_of_an_earlier_round_do_not_count(cast):
    story = newsroom.at_step(cast, "final")
    story = actions.story_return(by=cast["yl.chief"], story_id=story.pk, reason="重写")
    newsroom.submit(cast, story)
    with pytest.raises(WrongStep):
        newsroom.sign(cast, story, "final")


def test_withdrawing_needs_the_right_and_a_reason_and_always_works(cast):
    for step in ("first", "signed"):
        story = newsroom.at_step(cast, step, title=f"在 {step} 的稿件")
        with pytest.raises(NotAllowed):
            actions.story_withdraw(by=cast["yl.reporter"], story_id=story.pk, reason="想撤")
        with pytest.raises(ReasonMissing):
            actions.story_withdraw(by=cast["yl.chief"], story_id=story.pk, reason="")
        story = actions.story_withdraw(by=cast["yl.chief"], story_id=story.pk, reason="事实有误")
        assert story.state == StoryState.WITHDRAWN
        with pytest.raises(NotSigned):
            selectors.signed_package(story.pk)
        with pytest.raises(WrongState):
            actions.story_withdraw(by=cast["yl.chief"], story_id=story.pk, reason="再撤")


def test_submission_is_stopped_by_what_must_not_be_published(cast):
    story = newsroom.draft(cast, summary="联系人身份证 11010519491231002X")
    with pytest.raises(BlockingFindings):
        newsroom.submit(cast, story)
    check = selectors.latest_check(Story.objects.get(pk=story.pk))
    assert check.blocking == 1 and check.findings[0]["code"] == "id_card"


def test_an_empty_story_is_not_submitted(cast):
    by = cast["yl.reporter"]
    story = actions.story_create(by=by, unit_id=by.unit_id, title="只有标题")
    with pytest.raises(NothingToReview):
        newsroom.submit(cast, story)


def test_replicas_are_read_only(cast):
    story = newsroom.draft(cast)
    Story.objects.filter(pk=story.pk).update(home=uuid.uuid4())
    for attempt in (
        lambda: newsroom.save(cast, story, title="改"),
        lambda: newsroom.submit(cast, story),
        lambda: actions.story_withdraw(by=cast["yl.chief"], story_id=story.pk, reason="撤"),
        lambda: actions.comment_add(by=cast["yl.chief"], story_id=story.pk, text="评"),
    ):
        with pytest.raises(StoryIsReplica):
            attempt()


def test_a_grant_lends_a_reviewer_but_never_breaks_the_rule(cast):
    story = newsroom.submit(cast, newsroom.draft(cast, by="smk.reporter"), by="smk.reporter")
    for permission in ("stories.view", "stories.review_first", "stories.review_second"):
        Grant.objects.create(
            unit=cast.unit("shimenkan"),
            to_unit=cast.unit("yunling"),
            permission=permission,
            reason="借审",
        )
    give(cast, "yl.first", "second_reviewer")
    story = newsroom.sign(cast, story, "first")
    with pytest.raises(OnePersonOneStep):
        newsroom.sign(cast, story, "second", by="yl.first")
    assert newsroom.sign(cast, story, "second").state == StoryState.FINAL


def test_a_lent_reviewer_is_told_and_others_of_that_unit_are_not(cast):
    first = {"unit": cast.unit("shimenkan"), "to_unit": cast.unit("yunling"), "reason": "借审"}
    ended = Grant.objects.create(**first, permission="stories.review_first")
    ended.revoked_at = timezone.now()
    ended.save()
    newsroom.submit(cast, newsroom.draft(cast, by="smk.reporter"), by="smk.reporter")
    assert not Notice.objects.filter(member=cast["yl.first"], kind="stories.review").exists()
    Grant.objects.create(**first, permission="stories.review_first")
    story = newsroom.submit(cast, newsroom.draft(cast, by="smk.reporter"), by="smk.reporter")
    told = Notice.objects.filter(kind="stories.review", subject_id=story.pk)
    assert set(told.values_list("member__username", flat=True)) == {"yl.first"}


def test_an_empty_paragraph_is_no_part_of_the_text(cast):
    story = newsroom.draft(cast, body=newsroom.body("<p>只有这一段。</p>"))
    gaps = newsroom.body("<p>只有这一段。</p>", '<p data-block-key="x1"></p>', "")
    again = newsroom.save(cast, story, body=gaps)
    assert again.content_hash == story.content_hash
    assert (again.body_text, again.word_count) == (story.body_text, story.word_count)
    ruled = newsroom.save(cast, again, body=newsroom.body("<p>只有这一段。</p>", "<hr/>"))
    assert ruled.content_hash != story.content_hash, "a rule is something to see"


def test_numbers_count_by_unit_and_day(cast):
    one, two = newsroom.draft(cast), newsroom.draft(cast, title="第二篇")
    other = newsroom.draft(cast, by="jc.reporter")
    assert one.number.startswith("YUNLING-") and one.number.endswith("-001")
    assert two.number.endswith("-002") and other.number.endswith("-001")


def test_everything_leaves_an_audit_line(cast):
    story = newsroom.signed(cast)
    actions_seen = set(
        AuditEntry.objects.filter(subject_id=str(story.pk)).values_list("action", flat=True)
    )
    assert {
        "story.created",
        "story.saved",
        "story.submitted",
        "story.passed",
        "story.signed",
    } <= actions_seen


def test_the_hash_is_of_content_and_not_of_keys(cast):
    story = newsroom.draft(cast)
    before = canonical.content_of(story)
    raw = [{**one, "id": str(uuid.uuid4())} for one in newsroom.body()]
    after = newsroom.save(cast, story, body=raw)
    assert canonical.hash_of(before) == canonical.hash_of(canonical.content_of(after))
    assert canonical.hash_of({**before, "title": "另题"}) != canonical.hash_of(before)


def test_the_form_of_the_hash_is_frozen():
    content = {
        "form": 1, "story": "s", "unit": "u", "title": "标题", "tags": ["甲"], "embargo_until": None,
        "body": [{"type": "paragraph", "html": "<p>文</p>"}],
    }  # fmt: skip
    assert (
        canonical.hash_of(content)
        == "8b27b9d3c50869e87de124ecf017dcc32301e9fa37ad46dbbcf7c8233173a44b"
    )
