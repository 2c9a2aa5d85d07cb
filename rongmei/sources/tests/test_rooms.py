"""The sources room's pages and verbs: who may, what is refused, what people read."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from time import time

import pytest
from django.utils import timezone

from rongmei.kernel.errors import BadInput, Conflict, NotAllowed
from rongmei.kernel.models import AuditEntry
from rongmei.sources import actions, diagnosis, explaining, opml, selectors, trying
from rongmei.sources.models import FetchLog, FetchState, Source
from rongmei.sources.types import FetchOutcome, SourceSpec
from rongmei_wire.wire import Wire

pytestmark = pytest.mark.django_db
FEED = "http://news.example.com/feed.xml"


def add(cast, *, by="duty", unit="hq", url=FEED, name="示例日报", **fields):
    return actions.source_add(by=cast[by], unit_id=cast.unit(unit).pk, name=name, url=url, **fields)


@pytest.fixture(scope="module")
def wire():
    with Wire(pace="all") as running:
        yield running


def test_another_units_sources_are_not_seen(cast, signed_in):
    source = add(cast)
    client = signed_in("yl.planner")
    assert "示例日报" not in client.get("/desk/sources/").content.decode()
    assert client.get(f"/desk/sources/{source.pk}/").status_code == 404
    assert client.get(f"/api/v1/sources/{source.pk}").status_code == 404
    assert signed_in("yl.sysadmin").post(f"/desk/sources/{source.pk}/fetch/").status_code == 404


@pytest.mark.parametrize("verb", ["fetch", "try", "toggle", "moved", "change"])
def test_who_may_look_may_not_change(cast, signed_in, verb):
    source = add(cast)
    client = signed_in("planner")
    assert client.get(f"/desk/sources/{source.pk}/").status_code == 200
    assert client.post(f"/desk/sources/{source.pk}/{verb}/").status_code == 403
    assert client.post("/desk/sources/add/").status_code == 403
    assert signed_in("hq.reporter").get("/desk/sources/").status_code == 403


def test_only_the_system_administrator_opens_the_private_network(cast, signed_in):
    source = add(cast)
    path = f"/desk/sources/{source.pk}/internal/"
    assert signed_in("duty").post(path).status_code == 403
    with pytest.raises(NotAllowed):
        actions.source_mark_internal(by=cast["duty"], source_id=source.pk, internal=True)
    assert signed_in("sysadmin").post(path).status_code == 302
    source.refresh_from_db()
    assert source.internal
    assert AuditEntry.objects.filter(action="source.marked_internal").exists()


def test_leave_for_the_private_network_ends_with_another_host(cast):
    source = add(cast, url="http://intranet.example.com/a.xml")
    actions.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    actions.source_change(
        by=cast["duty"], source_id=source.pk, url="http://intranet.example.com/b.xml"
    )
    assert Source.objects.get().internal
    actions.source_change(by=cast["duty"], source_id=source.pk, url="http://10.0.0.8/b.xml")
    assert not Source.objects.get().internal


@pytest.mark.parametrize(
    "fields",
    [
        {"url": "ftp://news.example.com/"}, {"url": "javascript:alert(1)"}, {"kind": "spy"},
        {"media_class": "x"}, {"min_interval": 1}, {"min_interval": 900, "max_interval": 600},
        {"name": "  "}, {"url": "http://["}, {"options": []}, {"home_url": "javascript:1"},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_settings_are_refused_and_nothing_changes(cast, fields):
    source = add(cast)
    with pytest.raises(BadInput):
        actions.source_change(by=cast["duty"], source_id=source.pk, **fields)
    assert Source.objects.values_list("url", "name", "kind").get() == (FEED, "示例日报", "feed")


def test_one_address_is_watched_once_a_unit(cast):
    add(cast)
    other = add(cast, url=FEED + "2")
    with pytest.raises(Conflict):
        add(cast)
    with pytest.raises(Conflict):
        actions.source_change(by=cast["duty"], source_id=other.pk, url=FEED)


def test_a_replica_is_not_changed(cast):
    source = add(cast)
    Source.objects.update(home=cast.unit("hq").pk)
    with pytest.raises(Conflict):
        actions.source_change(by=cast["duty"], source_id=source.pk, name="别名")


def test_the_list_costs_few_queries_and_puts_failing_first(
    cast, signed_in, django_assert_max_num_queries
):
    for number in range(30):
        add(cast, url=f"{FEED}?{number}", name=f"源{number:02}")
    bad = Source.objects.get(name="源17")
    FetchState.objects.filter(source=bad).update(failures=2, outcome="timeout")
    client = signed_in("duty")
    client.get("/desk/sources/")
    with django_assert_max_num_queries(18):
        html = client.get("/desk/sources/").content.decode()
    assert html.index("源17") < html.index("源00")
    assert "没有应答" in html
    only = client.get("/desk/sources/?state=failing").content.decode()
    assert "源17" in only
    assert "源00" not in only


def test_what_the_other_side_sent_is_shown_as_text(cast, signed_in):
    source = add(cast, name="<script>x</script>")
    script = b"<script>alert(1)</script>"
    FetchState.objects.update(failures=1, outcome="status", message="<script>m</script>")
    FetchLog.objects.create(source=source, outcome="status", sample=script, message="<script>l")
    html = signed_in("duty").get(f"/desk/sources/{source.pk}/").content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert "<script>alert" not in html
    assert "<script>m" not in html
    assert "<script>l" not in html
    assert "<script>x" not in html


def test_a_private_address_is_refused_before_anything_is_sent(cast, signed_in, wire):
    begun = len(wire.requests())
    answer = signed_in("duty").post("/desk/sources/add/", {"do": "find", "address": wire.url})
    assert answer.status_code == 422
    assert "内部网络" in answer.content.decode()
    assert len(wire.requests()) == begun
    # The box for the private network is the system administrator's alone.
    answer = signed_in("duty").post(
        "/desk/sources/add/", {"do": "find", "address": wire.url, "internal": "on"}
    )
    assert answer.status_code == 422
    assert len(wire.requests()) == begun


def test_from_a_bare_address_to_a_source(cast, signed_in, wire):
    client = signed_in("sysadmin")
    home = f"{wire.url}/m/yunling-daily/"
    html = client.post(
        "/desk/sources/add/", {"do": "find", "address": home, "internal": "on"}
    ).content.decode()
    assert f"{home}rss.xml" in html
    fields = {
        "name": "云岭日报(示例)", "url": f"{home}rss.xml", "kind": "feed", "media_class": "local",
        "region": "云岭", "language": "zh", "unit_id": str(cast.unit("hq").pk), "internal": "on",
        "options": "",
    }  # fmt: skip
    tried = client.post("/desk/sources/add/", {**fields, "do": "try"}).content.decode()
    assert "读到" in tried
    assert not Source.objects.exists()
    assert client.post("/desk/sources/add/", {**fields, "do": "add"}).status_code == 302
    assert Source.objects.get().internal


def test_what_a_site_has_is_shown_with_headlines_and_added_with_one_click(cast, signed_in, wire):
    client = signed_in("sysadmin")
    home = f"{wire.url}/m/yunling-daily/"
    looked = client.post("/desk/sources/add/", {"do": "find", "address": home, "internal": "on"})
    page = looked.content.decode()
    [first, *_others] = re.findall(
        r'<form class="offers-add".*?</form>', page.split("offers-found")[1], re.S
    )
    assert "现在有" in page
    assert page.count('<ul class="offers-titles">') >= 1
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', first))
    hidden.pop("csrfmiddlewaretoken")
    added = client.post("/desk/sources/add/", {**hidden, "media_class": "local", "do": "add"})
    assert added.status_code == 302
    kept = Source.objects.get()
    assert (kept.url, kept.media_class, kept.internal) == (f"{home}rss.xml", "local", True)
    assert kept.unit_id == cast["sysadmin"].unit_id
    chosen = client.post("/desk/sources/add/", {**hidden, "do": "choose"}).content.decode()
    assert "测试结果" in chosen
    assert f'value="{home}rss.xml"' in chosen


def test_a_site_without_feeds_can_be_read_as_a_page(signed_in, wire, monkeypatch):
    monkeypatch.setattr(trying, "find_sources", lambda address, internal: ())
    client = signed_in("sysadmin")
    bare = f"{wire.url}/fault/page/fault-1.html"
    page = client.post(
        "/desk/sources/add/", {"do": "find", "address": bare, "internal": "on"}
    ).content.decode()
    assert "作为网页列表添加" in page
    chosen = client.post(
        "/desk/sources/add/", {"do": "choose", "url": bare, "kind": "page", "internal": "on"}
    ).content.decode()
    assert '<option value="page" selected>' in chosen


def test_another_address_of_the_site_takes_the_place_of_one_that_is_gone(cast, signed_in, wire):
    home = f"{wire.url}/m/yunling-daily/"
    source = add(cast, url=f"{home}gone.xml", home_url=home)
    actions.source_mark_internal(by=cast["sysadmin"], source_id=source.pk, internal=True)
    FetchState.objects.filter(source=source).update(
        failures=3, outcome="status", http_status=404, failing_since=timezone.now()
    )
    client, path = signed_in("duty"), f"/desk/sources/{source.pk}/"
    page = client.get(path).content.decode()
    assert "说没有这个地址（404）" in page
    assert "连续 3 次没有读成" in page
    found = client.post(f"{path}find/").content.decode()
    assert f'value="{home}rss.xml"' in found
    assert "换成这个" in found
    client.post(f"{path}readdress/", {"url": f"{home}rss.xml", "kind": "feed"})
    source.refresh_from_db()
    assert source.url == f"{home}rss.xml"
    assert source.internal
    assert not FetchState.objects.get(source=source).is_failing


@pytest.mark.parametrize("outcome", [one.value for one in FetchOutcome])
def test_every_failure_says_what_happened_and_what_to_do(outcome):
    what, todo = explaining.words_of(outcome, 503, "https://news.example.com/rss.xml")
    known = (what, todo) != explaining.words_of("never seen", None, "")
    assert known is not FetchOutcome.is_fine(outcome)
    assert "%(" not in what + todo


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "登录"), (403, "不让读取"), (404, "没有这个地址"), (410, "撤掉"), (429, "太勤"), (502, "服务器出错"), (418, "返回了错误 418")],
)  # fmt: skip
def test_an_answer_of_error_is_told_by_its_number(status, said):
    assert said in explaining.words_of("status", status, "https://news.example.com/")[0]


def test_a_failure_is_told_in_the_readers_language_whatever_was_written_down(cast, signed_in):
    source = add(cast)
    FetchState.objects.update(failures=1, outcome="dns", message="查不到域名。")
    FetchLog.objects.create(source=source, outcome="dns", message="查不到域名。")
    client = signed_in("duty")
    cast["duty"].language = "en"
    cast["duty"].save()
    page = client.get(f"/desk/sources/{source.pk}/").content.decode()
    assert "cannot be found" in page
    assert "查不到域名" not in page


def test_a_failure_of_a_trial_is_said_in_words(wire):
    trial = trying.try_source(
        SourceSpec(kind="feed", url=f"{wire.url}/fault/html-as-feed", internal=True)
    )
    assert trial.outcome is FetchOutcome.UNREADABLE
    assert trial.message
    robots = trying.try_source(SourceSpec(kind="feed", url=f"{wire.url}/private/x", internal=True))
    assert robots.outcome is FetchOutcome.ROBOTS


def test_presets_are_switched_with_one_click(cast, signed_in):
    client = signed_in("duty")
    assert "人民网" in client.get("/desk/sources/presets/").content.decode()
    for enabled in (True, False, True):
        assert client.post("/desk/sources/presets/people-world/").status_code == 302
        assert Source.objects.get().enabled is enabled


def test_opml_comes_back_as_it_went(cast, signed_in):
    add(cast, name="甲 & 乙")
    body = signed_in("duty").get("/desk/sources/export.opml").content
    read = opml.read_opml(body)
    assert [(one.name, one.url, one.media_class) for one in read] == [("甲 & 乙", FEED, "social")]
    added = actions.sources_import(
        by=cast["yl.sysadmin"], unit_id=cast.unit("yunling").pk, feeds=opml.read_opml(body) * 2
    )
    assert (added.changed, added.left) == (1, 0)
    again = actions.sources_import(
        by=cast["yl.sysadmin"], unit_id=cast.unit("yunling").pk, feeds=read
    )
    assert (again.changed, again.left) == (0, 1)
    with pytest.raises(Exception, match="XML"):
        opml.read_opml(b'<!DOCTYPE x [<!ENTITY a "b">]><opml/>')


def test_the_api_adds_changes_and_lists(cast, signed_in):
    client = signed_in("duty")
    client.enforce_csrf_checks = False
    body = {"unit_id": str(cast.unit("hq").pk), "name": "示例", "url": FEED}
    made = client.post("/api/v1/sources", body, content_type="application/json")
    assert made.status_code == 201
    path = f"/api/v1/sources/{made.json()['id']}"
    changed = client.patch(path, {"region": "云岭"}, content_type="application/json")
    assert changed.json()["region"] == "云岭"
    assert client.get("/api/v1/sources").json()["count"] == 1
    assert client.post(f"{path}/fetch").status_code == 200
    assert client.get(f"{path}/log").json() == []
    refused = signed_in("planner").patch(path, {"name": "x"}, content_type="application/json")
    assert refused.status_code == 403


def test_counts_at_the_head_are_those_in_reach(cast):
    add(cast)
    assert selectors.overview(cast["duty"])["all"] == 1
    assert selectors.overview(cast["yl.planner"])["all"] == 0


def test_a_new_pace_holds_for_what_was_put_off_and_what_is_being_fetched(cast):
    source = add(cast)
    actions.sources_claim(limit=1)
    fetched = Source.objects.get(pk=source.pk)
    # Loaded as the fetch begins, before the pace changes.
    assert fetched.state.left == 0
    actions.source_change(by=cast["duty"], source_id=source.pk, min_interval=5, max_interval=60)
    more_to_come = actions.Outcome(FetchOutcome.OK, items_seen=300, items_new=200, left=100)
    actions.fetch_recorded(fetched, more_to_come)
    state = FetchState.objects.get(pk=source.pk)
    assert state.due_at - state.last_try_at <= timedelta(seconds=5)
    FetchState.objects.filter(pk=source.pk).update(due_at=timezone.now() + timedelta(days=1))
    actions.source_change(by=cast["duty"], source_id=source.pk, max_interval=90)
    assert FetchState.objects.get(pk=source.pk).due_at <= timezone.now() + timedelta(seconds=5)


def test_the_list_of_thousands_is_paged_and_costs_the_same_queries(
    cast, signed_in, django_assert_max_num_queries
):
    feeds = [opml.Outline(f"源{n:04}", f"http://h{n % 700}.example.com/{n}") for n in range(5000)]
    actions.sources_import(by=cast["duty"], unit_id=cast.unit("hq").pk, feeds=feeds)
    client = signed_in("duty")
    client.get("/desk/sources/")
    for query in ("", "?q=h69+源0", "?state=waiting&sort=-new&page=60", "?tier=3&class=social"):
        with django_assert_max_num_queries(18):
            html = client.get(f"/desk/sources/{query}").content.decode()
        assert html.count('class="row-title"') <= 50
    assert "源0069" in client.get("/desk/sources/?q=h69.ex").content.decode()


def test_states_are_counted_once_each(cast, signed_in):
    for number in range(4):
        add(cast, url=f"{FEED}?{number}", name=f"源{number}")
    now = timezone.now()
    first, second, third, _fourth = Source.objects.order_by("name")
    FetchState.objects.filter(pk=first.pk).update(failures=31, outcome="dns", last_try_at=now)
    FetchState.objects.filter(pk=second.pk).update(quiet_since=now, last_try_at=now)
    actions.source_change(by=cast["duty"], source_id=third.pk, enabled=False)
    counts = {name: n for name, _label, n in selectors.filter_choices(cast["duty"])["state"]}
    assert counts == {"undead": 1, "quiet": 1, "paused": 1, "waiting": 1}
    html = signed_in("duty").get("/desk/sources/?state=quiet&state=undead").content.decode()
    assert html.count('class="row-title"') == 2


def test_a_filter_by_something_that_is_no_group_finds_nothing(cast, signed_in):
    add(cast)
    html = signed_in("duty").get("/desk/sources/?group=x").content.decode()
    assert "没有符合条件的信源" in html


def test_chosen_sources_or_all_that_a_filter_finds_are_changed(cast, signed_in):
    held = [add(cast, url=f"{FEED}?{n}", name=f"源{n}") for n in range(3)]
    client = signed_in("duty")
    client.post("/desk/sources/bulk/", {"do": "pause", "ids": [str(held[0].pk), "x"]})
    assert Source.objects.filter(enabled=False).count() == 1
    answer = client.post(
        "/desk/sources/bulk/", {"do": "class", "class": "central", "all": "1", "filter": "q=源1"}
    )
    assert answer.url.endswith("q=%E6%BA%901")
    assert Source.objects.get(media_class="central").name == "源1"


def test_the_place_where_an_answer_breaks_is_named_and_the_raw_answer_is_a_download(
    cast, signed_in
):
    source = add(cast)
    body = b"<rss>\n<item><b></item>\n</rss>"
    FetchLog.objects.create(
        source=source, outcome="unreadable", sample=body, http_status=200,
        headers={"server": "x<y"},
    )  # fmt: skip
    FetchState.objects.update(failures=1, outcome="unreadable")
    client = signed_in("planner")
    html = client.get(f"/desk/sources/{source.pk}/").content.decode()
    assert "第 2 行" in html
    assert "server: x&lt;y" in html
    answer = client.get(f"/desk/sources/{source.pk}/answer/")
    assert answer.content == b"HTTP 200\r\nserver: x<y\r\n\r\n" + body
    assert answer["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (b'{"a": 1,\n"b": x}', 2), (b'{"a": [1, 2', None), (b"<a><b>", None), (b"<a>\n</b>", 2),
        (b"plain", None), (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</b>', None), (b"", None),
    ],
)  # fmt: skip
def test_where_an_answer_stops_being_well_formed(body, line):
    found = diagnosis.where_broken(body)
    assert (found.line if found else None) == line


def test_what_is_no_text_is_shown_in_hex():
    assert diagnosis.shown(b"\x00\x01") == "0000  00 01"
    assert diagnosis.shown(b"a\x1bb\n") == "a\ufffdb\n"


def test_a_signed_push_is_taken_once_and_the_key_before_is_good_for_a_day(cast, client):
    source = add(cast, url="", kind="drop")
    key = actions.source_secret_set(by=cast["duty"], source_id=source.pk)
    stamp, body = str(int(time())), b'{"title": "x", "body": "y"}'

    def push(key, stamp=stamp):
        digest = hmac.new(key.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
        return client.post(
            f"/in/{source.pk}/", body, content_type="application/json",
            headers={"X-Rongmei-Timestamp": stamp, "X-Rongmei-Signature": f"sha256={digest}"},
        ).status_code  # fmt: skip

    assert [push(key), push(key)] == [202, 409]
    new = actions.source_secret_set(by=cast["duty"], source_id=source.pk)
    later = str(int(time()) + 1)
    assert [push(key, later), push(new, later)] == [202, 202]
    Source.objects.update(secret_changed_at=timezone.now() - timedelta(days=2))
    assert [push(key, str(int(time()) + 2)), push(new, str(int(time()) + 2))] == [404, 202]
