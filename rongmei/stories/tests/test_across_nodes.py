"""A step that a unit on another node signs: asked, answered, told; and everything that is not believed."""

from __future__ import annotations

import copy
import uuid
from dataclasses import replace

import pytest
from django.utils import timezone

from rongmei.kernel import audit
from rongmei.kernel.errors import NotAllowed, RongmeiError
from rongmei.network.hooks import Arrival
from rongmei.network.models import Envelope, Node, Notice, Peer, RoleHolding
from rongmei.network.types import Role
from rongmei.stories import actions, canonical, identity, policy, reading, selectors
from rongmei.stories.actions import sharing
from rongmei.stories.errors import (
    AuthorCannotReview,
    FlowBroken,
    ForgedStory,
    OnePersonOneStep,
    StoryChanged,
    StoryIsReplica,
    WrongStep,
)
from rongmei.stories.models import ReviewFlow, ReviewRequest, Signature, Story, StoryState
from rongmei.stories.tests import flowing, newsroom


@pytest.fixture
def elsewhere(cast):
    """HQ is hosted on another, joined node, and has a final reviewer."""
    node = Node.objects.create(slug="elsewhere", name="别处", url="http://127.0.0.1:8999")
    peer = Peer.objects.create(node=node, public_key="k", state="active")
    move(cast, "hq", node)
    move(cast, "platform", node)
    RoleHolding.objects.create(
        member=cast["analyst"], unit=cast.unit("hq"), role=Role.FINAL_REVIEWER,
        starts_at=timezone.now(),
    )  # fmt: skip
    return peer


def move(cast, code, node):
    unit = cast.unit(code)
    type(unit).objects.filter(pk=unit.pk).update(node=node)
    unit.refresh_from_db()


@pytest.fixture
def flow(cast, elsewhere):
    """Written and reviewed twice in Yunling; HQ signs."""
    made = flowing.steps(final={"unit": str(cast.unit("hq").pk)})
    return flowing.published(cast, made)


@pytest.fixture
def asked(cast, flow):
    """A story that waits for HQ; the sweep has run, as the worker runs it."""
    story = newsroom.at_step(cast, "final")
    happen()
    return story


def happen():
    actions.across_nodes()


def envelopes(type_):
    return list(Envelope.objects.filter(type=type_).order_by("seq"))


def answer(cast, story, person="analyst", verdict="passed", **changed):
    """The message by which HQ answers, made as its node makes it."""
    member = cast[person]
    signature = Signature(
        story=story, unit=cast.unit("hq"), round=story.round, step="final", step_name="final 环节",
        flow=story.flow_digest, verdict=verdict, person_id=member.pk, person_name=member.name,
        author_id=story.author_id, role_at="总部", signed_at=timezone.now(),
        content_hash=story.content_hash, opinion="同意",
    )  # fmt: skip
    for name, value in changed.items():
        setattr(signature, name, value)
    signature.seal = canonical.seal_of(signature)
    body = {
        "signature": sharing.signature_body(signature),
        "people": identity.marks(story.pk, member),
    }
    node = Node.objects.get(slug="elsewhere")
    return Arrival(uuid.uuid4(), "review.answered", node.pk, story.pk, cast.unit("hq").pk, body)


# At the story's home ---------------------------------------------------------------------------


def test_a_step_held_elsewhere_is_asked_for_once_with_text_and_signatures(cast, asked):
    assert actions.across_nodes() == 0
    (message,) = envelopes("review.asked")
    assert message.peer.node.slug == "elsewhere" and message.unit_id == asked.unit_id
    assert message.body["request"]["step"] == "final"
    assert canonical.hash_of(message.body["content"]) == asked.content_hash
    assert [one["step"] for one in message.body["signatures"]] == ["first", "second"]


def test_nobody_at_home_signs_a_step_that_is_held_elsewhere(cast, asked):
    with pytest.raises(NotAllowed):
        newsroom.sign(cast, asked, "final", by="yl.chief")
    assert not selectors.review_queue(cast["yl.chief"]).exists()


