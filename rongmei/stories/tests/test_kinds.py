"""Kinds of blocks: what a signature covers of each, what is refused, what reaches a reader."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from rongmei.kernel.errors import BadInput
from rongmei.network.hooks import Arrival
from rongmei.network.models import Node, Unit
from rongmei.stories import actions, canonical, kinds, package, selectors
from rongmei.stories.cells import CellsField
from rongmei.stories.errors import ForgedStory
from rongmei.stories.models import Story
from rongmei.stories.tests import newsroom
from rongmei.stories.views import edit_url

LIVE = {
    "type": "live",
    "value": {"at": "2026-11-24T08:35:40+08:00", "text": "<p>第一组<b>到达</b>。</p>"},
}
TABLE = {
    "type": "table",
    "value": {
        "caption": "示例：恢复进度",
        "cells": [["时间", "户数", ""], ["8 时", "1200", ""], ["", "", ""]],
    },
}
EMBED = {
    "type": "embed",
    "value": {"url": "https://v.qq.com/x/page/example.html", "title": "示例视频"},
}
FIXTURE = Path(__file__).parent / "fixtures" / "shared-form-1.json"


def covered(story: Story) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = canonical.content_of(story)["body"]
    return blocks


@pytest.fixture
def from_elsewhere(cast):
    """The stored message of a node of before: its unit and node, made here as that node's."""
    held = json.loads(FIXTURE.read_text())
    node = Node.objects.create(slug="before", name="示例旧节点", url="http://127.0.0.1:8997")
    hq = cast.unit("hq")
    Unit.objects.create(
        id=held["unit_id"], code="before", name="示例旧单位", kind="centre", parent=hq, node=node
    )
    return Arrival(
        id=uuid.uuid4(), type="story.shared", from_node=node.pk,
        subject_id=uuid.UUID(held["subject_id"]), unit_id=uuid.UUID(held["unit_id"]), body=held["body"],
    )  # fmt: skip


def test_what_was_signed_before_new_kinds_came_keeps_its_hash_and_seals(from_elsewhere):
    actions.story_receive(from_elsewhere)
    story = Story.objects.get(pk=from_elsewhere.subject_id)
    assert canonical.content_of(story) == from_elsewhere.body["content"]
    last = from_elsewhere.body["signatures"][-1]
    assert selectors.signed_package(story.pk).content_hash == last["content_hash"]


def test_a_form_this_node_does_not_know_is_refused_in_words(from_elsewhere):
    from_elsewhere.body["content"]["form"] = 99
    with pytest.raises(ForgedStory, match="升级"):
        actions.story_receive(from_elsewhere)
    assert not Story.objects.filter(pk=from_elsewhere.subject_id).exists()


def test_the_form_is_the_oldest_that_can_say_the_text(cast):
    story = newsroom.draft(cast)
    assert canonical.content_of(story)["form"] == 1
    for block in (LIVE, TABLE, EMBED):
        assert canonical.content_of(newsroom.save(cast, story, body=[block]))["form"] == 2
    empty = {"type": "table", "value": {"caption": "", "cells": [["", ""]]}}
    assert (
        canonical.content_of(newsroom.save(cast, story, body=[*newsroom.body(), empty]))["form"]
        == 1
    )


def test_times_are_covered_in_utc_to_the_minute_and_read_in_local_time(cast):
    story = newsroom.save(cast, newsroom.draft(cast), body=[LIVE])
    assert covered(story)[0]["at"] == "2026-11-24T00:35:00+00:00"
    assert story.body_text == "08:35 第一组到达。"
    fresh = Story.objects.get(pk=story.pk)
    assert canonical.hash_of(canonical.content_of(fresh)) == story.content_hash
    assert ">11-24 08:35</time>" in package.reading(fresh)["html"]


def test_a_table_is_covered_without_its_empty_edges(cast):
    story = newsroom.save(cast, newsroom.draft(cast), body=[TABLE])
    block = covered(story)[0]
    assert (block["head"], block["rows"]) == (["时间", "户数"], [["8 时", "1200"]])
    assert story.body_text == "示例：恢复进度\n时间\t户数\n8 时\t1200"
    shown = package.reading(story)["html"]
    assert '<th scope="col">户数</th>' in shown


