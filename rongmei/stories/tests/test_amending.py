"""Correcting and withdrawing: one signer, always possible, the cause on record, everybody told."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.urls import reverse

from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.kernel.models import AuditEntry, Event
from rongmei.network.models import Envelope, Notice
from rongmei.stories import actions, causes
from rongmei.stories.errors import ForgedStory, NoSuchCause, ReasonMissing, WrongState
from rongmei.stories.models import Amendment, Story, StoryState
from rongmei.stories.tests import newsroom
from rongmei.stories.tests.test_exchange import arrival, hq_elsewhere, stranger_node  # noqa: F401

NOTE = "恢复供电的时间应为 3 时 17 分。"


def correct(cast, story, by="yl.chief", **more):
    said = {"note": NOTE, "cause": "number", **more}
    return actions.story_correct(by=cast[by], story_id=story.pk, **said)


def test_a_correction_leaves_row_line_event_and_notice(cast):
    story = newsroom.signed(cast)
    correct(cast, story)
    row = Amendment.objects.get()
    assert (row.kind, row.cause, row.note) == ("correction", "number", NOTE)
    assert row.person_name == cast["yl.chief"].name and row.round == story.round
    assert AuditEntry.objects.get(action="story.corrected").detail["cause"] == "number"
    assert Event.objects.get(name="stories.corrected").payload["note"] == NOTE
    assert Notice.objects.filter(kind="stories.corrected", member=cast["yl.reporter"]).exists()


def test_a_correction_leaves_text_and_signatures_as_they_are(cast):
    story = newsroom.signed(cast)
    correct(cast, story)
    fresh = Story.objects.get(pk=story.pk)
    assert fresh.state == StoryState.SIGNED and fresh.content_hash == story.content_hash
    assert not story.signatures.exclude(voided_at=None).exists()


def test_a_story_can_be_corrected_while_its_new_text_is_in_review(cast):
    story = newsroom.signed(cast)
    newsroom.save(cast, story, by="yl.chief", title="换了标题的示例稿")
    assert Story.objects.get(pk=story.pk).state != StoryState.SIGNED
    correct(cast, story)
    assert Amendment.objects.count() == 1


@pytest.mark.parametrize(
    ("by", "error"),
    [("yl.reporter", NotAllowed), ("yl.second", NotAllowed), ("jc.chief", NotFound), ("sysadmin", NotFound)],
)  # fmt: skip
def test_only_who_may_withdraw_may_correct(cast, by, error):
    story = newsroom.signed(cast)
    with pytest.raises(error):
        correct(cast, story, by=by)
    assert not Amendment.objects.exists() and not Event.objects.filter(name="stories.corrected")


def test_a_correction_needs_words_and_a_cause_that_there_is(cast):
    story = newsroom.signed(cast)
    with pytest.raises(ReasonMissing):
        correct(cast, story, note="  ")
    with pytest.raises(NoSuchCause):
        correct(cast, story, cause="whatever")
    with pytest.raises(NoSuchCause):
        actions.story_withdraw(
            by=cast["yl.chief"], story_id=story.pk, reason="有误", cause="whatever"
        )
    assert Story.objects.get(pk=story.pk).state == StoryState.SIGNED
    assert not Amendment.objects.exists()


def test_what_never_went_out_or_is_withdrawn_is_not_corrected(cast):
    with pytest.raises(WrongState):
        correct(cast, newsroom.at_step(cast, "final"))
    gone = newsroom.signed(cast, title="示例撤稿")
    actions.story_withdraw(by=cast["yl.chief"], story_id=gone.pk, reason="有误", cause="fact")
    with pytest.raises(WrongState):
        correct(cast, gone)
    assert list(Amendment.objects.values_list("kind", "cause")) == [("withdrawal", "fact")]


def test_every_node_that_has_the_story_is_told_once(cast, hq_elsewhere):  # noqa: F811
    story = newsroom.signed(cast)
    actions.story_share(by=cast["yl.chief"], story_id=story.pk)
    correct(cast, story)
    envelope = Envelope.objects.get(type="story.corrected")
    assert envelope.body["note"] == NOTE and envelope.body["cause"] == "number"


def correction_of(arrival, **changed):  # noqa: F811
    body = {"note": NOTE, "cause": "number", "version": 9}
    return replace(arrival, **{"type": "story.corrected", "body": body, **changed})


def test_a_correction_from_the_storys_home_is_announced_here(arrival):  # noqa: F811
    actions.story_receive(arrival)
    actions.story_correction_receive(correction_of(arrival))
    event = Event.objects.get(name="stories.corrected")
    assert event.subject_id == arrival.subject_id and event.payload["note"] == NOTE
    assert Amendment.objects.get().person_name == ""
    body = {"note": NOTE, "cause": "new-code-of-a-later-version"}
    actions.story_correction_receive(correction_of(arrival, body=body))
    assert Amendment.objects.first().cause == "other"


def test_another_node_does_not_correct_a_story_that_is_not_its_own(arrival):  # noqa: F811
    actions.story_receive(arrival)
    with pytest.raises(ForgedStory):
        actions.story_correction_receive(correction_of(arrival, from_node=stranger_node().pk))
    with pytest.raises(ForgedStory):
        actions.story_correction_receive(correction_of(arrival, body={"note": " "}))
    assert not Amendment.objects.exists()


def test_the_page_offers_causes_and_keeps_what_was_done(cast, signed_in):
    story = newsroom.signed(cast)
    client = signed_in("yl.chief")
    where = reverse("stories:story", args=[story.pk]) + "?panel=publish"
    page = client.get(where).content.decode()
    assert all(f'value="{code}"' in page for code in causes.CAUSES)
    posted = {"note": NOTE, "cause": "person"}
    client.post(reverse("stories:correct", args=[story.pk]), posted)
    page = client.get(where).content.decode()
    assert NOTE in page and "人名、职务有误" in page
    posted = {"reason": "示例撤稿说明", "cause": "rights"}
    client.post(reverse("stories:withdraw", args=[story.pk]), posted)
    page = client.get(where).content.decode()
    assert "示例撤稿说明" in page and 'name="note"' not in page
    assert 'name="note"' not in signed_in("yl.reporter").get(where).content.decode()


def test_the_api_corrects_and_withdraws_by_the_same_rules(cast, signed_in):
    story = newsroom.signed(cast)
    where = f"/api/v1/stories/{story.pk}"
    post = {"content_type": "application/json"}
    said = json.dumps({"note": NOTE, "cause": "fact"})
    assert signed_in("yl.reporter").post(f"{where}/correct", said, **post).status_code == 403
    assert signed_in("yl.chief").post(f"{where}/correct", said, **post).status_code == 200
    wrong = json.dumps({"reason": "有误", "cause": "no"})
    assert signed_in("yl.chief").post(f"{where}/withdraw", wrong, **post).status_code == 422
    plain = json.dumps({"reason": "有误"})
    assert signed_in("yl.chief").post(f"{where}/withdraw", plain, **post).status_code == 200
    assert list(Amendment.objects.values_list("cause", flat=True)) == ["other", "fact"]
