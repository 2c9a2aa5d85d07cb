"""The publishing desk's pages, its interface, and what goes between nodes."""

from __future__ import annotations

import hashlib
import json
import re
from io import BytesIO
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from rongmei.channels import actions, delivering, exchange, selectors
from rongmei.channels.adapters.manual.render import inline_styled
from rongmei.channels.errors import BadScreenshot, NameTaken, NotInThisState, OnlyAtHome
from rongmei.channels.models import Channel, Delivery, Publication
from rongmei.channels.testing import make_site, make_wechat
from rongmei.kernel import db
from rongmei.kernel.errors import NotAllowed, NotFound
from rongmei.network.hooks import Arrival
from rongmei.network.models import Envelope, Node, Peer
from rongmei.network.types import PeerState

S = Delivery.State
XSS = '"><script>alert(1)</script>'


@pytest.fixture
def desk(cast, newsroom):
    unit = cast.unit("platform")
    site, wechat = make_site(unit), make_wechat(unit)
    story = newsroom.sign(unit, f"标题{XSS}", "(示例)正文。")
    made = actions.publication_publish(
        by=cast["editor"], story_id=story, channel_ids=[site.pk, wechat.pk]
    )
    delivering.deliver_due()
    made.refresh_from_db()
    return made


def by_hand(publication):
    return publication.deliveries.get(channel__adapter="manual")


def png() -> bytes:
    held = BytesIO()
    Image.new("RGB", (4, 4), "white").save(held, "PNG")
    return held.getvalue()


def places(publication):
    row = by_hand(publication)
    return [
        f"/desk/channels/publications/{publication.pk}/",
        f"/desk/channels/publications/{publication.pk}/withdraw/",
        f"/desk/channels/publications/{publication.pk}/correct/",
        f"/desk/channels/deliveries/{row.pk}/copy/",
        f"/desk/channels/deliveries/{row.pk}/confirm/",
        f"/desk/channels/deliveries/{row.pk}/screenshot/",
    ]


def as_json(client):
    client.defaults["HTTP_ACCEPT"] = "application/json"
    return client


@pytest.mark.parametrize("at", range(6))
def test_other_unit_does_not_see_a_publication(signed_in, desk, at):
    answer = as_json(signed_in("jc.chief")).get(places(desk)[at])
    assert answer.status_code in (403, 404)


@pytest.mark.parametrize("at", range(6))
def test_same_tree_without_the_permission_is_refused(signed_in, desk, at):
    answer = as_json(signed_in("hq.reporter")).get(places(desk)[at])
    assert answer.status_code == 403


def test_a_stranger_is_sent_to_sign_in(client, desk):
    for place in [*places(desk), "/desk/channels/", "/desk/channels/channels/"]:
        assert client.get(place).status_code == 302


def test_viewers_see_but_cannot_act(signed_in, desk):
    client = as_json(signed_in("planner"))
    page = client.get(places(desk)[0])
    assert page.status_code == 200
    assert f"/desk/channels/publications/{desk.pk}/withdraw/" not in page.content.decode()
    assert client.post(places(desk)[1], {"reason": "x"}).status_code == 403
    row = by_hand(desk)
    for verb in ("retry", "recheck", "taken-down"):
        assert client.post(f"/desk/channels/deliveries/{row.pk}/{verb}/").status_code == 403


def test_titles_are_escaped_everywhere(signed_in, desk):
    client = signed_in("editor")
    for place in [*places(desk)[:5], "/desk/channels/", "/desk/channels/publications/"]:
        page = client.get(place).content.decode()
        assert "<script>alert(1)" not in page and "标题" in page, place


def test_the_desk_lists_what_waits_and_publishes_it(
    signed_in, cast, newsroom, django_assert_max_num_queries
):
    unit = cast.unit("platform")
    site = make_site(unit)
    stories = [newsroom.sign(unit, f"稿件{n}") for n in range(12)]
    client = signed_in("editor")
    with django_assert_max_num_queries(22):
        page = client.get("/desk/channels/").content.decode()
    assert all(f"稿件{n}" in page for n in range(12))
    place = f"/desk/channels/stories/{stories[0]}/"
    form = client.get(place).content.decode()
    digest = re.search(r'name="content_hash" value="(\w+)"', form)[1]
    answer = client.post(place, {"channels": [str(site.pk)], "content_hash": digest})
    made = Publication.objects.get()
    assert answer.status_code == 302 and str(made.pk) in answer["Location"]
    assert "/stories/" + str(stories[0]) not in client.get("/desk/channels/").content.decode()
    newsroom.resign(stories[1], "改过")
    stale = client.post(
        f"/desk/channels/stories/{stories[1]}/",
        {"channels": [str(site.pk)], "content_hash": digest},
    )
    assert stale.status_code == 422 and Publication.objects.count() == 1


def test_publish_page_is_shut_to_others(signed_in, cast, newsroom):
    story = newsroom.sign(cast.unit("platform"), "稿")
    place = f"/desk/channels/stories/{story}/"
    for who in ("jc.chief", "hq.reporter", "planner"):
        assert as_json(signed_in(who)).get(place).status_code == 403
    other = newsroom.sign(cast.unit("jiangchuan"), "江川稿")
    assert as_json(signed_in("editor")).get(f"/desk/channels/stories/{other}/").status_code == 404


