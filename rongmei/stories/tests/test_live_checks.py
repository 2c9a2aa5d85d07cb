"""Findings while one writes: over the text on the screen, saved or not, and nothing is written."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from rongmei.stories import canonical, checking, findings
from rongmei.stories.models import FindingNote, Story
from rongmei.stories.tests import newsroom
from rongmei.stories.tests.test_editor import posted
from rongmei.stories.views import edit_url


def on_screen(client, story, text, **more):
    """What the editor's form sends while a paragraph says `text`."""
    page = client.get(edit_url(story)).content.decode()
    block = {"key": "a", "text": text, "type": "unstyled", "depth": 0, "inlineStyleRanges": [], "entityRanges": []}  # fmt: skip
    raw = json.dumps({"blocks": [block], "entityMap": {}})
    return posted(page, story, **{"body-0-value": raw, **more})


def test_unsaved_words_are_checked_and_nothing_is_saved(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    data = on_screen(client, story, "请拨打13800138000。", title="打造最佳方案")
    answer = client.post(reverse("stories:live_check", args=[story.pk]), data)
    shown = answer.content.decode()
    assert 'data-found="13800138000"' in shown and 'data-suggestion="138****8000"' in shown
    assert 'data-part="title"' in shown and 'data-block="0"' in shown
    fresh = Story.objects.get(pk=story.pk)
    assert fresh.title == story.title and fresh.latest_revision_id == story.latest_revision_id


def test_a_half_written_block_does_not_stop_the_check(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    data = on_screen(client, story, "照顾残废人。", **{
        "body-count": "2", "body-1-deleted": "", "body-1-order": "1", "body-1-type": "picture",
        "body-1-id": "", "body-1-value-picture": "", "body-1-value-caption": "", "body-1-value-credit": "",
    })  # fmt: skip
    answer = client.post(reverse("stories:live_check", args=[story.pk]), data)
    assert 'data-level="forbid"' in answer.content.decode()


def test_what_is_no_form_of_the_editor_is_told_so(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    where = reverse("stories:live_check", args=[story.pk])
    for sent in ({"title": "示例"}, {"body-count": "1"}, {"body-count": "x"}):
        assert client.post(where, sent).status_code == 422


def test_an_unsaved_finding_is_let_stand_with_a_reason(cast, signed_in):
    story = newsroom.draft(cast)
    client = signed_in("yl.reporter")
    data = on_screen(client, story, "请拨打13800138000。")
    told = {"finding-code": "mobile", "finding-found": "13800138000", "finding-reason": "服务热线"}
    where = reverse("stories:live_settle", args=[story.pk])
    assert "服务热线" in client.post(where, {**data, **told}).content.decode()
    assert FindingNote.objects.get(story=story).reason == "服务热线"
    gone = client.post(where, {**data, **told, "finding-found": "13900139000"})
    assert gone.status_code == 422 and "没有改动" in gone.content.decode()


@pytest.mark.parametrize(("which", "block", "nth"), [(0, 0, 1), (1, 2, 0), (2, 3, 1)])
def test_a_place_is_told_by_block_and_by_which_of_its_like(cast, which, block, nth):
    # The innocent 最佳实践 counts: who looks for the words finds it first.
    body = [
        *newsroom.body("<p>推广最佳实践，<b>打造最佳</b>方案。</p>", "<p></p>", "<p>最佳</p>"),
        {"type": "quote", "value": {"quote": "不是最佳实践", "speaker": "最佳"}},
    ]
    story = newsroom.draft(cast, body=body)
    content = canonical.content_of(story)
    found = [one.as_json() for one in checking.run(story, content).findings if one.found == "最佳"]
    spot = findings.spots(story, content, found)[which]
    assert (spot.block, spot.nth) == (block, nth)


def test_a_forbidden_finding_never_carries_a_note(cast):
    story = newsroom.draft(cast, body=newsroom.body("<p>公布接线图</p>"))
    by = cast["yl.reporter"]
    FindingNote.objects.create(
        story=story, unit_id=story.unit_id, code="grid", found="接线图", reason="示例", person_id=by.pk,
        person_name=by.name,
    )  # fmt: skip
    report = checking.run(story, canonical.content_of(story))
    (one,) = findings.shown(story, [found.as_json() for found in report.findings])
    assert one["note"] is None and not one["may_settle"]
