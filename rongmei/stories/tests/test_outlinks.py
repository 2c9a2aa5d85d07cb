"""Links of stories: asked by a sweep, outside writes; a check reads what was answered."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from rongmei.kernel import http
from rongmei.kernel.http_fake import FakeDoor
from rongmei.stories import actions, canonical, checking, findings, selectors
from rongmei.stories.models import Story
from rongmei.stories.outlink_rows import Outlink
from rongmei.stories.tests import newsroom

URL = "https://example.com/report?a=1&b=2"
HTML = '<p>详见<a href="https://example.com/report?a=1&amp;b=2">完整报告</a>，附<a href="https://example.org/">附件</a>。</p>'


def found(story):
    fresh = Story.objects.get(pk=story.pk)
    report = checking.run(fresh, canonical.content_of(fresh))
    return {one.found: one.code for one in report.findings if "link" in one.code}


def asked(*answers):
    door = FakeDoor()
    for url, status in answers:
        door.answer(url, "示例", status=status)
    with http.use_door(door):
        actions.outlinks_check()
    return [one.url for one in door.asked]


def make_due():
    Outlink.objects.update(due_at=timezone.now())


@pytest.fixture
def story(cast):
    return newsroom.draft(cast, body=newsroom.body(HTML))


def test_not_asked_yet_is_a_state_and_saving_asks_nobody(story):
    assert found(story) == {"完整报告": "link_unchecked", "附件": "link_unchecked"}
    assert set(Outlink.objects.values_list("url", "state")) == {
        (URL, "unchecked"), ("https://example.org/", "unchecked"),
    }  # fmt: skip


def test_what_is_gone_is_told_and_what_answers_is_silent(story):
    assert sorted(asked((URL, 404), ("https://example.org/", 200))) == [URL, "https://example.org/"]
    assert found(story) == {"完整报告": "dead_link"}
    # An answer is kept for its age: nobody is asked twice.
    assert asked() == []


def test_a_place_that_fails_is_asked_three_times_before_anything_is_said(story):
    Outlink.objects.exclude(url=URL).delete()
    for _try in range(2):
        asked((URL, 503))
        assert found(story)["完整报告"] == "link_unchecked"
        make_due()
    asked((URL, 503))
    assert found(story)["完整报告"] == "link_unsure"
    make_due()
    asked((URL, 200))
    assert "完整报告" not in found(story)


def test_an_address_inside_the_house_is_dead_and_never_dialled(cast):
    inside = newsroom.body('<p>见<a href="http://127.0.0.1/x">内页</a></p>')
    story = newsroom.draft(cast, body=inside)
    actions.outlinks_check()
    assert found(story) == {"内页": "dead_link"}
    assert Outlink.objects.get().why == "PrivateAddressRefused"


def test_links_nobody_uses_are_left_alone(cast, story):
    Outlink.objects.update(used_at=timezone.now() - timedelta(days=91))
    assert asked() == []
    newsroom.save(story=story, cast=cast, title="示例改过一次")
    assert len(asked((URL, 200), ("https://example.org/", 200))) == 2


def test_asking_holds_no_transaction(story, monkeypatch):
    held = []
    real = http.fetch
    depth = len(connection.savepoint_ids)

    def watched(*args, **kwargs):
        held.append(len(connection.savepoint_ids) - depth)
        return real(*args, **kwargs)

    monkeypatch.setattr(http, "fetch", watched)
    asked((URL, 200), ("https://example.org/", 200))
    assert held == [0, 0]


def test_an_answer_that_came_is_on_the_page_without_calling_the_report_old(cast, story):
    newsroom.submit(cast, story)
    asked((URL, 404), ("https://example.org/", 200))
    fresh = Story.objects.get(pk=story.pk)
    check, expired = checking.present(fresh, selectors.latest_check(fresh))
    shown = findings.shown(fresh, [one for one in check.findings if one["code"] == "dead_link"])
    assert not expired and shown[0]["advice"] == "链接打不开（HTTP 404），请核对或去掉。"
