"""Settings of a source as people fill them in: groups, quotas, rules with boxes of their own, trials."""

from __future__ import annotations

import json

import pytest

from rongmei.kernel.http import Response
from rongmei.sources import actions, trying
from rongmei.sources.models import FetchState, Source, SourceGroup
from rongmei.sources.schedule import UNDEAD_FROM
from rongmei.sources.tests.imap_server import ImapServer
from rongmei.sources.types import FetchOutcome

pytestmark = pytest.mark.django_db
LIST = "https://hot.example.com/api"
HOT = {"data": {"list": [{"word": "迎峰度夏", "n": "12.5万"}, {"word": "抢修", "n": "900"}]}}
LETTER = b"From: a@example.com\r\nSubject: =?utf-8?b?5Lqk56i/?=\r\n\r\nbody"


def add(cast, url=LIST, **fields):
    given = {
        "kind": "hotlist",
        "options": {"items": "data.list", "title": "word", "x": 1},
        **fields,
    }
    return actions.source_add(
        by=cast["duty"], unit_id=cast.unit("hq").pk, name="示例榜", url=url, **given
    )


def filled(**more):
    return {
        "name": "示例榜", "url": LIST, "kind": "hotlist", "media_class": "social", "language": "zh",
        "tier": "3", "min_interval": "600", "max_interval": "86400", "max_items_day": "0",
        "max_mb_day": "0", "enabled": "on", "shared": "on", "follow_moves": "on", "options": "",
        "rule_items": "data.list", "rule_title": "word", **more,
    }  # fmt: skip


@pytest.fixture
def answers(monkeypatch):
    """What addresses answer, to be filled; the rest has no robots.txt and nothing else."""
    held = {}

    def fetch(url, **_more):
        body = held.get(url)
        status, body = (200, body) if body is not None else (404, b"")
        return Response(url=url, final_url=url, status=status, headers={}, body=body)

    monkeypatch.setattr(trying.http, "fetch", fetch)
    return held


def test_rules_stand_in_boxes_and_come_back_as_one_object(cast, signed_in):
    source, client = add(cast), signed_in("duty")
    html = client.get(f"/desk/sources/{source.pk}/change/").content.decode()
    assert 'name="rule_items" value="data.list"' in html
    assert "{&quot;x&quot;: 1}" in html
    given = filled(rule_heat="n", rule_title="", rule_url="u", options='{"x": 2}')
    assert client.post(f"/desk/sources/{source.pk}/change/", given).status_code == 302
    source.refresh_from_db()
    assert source.options == {"x": 2, "items": "data.list", "url": "u", "heat": "n"}


def test_groups_quotas_and_moves_are_set_in_the_form(cast, signed_in):
    own, other = (
        actions.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name=name)
        for name in ("要闻", "电力")
    )
    source = add(cast, groups=[own.pk])
    given = filled(groups=[str(other.pk)], max_mb_day="3", max_items_day="40")
    del given["follow_moves"]
    signed_in("duty").post(f"/desk/sources/{source.pk}/change/", given)
    source.refresh_from_db()
    assert [one.name for one in source.groups.all()] == ["电力"]
    assert (source.max_bytes_day, source.max_items_day) == (3_000_000, 40)
    assert not source.follow_moves


def test_a_group_that_is_not_ones_own_to_use_is_kept(cast):
    foreign = SourceGroup.objects.create(unit=cast.unit("yunling"), name="别家的")
    source = add(cast)
    source.groups.add(foreign)
    actions.source_change(by=cast["duty"], source_id=source.pk, groups=[])
    assert list(source.groups.all()) == [foreign]


def test_a_trial_shows_the_first_entries_and_saves_nothing(cast, signed_in, answers):
    answers[LIST] = json.dumps(HOT).encode()
    source = add(cast)
    given = filled(do="try", rule_heat="n", name="改了名")
    html = signed_in("duty").post(f"/desk/sources/{source.pk}/change/", given).content.decode()
    assert "1. 迎峰度夏" in html
    assert "热度 125,000" in html
    source.refresh_from_db()
    assert (source.name, source.options["title"]) == ("示例榜", "word")


