"""The three-person rule attacked, by every road there is. Each attack breaks a rule of its own, is refused
in words, leaves an audit line, and lets nothing out. docs/reference/attacks.md is this table.

RONGMEI_WRITE_PAGES=1 in the environment writes the page anew after a change.
"""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from rongmei.kernel import audit
from rongmei.kernel.errors import RongmeiError
from rongmei.kernel.models import AuditEntry
from rongmei.network.models import Grant, Member, RoleHolding
from rongmei.stories import actions, canonical, selectors
from rongmei.stories.errors import FlowBroken
from rongmei.stories.models import Delegation, Signature, Story
from rongmei.stories.tests import newsroom, submitting
from tests import attacks_flows, attacks_other_nodes  # noqa: F401  (they fill the table too)
from tests.attacking import ATTACKS, Scene, attack

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "attacks.md"


# Signing ---------------------------------------------------------------------------------------


@attack("API", "the author reviews nothing of their own", "author_cannot_review")
def author_signs_by_api(scene: Scene) -> Any:
    story = scene.at("first")
    scene.give("yl.reporter", "first_reviewer")
    return scene.signed_in("yl.reporter").post(
        f"/api/v1/stories/{story.pk}/pass",
        {"step": "first", "content_hash": story.content_hash}, "application/json",
    )  # fmt: skip


@attack("a role given mid-way", "one person signs one step of a round", "one_person_one_step")
def second_role_mid_way(scene: Scene) -> None:
    story = scene.at("second")
    scene.give("yl.first", "second_reviewer")
    scene.sign(story, "second", by="yl.first")


@attack(
    "a role taken mid-way",
    "the right is asked when signing, not when the page was opened",
    "not_allowed",
)
def role_taken_mid_way(scene: Scene) -> None:  # fmt: skip
    story = scene.at("second")
    scene.give("yl.second", "reporter")
    held = RoleHolding.objects.filter(member=scene.cast.people["yl.second"])
    held.exclude(role="reporter").update(ends_at=timezone.now())
    scene.sign(story, "second")


@attack(
    "a submission",
    "whoever sent the piece does not review what became of it",
    "author_cannot_review",
)
def correspondent_signs_what_they_sent(scene: Scene) -> None:
    sent = submitting.sent(scene.cast, by="yl.first")
    _row, story = actions.submission_adopt(by=scene.cast["yl.reporter"], submission_id=sent.pk)
    newsroom.submit(scene.cast, story)
    scene.sign(story, "first", by="yl.first")


@attack("request", "steps are signed in order", "wrong_step")
def final_before_second(scene: Scene) -> None:
    scene.sign(scene.at("second"), "final")


@attack("replayed request", "a signature is given once", "wrong_step")
def replayed_signature(scene: Scene) -> None:
    story = scene.at("first")
    asked = {"step": "first", "content_hash": story.content_hash, "story_id": story.pk}
    actions.story_pass(by=scene.cast["yl.first"], **asked)
    actions.story_pass(by=scene.cast["yl.first"], **asked)


@attack("two tabs", "a signature is for the text that was on the page", "story_changed")
def stale_tab_signs(scene: Scene) -> None:
    story = scene.at("first")
    newsroom.save(scene.cast, story, by="yl.first", summary="另一页里改了")
    actions.story_pass(
        by=scene.cast["yl.first"], story_id=story.pk, step="first", content_hash=story.content_hash
    )


@attack("two tabs", "one save never overwrites another unseen", "story_changed")
def stale_tab_saves(scene: Scene) -> None:
    story = scene.at("first")
    newsroom.save(scene.cast, story, by="yl.first", summary="另一页里改了")
    actions.story_save(
        by=scene.cast["yl.first"], story_id=story.pk, fields={"title": "旧页面"},
        base_revision=story.latest_revision_id,
    )  # fmt: skip


