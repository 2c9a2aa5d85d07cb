"""Notices leave the node: as each platform wants them, at its pace, once, and not at night."""

from __future__ import annotations

import dataclasses
import smtplib
from datetime import UTC, datetime, time, timedelta
from unittest.mock import patch

import pytest
from django.core import mail
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from rongmei.kernel import db, events
from rongmei.kernel.errors import NotAllowed
from rongmei.network import actions, deliveries, robots
from rongmei.network.actions import routes
from rongmei.network.events import NoticeGiven
from rongmei.network.models import Member, NoticeDelivery, NoticeRoute, RoleHolding
from rongmei.network.tests import platforms

State = NoticeDelivery.State
NOON = datetime(2026, 3, 4, 4, 0, tzinfo=UTC)


@pytest.fixture
def platform(settings):
    with platforms.serving() as server:
        host = server.base.removeprefix("http://")
        settings.RONGMEI_NODE = dataclasses.replace(
            settings.RONGMEI_NODE, internal_hosts=frozenset({host})
        )
        yield server


def route(cast, platform, kind: str, unit: str = "hq", **fields) -> NoticeRoute:
    given = {
        "name": kind,
        "kind": kind,
        "url": f"{platform.base}/{kind}",
        "secret": platforms.SECRET,
        **fields,
    }
    return routes.route_add(by=cast["sysadmin"], unit_id=cast.unit(unit).pk, fields=given)


def tell(*people, title: str = "有一个任务等你答复", **more) -> None:
    with db.write():
        actions.notify(people, kind="task", title=title, url="/desk/planning/", **more)
    events.follow("test.queue", deliveries.queue, names=[NoticeGiven.name])


def later(seconds: float):
    return patch.object(deliveries.timezone, "now", lambda: NOW + timedelta(seconds=seconds))


# A day ahead: what is queued now is due then.
NOW = timezone.now() + timedelta(days=1)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu", "webhook"])
def test_each_platform_gets_what_it_documents(cast, platform, kind):
    route(cast, platform, kind)
    tell(cast["planner"], cast["duty"])
    assert deliveries.deliver_due() == 2
    assert set(NoticeDelivery.objects.values_list("state", flat=True)) == {State.SENT}
    assert len(platform.received) == 1, "one message for the group, with both names"
    assert (
        "策海帆" in platform.texts().encode().decode("unicode_escape")
        or "策海帆" in platform.texts()
    )
    assert deliveries.deliver_due() == 0


def test_a_webhook_can_be_checked_by_its_receiver(cast, platform):
    route(cast, platform, "webhook")
    tell(cast["planner"])
    deliveries.deliver_due()
    _path, headers, body = platform.received[0]
    stamp = headers["x-rongmei-timestamp"]
    good = robots.webhook_signature(platforms.SECRET, stamp, body)
    assert headers["x-rongmei-signature"] == f"sha256={good}"
    assert robots.webhook_signature("other", stamp, body) != good


def test_a_wrong_secret_stops_with_its_reason(cast, platform):
    route(cast, platform, "dingtalk", secret="wrong")
    tell(cast["planner"])
    deliveries.deliver_due()
    row = NoticeDelivery.objects.get()
    assert row.state == State.FAILED
    assert "310000" in row.error


@pytest.mark.parametrize(("kind", "wait"), [("wecom", 60), ("dingtalk", 600), ("feishu", 60)])
def test_too_often_is_tried_again_after_the_platforms_pause(cast, platform, kind, wait):
    route(cast, platform, kind)
    tell(cast["planner"])
    platform.busy = 1
    with later(0):
        deliveries.deliver_due()
    row = NoticeDelivery.objects.get()
    assert (row.state, row.attempts) == (State.DUE, 1)
    assert row.due_at == NOW + timedelta(seconds=wait)
    with later(wait + 1):
        deliveries.deliver_due()
    row.refresh_from_db()
    assert (row.state, row.attempts, row.error) == (State.SENT, 2, "")


def test_the_pace_is_kept_and_the_quota_is_never_hit(cast, platform):
    route(cast, platform, "wecom")
    for number in range(25):
        tell(cast["planner"], title=f"通知 {number} " + "长" * 150)
        with later(number):
            deliveries.deliver_due()
    assert 8 <= len(platform.received) <= 9, "one message every three seconds"
    for second in range(25, 60):
        with later(second):
            deliveries.deliver_due()
    assert len(platform.received) <= 20
    assert "45009" not in str(list(NoticeDelivery.objects.values_list("error", flat=True)))
    with later(200):
        deliveries.deliver_due()
    assert not NoticeDelivery.objects.filter(state=State.DUE).exists()


def test_a_sick_receiver_is_given_time_and_then_up(cast, platform):
    route(cast, platform, "webhook")
    tell(cast["planner"])
    platform.status, platform.per_minute = 503, 99
    second = 0.0
    for attempt in range(1, deliveries.MOST_TRIES + 1):
        with later(second):
            deliveries.deliver_due()
        row = NoticeDelivery.objects.get()
        assert row.attempts == attempt
        second = (row.due_at - NOW).total_seconds() + 1
    assert row.state == State.FAILED
    assert "503" in row.error


def test_a_gone_receiver_is_given_up_at_once(cast, platform):
    route(cast, platform, "webhook")
    tell(cast["planner"])
    platform.status = 410
    deliveries.deliver_due()
    assert NoticeDelivery.objects.get().state == State.FAILED


