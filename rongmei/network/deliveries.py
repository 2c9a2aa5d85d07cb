"""Notices on their way out: mail, webhooks, group robots. The row is the job.

A subscriber turns each new notice into delivery rows; a sweep leases due rows, sends them outside
any transaction and writes down what became of them. A killed worker loses its lease, never a notice;
at worst a receiver hears a notice twice.
"""

from __future__ import annotations

import logging
import smtplib
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from rongmei.kernel import db, http
from rongmei.kernel.models import Event
from rongmei.network import robots
from rongmei.network.models import Member, Notice, NoticeDelivery, NoticeRoute

log = logging.getLogger(__name__)
State = NoticeDelivery.State
LEASE: Final = timedelta(seconds=120)
MOST_TRIES: Final = 8
_LIMITS: Final = http.Limits(connect=5, read=10, total=15, max_bytes=64 * 1024)


def mail_is_set_up() -> bool:
    """Whether this node can send mail at all."""
    return not str(settings.EMAIL_BACKEND).endswith("dummy.EmailBackend")


def after_quiet(member: Member, now: datetime) -> datetime:
    """`now`, or the end of the member's quiet hours if it falls into them (also over midnight)."""
    start, end = member.quiet_from, member.quiet_until
    if start is None or end is None or start == end:
        return now
    here = timezone.localtime(now)
    clock = here.time()
    inside = start <= clock < end if start < end else clock >= start or clock < end
    if not inside:
        return now
    day = here.date() if clock < end else here.date() + timedelta(days=1)
    return timezone.make_aware(datetime.combine(day, time(end.hour, end.minute)))


def queue(event: Event) -> None:
    """Make the delivery rows of a new notice; called by the follower of events, inside its write."""
    if event.subject_id is None:
        return
    notice = Notice.objects.select_related("member").filter(pk=event.subject_id).first()
    if notice is None or not notice.member.is_active:
        return
    member = notice.member
    due = timezone.now() if notice.urgent else after_quiet(member, timezone.now())
    routes = [
        route
        for route in NoticeRoute.objects.filter(unit=member.unit_id, is_active=True)
        if not route.kinds or notice.kind in route.kinds
    ]
    rows = [NoticeDelivery(notice=notice, route=route, due_at=due) for route in routes]
    if member.notify_mail and member.email and mail_is_set_up():
        rows.append(NoticeDelivery(notice=notice, route=None, due_at=due))
    NoticeDelivery.objects.bulk_create(rows)


def _due(now: datetime) -> list[NoticeDelivery]:
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    open_way = Q(route=None) | Q(route__is_active=True)
    rows = NoticeDelivery.objects.filter(free, open_way, state=State.DUE, due_at__lte=now)
    return list(rows.select_related("notice__member", "route").order_by("due_at", "id")[:500])


def _may_send(route: NoticeRoute, now: datetime) -> bool:
    """Whether the platform's pace allows another message to this robot now."""
    if route.kind == NoticeRoute.Kind.WEBHOOK:
        return True
    minute = NoticeDelivery.objects.filter(route=route, sent_at__gte=now - timedelta(seconds=60))
    times = sorted({at for at in minute.values_list("sent_at", flat=True) if at})
    if len(times) >= robots.PER_MINUTE:
        return False
    return not times or now - times[-1] >= timedelta(seconds=robots.GAP_SECONDS)


def _lease(rows: Sequence[NoticeDelivery], now: datetime) -> list[NoticeDelivery]:
    """Take the rows for this worker; another may have been quicker with some."""
    mine: set[uuid.UUID] = set()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    with db.write():
        for row in rows:
            taken = NoticeDelivery.objects.filter(free, pk=row.pk, state=State.DUE)
            if taken.update(leased_until=now + LEASE):
                mine.add(row.pk)
    return [row for row in rows if row.pk in mine]


def _lines(rows: Iterable[NoticeDelivery]) -> list[robots.Line]:
    """One line a thing, with the names of all it is for: a group need not read it three times."""
    same: dict[tuple[str, str], list[NoticeDelivery]] = defaultdict(list)
    for row in rows:
        same[row.notice.title, row.notice.url].append(row)
    found = []
    for (title, url), group in same.items():
        first = group[0].notice
        found.append(
            robots.Line(
                id=str(first.pk), kind=first.kind, title=title, body=first.body,
                url=settings.RONGMEI_NODE.url + url if url.startswith("/") else url,
                urgent=first.urgent, at=first.created_at,
                who=tuple(dict.fromkeys(str(row.notice.member) for row in group)),
            )
        )  # fmt: skip
    return found