def test_publication_list_keeps_its_budget(
    signed_in, cast, newsroom, django_assert_max_num_queries
):
    site = make_site(cast.unit("platform"))
    for n in range(15):
        story = newsroom.sign(cast.unit("platform"), f"稿{n}")
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    client = signed_in("editor")
    with django_assert_max_num_queries(16):
        page = client.get("/desk/channels/publications/?state=live").content.decode()
    assert "稿14" in page
    assert "稿14" not in client.get("/desk/channels/publications/?state=withdrawn").content.decode()


def test_a_receipt_by_hand_keeps_link_time_and_screenshot(signed_in, cast, desk):
    row = by_hand(desk)
    client = signed_in("editor")
    picture = png()
    answer = client.post(
        f"/desk/channels/deliveries/{row.pk}/confirm/",
        {
            "url": "https://mp.weixin.qq.com/s/abc",
            "posted_at": "2020-01-02T03:04",
            "screenshot": SimpleUploadedFile("a.png", picture, "image/png"),
        },
    )
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.state == S.DELIVERED and row.url.endswith("/abc")
    assert row.screenshot_digest == hashlib.sha256(picture).hexdigest()
    assert timezone.localtime(row.delivered_at).year == 2020
    shown = client.get(f"/desk/channels/deliveries/{row.pk}/screenshot/")
    assert shown.content == picture and shown["Content-Type"] == "image/png"
    assert client.get(f"/media/{row.screenshot.name}").status_code == 404, "receipts are not public"


def test_a_screenshot_must_be_a_picture(cast, desk):
    fake = SimpleUploadedFile("a.png", b"<svg onload=x>", "image/png")
    with pytest.raises(BadScreenshot):
        actions.delivery_confirm(
            by=cast["editor"],
            delivery_id=by_hand(desk).pk,
            url="https://x.example/1",
            screenshot=fake,
        )
    assert by_hand(desk).state == S.BY_HAND


def test_a_receipt_is_for_channels_by_hand(cast, desk):
    site_row = desk.deliveries.get(channel__adapter="site")
    with pytest.raises(NotInThisState):
        actions.delivery_confirm(
            by=cast["editor"], delivery_id=site_row.pk, url="https://x.example/1"
        )
    with pytest.raises(NotInThisState):
        actions.delivery_taken_down(by=cast["editor"], delivery_id=by_hand(desk).pk)
    with pytest.raises(NotFound):
        actions.delivery_confirm(
            by=cast["jc.chief"], delivery_id=by_hand(desk).pk, url="https://x.example/1"
        )


def test_wechat_copy_measures_limits_and_styles_inline(signed_in, cast, newsroom):
    unit = cast.unit("platform")
    wechat = make_wechat(unit)
    story = newsroom.sign(unit, "长" * 33, "(示例)正文", summary="摘" * 129)
    made = actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[wechat.pk])
    limits = {one.limit: one for one in selectors.rendered_for(by_hand(made)).limits}
    assert (limits[32].actual, limits[32].ok) == (33, False)
    assert (limits[128].actual, limits[128].ok) == (129, False)
    assert limits[20_000].ok
    page = signed_in("editor").get(f"/desk/channels/deliveries/{by_hand(made).pk}/copy/")
    assert 'data-copy="copy-body"' in page.content.decode() and "33 / 32" in page.content.decode()


def test_inline_styles_survive_pasting():
    made = inline_styled(
        '<h2>题</h2><p class="x">A &lt;b&gt; <a href="https://x.example/">链</a></p>'
        '<figure><img src="/media/a.jpg" alt="图"><figcaption>说明</figcaption></figure><div>散</div>',
        base="https://news.example",
    )
    assert 'src="https://news.example/media/a.jpg"' in made
    assert "class=" not in made and "<a " not in made and "<div" not in made and "链" in made
    assert "A &lt;b&gt;" in made and "散" in made
    assert all("px" in style for style in re.findall(r'<p style="([^"]+)"', made))


def test_channels_are_managed_by_the_system_administrator(signed_in, cast):
    unit = cast.unit("hq")
    client = signed_in("sysadmin")
    answer = client.post(
        "/desk/channels/channels/new/manual/",
        {
            "name": "微博",
            "order": 3,
            "is_active": "on",
            "set_platform": "weibo",
            "unit": str(unit.pk),
        },
    )
    assert answer.status_code == 302
    held = Channel.objects.get()
    assert held.settings == {"platform": "weibo"} and held.unit == unit
    assert "未接入" in client.get("/desk/channels/channels/").content.decode()
    place = f"/desk/channels/channels/{held.pk}/"
    assert as_json(signed_in("editor")).get(place).status_code == 403
    assert as_json(signed_in("yl.sysadmin")).get(place).status_code == 404
    with pytest.raises(NotAllowed):
        actions.channel_save(
            by=cast["editor"], unit_id=unit.pk, name="x", adapter="site", settings={}
        )
    with pytest.raises(NameTaken):
        actions.channel_save(
            by=cast["sysadmin"], unit_id=unit.pk, name="微博", adapter="site", settings={}
        )


