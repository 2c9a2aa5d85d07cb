"""Attacks on the three-person rule by way of its flows: shorter ones, changed ones, exchanged ones."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from rongmei.stories import actions, flows
from rongmei.stories.models import ReviewFlow, Story
from rongmei.stories.tests import flowing, newsroom
from tests.attacking import Scene, attack


@attack(
    "a shorter flow",
    "public news takes three reviews and three proofs",
    "flow_broken",
    "flow.refused",
)
def two_step_flow(scene: Scene) -> None:  # fmt: skip
    flowing.published(scene.cast, flowing.steps()[1:])


@attack(
    "a flow for one person",
    "no flow forces one person into two reviews",
    "flow_broken",
    "flow.refused",
)
def one_person_flow(scene: Scene) -> None:  # fmt: skip
    me = {"people": [str(scene.cast.people["yl.chief"].pk)]}
    flowing.published(scene.cast, flowing.steps(second=me, final=me))


@attack(
    "a flow of another unit",
    "flows are managed where the role is held",
    "not_allowed",
    "flow.refused",
)
def flow_of_another_unit(scene: Scene) -> None:  # fmt: skip
    flowing.published(scene.cast, by="jc.chief")


@attack("an internal flow", "what went through an internal flow never goes out", "not_signed")
def internal_story_shared(scene: Scene) -> None:
    flowing.published(scene.cast, flowing.steps()[1:], public=False)
    story = newsroom.submit(scene.cast, newsroom.draft(scene.cast))
    scene.share(scene.sign(scene.sign(story, "second"), "final"))


@attack("a changed flow", "a version changed in the database is not followed", "flow_broken")
def flow_changed_in_place(scene: Scene) -> None:
    row = flowing.published(scene.cast)
    row.content["steps"] = row.content["steps"][1:]
    ReviewFlow.objects.filter(pk=row.pk).update(content=row.content)
    newsroom.submit(scene.cast, newsroom.draft(scene.cast))


@attack("a revived flow", "a retired version stays retired", "flow_fixed", "flow.refused")
def retired_flow_revived(scene: Scene) -> None:
    row = flowing.published(scene.cast)
    actions.flow_retire(by=scene.cast["yl.chief"], flow_id=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        ReviewFlow.objects.filter(pk=row.pk).update(state="published")
    actions.flow_publish(by=scene.cast["yl.chief"], flow_id=row.pk)


@attack("an exchanged snapshot", "a story keeps the flow it was submitted under", "flow_broken")
def snapshot_exchanged(scene: Scene) -> None:
    story = scene.at("second")
    short = flows.of({"steps": flowing.steps()[2:], "public": False})
    Story.objects.filter(pk=story.pk).update(flow=short.as_json(), state="final")
    scene.sign(story, "final")


@attack("an exchanged snapshot, digest too", "signatures are sealed under their flow", "not_signed")
def snapshot_and_digest_exchanged(scene: Scene) -> None:
    story = scene.at("signed")
    other = flows.of({"steps": flowing.steps(), "share": 0.1})
    Story.objects.filter(pk=story.pk).update(flow=other.as_json(), flow_digest=other.digest)
    scene.share(story)


@attack("the green channel", "the final signature waits for all others", "wrong_step")
def green_final_first(scene: Scene) -> None:
    story = newsroom.draft(scene.cast)
    actions.story_submit(by=scene.cast["yl.reporter"], story_id=story.pk, urgent="突发")
    scene.sign(story, "final")


@attack("the green channel", "who signed it out does not read it once more", "not_green")
def green_reread_by_the_signer(scene: Scene) -> None:
    story = newsroom.draft(scene.cast)
    actions.story_submit(by=scene.cast["yl.reporter"], story_id=story.pk, urgent="突发")
    for step in ("first", "second", "final"):
        scene.sign(story, step)
    actions.story_reread(by=scene.cast["yl.chief"], story_id=story.pk, opinion="无误")
