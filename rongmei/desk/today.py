"""Today: what waits for a member, what is wrong in their reach, what happened since they looked.

Composed from the rooms' selectors, which hold the scope; a part is asked for only when the member's
roles open its room.
"""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.channels import selectors as channels
from rongmei.desk.links import link
from rongmei.desk.telling import sentence
from rongmei.desk.types import Trouble, Waiting
from rongmei.kernel.models import Event, SweepState
from rongmei.kernel.ui.shapes import Entry
from rongmei.monitoring import selectors as monitoring
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.planning import selectors as planning
from rongmei.sources import selectors as sources
from rongmei.stories import policy as review
from rongmei.stories import selectors as stories

if TYPE_CHECKING:
    from rongmei.network.models import Member

PART: Final = 12
OPEN_STAGES: Final = ("offered", "accepted", "in_progress", "submitted")
FAILED: Final = ("failed", "differs")
# A line to a peer that said nothing for this long is down.
SILENT: Final = timedelta(minutes=5)
VERIFY_EVERY: Final = timedelta(days=7)
FAILED_SIGN_INS: Final = 3


def waiting_for(member: Member) -> list[Waiting]:
    """What waits for the member: late and urgent first, then by deadline."""
    found = [
        *_tasks(member),
        *_submissions(member),
        *_reviews(member),
        *_pitches(member),
        *_deliveries(member),
    ]
    found += [*_roleless(member), *_late_roads(member), *_unverified(member)]
    far = timezone.now() + timedelta(days=3650)
    return sorted(found, key=lambda one: (not one.urgent, one.due or far, one.title))


def _tasks(member: Member) -> list[Waiting]:
    if not policy.anywhere(member, "planning.view"):
        return []
    words = {
        "offered": _("接受或谢绝任务"), "accepted": _("写稿"), "in_progress": _("写稿"),
        "submitted": _("验收任务"),
    }  # fmt: skip
    return [
        Waiting(
            str(words.get(str(getattr(one, "stage", "")), _("任务"))), one.title, link("planning:task", one.pk),
            one.due_at, one.urgent, one.unit.label,
        )
        for one in planning.tasks_waiting_for(member)[:PART]
    ]  # fmt: skip


def _reviews(member: Member) -> list[Waiting]:
    if not any(policy.anywhere(member, one) for one in review.REVIEWS):
        return []
    return [
        Waiting(
            str(one.get_state_display()), one.title, link("review:story", one.pk),
            one.embargo_until, False, f"{one.unit.label} · {one.author_name}",
        )
        for one in stories.review_queue(member)[:PART]
    ]  # fmt: skip


def _submissions(member: Member) -> list[Waiting]:
    """What a correspondent must change, and what a desk owes an answer to."""
    found: list[Waiting] = []
    if policy.anywhere(member, "stories.submit"):
        found += [
            Waiting(
                _("修改后再送"), one.title, link("submissions:submission", one.pk), None, False,
                f"{one.unit.label} · {one.editor_name}",
            )
            for one in stories.submissions_to_change(member)[:PART]
        ]  # fmt: skip
    if policy.anywhere(member, "stories.desk"):
        found += [
            Waiting(
                _("答复来稿"), one.title, link("submissions:submission", one.pk), one.answer_due_at,
                one.overdue_at is not None, f"{one.from_unit.label} · {one.author_name}",
            )
            for one in stories.submissions_to_answer(member)[:PART]
        ]  # fmt: skip
    return found


def _pitches(member: Member) -> list[Waiting]:
    if not policy.anywhere(member, "planning.decide"):
        return []
    return [
        Waiting(
            _("审定选题"), one.title, link("planning:pitch", one.pk), one.due_at, False,
            f"{one.unit.label} · {one.proposed_by_name}",
        )
        for one in planning.pitches_to_decide(member)[:PART]
    ]  # fmt: skip


def _deliveries(member: Member) -> list[Waiting]:
    if not policy.anywhere(member, "channels.publish"):
        return []
    return [
        Waiting(
            str(one.get_state_display()), one.publication.title,
            link("channels:publication", one.publication_id), None, one.state in FAILED,
            one.channel.name,
        )
        for one in channels.deliveries_waiting(member)[:PART]
    ]  # fmt: skip


def _roleless(member: Member) -> list[Waiting]:
    """Accounts that may do nothing yet, for those who grant roles."""
    if not policy.anywhere(member, "network.grant_roles"):
        return []
    return [
        Waiting(
            _("授予角色"), one.label, link("network:member", one.pk), None, False, one.unit.label
        )
        for one in network.members_without_role(member)[:PART]
    ]


def _late_roads(member: Member) -> list[Waiting]:
    """Units of this node whose next milestone is past its date, for those who manage them."""
    reach = policy.units_for(member, "network.manage_units")
    if not reach:
        return []
    return [
        Waiting(
            _("登记建设进度"), f"{one.unit.label} · {step.label}",
            link("network:road_change", one.unit.pk),
            timezone.make_aware(datetime.combine(step.planned_on, time(18))) if step.planned_on else None,
        )
        for one in network.roads()
        if one.unit.pk in reach and one.unit.node.is_self
        for step in one.steps
        if step.state == "late"
    ]  # fmt: skip


def _unverified(member: Member) -> list[Waiting]:
    """The audit chain has not been checked for a week, for those who audit it."""
    if not policy.anywhere(member, "network.audit"):
        return []
    last = network.last_verified()
    if last is not None and last > timezone.now() - VERIFY_EVERY:
        return []
    said = _("审计链还没有验证过") if last is None else _("审计链一周没有验证了")
    return [Waiting(_("验证审计链"), said, link("network:audit"))]