@attack("superuser", "being a superuser grants nothing", "not_found")
def superuser_signs(scene: Scene) -> None:
    story = scene.at("first")
    Member.objects.filter(username="sysadmin").update(is_superuser=True, is_staff=True)
    scene.cast.people["sysadmin"].refresh_from_db()
    scene.sign(story, "first", by="sysadmin")


@attack("another unit", "reviewers of other units sign only where they are lent", "not_found")
def another_units_reviewer(scene: Scene) -> None:
    scene.sign(scene.at("first"), "first", by="jc.first")


@attack("a grant that was revoked", "what a unit lends ends when revoked", "not_found")
def revoked_grant(scene: Scene) -> None:
    for name in ("stories.view", "stories.review_first"):
        Grant.objects.create(
            unit=scene.cast.unit("shimenkan"), to_unit=scene.cast.unit("yunling"), permission=name,
            reason="借审", revoked_at=timezone.now(),
        )  # fmt: skip
    story = newsroom.submit(
        scene.cast, newsroom.draft(scene.cast, by="smk.reporter"), by="smk.reporter"
    )
    scene.sign(story, "first")


@attack("another's lock", "what somebody is changing is not signed", "story_changed")
def sign_over_a_lock(scene: Scene) -> None:
    story = scene.at("first")
    scene.give("yl.nobody", "first_reviewer")
    actions.story_lock(by=scene.cast["yl.nobody"], story_id=story.pk)
    scene.sign(story, "first")


# Editing around signatures ----------------------------------------------------------------------


@attack("editing after a signature", "a headline changed after 复审 goes back there", "wrong_step")
def new_headline_then_final(scene: Scene) -> None:
    story = newsroom.save(scene.cast, scene.at("final"), by="yl.chief", title="换了的标题")
    scene.sign(story, "final")


@attack("many small edits", "small edits add up to a material one", "wrong_step")
def salami(scene: Scene) -> None:
    line = "队员们沿着山路逐段巡视，更换老化部件，记录每一处隐患。"
    story, text = scene.at("final", body=newsroom.body(f"<p>{line * 10}</p>")), line * 10
    for letter in "甲乙丙丁戊己庚辛壬癸":
        text = text.replace("山路", f"小道{letter}", 1)
        if Story.objects.get(pk=story.pk).state == "final":
            newsroom.save(scene.cast, story, by="yl.chief", body=newsroom.body(f"<p>{text}</p>"))
    scene.sign(story, "final")


@attack("a zero-width character", "a change nobody sees is a change all the same", "not_signed")
def zero_width_after_signing(scene: Scene) -> None:
    story = scene.at("signed")
    Story.objects.filter(pk=story.pk).update(title=f"{story.title}\u200b")
    scene.share(story)


@attack("a moved embargo", "terms of use are part of what is signed", "not_signed")
def embargo_moved_after_final(scene: Scene) -> None:
    story = scene.at("signed", embargo_until=(timezone.now() + timedelta(days=2)).isoformat())
    Story.objects.filter(pk=story.pk).update(embargo_until=None)
    scene.share(story)


@attack(
    "publishing early",
    "an embargo holds at publishing",
    "embargo_not_reached",
    "publication.refused",
)
def published_before_its_time(scene: Scene) -> None:  # fmt: skip
    story = scene.at("signed", embargo_until=(timezone.now() + timedelta(days=2)).isoformat())
    scene.share(story)
    scene.publish(story)


@attack(
    "a picture swapped", "a picture stands for itself by its file, not its number", "not_signed"
)
def picture_swapped_behind_its_id(scene: Scene) -> None:
    picture = newsroom.a_picture(scene.cast)
    story = scene.at("signed", lead_picture=picture)
    type(picture).objects.filter(pk=picture.pk).update(digest="0" * 64)
    scene.share(story)


@attack("editing a signed story", "an edit takes the final signature off", "not_signed")
def edit_after_final_then_share(scene: Scene) -> None:
    story = scene.at("signed")
    newsroom.save(scene.cast, story, by="yl.chief", summary="签后又改")
    scene.share(story)