def test_the_answer_signs_the_story_and_it_may_be_published(cast, asked):
    actions.answer_receive(answer(cast, asked))
    story = Story.objects.get(pk=asked.pk)
    assert story.state == StoryState.SIGNED
    package = selectors.signed_package(story.pk)
    assert package.signatures[-1].person_name == "析微"
    assert package.content_hash == asked.content_hash
    assert ReviewRequest.objects.get().state == "passed"
    happen()
    told = envelopes("review.told")[-1].body
    assert told["state"] == "signed" and len(told["signatures"]) == 3


def test_a_return_goes_back_to_the_author_with_its_reason(cast, asked):
    actions.answer_receive(answer(cast, asked, verdict="returned", opinion="缺一个出处"))
    story = Story.objects.get(pk=asked.pk)
    assert story.state == StoryState.RETURNED
    notice = Notice.objects.get(kind="stories.returned", member=cast["yl.reporter"])
    assert notice.body == "缺一个出处"
    assert not policy.live(story.signatures.all(), story.round)


def test_the_same_answer_twice_is_taken_once(cast, asked):
    arrival = answer(cast, asked)
    actions.answer_receive(arrival)
    before = Story.objects.get(pk=asked.pk).version
    actions.answer_receive(arrival)
    assert Story.objects.get(pk=asked.pk).version == before
    assert Signature.objects.filter(story=asked, step="final").count() == 1


def test_an_answer_after_the_withdrawal_changes_nothing(cast, asked):
    arrival = answer(cast, asked)
    actions.story_withdraw(by=cast["yl.chief"], story_id=asked.pk, reason="有误")
    actions.answer_receive(arrival)
    assert Story.objects.get(pk=asked.pk).state == StoryState.WITHDRAWN
    assert not Signature.objects.filter(story=asked, step="final").exists()
    assert audit.details("review.late", asked.pk)


def test_an_answer_to_a_round_that_is_past_changes_nothing(cast, asked):
    late = answer(cast, asked)
    actions.answer_receive(answer(cast, asked, verdict="returned"))
    story = Story.objects.get(pk=asked.pk)
    story = newsroom.submit(cast, newsroom.save(cast, story, title="改过的标题"))
    actions.answer_receive(late)
    assert Story.objects.get(pk=asked.pk).state == StoryState.FIRST


