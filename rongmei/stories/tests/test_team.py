"""The team page: what is counted, for whom, and what is nobody's error."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from rongmei.stories import actions, team
from rongmei.stories.models import Signature, Story
from rongmei.stories.tests import newsroom


def named(found: team.Team) -> dict[str, team.Reviewer]:
    return {one.name: one for one in found.reviewers}


def test_each_reviewer_has_what_they_passed_returned_and_edited(cast):
    story = newsroom.at_step(cast, "first")
    actions.story_return(by=cast["yl.first"], story_id=story.pk, reason="示例退回意见")
    story = newsroom.submit(cast, story)
    newsroom.save(cast, story, by="yl.first", summary="示例摘要")
    for step in ("first", "second"):
        newsroom.sign(cast, story, step)
    found = team.of(cast["yl.chief"], 30)
    first, second = (named(found)[cast[one].name] for one in ("yl.first", "yl.second"))
    assert (first.passed, first.returned, first.edited) == (1, 1, 1)
    assert (second.passed, second.returned, second.edited) == (1, 0, 0)
    assert [one.opinion for one in found.returns] == ["示例退回意见"]
    assert {state: n for state, n, _at in found.waiting} == {"first": 0, "second": 0, "final": 1}


def test_turnaround_runs_from_the_signature_before(cast):
    story = newsroom.at_step(cast, "final")
    sent = Story.objects.get(pk=story.pk).submitted_at
    for step, minutes in (("first", 10), ("second", 40)):
        at = sent + timedelta(minutes=minutes)
        Signature.objects.filter(story=story, step=step).update(signed_at=at)
    found = team.of(cast["yl.chief"], 7)
    took = {step: span for step, span, _n in found.turnaround}
    assert took == {"初审一校": timedelta(minutes=10), "复审二校": timedelta(minutes=30)}


@pytest.mark.parametrize(("cause", "errors"), [("fact", 1), ("wording", 1), ("update", 0), ("exemplar", 0)])  # fmt: skip
def test_only_what_was_wrong_counts_against_those_who_let_it_out(cast, cause, errors):
    story = newsroom.signed(cast)
    actions.story_correct(by=cast["yl.chief"], story_id=story.pk, note="示例", cause=cause)
    found = team.of(cast["yl.chief"], 30)
    assert {len(one.errors) for one in found.reviewers} == {errors}
    assert {one.error_rate for one in found.reviewers} == {float(errors)}


def test_a_team_is_seen_by_who_signs_its_stories_off_and_no_other(cast, signed_in):
    newsroom.signed(cast)
    assert team.of(cast["jc.chief"], 30).reviewers == ()
    page = signed_in("yl.chief").get(reverse("review:team")).content.decode()
    assert cast["yl.first"].name in page
    assert signed_in("yl.first").get(reverse("review:team")).status_code == 403
    assert cast["yl.first"].name not in signed_in("jc.chief").get(
        reverse("review:team")
    ).content.decode().replace(cast["jc.first"].name, "")


def test_what_is_older_than_the_days_asked_for_is_left_out(cast):
    story = newsroom.signed(cast)
    rows = Signature.objects.filter(story=story, step="first")
    rows.update(signed_at=story.signed_at - timedelta(days=8))
    assert len(team.of(cast["yl.chief"], 7).reviewers) == 2
    assert len(team.of(cast["yl.chief"], 30).reviewers) == 3
    assert team.of(cast["yl.chief"], 12345).days == 30