@attack("writing in review", "the author changes nothing while it is reviewed", "not_editable")
def author_edits_in_review(scene: Scene) -> None:
    newsroom.save(scene.cast, scene.at("second"), title="审核中偷改")


@attack(
    "publish API with an old hash",
    "what is published is what was looked at",
    "text_changed",
    "publication.refused",
)
def publish_with_an_old_hash(scene: Scene) -> None:  # fmt: skip
    story = scene.at("signed")
    scene.share(story)
    scene.publish(story, content_hash="0" * 64)


@attack(
    "publishing unsigned",
    "without its signatures nothing is published",
    "not_signed",
    "publication.refused",
)
def publish_after_falling_back(scene: Scene) -> None:  # fmt: skip
    story = scene.at("signed")
    scene.share(story)
    RoleHolding.objects.create(
        member=scene.cast.people["editor"], unit=scene.cast.unit("yunling"), role="reporter"
    )
    newsroom.save(scene.cast, story, by="yl.chief", summary="签后又改")
    scene.publish(story)


# Wagtail's own routes ---------------------------------------------------------------------------


def _wagtail(scene: Scene, path: str, by: str = "yl.chief") -> Any:
    Member.objects.filter(username=by).update(is_superuser=True, is_staff=True)
    scene.cast.people[by].refresh_from_db()
    return scene.signed_in(by).post(path)


@attack(
    "Wagtail: create",
    "no story begins past its number, author and log",
    "route_shut",
    "cms.refused",
)
def wagtail_add(scene: Scene) -> Any:  # fmt: skip
    return _wagtail(scene, reverse("wagtailsnippets_stories_story:add"))


@attack(
    "Wagtail: unlock",
    "a lock is taken off by who set it, or a final reviewer",
    "route_shut",
    "cms.refused",
)
def wagtail_unlock(scene: Scene) -> Any:  # fmt: skip
    story = scene.at("second")
    return _wagtail(scene, reverse("wagtailsnippets_stories_story:unlock", args=[story.pk]))


@attack("Wagtail: publish and unpublish", "Wagtail publishes nothing", "route_shut", "cms.refused")
def wagtail_unpublish(scene: Scene) -> Any:
    scene.at("second")
    return _wagtail(scene, reverse("wagtailadmin_pages:unpublish", args=[1]))


@attack(
    "Wagtail: revert",
    "an older text comes back only by a save that is reviewed",
    "route_shut",
    "cms.refused",
)
def wagtail_revert(scene: Scene) -> Any:  # fmt: skip
    story = scene.at("signed")
    first = story.revisions.order_by("pk").first()
    return _wagtail(
        scene, reverse("wagtailsnippets_stories_story:revisions_revert", args=[story.pk, first.pk])
    )


@attack(
    "Wagtail: bulk delete",
    "stories and their signatures are never deleted",
    "route_shut",
    "cms.refused",
)
def wagtail_bulk_delete(scene: Scene) -> Any:  # fmt: skip
    story = scene.at("signed")
    return _wagtail(scene, f"/cms/bulk/stories/story/delete/?id={story.pk}")


@attack("Wagtail: workflow", "only the story's own flow moves it", "route_shut", "cms.refused")
def wagtail_workflow(scene: Scene) -> Any:
    scene.at("second")
    return _wagtail(scene, "/cms/workflows/add/")


@attack("Wagtail: edit", "the editor asks who may edit now", "not_editable", "cms.refused")
def wagtail_edit_by_the_author(scene: Scene) -> Any:
    story = scene.at("second")
    return _wagtail(
        scene, reverse("wagtailsnippets_stories_story:edit", args=[story.pk]), by="yl.reporter"
    )


# Delegation -------------------------------------------------------------------------------------


