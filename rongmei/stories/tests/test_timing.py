"""Time limits of steps: who is told, once, and when it climbs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Notice
from rongmei.stories import actions
from rongmei.stories.models import Waiting
from rongmei.stories.tests import flowing, newsroom


@pytest.fixture
def limited(cast):
    flowing.published(cast, flowing.steps(first={"hours": 4}))
    return newsroom.at_step(cast, "first")


def late_by(hours: float) -> None:
    Waiting.objects.update(due_at=timezone.now() - timedelta(hours=hours))


def told() -> set[str]:
    rows = Notice.objects.filter(kind="stories.step_late")
    return set(rows.values_list("member__username", flat=True))


def test_nobody_is_told_in_time(limited):
    assert actions.steps_late() == 0 and told() == set()


def test_reviewers_are_told_once_when_a_step_is_late(limited):
    late_by(1)
    assert actions.steps_late() == 1
    assert actions.steps_late() == 0
    assert told() == {"yl.first"}
    line = AuditEntry.objects.get(action="story.step_late")
    assert line.detail["step"] == "first" and line.detail["twice"] is False


def test_after_as_much_time_again_the_one_who_signs_off_is_told(limited):
    late_by(4.5)
    assert actions.steps_late() == 1
    assert told() == {"yl.first", "yl.chief"}


def test_a_step_that_was_signed_meanwhile_is_nobodys_business(cast, limited):
    late_by(1)
    newsroom.sign(cast, limited, "first")
    assert actions.steps_late() == 0


def test_what_became_late_long_ago_is_not_told_again_for_ever(limited):
    late_by(24 * 20)
    assert actions.steps_late() == 0


def test_of_steps_side_by_side_time_runs_on_when_the_other_is_signed(cast):
    steps = [{**one, "hours": 4} for one in flowing.four()[:3]] + flowing.four()[3:]
    flowing.published(cast, steps)
    story = newsroom.at_step(cast, "second")
    sent = timezone.now() - timedelta(hours=3)
    Waiting.objects.filter(story=story).update(due_at=sent)
    newsroom.sign(cast, story, "second")
    assert Waiting.objects.get(story=story, step="numbers").due_at == sent
