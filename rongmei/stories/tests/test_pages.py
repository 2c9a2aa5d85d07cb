"""Pages and API: who sees what, who is refused, and what lists cost."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from rongmei.stories.models import Story, StoryState
from rongmei.stories.tests import newsroom

READS = ["stories:story", "stories:sheet"]
WRITES = ["stories:submit", "stories:withdraw", "stories:share", "stories:lock", "stories:unlock",
          "stories:comment", "review:pass", "review:return"]  # fmt: skip


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    ("username", "status"),
    [("yl.reporter", 200), ("planner", 200), ("jc.chief", 404), ("sysadmin", 403)],
)
def test_other_unit_does_not_see_a_story(cast, signed_in, name, username, status):
    story = newsroom.draft(cast)
    assert signed_in(username).get(reverse(name, args=[story.pk])).status_code == status


@pytest.mark.parametrize("name", WRITES)
def test_other_unit_does_not_touch_a_story(cast, signed_in, name):
    story = newsroom.at_step(cast, "first")
    posted = {"reason": "试", "text": "试", "step": "first", "content_hash": story.content_hash}
    for username in ("jc.chief", "jc.first"):
        status = signed_in(username).post(reverse(name, args=[story.pk]), posted).status_code
        assert status in {403, 404}, (name, username)
    assert Story.objects.get(pk=story.pk).state == StoryState.FIRST


@pytest.mark.parametrize(
    ("name", "username"),
    [("stories:submit", "yl.planner"), ("stories:withdraw", "yl.reporter"), ("stories:share", "yl.reporter"),
     ("stories:lock", "yl.planner"), ("review:pass", "yl.reporter"), ("review:return", "yl.second")],
)  # fmt: skip
def test_same_unit_without_the_permission_is_refused(cast, signed_in, name, username):
    story = newsroom.at_step(cast, "first")
    posted = {"reason": "试", "step": "first", "content_hash": story.content_hash}
    assert signed_in(username).post(reverse(name, args=[story.pk]), posted).status_code == 403
    assert Story.objects.get(pk=story.pk).state == StoryState.FIRST


def test_lists_hold_only_what_is_in_reach(cast, signed_in):
    newsroom.draft(cast, title="云岭的稿件")
    newsroom.draft(cast, by="jc.reporter", title="江川的稿件")
    page = signed_in("yl.reporter").get(reverse("stories:list")).content.decode()
    assert "云岭的稿件" in page and "江川的稿件" not in page
    assert signed_in("sysadmin").get(reverse("stories:list")).status_code == 403


def test_the_queue_holds_what_waits_for_me(cast, signed_in):
    story = newsroom.at_step(cast, "second")
    where = reverse("review:queue")
    for username, shown in (
        ("yl.second", True),
        ("yl.first", False),
        ("yl.chief", False),
        ("jc.second", False),
    ):
        assert (story.title in signed_in(username).get(where).content.decode()) is shown


def test_a_whole_day_by_forms(cast, signed_in):
    story = newsroom.draft(cast)
    signed_in("yl.reporter").post(reverse("stories:submit", args=[story.pk]))
    for step, username in newsroom.REVIEWERS.items():
        client = signed_in(username)
        page = client.get(reverse("review:story", args=[story.pk])).content.decode()
        fresh = Story.objects.get(pk=story.pk)
        assert fresh.content_hash in page
        client.post(
            reverse("review:pass", args=[story.pk]),
            {"step": step, "content_hash": fresh.content_hash},
        )
    assert Story.objects.get(pk=story.pk).state == StoryState.SIGNED
    for panel in ("checks", "history", "talk", "relations", "publish"):
        assert (
            signed_in("yl.chief")
            .get(reverse("stories:story", args=[story.pk]) + f"?panel={panel}")
            .status_code
            == 200
        )


def test_lists_cost_few_queries(cast, signed_in, django_assert_max_num_queries):
    for n in range(12):
        newsroom.draft(cast, title=f"第 {n} 篇")
    client = signed_in("yl.chief")
    with django_assert_max_num_queries(20):
        assert client.get(reverse("stories:list")).status_code == 200
    with django_assert_max_num_queries(20):
        client.get(reverse("review:queue"))


def test_the_api_keeps_the_same_rules(cast, signed_in):
    client = signed_in("yl.reporter")
    post = {"content_type": "application/json"}
    unit = str(cast.unit("yunling").pk)
    made = client.post(
        "/api/v1/stories", json.dumps({"unit_id": unit, "title": "接口写的稿件"}), **post
    )
    assert made.status_code == 201, made.content
    where = f"/api/v1/stories/{made.json()['id']}"
    change = {
        "base_revision": made.json()["latest_revision_id"],
        "fields": {"body": newsroom.body()},
    }
    assert client.patch(where, json.dumps(change), **post).status_code == 200
    assert client.patch(where, json.dumps(change), **post).status_code == 409
    assert client.post(where + "/submit").status_code == 200
    answer = client.get(where).json()
    assert answer["state"] == "first" and answer["body"][0]["type"] == "paragraph"
    signature = json.dumps({"step": "first", "content_hash": answer["content_hash"]})
    assert client.post(where + "/pass", signature, **post).status_code == 403
    assert client.get(where + "/ninjs").status_code == 409
    assert signed_in("jc.first").post(where + "/pass", signature, **post).status_code == 404
    assert signed_in("yl.first").post(where + "/pass", signature, **post).status_code == 200
    script = {"base_revision": None, "fields": {"state": "signed"}}
    assert client.patch(where, json.dumps(script), **post).status_code in {403, 409, 422}


def test_scripts_do_not_survive(cast):
    evil = '<p onclick="x()">好<script>alert(1)</script><a href="javascript:x()">链</a></p>'
    story = newsroom.draft(cast, body=newsroom.body(evil))
    kept = str(story.body[0].value.source)
    assert "script" not in kept and "onclick" not in kept and "javascript" not in kept
