"""From a signed story to readers, and back."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from rongmei.channels import actions, delivering, packages, plugins, selectors
from rongmei.channels.adapters.manual.adapter import ManualAdapter
from rongmei.channels.adapters.manual.render import inline_styled
from rongmei.channels.errors import (
    AlreadyWithdrawn,
    EmbargoNotReached,
    NoChannel,
    OlderTextPublished,
    Permanent,
    Retriable,
    TextChanged,
)
from rongmei.channels.models import Delivery, Publication
from rongmei.channels.testing import make_site, make_wechat
from rongmei.channels.types import SITE_PATH, Can, Sent
from rongmei.kernel import audit, db, events, http
from rongmei.kernel.errors import BadInput, NotAllowed, NotFound
from rongmei.kernel.http_errors import Timeout
from rongmei.kernel.http_fake import FakeDoor
from rongmei.kernel.models import AuditEntry, Event
from rongmei.network.models import Notice
from rongmei.stories.errors import NotSigned

S = Delivery.State


@pytest.fixture
def site(cast):
    return make_site(cast.unit("platform"))


def publish(cast, newsroom, site, *words, **changes):
    story = newsroom.sign(cast.unit("platform"), "雪线上的灯", *words, **changes)
    made = actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    return story, made


def page_of(publication):
    return FakeDoor().answer(
        selectors.site_url(publication.slug),
        Client().get(SITE_PATH.format(slug=publication.slug)).content,
    )


def test_publishes_once_and_leaves_a_trail(cast, newsroom, site):
    story, made = publish(cast, newsroom, site)
    again = actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    assert again.pk == made.pk
    assert Publication.objects.count() == Delivery.objects.count() == 1
    assert made.content_hash == newsroom.packages[story].content_hash
    assert AuditEntry.objects.filter(action="publication.published").count() == 1
    assert Event.objects.filter(name="channels.published", subject_id=made.pk).count() == 1
    assert Client().get(SITE_PATH.format(slug=made.slug)).status_code == 404, "not delivered yet"


def test_delivered_means_public_kept_and_watched(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    assert delivering.deliver_due() == 1
    row = made.deliveries.get()
    assert row.state == S.DELIVERED and row.attempts == 1
    made.refresh_from_db()
    assert made.public_url == selectors.site_url(made.slug) and made.on_site_at is not None
    assert Client().get(SITE_PATH.format(slug=made.slug)).status_code == 200
    document = apps.get_model("archive", "Document").objects.get(subject_id=made.pk)
    assert document.kind == "publication" and document.body == made.text
    assert (
        apps.get_model("monitoring", "Watch").objects.get(subject_id=made.pk).own_document_id
        == document.pk
    )
    assert audit.verify().ok


def test_unsigned_is_refused(cast, newsroom, site):
    story = newsroom.sign(cast.unit("platform"), "未签")
    newsroom.unsign(story)
    with pytest.raises(NotSigned):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    assert not Publication.objects.exists()


def test_another_text_than_the_one_looked_at_is_refused(cast, newsroom, site):
    story = newsroom.sign(cast.unit("platform"), "改过的稿")
    seen = newsroom.packages[story].content_hash
    newsroom.resign(story, "签发后改的字")
    with pytest.raises(TextChanged):
        actions.publication_publish(
            by=cast["editor"], story_id=story, channel_ids=[site.pk], content_hash=seen
        )
    assert not Publication.objects.exists()


def test_a_row_changed_while_rendering_is_refused(cast, newsroom, site):
    story = newsroom.sign(cast.unit("platform"), "稿")
    apps.get_model("stories", "Story").objects.filter(pk=story).update(content_hash="0" * 64)
    with pytest.raises(TextChanged):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])


def test_embargo_waits_for_a_schedule(cast, newsroom, site):
    until = timezone.now() + timedelta(hours=2)
    story = newsroom.sign(cast.unit("platform"), "限时稿", embargo_until=until)
    with pytest.raises(EmbargoNotReached):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    made = actions.publication_publish(
        by=cast["editor"], story_id=story, channel_ids=[site.pk], due_at=until
    )
    assert delivering.deliver_due() == 0
    row = actions.delivery_retry(by=cast["editor"], delivery_id=made.deliveries.get().pk)
    assert row.due_at == until, "a retry must not bring it forward"
    assert not selectors.live_publications().exists()


def test_what_was_scheduled_must_still_be_signed(cast, newsroom, site):
    story, made = publish(cast, newsroom, site)
    newsroom.resign(story, "又改了")
    delivering.deliver_due()
    assert made.deliveries.get().state == S.FAILED
    assert not selectors.live_publications().exists()
    assert Notice.objects.filter(kind="delivery_failed", member=cast["editor"]).exists()


@pytest.mark.parametrize("who", ["yl.reporter", "planner", "sysadmin", "jc.chief"])
def test_without_the_permission_nobody_publishes(cast, newsroom, site, who):
    story = newsroom.sign(cast.unit("platform"), "稿")
    with pytest.raises(NotAllowed):
        actions.publication_publish(by=cast[who], story_id=story, channel_ids=[site.pk])


def test_other_units_story_and_channel_are_out_of_reach(cast, newsroom, site):
    story = newsroom.sign(cast.unit("jiangchuan"), "江川稿")
    with pytest.raises(NotFound):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    newsroom.offer(story)
    foreign = make_site(cast.unit("jiangchuan"), "江川站")
    with pytest.raises(NotAllowed):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[foreign.pk])
    with pytest.raises(NoChannel):
        actions.publication_publish(
            by=cast["editor"], story_id=story, channel_ids=[site.pk, foreign.pk]
        )
    with pytest.raises(NoChannel):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[uuid4()])


def test_two_workers_deliver_once(cast, newsroom, site):
    publish(cast, newsroom, site)
    one = delivering.claim((S.DUE, S.SENDING))
    two = delivering.claim((S.DUE, S.SENDING))
    assert len(one) == 1 and two == []


def test_a_killed_workers_delivery_is_taken_up_again(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    (dead,) = delivering.claim((S.DUE, S.SENDING))
    late = delivering._Turn.of(dead)
    assert delivering.deliver_due() == 0, "the lease holds"
    Delivery.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert delivering.deliver_due() == 1
    with db.write():
        assert delivering.settle_delivered(late, Sent("http://late.example/")) is None
    row = made.deliveries.get()
    assert row.state == S.DELIVERED and row.attempts == 2 and "late" not in row.url
    assert Event.objects.filter(name="channels.delivered").count() == 1


def test_retries_back_off_then_fail_and_tell(cast, newsroom, site, monkeypatch):
    def refuse(self, parcel):
        raise Retriable("对方忙")

    monkeypatch.setattr(type(selectors.adapters()["site"]), "deliver", refuse)
    _story, made = publish(cast, newsroom, site)
    delivering.deliver_due()
    row = made.deliveries.get()
    assert row.state == S.DUE and row.error == "对方忙"
    assert timedelta(seconds=55) < row.due_at - timezone.now() <= timedelta(seconds=60)
    assert delivering.deliver_due() == 0
    for _ in range(delivering.MAX_ATTEMPTS):
        Delivery.objects.update(due_at=timezone.now())
        delivering.deliver_due()
    row.refresh_from_db()
    assert row.state == S.FAILED and row.attempts == delivering.MAX_ATTEMPTS
    assert Notice.objects.filter(kind="delivery_failed", member=cast["editor"]).count() == 1
    actions.delivery_retry(by=cast["editor"], delivery_id=row.pk)
    row.refresh_from_db()
    assert row.state == S.DUE and row.attempts == 0


def test_backoff_doubles_and_is_capped():
    assert [delivering.backoff(n) for n in (1, 2, 3, 7, 12)] == [60, 120, 240, 3840, 3840]


def test_a_permanent_refusal_is_not_tried_again(cast, newsroom, site, monkeypatch):
    def refuse(self, parcel):
        raise Permanent

    monkeypatch.setattr(type(selectors.adapters()["site"]), "deliver", refuse)
    _story, made = publish(cast, newsroom, site)
    delivering.deliver_due()
    assert made.deliveries.get().state == S.FAILED


def test_verified_against_the_page_as_readers_get_it(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site, "第一段 <b>有</b> 空格", "第二段")
    delivering.deliver_due()
    door = page_of(made)
    with http.use_door(door):
        assert delivering.verify_due() == 1
        assert delivering.verify_due() == 0
    row = made.deliveries.get()
    assert row.state == S.VERIFIED and row.verified_at is not None
    assert row.receipt["seen"]["text_sha256"] == row.receipt["sent"]["text_sha256"]
    assert [one.allow_internal for one in door.asked] == [False]


@pytest.mark.parametrize(
    "old,new", [("山里的灯亮了", "山里的灯灭了"), ("雪线上的灯", "雪线下的灯")]
)
def test_a_page_that_differs_is_found_and_told(cast, newsroom, site, old, new):
    _story, made = publish(cast, newsroom, site, "(示例)山里的灯亮了。")
    delivering.deliver_due()
    wrong = Client().get(SITE_PATH.format(slug=made.slug)).content.decode().replace(old, new)
    with http.use_door(FakeDoor().answer(selectors.site_url(made.slug), wrong)):
        delivering.verify_due()
    row = made.deliveries.get()
    assert row.state == S.DIFFERS and ("灭" in row.error or "下" in row.error)
    assert Notice.objects.get(kind="delivery_differs", member=cast["editor"]).urgent
    with http.use_door(page_of(made)):
        actions.delivery_recheck(by=cast["editor"], delivery_id=row.pk)
        delivering.verify_due()
    row.refresh_from_db()
    assert row.state == S.VERIFIED


def test_an_unreachable_page_stays_delivered_and_is_asked_again_later(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    delivering.deliver_due()
    url = selectors.site_url(made.slug)
    with http.use_door(FakeDoor().fail(url, Timeout(url=url, seconds="20"))):
        delivering.verify_due()
        row = made.deliveries.get()
        assert row.state == S.DELIVERED and row.error and row.due_at > timezone.now()
        for _ in range(delivering.MAX_CHECKS + 3):
            Delivery.objects.update(due_at=timezone.now())
            delivering.verify_due()
    row.refresh_from_db()
    assert row.state == S.DELIVERED and row.checks == delivering.MAX_CHECKS


def test_withdrawn_everywhere_at_once(cast, newsroom, site):
    story = newsroom.sign(cast.unit("platform"), "要撤的稿")
    wechat = make_wechat(cast.unit("platform"))
    made = actions.publication_publish(
        by=cast["editor"], story_id=story, channel_ids=[site.pk, wechat.pk]
    )
    delivering.deliver_due()
    by_hand = made.deliveries.get(channel=wechat)
    assert by_hand.state == S.BY_HAND
    actions.delivery_confirm(
        by=cast["editor"], delivery_id=by_hand.pk, url="https://mp.weixin.qq.com/s/x"
    )
    with pytest.raises(BadInput):
        actions.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason=" ")
    actions.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason="数字有误")
    path = SITE_PATH.format(slug=made.slug)
    gone = Client().get(path)
    assert gone.status_code == 410 and "要撤的稿" not in gone.content.decode()
    assert "数字有误" not in gone.content.decode(), "the reason is for the house"
    door = FakeDoor().answer(selectors.site_url(made.slug), b"", status=410)
    with http.use_door(door):
        delivering.withdraw_due()
    assert made.deliveries.get(channel=site).state == S.WITHDRAWN
    by_hand.refresh_from_db()
    assert by_hand.state == S.WITHDRAWING
    assert Notice.objects.filter(kind="delivery_withdraw", member=cast["editor"]).exists()
    actions.delivery_taken_down(by=cast["editor"], delivery_id=by_hand.pk)
    by_hand.refresh_from_db()
    assert by_hand.state == S.WITHDRAWN
    with pytest.raises(AlreadyWithdrawn):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    assert Event.objects.filter(name="channels.withdrawn", subject_id=made.pk).count() == 1


def test_withdrawn_while_waiting_never_goes_out(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    actions.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason="撤")
    assert delivering.deliver_due() == 0
    assert made.deliveries.get().state == S.WITHDRAWN


def test_withdrawn_while_being_sent(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    (row,) = delivering.claim((S.DUE,))
    turn = delivering._Turn.of(row)
    actions.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason="撤")
    with db.write():
        assert delivering.settle_delivered(turn, Sent("http://x.example/")) is None
    row.refresh_from_db()
    assert row.state == S.WITHDRAWING
    assert not selectors.live_publications().exists()


def test_a_withdrawn_story_takes_its_publications_along(cast, newsroom, site):
    story, made = publish(cast, newsroom, site)
    delivering.deliver_due()
    with db.write():
        Event.objects.create(
            name="stories.withdrawn",
            subject_type="story",
            subject_id=story,
            payload={"reason": "撤稿"},
        )
    follow_stories(plugins, "channels.story_withdrawn")
    made.refresh_from_db()
    assert made.state == Publication.State.WITHDRAWN and made.withdrawn_reason == "撤稿"
    assert Client().get(SITE_PATH.format(slug=made.slug)).status_code == 410


def follow_stories(plugins, name):
    follower = next(one for one in plugins.register_subscribers() if one.name == name)
    assert events.follow(follower.name, follower.handle, names=follower.names) == 1


def corrected(story, note="时间应为3时17分"):
    with db.write():
        Event.objects.create(
            name="stories.corrected", subject_type="story", subject_id=story,
            payload={"note": note, "cause": "number"},
        )  # fmt: skip


def test_a_corrected_story_has_every_live_publication_say_so(cast, newsroom, site):
    story, made = publish(cast, newsroom, site, "3时07分恢复供电")
    delivering.deliver_due()
    newsroom.resign(story, "3时17分恢复供电", summary="3时17分恢复供电")
    corrected(story)
    follow_stories(plugins, "channels.story_corrected")
    delivering.deliver_due()
    page = Client().get(SITE_PATH.format(slug=made.slug)).content.decode()
    assert "3时17分恢复供电" in page and "3时07分" not in page and "时间应为3时17分" in page
    line = AuditEntry.objects.get(action="publication.corrected")
    assert line.detail["renewed"] is True


def test_a_correction_is_shown_while_the_new_text_is_still_in_review(cast, newsroom, site):
    story, made = publish(cast, newsroom, site, "3时07分恢复供电")
    delivering.deliver_due()
    newsroom.unsign(story)
    corrected(story)
    follow_stories(plugins, "channels.story_corrected")
    page = Client().get(SITE_PATH.format(slug=made.slug)).content.decode()
    assert "时间应为3时17分" in page and "3时07分恢复供电" in page
    assert AuditEntry.objects.get(action="publication.corrected").detail["renewed"] is False


def test_a_follower_that_begins_again_corrects_once(cast, newsroom, site):
    story, _made = publish(cast, newsroom, site)
    assert actions.story_corrected(story_id=story, note="说明") == 1
    assert actions.story_corrected(story_id=story, note="说明") == 0
    assert AuditEntry.objects.filter(action="publication.corrected").count() == 1


def test_a_withdrawn_publication_is_not_corrected_back_to_life(cast, newsroom, site):
    story, made = publish(cast, newsroom, site)
    actions.publication_withdraw(by=cast["editor"], publication_id=made.pk, reason="有误")
    assert actions.story_corrected(story_id=story, note="说明") == 0
    made.refresh_from_db()
    assert made.state == Publication.State.WITHDRAWN


def test_the_story_page_shows_receipts_and_looks_again_while_they_move(
    cast, newsroom, site, signed_in
):
    story, made = publish(cast, newsroom, site)
    where = f"/desk/channels/stories/{story}/receipts/"
    page = signed_in("editor").get(where).content.decode()
    assert "待发" in page and 'hx-trigger="every 2s"' in page
    delivering.deliver_due()
    with http.use_door(page_of(made)):
        delivering.verify_due()
    apps.get_model("stories", "Story").objects.filter(pk=story).update(
        updated_at=timezone.now() - timedelta(minutes=5)
    )
    page = signed_in("editor").get(where).content.decode()
    assert "已核验" in page and "every 2s" not in page


def test_only_those_who_may_withdraw(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    for who in ("planner", "jc.chief", "hq.reporter"):
        with pytest.raises(NotAllowed):
            actions.publication_withdraw(by=cast[who], publication_id=made.pk, reason="x")
    actions.publication_withdraw(by=cast["duty"], publication_id=made.pk, reason="值班撤下")


def test_correction_is_shown_and_a_newer_signed_text_replaces_the_old(cast, newsroom, site):
    story, made = publish(cast, newsroom, site, "3时07分恢复供电")
    delivering.deliver_due()
    newsroom.resign(story, "3时17分恢复供电", summary="3时17分恢复供电")
    with pytest.raises(OlderTextPublished):
        actions.publication_publish(by=cast["editor"], story_id=story, channel_ids=[site.pk])
    actions.publication_correct(by=cast["editor"], publication_id=made.pk, note="时间应为<3时17分>")
    delivering.deliver_due()
    page = Client().get(SITE_PATH.format(slug=made.slug)).content.decode()
    assert "3时17分恢复供电" in page and "3时07分" not in page
    assert "时间应为&lt;3时17分&gt;" in page
    made.refresh_from_db()
    assert made.state == Publication.State.CORRECTED
    assert made.content_hash == newsroom.packages[story].content_hash
    with http.use_door(page_of(made)):
        delivering.verify_due()
    assert made.deliveries.get().state == S.VERIFIED
    assert (
        apps.get_model("archive", "Document").objects.get(subject_id=made.pk).body
        == "3时17分恢复供电"
    )


def test_a_correction_needs_words(cast, newsroom, site):
    _story, made = publish(cast, newsroom, site)
    with pytest.raises(BadInput):
        actions.publication_correct(by=cast["editor"], publication_id=made.pk, note="")


def test_the_frozen_html_is_cleaned():
    dirty = '<p onclick="x()">字</p><script>alert(1)</script><a href="javascript:x">链</a><img src="/m.jpg" onerror="x">'
    clean = packages.clean_html(dirty)
    assert clean == '<p>字</p><a rel="noopener noreferrer">链</a><img src="/m.jpg">'


def test_tag_lines_and_slugs():
    assert packages.tag_line(["安全", " ", "a|b"]) == "|安全|a b|"
    assert packages.tags_of("|安全|a b|") == ["安全", "a b"]
    made = {packages.slug_for(uuid4(), timezone.now()) for _ in range(200)}
    assert len(made) == 200 and all(len(one) == 17 for one in made)


def test_adapters_say_what_they_can():
    known = selectors.adapters()
    assert known["site"].can & Can.PUBLISH and known["site"].can & Can.VERIFY
    assert known["manual"].can == Can.DRAFT


def test_the_task_hears_where_it_was_published(cast, newsroom, site, monkeypatch):
    heard = []
    monkeypatch.setattr(delivering.planning, "task_published", lambda **said: heard.append(said))
    task = uuid4()
    _story, made = publish(cast, newsroom, site, task_id=task)
    delivering.deliver_due()
    assert heard == [{"task_id": task, "url": selectors.site_url(made.slug)}]


def test_tables_and_live_entries_pass_the_cleaner_whole():
    shown = (
        '<figure class="data-table"><figcaption>示例</figcaption><table><thead><tr><th scope="col">时间</th></tr>'
        "</thead><tbody><tr><td>8 时</td></tr></tbody></table></figure>"
        '<div class="live-entry"><p class="live-at"><time datetime="2026-11-24T08:35:00+08:00">08:35</time></p></div>'
    )
    assert packages.clean_html(shown) == shown


def test_a_copy_for_a_platform_says_where_a_video_goes_and_keeps_tables():
    shown = (
        '<figure class="clip"><video src="/media/clips/1.mp4" controls></video><figcaption>示例</figcaption></figure>'
        "<table><tbody><tr><td>8 时</td></tr></tbody></table>"
    )
    styled = inline_styled(shown, base="http://example.org")
    assert "【此处插入视频】" in styled and "<video" not in styled and "clips/1.mp4" not in styled
    assert "示例" in styled and "8 时</td>" in styled


def test_a_platforms_own_title_comes_before_the_main_one():
    package = {
        "title": "主题",
        "byline": "",
        "summary": "",
        "text": "示例",
        "channel_titles": {"wechat": "微信题"},
    }
    for platform, title in (("wechat", "微信题"), ("weibo", "主题")):
        channel = SimpleNamespace(settings={"platform": platform})
        assert ManualAdapter().render(package, "<p>示例</p>", channel).title == title