@attack(
    "delegation to the author",
    "a delegate is themselves: an author stays out",
    "author_cannot_review",
)
def delegate_is_the_author(scene: Scene) -> None:  # fmt: skip
    story = scene.at("second")
    scene.lend("yl.second", "yl.reporter")
    scene.sign(story, "second", by="yl.reporter")


@attack(
    "delegation to an earlier signer",
    "a delegate is themselves: nobody signs twice",
    "one_person_one_step",
)
def delegate_has_signed(scene: Scene) -> None:  # fmt: skip
    story = scene.at("second")
    scene.lend("yl.second", "yl.first")
    scene.sign(story, "second", by="yl.first")


@attack("self-lending", "nobody lends to themselves", "delegation_refused", "delegation.refused")
def lend_to_oneself(scene: Scene) -> None:
    scene.lend("yl.second", "yl.second")


@attack(
    "lending what one does not hold",
    "one lends one's own right only",
    "not_allowed",
    "delegation.refused",
)
def lend_what_is_not_held(scene: Scene) -> None:  # fmt: skip
    scene.lend("yl.first", "yl.planner", "final")


@attack(
    "a chain of delegations", "what is lent cannot be lent on", "not_allowed", "delegation.refused"
)
def lend_on(scene: Scene) -> None:
    scene.lend("yl.second", "yl.planner")
    scene.lend("yl.planner", "yl.nobody")


@attack(
    "an endless delegation",
    "a delegation has an end within the limit",
    "delegation_refused",
    "delegation.refused",
)
def lend_for_ever(scene: Scene) -> None:  # fmt: skip
    scene.lend("yl.second", "yl.planner", days=4000)


@attack("an ended delegation", "a delegation ends by itself", "not_allowed")
def delegation_has_ended(scene: Scene) -> None:
    story, made = scene.at("second"), scene.lend("yl.second", "yl.planner", days=1)
    Delegation.objects.filter(pk=made.pk).update(
        starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1)
    )
    scene.sign(story, "second", by="yl.planner")


@attack("the author lends their seat", "an author does not choose who reviews them", "not_allowed")
def author_lends_for_their_own(scene: Scene) -> None:
    scene.give("yl.reporter", "second_reviewer")
    story = scene.at("second")
    scene.lend("yl.reporter", "yl.planner")
    scene.sign(story, "second", by="yl.planner")


@attack("a lender who lost the role", "a delegation ends with the lender's right", "not_allowed")
def lender_lost_the_role(scene: Scene) -> None:
    story = scene.at("second")
    scene.lend("yl.second", "yl.planner")
    RoleHolding.objects.filter(member=scene.cast.people["yl.second"]).update(ends_at=timezone.now())
    scene.sign(story, "second", by="yl.planner")


# The database -----------------------------------------------------------------------------------


@attack("database: a row changed", "a seal covers person, step, time and opinion", "not_signed")
def seal_broken(scene: Scene) -> None:
    story = scene.at("signed")
    Signature.objects.filter(story=story, step="second").update(opinion="改写的意见")
    scene.share(story)


@attack("database: a row deleted", "every step of the flow is signed", "not_signed")
def signature_deleted(scene: Scene) -> None:
    story = scene.at("signed")
    Signature.objects.filter(story=story, step="first").delete()
    scene.share(story)


@attack("database: state set by hand", "a state is no signature", "not_signed")
def state_set_by_hand(scene: Scene) -> None:
    story = scene.at("second")
    Story.objects.filter(pk=story.pk).update(state="signed", signed_at=timezone.now())
    scene.share(story)


@attack("database: well-made rows put in", "every signature is on the audit chain", "not_signed")
def signatures_put_in(scene: Scene) -> None:
    story = scene.at("first")
    for step in ("first", "second", "final"):
        row = Signature(
            story=story, unit_id=story.unit_id, step=step, verdict="passed", person_id=uuid.uuid4(),
            person_name="某", author_id=story.author_id, signed_at=timezone.now(),
            content_hash=story.content_hash,
        )  # fmt: skip
        row.seal = canonical.seal_of(row)
        row.save(force_insert=True)
    Story.objects.filter(pk=story.pk).update(state="signed", signed_at=timezone.now())
    scene.share(story)