def post(route: NoticeRoute, lines: Sequence[robots.Line], now: datetime) -> robots.Answer:
    """Send one message to the route and say what became of it; no transaction may be open."""
    message = robots.BUILD[NoticeRoute.Kind(route.kind)](route.url, route.secret, lines, now)
    try:
        answer = http.post(
            message.url,
            content=message.content,
            headers=message.headers,
            allow_internal=route.internal,
            allow=settings.RONGMEI_NODE.internal_hosts,
            limits=_LIMITS,
        )
    except http.HttpError as error:
        return robots.Answer(
            ok=False, retry=error.retriable, wait=error.retry_after or 0.0, why=str(error)[:280]
        )
    return robots.judge(route.kind, answer.body)


def _write_down(rows: Sequence[NoticeDelivery], answer: robots.Answer, now: datetime) -> None:
    with db.write():
        for row in rows:
            row.attempts += 1
            row.leased_until = None
            if answer.ok:
                row.state, row.sent_at, row.error = State.SENT, now, ""
            elif answer.retry and row.attempts < MOST_TRIES:
                wait = max(answer.wait, 30.0 * 2 ** (row.attempts - 1))
                row.due_at, row.error = now + timedelta(seconds=min(wait, 3600)), answer.why
            else:
                row.state, row.error = State.FAILED, answer.why
            row.save(
                update_fields=[
                    "attempts", "leased_until", "state", "sent_at", "error", "due_at", "updated_at",
                ]
            )  # fmt: skip


def _send_route(rows: list[NoticeDelivery], now: datetime) -> int:
    route = rows[0].route
    if route is None or not _may_send(route, now):
        return 0
    # One message a turn: the next goes three seconds later, with the next sweep.
    first = robots.batches(route.kind, _lines(rows))[0]
    titles = {(line.title, line.url.removeprefix(settings.RONGMEI_NODE.url)) for line in first}
    mine = _lease(
        [
            row
            for row in rows
            if (row.notice.title, row.notice.url.removeprefix(settings.RONGMEI_NODE.url)) in titles
        ],
        now,
    )
    if not mine:
        return 0
    _write_down(mine, post(route, _lines(mine), now), now)
    return len(mine)


def _send_mail(rows: list[NoticeDelivery], now: datetime) -> int:
    member = rows[0].notice.member
    read = [row for row in rows if row.notice.read_at is not None]
    if read:
        with db.write():
            NoticeDelivery.objects.filter(pk__in=[row.pk for row in read]).delete()
    mine = _lease([row for row in rows if row.notice.read_at is None][:50], now)
    if not mine:
        return len(read)
    lines = _lines(mine)
    with translation.override(member.language or settings.LANGUAGE_CODE):
        subject = lines[0].title
        if len(lines) > 1:
            subject = _("%(n)d 条新通知：%(title)s") % {"n": len(lines), "title": subject}
        text = "\n\n".join(f"{one.title}\n{one.body}\n{one.url}".strip() for one in lines)
        foot = _("这封信由 %(node)s 发出。不想再收，可在“我的设置”里关掉邮件通知。")
        body = f"{text}\n\n--\n{foot % {'node': settings.RONGMEI_NODE.name}}\n"
    try:
        EmailMessage(subject.replace("\n", " "), body, to=[member.email]).send()
        answer = robots.Answer(ok=True)
    except smtplib.SMTPRecipientsRefused as error:
        answer = robots.Answer(ok=False, why=str(error)[:280])
    except (smtplib.SMTPException, OSError) as error:
        answer = robots.Answer(ok=False, retry=True, why=str(error)[:280])
    _write_down(mine, answer, now)
    return len(mine) + len(read)


def deliver_due() -> int:
    """The sweep: send what is due, one message a route; return how many notices left."""
    now = timezone.now()
    by_route: dict[uuid.UUID, list[NoticeDelivery]] = defaultdict(list)
    by_member: dict[uuid.UUID, list[NoticeDelivery]] = defaultdict(list)
    for row in _due(now):
        if row.route_id is not None:
            by_route[row.route_id].append(row)
        else:
            by_member[row.notice.member_id].append(row)
    done = sum(_send_route(rows, now) for rows in by_route.values())
    return done + sum(_send_mail(rows, now) for rows in by_member.values())


def try_route(route: NoticeRoute) -> robots.Answer:
    """Send one trial line, for the button on the settings page."""
    now = timezone.now()
    line = robots.Line(
        id=str(uuid.uuid4()), kind="test", title=_("融媒通知测试：收到这一条，说明渠道已接通。"),
        body="", url=settings.RONGMEI_NODE.url + "/desk/", urgent=False, at=now, who=(),
    )  # fmt: skip
    return post(route, [line], now)


def waiting_count() -> float:
    """Deliveries that are still to be made."""
    return float(NoticeDelivery.objects.filter(state=State.DUE).count())


def failed_count() -> float:
    """Deliveries that were given up."""
    return float(NoticeDelivery.objects.filter(state=State.FAILED).count())