def test_a_changed_cell_is_a_changed_number(cast):
    before = canonical.content_of(newsroom.save(cast, newsroom.draft(cast), body=[TABLE]))
    other = {
        "type": "table",
        "value": {**TABLE["value"], "cells": [["时间", "户数"], ["8 时", "2100"]]},
    }
    after = canonical.content_of(newsroom.save(cast, newsroom.draft(cast), body=[other]))
    assert "number" in canonical.compare(before, after).reasons


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/v.qq.com", "https://v.qq.com@evil.example/", "http://[", "https://qq.com/",
     "https://notbilibili.com/x", "https://v.qq.com.evil.example/a", "ftp://v.qq.com/a"],
)  # fmt: skip
def test_pages_of_hosts_that_are_not_listed_are_not_embedded(cast, url):
    story = newsroom.draft(cast)
    with pytest.raises(BadInput):
        newsroom.save(cast, story, body=[{"type": "embed", "value": {"url": url, "title": "示例"}}])


def test_an_embedded_page_is_a_link_and_runs_nothing(cast, settings):
    settings.RONGMEI_EMBED_HOSTS = ["video.example"]
    own = {"type": "embed", "value": {"url": "https://video.example/1", "title": "<b>示例</b>"}}
    shown = package.reading(newsroom.save(cast, newsroom.draft(cast), body=[EMBED, own]))["html"]
    assert 'href="https://v.qq.com/x/page/example.html"' in shown and "腾讯视频" in shown
    assert "&lt;b&gt;示例&lt;/b&gt;" in shown
    assert not any(tag in shown for tag in ("<iframe", "<script", "<img"))


@pytest.mark.parametrize(
    "value",
    [{"cells": "x"}, {"cells": [["x"] * 21]}, {"cells": [["x"]] * 201}, {"cells": [["字" * 301]]},
     {"cells": ["x"]}],
)  # fmt: skip
def test_what_is_no_table_or_too_large_is_refused(cast, value):
    story = newsroom.draft(cast)
    with pytest.raises(BadInput):
        newsroom.save(cast, story, body=[{"type": "table", "value": value}])


@pytest.mark.parametrize("at", ["gestern", "2026-13-40T99:99", "2026-02-30T10:00:00"])
def test_what_is_no_time_is_refused(cast, at):
    story = newsroom.draft(cast)
    with pytest.raises(BadInput):
        newsroom.save(
            cast, story, body=[{"type": "live", "value": {"at": at, "text": "<p>示例</p>"}}]
        )


@pytest.mark.parametrize("block", [LIVE, TABLE, EMBED])
def test_kept_and_covered_forms_lead_to_each_other(block):
    kind = kinds.KINDS[block["type"]]
    kept = kind.clean(block["value"])
    cover = kind.cover(kept, kinds.Held())
    assert kind.cover(kind.keep(cover, kinds.Keys()), kinds.Held()) == cover
    assert kind.cover(json.loads(json.dumps(kept)), kinds.Held()) == cover


def test_cells_survive_the_form_as_a_spreadsheet_writes_them():
    field = CellsField()
    rows = field.to_python("时间\t户数\r\n8 时\t1200\r\n")
    assert rows == [["时间", "户数"], ["8 时", "1200"]]
    assert field.to_python(field.prepare_value(rows)) == rows
    assert not field.has_changed(rows, field.prepare_value(rows))


def test_new_kinds_travel_to_other_nodes(cast):
    from rongmei.network.models import Envelope, Peer

    node = Node.objects.create(slug="up", name="示例上级节点", url="http://127.0.0.1:8996")
    Peer.objects.create(node=node, public_key="k", state="active")
    Unit.objects.filter(code__in=["hq", "platform"]).update(node=node)
    photo = newsroom.a_picture(cast)
    live = {"type": "live", "value": {**LIVE["value"], "picture": photo.pk}}
    clip = newsroom.a_clip(cast)
    film = {
        "type": "clip",
        "value": {"clip": str(clip.pk), "poster": photo.pk, "transcript": "示例"},
    }
    story = newsroom.signed(cast, body=[*newsroom.body(), live, TABLE, EMBED, film])
    actions.story_share(by=cast["yl.chief"], story_id=story.pk)
    body = Envelope.objects.get(type="story.shared").body
    expected = canonical.content_of(story)
    Story.objects.filter(pk=story.pk).update(latest_revision=None)
    story.signatures.all().delete()
    Story.objects.filter(pk=story.pk).delete()
    photo.delete()
    clip.delete()
    body["clips"][0]["url"] = f"{node.url}/media/clips/1.mp4"
    Unit.objects.filter(pk=story.unit_id).update(node=node)
    actions.story_receive(
        Arrival(uuid.uuid4(), "story.shared", node.pk, story.pk, story.unit_id, body)
    )
    assert canonical.content_of(Story.objects.get(pk=story.pk)) == expected