def test_a_killed_worker_loses_its_lease_and_nothing_else(cast, platform):
    route(cast, platform, "webhook")
    tell(cast["planner"])
    row = NoticeDelivery.objects.get()
    with later(0):
        deliveries._lease([row], NOW)
        assert deliveries.deliver_due() == 0, "another worker has it"
    with later(121):
        assert deliveries.deliver_due() == 1


def test_a_route_hears_its_own_unit_and_its_own_kinds_only(cast, platform):
    route(cast, platform, "webhook", unit="hq", kinds=["task"])
    route(cast, platform, "wecom", unit="hq", kinds=["alarm"])
    tell(cast["planner"], cast["yl.reporter"])
    assert NoticeDelivery.objects.count() == 1


def test_quiet_hours_hold_back_what_is_not_urgent(cast, platform):
    route(cast, platform, "webhook")
    Member.objects.filter(username="planner").update(quiet_from=time(22), quiet_until=time(7))
    night = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)
    with patch.object(deliveries.timezone, "now", lambda: night):
        tell(Member.objects.get(username="planner"))
        tell(Member.objects.get(username="planner"), title="台风", urgent=True)
    calm, urgent = NoticeDelivery.objects.order_by("notice__urgent")
    assert urgent.due_at == night
    assert calm.due_at == datetime(2026, 3, 4, 23, tzinfo=UTC)


@given(start=st.times(), end=st.times(), minute=st.integers(0, 1439))
def test_quiet_hours_end_outside_themselves(start, end, minute):
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    member = Member(quiet_from=start, quiet_until=end)
    now = NOON + timedelta(minutes=minute)
    due = deliveries.after_quiet(member, now)
    assert now <= due <= now + timedelta(days=1)
    assert deliveries.after_quiet(member, due) == due


def test_mail_goes_out_once_as_one_letter(cast):
    Member.objects.filter(username="planner").update(email="p@example.org", notify_mail=True)
    member = Member.objects.get(username="planner")
    tell(member, title="第一件")
    tell(member, title="第二件")
    deliveries.deliver_due()
    deliveries.deliver_due()
    assert len(mail.outbox) == 1
    assert mail.outbox[0].to == ["p@example.org"]
    assert "第一件" in mail.outbox[0].body
    assert "第二件" in mail.outbox[0].body


def test_what_was_read_meanwhile_is_not_mailed(cast):
    Member.objects.filter(username="planner").update(email="p@example.org", notify_mail=True)
    member = Member.objects.get(username="planner")
    tell(member)
    actions.notices_read(by=member)
    deliveries.deliver_due()
    assert mail.outbox == []
    assert not NoticeDelivery.objects.exists()


def test_a_mail_server_that_is_down_is_tried_again(cast):
    Member.objects.filter(username="planner").update(email="p@example.org", notify_mail=True)
    tell(Member.objects.get(username="planner"))
    with patch.object(
        deliveries.EmailMessage, "send", side_effect=smtplib.SMTPServerDisconnected("x")
    ):
        deliveries.deliver_due()
    assert NoticeDelivery.objects.get().state == State.DUE


@given(st.text(max_size=3000), st.integers(10, 2000))
def test_cutting_keeps_whole_characters_within_the_limit(text, limit):
    cut = robots.cut(text.encode("utf-8", "ignore").decode(), limit)
    assert len(cut.encode()) <= limit


@pytest.mark.parametrize("kind", list(robots.LIMITS))
def test_messages_stay_below_what_the_platform_refuses(kind):
    lines = [
        robots.Line(
            str(n),
            "x",
            "题" * 200,
            "文" * 900,
            "https://example.org/" + "u" * 200,
            False,
            NOON,
            ("甲",),
        )
        for n in range(120)
    ]
    found = robots.batches(kind, lines)
    assert sum(map(len, found)) == 120
    for batch in found:
        message = robots.BUILD[NoticeRoute.Kind(kind)]("https://example.org/", "s", batch, NOON)
        assert len(message.content) <= {"wecom": 4400}.get(kind, robots.LIMITS[kind] * 2)


def test_the_trial_button_tells_what_was_answered(cast, platform, signed_in):
    made = route(cast, platform, "wecom")
    client = signed_in("sysadmin")
    url = f"/desk/network/routes/{made.pk}/try/"
    assert "已收到测试消息" in client.post(url, follow=True).text
    platform.busy = 1
    assert "45009" in client.post(url, follow=True).text


def test_a_secret_is_never_shown_and_not_lost_by_saving(cast, platform, signed_in):
    made = route(cast, platform, "dingtalk")
    client = signed_in("sysadmin")
    url = f"/desk/network/routes/{made.pk}/"
    assert platforms.SECRET not in client.get(url).text
    client.post(
        url, {"name": "改名", "kind": "dingtalk", "url": made.url, "secret": "", "is_active": "on"}
    )
    made.refresh_from_db()
    assert (made.name, made.secret) == ("改名", platforms.SECRET)


def test_inside_addresses_need_their_own_permission(cast, platform):
    RoleHolding.objects.filter(member=cast["sysadmin"]).delete()
    RoleHolding.objects.create(member=cast["sysadmin"], unit=cast.unit("hq"), role="system_admin")
    with (
        patch.dict(
            "rongmei.network.matrix.MATRIX", {"system_admin": {"network.manage_notices": "own"}}
        ),
        pytest.raises(NotAllowed),
    ):
        route(cast, platform, "webhook", internal=True)
    assert not NoticeRoute.objects.exists()