def test_the_interface_publishes_and_refuses(signed_in, cast, newsroom):
    unit = cast.unit("platform")
    site = make_site(unit)
    story = newsroom.sign(unit, "接口发稿")
    body = json.dumps({"story_id": str(story), "channel_ids": [str(site.pk)]})
    send = {"data": body, "content_type": "application/json"}
    assert signed_in("hq.reporter").post("/api/v1/channels/publications", **send).status_code == 403
    editor = signed_in("editor")
    made = editor.post("/api/v1/channels/publications", **send)
    assert made.status_code == 200 and made.json()["deliveries"][0]["state"] == "due"
    place = f"/api/v1/channels/publications/{made.json()['id']}"
    assert editor.get(place).json()["title"] == "接口发稿"
    assert signed_in("jc.chief").get(place).status_code == 404
    assert editor.get("/api/v1/channels/publications").json()["count"] == 1
    assert editor.get("/api/v1/channels/channels").json()["items"][0]["by_hand"] is False
    withdrawn = editor.post(
        f"{place}/withdraw", data='{"reason": "撤"}', content_type="application/json"
    )
    assert withdrawn.json()["state"] == "withdrawn"


@pytest.fixture
def away(cast):
    """Yunling lives on its own node; a line to it is up."""
    node = Node.objects.get(slug="yunling")
    for code in ("yunling", "shimenkan"):
        unit = cast.unit(code)
        unit.node = node
        unit.save()
    return Peer.objects.create(node=node, public_key="k", state=PeerState.ACTIVE)


def test_the_storys_home_hears_of_publication_and_withdrawal(cast, newsroom, away):
    site = make_site(cast.unit("platform"))
    story = newsroom.sign(cast.unit("yunling"), "云岭来稿", home=away.node_id)
    newsroom.offer(story)
    made = actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    delivering.deliver_due()
    sent = Envelope.objects.get(type="publication.announced")
    assert sent.peer_id == away.pk and sent.body["url"] == selectors.site_url(made.slug)
    actions.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason="撤")
    assert Envelope.objects.get(type="publication.withdrawn").body["state"] == "withdrawn"


def arrival(away, cast, story, **changes):
    body = {
        "story_id": str(story), "slug": "20260101-abcdefgh", "title": "在平台发布", "state": "live",
        "published_at": timezone.now().isoformat(), "url": "https://hq.example/a/1/", "version": 1,
        "channels": [{"name": "云上新闻", "state": "delivered", "url": "javascript:alert(1)"}], **changes,
    }  # fmt: skip
    return Arrival(
        id=uuid4(), type="publication.announced", from_node=away.node_id,
        subject_id=changes.get("subject", uuid4()), unit_id=cast.unit("yunling").pk, body=body,
    )  # fmt: skip


def test_a_replica_is_kept_shown_and_never_written(signed_in, cast, newsroom, away, monkeypatch):
    heard = []
    monkeypatch.setattr(exchange.planning, "task_published", lambda **said: heard.append(said))
    story = newsroom.sign(cast.unit("jiangchuan"), "江川稿")
    task = uuid4()
    apps.get_model("stories", "Story").objects.filter(pk=story).update(task_id=task)
    came = arrival(away, cast, story)
    with db.write():
        exchange.apply_announced(came)
        exchange.apply_announced(came)
    held = Publication.objects.get()
    assert held.home == away.node_id and held.public_url == "https://hq.example/a/1/"
    assert held.package["channels"][0]["url"] == ""
    assert [one["task_id"] for one in heard] == [task]
    assert "江川" in signed_in("jc.chief").get("/desk/channels/publications/").content.decode()
    assert signed_in("jc.chief").get(f"/desk/channels/publications/{held.pk}/").status_code == 200
    assert not selectors.live_publications().exists()
    with pytest.raises((OnlyAtHome, NotAllowed)):
        actions.publication_withdraw(by=cast["duty"], publication_id=held.pk, reason="x")


def test_a_node_speaks_only_of_its_own_units_and_our_stories(cast, newsroom, away):
    ours = newsroom.sign(cast.unit("jiangchuan"), "江川稿")
    came = arrival(away, cast, ours)
    lie = Arrival(
        id=came.id, type=came.type, from_node=came.from_node, subject_id=came.subject_id,
        unit_id=cast.unit("platform").pk, body=came.body,
    )  # fmt: skip
    with pytest.raises(OnlyAtHome), db.write():
        exchange.apply_announced(lie)
    with pytest.raises(NotFound), db.write():
        exchange.apply_announced(arrival(away, cast, uuid4()))
    site = make_site(cast.unit("platform"))
    local = newsroom.sign(cast.unit("platform"), "本地稿")
    made = actions.publication_publish(by=cast["editor"], story_id=local, channel_ids=[site.pk])
    with pytest.raises(OnlyAtHome), db.write():
        exchange.apply_announced(arrival(away, cast, local, subject=made.pk))