def test_a_clip_is_covered_by_its_digest_and_plays_for_readers(cast):
    clip, photo = newsroom.a_clip(cast), newsroom.a_picture(cast)
    value = {
        "clip": str(clip.pk),
        "poster": photo.pk,
        "caption": "示例：抢修现场",
        "credit": "",
        "transcript": "先救人。",
    }
    story = newsroom.save(cast, newsroom.draft(cast), body=[{"type": "clip", "value": value}])
    block = covered(story)[0]
    assert block["clip"]["digest"] == clip.digest and block["poster"]["digest"] == photo.digest
    assert story.body_text == "示例：抢修现场\n先救人。"
    shown = package.reading(story)
    assert f'<video src="{clip.file.url}" controls preload="none" poster="' in shown["html"]
    assert "先救人。" in shown["html"] and "(1:05)" in shown["html"]
    assert shown["clips"][0]["seconds"] == 65


def test_another_clip_is_a_changed_picture(cast):
    one, two = newsroom.a_clip(cast, 10), newsroom.a_clip(cast, 20)
    texts = [
        canonical.content_of(
            newsroom.save(
                cast, newsroom.draft(cast), body=[{"type": "clip", "value": {"clip": str(clip.pk)}}]
            )
        )
        for clip in (one, two)
    ]
    assert "picture" in canonical.compare(*texts).reasons


def test_anothers_clip_cannot_be_put_in(cast):
    theirs = newsroom.a_clip(cast, username="jc.reporter")
    story = newsroom.draft(cast)
    with pytest.raises(BadInput, match="无权"):
        newsroom.save(cast, story, body=[{"type": "clip", "value": {"clip": str(theirs.pk)}}])


def test_the_clip_chooser_shows_only_clips_in_reach(cast, signed_in):
    ours, theirs = newsroom.a_clip(cast, 10), newsroom.a_clip(cast, 20, "jc.reporter")
    client = signed_in("yl.reporter")
    shown = client.get(reverse("clip_chooser:choose")).content.decode()
    assert str(ours.pk) in shown and str(theirs.pk) not in shown
    chosen = client.get(reverse("clip_chooser:chosen", args=[ours.pk]))
    assert chosen.json()["result"]["id"] == str(ours.pk)
    for key in (theirs.pk, "no-key"):
        assert client.get(reverse("clip_chooser:chosen", args=[key])).status_code == 404
    none = client.get(reverse("clip_chooser:choose_results") + "?q=别的").content.decode()
    assert str(ours.pk) not in none


def test_the_editor_finds_and_keeps_the_clip_that_was_chosen(cast, signed_in):
    clip, other = newsroom.a_clip(cast, 10), newsroom.a_clip(cast, 20)
    blocks = [
        {"type": "clip", "value": {"clip": str(one.pk), "caption": "示例"}} for one in (clip, other)
    ]
    story = newsroom.save(cast, newsroom.draft(cast), body=blocks)
    fresh = Story.objects.get(pk=story.pk)
    assert [block.value["clip"].pk for block in fresh.body] == [clip.pk, other.pk]
    # What the editor hands back after it has looked at every block is what was there.
    again = newsroom.save(cast, story, body=fresh.body)
    assert (
        again.content_hash == story.content_hash
        and covered(again)[0]["clip"]["digest"] == clip.digest
    )
    page = signed_in("yl.reporter").get(edit_url(story)).content.decode()
    assert str(clip.pk) in page and str(other.pk) in page