@attack(
    "database: the author renamed", "whose story it is was sealed with each signature", "not_signed"
)
def author_exchanged(scene: Scene) -> None:
    scene.give("yl.reporter", "final_reviewer")
    story = scene.at("signed")
    Story.objects.filter(pk=story.pk).update(author_id=scene.cast.people["yl.nobody"].pk)
    scene.share(story)


@attack("database: the unit exchanged", "the unit is part of what is signed", "not_signed")
def unit_exchanged(scene: Scene) -> None:
    story = scene.at("signed")
    Story.objects.filter(pk=story.pk).update(unit=scene.cast.unit("jiangchuan"))
    actions.story_share(by=scene.cast["jc.chief"], story_id=story.pk)


@attack("the clock set back", "a delegation that has not begun lends nothing", "not_allowed")
def clock_set_back(scene: Scene) -> None:
    story = scene.at("second")
    scene.lend("yl.second", "yl.planner")
    RoleHolding.objects.update(starts_at=timezone.now() - timedelta(days=30))
    earlier = timezone.now() - timedelta(days=1)
    scene.patch.setattr("django.utils.timezone.now", lambda: earlier)
    scene.sign(story, "second", by="yl.planner")


# The tests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", ATTACKS, ids=lambda one: one.key)
def test_the_attack_is_refused_in_words_with_an_audit_line(cast, signed_in, monkeypatch, one):
    scene = Scene(cast, signed_in, monkeypatch)
    answer = None
    try:
        answer = one.run(scene)
    except RongmeiError as refused:
        assert (refused.code, bool(refused.message)) == (one.code, True)
    else:
        if answer is not None:
            assert answer.status_code in {403, 404}, answer.content[:300]
            assert answer.content
    monkeypatch.undo()
    last = AuditEntry.objects.order_by("-seq").first()
    assert last is not None and (last.action, last.detail["reason"]) == (one.line, one.code)
    assert audit.verify().ok
    for story in Story.objects.exclude(state="withdrawn"):
        if one.code in {"embargo_not_reached", "text_changed", "not_green"}:
            continue  # Rightly signed; what was refused is what was to be done with it.
        if story.state == "signed" and one.line in {"cms.refused"}:
            continue
        with pytest.raises((RongmeiError, FlowBroken)):
            selectors.signed_package(story.pk)


def test_no_two_attacks_break_the_same_rule():
    rules = [one.rule for one in ATTACKS]
    assert len(set(rules)) == len(rules) >= 25


def page() -> str:
    """docs/reference/attacks.md."""
    rows = "".join(
        f"| {n} | `{one.key}` | {one.road} | {one.rule} | `{one.code}` | `{one.line}` |\n"
        for n, one in enumerate(ATTACKS, 1)
    )
    return (
        "# Attacks on the three-person rule\n\n"
        "Each row is a test in `tests/test_review_attacks.py`: the attack is carried out, refused in words "
        "with the code named,\nleaves the audit line named, and nothing that is not properly signed can be "
        "published afterwards. Each breaks a rule\nof its own. A test compares this page with the table; with "
        "`RONGMEI_WRITE_PAGES=1` it writes it.\n\n"
        "Against somebody who rewrites the database *and* the whole audit chain, a node alone is helpless: "
        "its peers\nremember the chain's head ([Exchange](../explanation/exchange.md)).\n\n"
        "| | attack | by which road | the rule | refused with | audit line |\n|---|---|---|---|---|---|\n"
        + rows
    )


def test_the_page_lists_exactly_these():
    if os.environ.get("RONGMEI_WRITE_PAGES"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