@pytest.mark.parametrize(
    ("wrong", "at"),
    [({"rule_items": "data.rows"}, "rule_items"), ({"rule_title": ""}, "rule_title")],
)
def test_a_wrong_rule_is_said_at_its_box(cast, signed_in, answers, wrong, at):
    answers[LIST] = json.dumps(HOT).encode()
    source = add(cast)
    given = filled(do="try", **wrong)
    html = signed_in("duty").post(f"/desk/sources/{source.pk}/change/", given).content.decode()
    assert f'id="id_{at}_error"' in html


def test_a_wrong_selector_is_said_at_its_box(cast, signed_in, answers):
    answers[LIST] = b"<table><tr><td><b>x</b></td></tr></table>"
    source = add(cast)
    given = filled(do="try", rule_items="", rule_row="tr", rule_title="b", rule_url="a[[@href")
    html = signed_in("duty").post(f"/desk/sources/{source.pk}/change/", given).content.decode()
    assert 'id="id_rule_url_error"' in html


def test_trying_a_list_of_pages_shows_the_text_of_the_first(cast, signed_in, answers):
    home, article = "https://news.example.com/", "https://news.example.com/a.html"
    body = "迎峰度夏期间，各地电网企业加强巡视，确保可靠供电。" * 20
    answers[home] = f'<ul><li><a href="{article}">一条新闻的完整标题</a></li></ul>'.encode()
    answers[article] = (
        f"<html><head><title>一条新闻的完整标题</title></head><body><article><h1>一条新闻的完整标题"
        f"</h1><p>{body}</p><p>{body}</p></article></body></html>"
    ).encode()
    source = add(cast, home, kind="page", options={"links": "li a"})
    html = signed_in("duty").post(f"/desk/sources/{source.pk}/try/").content.decode()
    assert "各地电网企业加强巡视" in html


def test_trying_a_mailbox_reads_subjects_and_takes_nothing(cast):
    with ImapServer({4: LETTER, 9: LETTER}) as server:
        trial = trying.try_mailbox(server.url, "pass", internal=True)
        assert (trial.outcome, trial.count, trial.titles[0][0]) == (FetchOutcome.OK, 2, "交稿")
        assert not any("STORE" in line for line in server.log)
        refused = trying.try_mailbox(server.url, "wrong", internal=True)
        assert refused.outcome is FetchOutcome.LOGIN
        assert refused.message
        outside = trying.try_mailbox(server.url, "pass", internal=False)
        assert outside.outcome is FetchOutcome.PRIVATE


def test_a_source_long_given_up_is_well_again_at_its_first_answer(cast):
    source = add(cast)
    FetchState.objects.filter(pk=source.pk).update(failures=UNDEAD_FROM + 5, interval=86_400)
    actions.fetch_recorded(
        Source.objects.select_related("state").get(pk=source.pk),
        actions.Outcome(FetchOutcome.OK, items_seen=4, items_new=4),
    )
    state = FetchState.objects.get(pk=source.pk)
    assert (state.failures, state.failing_since, state.why["rule"]) == (0, None, "adaptive")
    wait = (state.due_at - state.last_ok_at).total_seconds()
    assert wait <= source.max_interval


def test_the_api_narrows_as_the_page_does(cast, signed_in):
    group = actions.group_add(by=cast["duty"], unit_id=cast.unit("hq").pk, name="电力")
    add(cast, groups=[group.pk])
    failing = add(cast, f"{LIST}/2", kind="feed", media_class="central", region="云岭")
    FetchState.objects.filter(pk=failing.pk).update(failures=2, outcome="timeout")
    client = signed_in("duty")

    def found(**asked):
        rows = client.get("/api/v1/sources", asked).json()["items"]
        return {one["url"] for one in rows}

    assert found() == {LIST, f"{LIST}/2"}
    assert found(state="failing", region="云岭") == {f"{LIST}/2"}
    assert found(**{"class": "central"}) == {f"{LIST}/2"}
    assert found(group=str(group.pk)) == {LIST}
    assert found(kind="hotlist", state="failing") == set()
    assert found(group="not-an-id") == set()