FORGERIES = {
    "by the author": {"person": "yl.reporter"},
    "by who signed before": {"person": "yl.first"},
    "by somebody of this node": {"person": "yl.chief"},
    "for the author": {"for_person": "author"},
    "another author": {"author_id": uuid.uuid4()},
    "a step of the centre's": {"step": "second"},
    "no step at all": {"step": "fourth"},
    "under another flow": {"flow": "0" * 64},
    "neither passed nor returned": {"verdict": "maybe"},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_answers_are_refused(cast, asked, name):
    said = dict(FORGERIES[name])
    if said.get("for_person") == "author":
        said["for_person"] = asked.author_id
    with pytest.raises(ForgedStory):
        actions.answer_receive(answer(cast, asked, **said))
    assert Story.objects.get(pk=asked.pk).state == StoryState.FINAL


def test_a_broken_seal_is_refused(cast, asked):
    arrival = answer(cast, asked)
    arrival.body["signature"]["opinion"] = "不同意"
    with pytest.raises(ForgedStory):
        actions.answer_receive(arrival)


def test_only_the_node_of_the_unit_that_was_asked_answers(cast, asked):
    stranger = Node.objects.create(slug="stranger", name="生人", url="http://127.0.0.1:8998")
    with pytest.raises(ForgedStory):
        actions.answer_receive(replace(answer(cast, asked), from_node=stranger.pk))
    with pytest.raises(ForgedStory):
        actions.answer_receive(replace(answer(cast, asked), unit_id=cast.unit("platform").pk))


def test_one_person_with_accounts_on_two_nodes_counts_once(cast, flow):
    for name in ("analyst", "yl.first"):
        member = cast[name]
        type(member).objects.filter(pk=member.pk).update(phone="138 0000 0001")
        member.refresh_from_db()
    story = newsroom.at_step(cast, "final")
    happen()
    with pytest.raises(ForgedStory):
        actions.answer_receive(answer(cast, story))
    assert Story.objects.get(pk=story.pk).state == StoryState.FINAL


def test_a_changed_text_is_asked_for_anew(cast, asked):
    actions.answer_receive(answer(cast, asked, verdict="returned"))
    story = newsroom.save(cast, Story.objects.get(pk=asked.pk), title="改过的标题")
    story = newsroom.submit(cast, story)
    for step in ("first", "second"):
        story = newsroom.sign(cast, story, step)
    happen()
    first, second = envelopes("review.asked")
    assert first.body["content"]["title"] != second.body["content"]["title"] == "改过的标题"


def test_without_a_line_the_author_is_told(cast, asked):
    newsroom.at_step(cast, "final", title="另一篇")
    Peer.objects.update(state="left")
    happen()
    assert Notice.objects.filter(kind="stories.no_line", member=cast["yl.reporter"]).exists()


def test_the_course_names_the_unit_and_says_whether_it_got_there(cast, asked):
    final = reading.course(asked, selectors.signatures_of(asked))[-2]
    assert final.who == "总部"
    assert final.note == "已送出，等线路恢复后到达"
    Envelope.objects.filter(type="review.asked").update(acked_at=timezone.now())
    assert reading.course(asked, selectors.signatures_of(asked))[-2].note == "已送达，等待审签"


# Flows ------------------------------------------------------------------------------------------


def test_only_units_above_may_hold_a_step(cast, elsewhere):
    for code in ("jiangchuan", "shimenkan", "yunling"):
        with pytest.raises(FlowBroken, match="上级单位"):
            flowing.published(cast, flowing.steps(final={"unit": str(cast.unit(code).pk)}))


def test_a_unit_that_cannot_be_reached_holds_no_step(cast, elsewhere):
    Peer.objects.update(state="left")
    with pytest.raises(FlowBroken, match="互联"):
        flowing.published(cast, flowing.steps(final={"unit": str(cast.unit("hq").pk)}))


def test_who_signs_elsewhere_is_not_named_here(cast, elsewhere):
    named = {"unit": str(cast.unit("hq").pk), "people": [str(cast["analyst"].pk)]}
    with pytest.raises(FlowBroken, match="不能再指定人"):
        flowing.published(cast, flowing.steps(final=named))


def test_a_flow_without_units_keeps_its_digest(cast):
    flow = flowing.published(cast)
    assert not any("unit" in one for one in ReviewFlow.objects.get(pk=flow.pk).content["steps"])


def test_on_one_node_the_unit_above_signs_and_the_own_people_do_not(cast):
    RoleHolding.objects.create(
        member=cast["analyst"], unit=cast.unit("hq"), role=Role.FINAL_REVIEWER,
        starts_at=timezone.now(),
    )  # fmt: skip
    flowing.published(cast, flowing.steps(final={"unit": str(cast.unit("hq").pk)}))
    story = newsroom.at_step(cast, "final")
    with pytest.raises(NotAllowed):
        newsroom.sign(cast, story, "final", by="yl.chief")
    assert not selectors.review_queue(cast["yl.chief"]).exists()
    assert [one.pk for one in selectors.review_queue(cast["analyst"])] == [story.pk]
    story = newsroom.sign(cast, story, "final", by="analyst")
    assert selectors.signed_package(story.pk).signatures[-1].person_name == "析微"
    happen()
    assert not envelopes("review.asked")
    assert actions.across_nodes() == 0


# On the signer's node ---------------------------------------------------------------------------


@pytest.fixture
def arrival(cast, asked, elsewhere):
    """The request as it reaches HQ's node; ours is then wiped, as if we were that node."""
    (message,) = envelopes("review.asked")
    Story.objects.filter(pk=asked.pk).update(latest_revision=None)
    Envelope.objects.all().delete()
    Signature.objects.all().delete()
    Story.objects.filter(pk=asked.pk).delete()
    here = Node.objects.get(is_self=True)
    move(cast, "hq", here)
    move(cast, "platform", here)
    for code in ("yunling", "shimenkan"):
        move(cast, code, elsewhere.node)
    return Arrival(
        uuid.uuid4(), "review.asked", elsewhere.node_id, asked.pk, asked.unit_id, message.body
    )


def sign_here(cast, story, by="analyst"):
    return actions.review_pass(
        by=cast[by], story_id=story.pk, step="final", content_hash=story.content_hash, opinion="可"
    )


def received(arrival):
    actions.request_receive(arrival)
    return Story.objects.get(pk=arrival.subject_id)


def told(arrival, story, **changed):
    body = {
        "state": "signed", "round": story.round, "version": story.version + 1,
        "content_hash": story.content_hash, "reason": "", "signed_at": timezone.now().isoformat(),
        "signatures": [sharing.signature_body(one) for one in selectors.standing_signatures(story)],
    }  # fmt: skip
    return replace(arrival, id=uuid.uuid4(), type="review.told", body=body | changed)


def test_what_came_waits_in_the_queue_of_the_unit_that_was_asked(cast, arrival):
    story = received(arrival)
    assert story.is_replica and story.state == StoryState.FINAL
    assert [one.pk for one in selectors.review_queue(cast["analyst"])] == [story.pk]
    assert not selectors.review_queue(cast["jc.chief"]).exists()
    assert Notice.objects.filter(kind="stories.review", member=cast["analyst"]).exists()
    assert selectors.latest_check(story) is not None
    assert not selectors.signed_stories_for_platform(cast["editor"]).exists()


def test_signing_keeps_our_record_and_sends_the_answer(cast, arrival):
    story = received(arrival)
    sign_here(cast, story)
    own = Signature.objects.get(story=story, home=None)
    assert own.person_name == "析微" and own.unit_id == cast.unit("hq").pk
    (message,) = envelopes("review.answered")
    assert message.unit_id == cast.unit("hq").pk
    assert message.body["signature"]["seal"] == own.seal
    assert not selectors.review_queue(cast["analyst"]).exists()
    with pytest.raises(RongmeiError):
        sign_here(cast, story)


def test_the_replica_follows_its_home_and_proves_itself(cast, arrival):
    story = received(arrival)
    sign_here(cast, story)
    actions.request_told(told(arrival, story))
    story.refresh_from_db()
    assert story.state == StoryState.SIGNED
    assert len(selectors.signed_package(story.pk).signatures) == 3
    assert Signature.objects.filter(story=story, home=None).count() == 1


def test_home_cannot_sign_in_the_name_of_our_people(cast, arrival):
    """Three whole seals, one of them by our reviewer, whom nobody here saw sign."""
    story = received(arrival)
    sign_here(cast, story)
    message = told(arrival, story)
    Signature.objects.filter(story=story, home=None).delete()
    with pytest.raises(ForgedStory):
        actions.request_told(message)
    later = arrival.body["story"] | {"version": story.version + 1}
    shared = replace(
        arrival, type="story.shared",
        body=arrival.body | {"signatures": message.body["signatures"], "story": later},
    )  # fmt: skip
    with pytest.raises(ForgedStory):
        actions.story_receive(shared)


def test_two_signatures_are_not_three(cast, arrival):
    story = received(arrival)
    with pytest.raises(ForgedStory):
        actions.request_told(told(arrival, story))
    assert Story.objects.get(pk=story.pk).state == StoryState.FINAL


def test_a_withdrawal_at_home_ends_the_request(cast, arrival):
    story = received(arrival)
    actions.request_told(told(arrival, story, state="withdrawn", reason="有误", signed_at=""))
    assert not selectors.review_queue(cast["analyst"]).exists()
    with pytest.raises(WrongStep):
        sign_here(cast, story)
    assert Story.objects.get(pk=story.pk).withdrawn_reason == "有误"


def test_giving_back_needs_a_reason_and_reaches_home(cast, arrival):
    story = received(arrival)
    with pytest.raises(RongmeiError):
        actions.review_return(by=cast["analyst"], story_id=story.pk, reason=" ")
    actions.review_return(by=cast["analyst"], story_id=story.pk, reason="缺一个出处")
    (message,) = envelopes("review.answered")
    assert message.body["signature"]["verdict"] == "returned"
    assert not selectors.review_queue(cast["analyst"]).exists()


def test_another_text_than_was_sent_is_not_signed(cast, arrival):
    story = received(arrival)
    Story.objects.filter(pk=story.pk).update(title="在库里改过的标题")
    with pytest.raises(StoryChanged):
        sign_here(cast, story)


def test_the_text_stays_read_only(cast, arrival):
    story = received(arrival)
    assert not policy.may_edit(cast["analyst"], story)
    with pytest.raises(StoryIsReplica):
        actions.story_pass(
            by=cast["analyst"], story_id=story.pk, step="final", content_hash=story.content_hash
        )
    with pytest.raises(StoryIsReplica):
        actions.story_withdraw(
            by=cast["jc.chief"] and cast["analyst"], story_id=story.pk, reason="x"
        )


def test_who_wrote_it_under_another_account_does_not_sign_it(cast, arrival):
    member = cast["analyst"]
    type(member).objects.filter(pk=member.pk).update(email="One@Example.org")
    member.refresh_from_db()
    member.email = "one@example.org"
    arrival.body["request"]["people"] = identity.marks(arrival.subject_id, member)
    story = received(arrival)
    with pytest.raises(OnePersonOneStep):
        sign_here(cast, story)


def test_the_author_by_id_does_not_sign_even_with_a_role_here(cast, arrival):
    RoleHolding.objects.create(
        member=cast["yl.reporter"], unit=cast.unit("hq"), role=Role.FINAL_REVIEWER,
        starts_at=timezone.now(),
    )  # fmt: skip
    story = received(arrival)
    with pytest.raises(AuthorCannotReview):
        sign_here(cast, story, by="yl.reporter")


REQUEST_FORGERIES = {
    "text changed": lambda b: b["content"].update(title="假标题"),
    "another hash": lambda b: b["request"].update(content_hash="0" * 64),
    "a unit that does not hold the step": lambda b: b["request"].update(to_unit=str(uuid.uuid4())),
    "a step that is not open": lambda b: b["request"].update(step="second"),
    "a seal broken": lambda b: b["signatures"][0].update(opinion="假意见"),
    "a signature missing": lambda b: b["signatures"].pop(),
    "already signed": lambda b: b["request"].update(state="signed"),
    "a flow of two": lambda b: b["flow"]["steps"].pop(1),
    "nothing": lambda b: b.clear(),
}


@pytest.mark.parametrize("name", REQUEST_FORGERIES)
def test_forged_requests_are_refused(arrival, name):
    body = copy.deepcopy(arrival.body)
    REQUEST_FORGERIES[name](body)
    with pytest.raises(ForgedStory):
        actions.request_receive(replace(arrival, body=body))
    assert not ReviewRequest.objects.exclude(home=None).exists()


def test_a_request_sent_again_is_kept_once(cast, arrival):
    actions.request_receive(arrival)
    with pytest.raises(RongmeiError):
        actions.request_receive(replace(arrival, unit_id=cast.unit("shimenkan").pk))
    again = copy.deepcopy(arrival.body)
    again["request"]["id"] = str(uuid.uuid4())
    actions.request_receive(replace(arrival, body=again))
    assert ReviewRequest.objects.filter(state="open").exclude(home=None).count() == 1


def test_a_story_signed_here_can_still_be_offered_to_us(cast, arrival):
    """The platform gets it when its home offers it, in the very version that we signed."""
    story = received(arrival)
    sign_here(cast, story)
    message = told(arrival, story)
    actions.request_told(message)
    assert not selectors.signed_stories_for_platform(cast["editor"]).exists()
    meta = arrival.body["story"] | {"version": message.body["version"]}
    body = arrival.body | {"signatures": message.body["signatures"], "story": meta}
    actions.story_receive(replace(arrival, type="story.shared", body=body))
    assert [one.pk for one in selectors.signed_stories_for_platform(cast["editor"])] == [story.pk]