def _sign_ins(member: Member) -> list[Trouble]:
    """Accounts that somebody failed to enter again and again, for those who audit."""
    if not policy.anywhere(member, "network.audit"):
        return []
    since = timezone.now() - timedelta(hours=24)
    return [
        Trouble(
            name, _("24 小时内登录失败 %(n)d 次") % {"n": times},
            link("network:audit", query="action=member.sign_in_failed"), at,
        )
        for name, times, at in network.sign_in_failures(member, since)
        if times >= FAILED_SIGN_INS
    ]  # fmt: skip


def troubles_of(member: Member) -> list[Trouble]:
    """What is wrong in the member's reach; the worst first."""
    found = [*_failed_deliveries(member), *_late_tasks(member), *_peers(member), *_sources(member)]
    return [*found, *_sweeps(member), *_sign_ins(member)]


def _sources(member: Member) -> list[Trouble]:
    if not policy.anywhere(member, "sources.view"):
        return []
    rows = sources.sources_visible_to(member).filter(enabled=True, state__failures__gt=0)
    return [
        Trouble(
            one.name, one.state.message or _("采集失败"), link("sources:detail", one.pk),
            one.state.last_try_at,
        )
        for one in rows.order_by("-state__failures")[:6]
    ]  # fmt: skip


def _late_tasks(member: Member) -> list[Trouble]:
    if not policy.anywhere(member, "planning.dispatch"):
        return []
    rows = late_tasks(member).order_by("due_at")[:6]
    return [
        Trouble(
            one.title, _("任务超时 · %(unit)s") % {"unit": one.to_unit.label},
            link("planning:task", one.pk), one.due_at,
        )
        for one in rows
    ]  # fmt: skip


def late_tasks(member: Member) -> Any:
    """Tasks in reach that are open past their deadline."""
    rows = planning.at_stage(planning.tasks_visible_to(member), *OPEN_STAGES)
    return rows.filter(due_at__lt=timezone.now())


def _failed_deliveries(member: Member) -> list[Trouble]:
    if not policy.anywhere(member, "channels.view") or policy.anywhere(member, "channels.publish"):
        # Who publishes finds them among what waits.
        return []
    rows = channels.publications_visible_to(member).filter(deliveries__state__in=FAILED)
    rows = rows.annotate(broken=F("deliveries__channel__name")).order_by("-id")[:6]
    return [
        Trouble(
            one.title, _("投递失败 · %(channel)s") % {"channel": one.broken},
            link("channels:publication", one.pk), one.updated_at,
        )
        for one in rows
    ]  # fmt: skip


def _peers(member: Member) -> list[Trouble]:
    if not policy.anywhere(member, "network.manage_peers") and not policy.anywhere(
        member, "monitoring.manage"
    ):
        return []
    limit = timezone.now() - SILENT
    return [
        Trouble(
            str(one.node), one.last_error or _("互联中断，消息都在队列里，恢复后自动补送"),
            link("network:peers"), one.last_ok_at,
        )
        for one in network.silent_peers(limit)
    ]  # fmt: skip


def _sweeps(member: Member) -> list[Trouble]:
    if not policy.anywhere(member, "network.manage_units"):
        return []
    return [
        Trouble(
            one.name, _("后台工作连续失败 %(n)d 次") % {"n": one.failures}, "", one.last_ok_at
        )
        for one in SweepState.objects.filter(failures__gte=2).order_by("-failures")[:6]
    ]  # fmt: skip


# Event name prefix → the permission whose reach shows it.
TOLD: Final = {
    "planning.": "planning.view",
    "stories.": "stories.view",
    "channels.": "channels.view",
    "exemplars.": "exemplars.view",
    "network.member_": "network.manage_members",
    "network.roles_changed": "network.grant_roles",
    "network.unit_": "network.manage_units",
    "network.grant_": "network.manage_grants",
    "monitoring.topic_found": "monitoring.view",
    "monitoring.topic_marked": "monitoring.view",
    "monitoring.reprint_seen": "monitoring.view",
}
QUIET: Final = ("stories.saved", "channels.delivered")


def changes_since(member: Member, since: datetime, limit: int = 15) -> list[Entry]:
    """What happened in the member's reach since then, newest first, in sentences."""
    scope = Q(pk__in=[])
    for prefix, permission in TOLD.items():
        units = policy.units_for(member, permission)
        if units:
            scope |= Q(name__startswith=prefix) & Q(unit_id__in=units)
    if policy.anywhere(member, "monitoring.view"):
        scope |= Q(name="monitoring.topic_found")
    rows = Event.objects.filter(scope, at__gte=since).exclude(name__in=QUIET)
    found: list[Event] = []
    moved: set[object] = set()
    for one in rows.exclude(actor_id=member.pk).order_by("-seq")[: 4 * limit]:
        # A task moves with each step of its story: where it is now says it all.
        if one.name == "planning.task_progressed" and one.subject_id:
            if one.subject_id in moved:
                continue
            moved.add(one.subject_id)
        found.append(one)
    found = found[:limit]
    names = network.member_names({one.actor_id for one in found if one.actor_id})
    labels = network.unit_labels({one.unit_id for one in found if one.unit_id})
    told = (sentence(one, names, labels, _named(found)) for one in found)
    return [one for one in told if one is not None]


def _named(found: list[Event]) -> dict[uuid.UUID, str]:
    """Names of the people and units that events of the network room are about."""
    people = {one.subject_id for one in found if one.subject_type == "member" and one.subject_id}
    units = {one.subject_id for one in found if one.subject_type == "unit" and one.subject_id}
    return {
        **(network.member_names(people) if people else {}),
        **(network.unit_labels(units) if units else {}),
    }


def hot_topics(member: Member) -> list[Any]:
    """The hottest topics, for those who watch."""
    return list(monitoring.hot_now(member, 5))
