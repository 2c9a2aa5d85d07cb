"""Review flows as data: the rules no flow may break, versions, side by side, delegation, green channel."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from rongmei.kernel.errors import NotAllowed
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice, RoleHolding
from rongmei.stories import actions, canonical, flows, selectors
from rongmei.stories.errors import (
    DelegationRefused,
    FlowBroken,
    FlowFixed,
    NotGreen,
    NotNamed,
    NotSigned,
    OnePersonOneStep,
    ReasonMissing,
    WrongStep,
)
from rongmei.stories.flows import flow_check
from rongmei.stories.models import Delegation, ReviewFlow, Signature, Story, StoryState
from rongmei.stories.tests import flowing, newsroom
from rongmei.stories.tests.flowing import step, steps

ONE, TWO = str(uuid.uuid4()), str(uuid.uuid4())
BROKEN = {
    "two reviews": (steps(second={"does": "proof"}), "three_reviews"),
    "two proofs": (steps(first={"does": "review"}), "three_proofs"),
    "two steps": (steps()[1:], "three_reviews"),
    "one person named twice": (
        steps(first={"people": [ONE]}, second={"people": [ONE]}), "one_person_twice",
    ),
    "two people for three steps": (
        steps(
            first={"people": [ONE, TWO]}, second={"people": [TWO, ONE]}, final={"people": [ONE, TWO]}
        ),
        "one_person_twice",
    ),
    "the author as reviewer": (
        steps(first={"permission": "stories.write"}), "author_reviews",
    ),
    "final not last": ([*steps()[:1], *reversed(steps()[1:])], "final_last"),
    "two finals": ([*steps(), step("again", "final")], "final_last"),
    "final only proofs": (steps(final={"does": "proof"}), "final_last"),
    "final by a first reviewer": (
        steps(final={"permission": "stories.review_first"}), "final_right",
    ),
    "final beside another": (steps(second={"group": 1}, final={"group": 1}), "final_alone"),
    "first beside second": (steps(first={"group": 1}, second={"group": 1}), "group_stage"),
    "a group torn apart": (
        [steps()[0], step("a", "second", group=1), step("b", "second"), step("c", "second", group=1),
         steps()[2]],
        "groups",
    ),
    "same key twice": ([steps()[0], *steps()], "keys"),
    "no name": (steps(first={"name": " "}), "names"),
    "neither review nor proof": (steps(first={"does": "tea"}), "does"),
    "no such stage": (steps(first={"stage": "zeroth"}), "stages"),
    "too long": (steps(first={"hours": 9999}), "hours"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_flow_that_breaks_a_rule_says_which(name):
    made, code = BROKEN[name]
    problems = flow_check(flows.of({"steps": made}))
    assert code in {one.code for one in problems} and all(one.words for one in problems)


def test_the_built_in_flow_and_good_ones_keep_the_rules():
    assert flow_check(flows.BUILT_IN) == [] and flows.BUILT_IN.digest == ""
    assert flow_check(flows.of({"steps": flowing.four()})) == []
    assert flow_check(flows.BUILT_IN.in_green_channel()) == []
    named = steps(first={"people": [ONE, TWO]}, second={"people": [ONE]})
    assert flow_check(flows.of({"steps": named})) == []
    assert "share" in {one.code for one in flow_check(flows.of({"steps": steps(), "share": 1}))}


def test_an_internal_flow_may_be_shorter_and_its_stories_never_go_out(cast):
    flowing.published(cast, steps()[1:], public=False, category="内部")
    story = newsroom.submit(cast, newsroom.draft(cast, category="内部"))
    story = newsroom.sign(cast, newsroom.sign(cast, story, "second"), "final")
    assert story.state == StoryState.SIGNED
    with pytest.raises(NotSigned):
        selectors.signed_package(story.pk)
    with pytest.raises(NotSigned):
        actions.story_share(by=cast["yl.chief"], story_id=story.pk)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_flow_is_saved_by_no_way(cast, name):
    made, _code = BROKEN[name]
    chief, unit = cast["yl.chief"], cast.unit("yunling")
    with pytest.raises(FlowBroken):
        actions.flow_draft(by=chief, unit_id=unit.pk, name="坏流程", content={"steps": made})
    assert AuditEntry.objects.filter(action="flow.refused", detail__reason="flow_broken").exists()
    row = ReviewFlow(
        unit=unit, name="坏流程", content={"steps": made}, state="published", digest="x",
        published_at=timezone.now(), made_by_id=chief.pk, made_by_name="某",
    )  # fmt: skip
    for save in (row.save, row.full_clean):
        with pytest.raises(FlowBroken):
            save()
    # Put in behind the model: nothing follows it, and the story stays a draft.
    ReviewFlow.objects.bulk_create([row])
    story = newsroom.draft(cast)
    with pytest.raises(FlowBroken):
        newsroom.submit(cast, story)
    assert Story.objects.get(pk=story.pk).state == StoryState.DRAFT


def test_the_database_keeps_retired_flows_retired_and_one_in_force(cast):
    row = flowing.published(cast)
    again = flowing.published(cast)
    row.refresh_from_db()
    assert (row.state, row.number, again.number) == ("retired", 1, 2)
    for change in ({"state": "published"}, {"state": "published", "retired_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewFlow.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(FlowFixed):
        actions.flow_publish(by=cast["yl.chief"], flow_id=row.pk)
    with pytest.raises(FlowFixed):
        actions.flow_draft(
            by=cast["yl.chief"], unit_id=row.unit_id, name="改", content={"steps": steps()},
            flow_id=again.pk,
        )  # fmt: skip


def test_stories_in_review_keep_the_version_they_were_submitted_under(cast):
    story = newsroom.at_step(cast, "second")
    flowing.published(cast, flowing.four())
    later = newsroom.submit(cast, newsroom.draft(cast, title="后来的稿件"))
    assert newsroom.sign(cast, newsroom.sign(cast, story, "second"), "final").state == "signed"
    row = ReviewFlow.objects.get()
    assert later.flow["number"] == 1 and later.flow_digest == row.digest
    actions.flow_retire(by=cast["yl.chief"], flow_id=row.pk)
    assert len(Story.objects.get(pk=later.pk).flow["steps"]) == 4
    newest = newsroom.submit(cast, newsroom.draft(cast, title="更后的稿件"))
    assert newest.flow == {} and newest.flow_digest == ""


def test_a_returned_story_takes_the_flow_in_force_when_sent_again(cast):
    story = newsroom.at_step(cast, "first")
    flowing.published(cast)
    actions.story_return(by=cast["yl.first"], story_id=story.pk, reason="补数据")
    assert newsroom.submit(cast, story).flow["number"] == 1


def test_units_below_follow_the_flow_above_until_they_have_their_own(cast):
    general = flowing.published(cast)
    special = flowing.published(cast, category="安全")
    own = flowing.published(cast, unit="shimenkan", share=0.02)
    yunling, station = cast.unit("yunling").pk, cast.unit("shimenkan").pk

    def said(unit, category=""):
        return selectors.flow_in_force(unit, category).flow_id

    assert said(yunling) == str(general.pk) and said(yunling, "安全") == str(special.pk)
    assert said(station) == said(station, "安全") == str(own.pk)
    actions.flow_retire(by=cast["yl.chief"], flow_id=own.pk)
    assert said(station, "安全") == str(special.pk)
    assert selectors.flow_in_force(cast.unit("jiangchuan").pk, "") == flows.BUILT_IN


def test_steps_side_by_side_take_four_people_and_the_final_waits_for_both(cast):
    flowing.published(cast, flowing.four())
    RoleHolding.objects.create(
        member=cast.people["yl.nobody"], unit=cast.unit("yunling"), role="first_reviewer"
    )
    story = newsroom.sign(cast, newsroom.submit(cast, newsroom.draft(cast)), "first")
    assert story.state == StoryState.SECOND
    assert [one.pk for one in selectors.review_queue(cast["yl.nobody"])] == [story.pk]
    assert not selectors.review_queue(cast["yl.first"]).exists(), "has signed a step"
    with pytest.raises(OnePersonOneStep):
        newsroom.sign(cast, story, "numbers", by="yl.first")
    story = newsroom.sign(cast, story, "numbers", by="yl.nobody")
    with pytest.raises(WrongStep):
        newsroom.sign(cast, story, "final")
    assert newsroom.sign(cast, story, "second").state == StoryState.FINAL
    story = newsroom.sign(cast, story, "final")
    package = selectors.signed_package(story.pk)
    assert [one.step for one in package.signatures] == ["first", "second", "numbers", "final"]
    shown = Signature.objects.get(story=story, step="numbers")
    assert shown.get_step_display() == "numbers 环节" and shown.flow == story.flow_digest


def test_a_material_edit_takes_off_what_was_signed_beside_and_before(cast):
    flowing.published(cast, flowing.four())
    RoleHolding.objects.create(
        member=cast.people["yl.nobody"], unit=cast.unit("yunling"), role="first_reviewer"
    )
    story = newsroom.sign(cast, newsroom.submit(cast, newsroom.draft(cast)), "first")
    story = newsroom.sign(cast, story, "second")
    story = newsroom.save(cast, story, by="yl.nobody", title="另一个标题")
    assert story.state == StoryState.FIRST
    assert not Signature.objects.filter(story=story, voided_at=None).exists()


def test_the_flow_says_how_much_may_change(cast):
    long = "<p>" + "队员们沿着山路逐段巡视，更换老化部件，记录每一处隐患。" * 12 + "</p>"
    small = long.replace("逐段巡视", "逐段查看", 1)
    flowing.published(cast, share=0.001)
    story = newsroom.at_step(cast, "final", body=newsroom.body(long))
    story = newsroom.save(cast, story, by="yl.chief", body=newsroom.body(small))
    assert story.state == StoryState.SECOND


def test_people_named_for_a_step_are_the_only_ones(cast):
    cast.people["yl.extra"] = cast.people["yl.nobody"]
    RoleHolding.objects.create(
        member=cast.people["yl.extra"], unit=cast.unit("yunling"), role="first_reviewer"
    )
    flowing.published(cast, steps(first={"people": [str(cast.people["yl.extra"].pk)]}))
    story = newsroom.submit(cast, newsroom.draft(cast))
    assert not selectors.review_queue(cast["yl.first"]).exists()
    assert selectors.review_queue(cast["yl.extra"]).exists()
    told = Notice.objects.filter(kind="stories.review").values_list("member__username", flat=True)
    assert list(told) == ["yl.nobody"]
    with pytest.raises(NotNamed):
        newsroom.sign(cast, story, "first")
    assert newsroom.sign(cast, story, "first", by="yl.extra").state == StoryState.SECOND


def test_naming_a_person_grants_no_right(cast):
    flowing.published(cast, steps(first={"people": [str(cast.people["yl.nobody"].pk)]}))
    story = newsroom.submit(cast, newsroom.draft(cast))
    RoleHolding.objects.create(
        member=cast.people["yl.nobody"], unit=cast.unit("yunling"), role="reporter"
    )
    with pytest.raises(NotAllowed):
        newsroom.sign(cast, story, "first", by="yl.nobody")


def test_withdrawing_works_while_the_flow_is_broken(cast):
    story = newsroom.at_step(cast, "second")
    Story.objects.filter(pk=story.pk).update(flow={"steps": "nonsense"}, flow_digest="x" * 64)
    with pytest.raises(FlowBroken):
        newsroom.sign(cast, story, "second")
    gone = actions.story_withdraw(by=cast["yl.chief"], story_id=story.pk, reason="有误")
    assert gone.state == StoryState.WITHDRAWN


def lend(cast, permission="stories.review_second", *, by="yl.second", to="yl.planner", days=3):
    return actions.delegation_make(
        by=cast[by], unit_id=cast.unit("yunling").pk, permission=permission,
        to_id=cast.people[to].pk, ends_at=timezone.now() + timedelta(days=days), reason="出差",
    )  # fmt: skip


def test_a_delegate_signs_as_themselves_and_the_signature_says_for_whom(cast):
    story = newsroom.at_step(cast, "second")
    lend(cast)
    assert [one.pk for one in selectors.review_queue(cast["yl.planner"])] == [story.pk]
    story = newsroom.sign(cast, story, "second", by="yl.planner")
    one = Signature.objects.get(story=story, step="second")
    assert (one.person_name, one.for_name) == ("云岭策", "复二审")
    assert one.seal == canonical.seal_of(one)
    assert selectors.signed_package(newsroom.sign(cast, story, "final").pk)


def test_a_delegation_ends_by_itself_by_revoking_and_with_the_lenders_role(cast, monkeypatch):
    story = newsroom.at_step(cast, "second")
    made = lend(cast)
    actions.delegation_revoke(by=cast["yl.second"], delegation_id=made.pk)
    with pytest.raises(NotAllowed):
        newsroom.sign(cast, story, "second", by="yl.planner")
    made = lend(cast)
    later = timezone.now() + timedelta(days=4)
    with monkeypatch.context() as patch:
        patch.setattr("django.utils.timezone.now", lambda: later)
        with pytest.raises(NotAllowed):
            newsroom.sign(cast, story, "second", by="yl.planner")
    RoleHolding.objects.filter(member=cast.people["yl.second"]).update(ends_at=timezone.now())
    with pytest.raises(NotAllowed):
        newsroom.sign(cast, story, "second", by="yl.planner")


def test_lending_has_an_end_a_reason_and_no_chain(cast, settings):
    settings.RONGMEI_DELEGATION_DAYS = 10
    for refused, error in (
        (lambda: lend(cast, days=11), DelegationRefused),
        (lambda: lend(cast, days=-1), DelegationRefused),
        (lambda: lend(cast, "stories.withdraw"), DelegationRefused),
        (lambda: lend(cast, to="yl.second"), DelegationRefused),
        (lambda: lend(cast, to="jc.second"), DelegationRefused),
        (lambda: lend(cast, "stories.review_final"), NotAllowed),
    ):
        with pytest.raises(error):
            refused()
    with pytest.raises(ReasonMissing):
        actions.delegation_make(
            by=cast["yl.second"], unit_id=cast.unit("yunling").pk, permission="stories.review_second",
            to_id=cast.people["yl.planner"].pk, ends_at=timezone.now() + timedelta(1), reason=" ",
        )  # fmt: skip
    lend(cast)
    with pytest.raises(NotAllowed):
        lend(cast, by="yl.planner", to="yl.first")
    assert Delegation.objects.count() == 1
    assert AuditEntry.objects.filter(action="delegation.refused").count() == 8


def urgent(cast, **fields):
    story = newsroom.draft(cast, **fields)
    return actions.story_submit(by=cast["yl.reporter"], story_id=story.pk, urgent="突发抢修")


def test_the_green_channel_runs_side_by_side_and_still_takes_three(cast):
    story = urgent(cast)
    assert selectors.review_queue(cast["yl.first"]).exists()
    assert selectors.review_queue(cast["yl.second"]).exists()
    with pytest.raises(WrongStep):
        newsroom.sign(cast, story, "final")
    story = newsroom.sign(cast, newsroom.sign(cast, story, "second"), "first")
    assert story.state == StoryState.FINAL
    story = newsroom.sign(cast, story, "final")
    assert len(selectors.signed_package(story.pk).signatures) == 3
    assert story.reread_due_at == story.signed_at + timedelta(hours=2)
    assert AuditEntry.objects.filter(action="story.green", detail__reason="突发抢修").exists()


def test_what_went_out_green_is_read_once_more_by_other_eyes(cast):
    story = urgent(cast)
    for name in ("first", "second", "final"):
        story = newsroom.sign(cast, story, name)
    assert [one.pk for one in selectors.rereads_due(cast["yl.first"])] == [story.pk]
    for who, error in (("yl.chief", NotGreen), ("yl.reporter", NotAllowed)):
        with pytest.raises(error):
            actions.story_reread(by=cast[who], story_id=story.pk, opinion="无误")
    story = actions.story_reread(by=cast["yl.first"], story_id=story.pk, opinion="无误")
    assert story.reread_by == "初一审" and not selectors.rereads_due(cast["yl.first"]).exists()
    with pytest.raises(NotGreen):
        actions.story_reread(by=cast["yl.second"], story_id=story.pk, opinion="再看")


def test_a_missed_second_reading_is_told_once(cast):
    story = urgent(cast)
    for name in ("first", "second", "final"):
        story = newsroom.sign(cast, story, name)
    assert actions.rereads_missed() == 0
    Story.objects.filter(pk=story.pk).update(reread_due_at=timezone.now() - timedelta(minutes=1))
    assert (actions.rereads_missed(), actions.rereads_missed()) == (1, 0)
    told = Notice.objects.filter(kind="stories.reread_missed")
    assert set(told.values_list("member__username", flat=True)) == {
        "yl.first", "yl.second", "yl.chief",
    }  # fmt: skip
