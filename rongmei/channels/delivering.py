"""The delivery worker's steps: claim, hand to the adapter, settle. The row is the job.

A claim writes a lease and counts the attempt; a settlement takes effect only for the attempt that
it belongs to. So a killed worker's delivery is taken up again when the lease ends, and a worker
that comes back late changes nothing.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.archive import actions as archive
from rongmei.channels import exchange, selectors
from rongmei.channels.errors import DeliveryProblem, NeedsHuman, NoLongerSigned, Retriable
from rongmei.channels.events import Delivered
from rongmei.channels.models import Delivery, Publication
from rongmei.channels.packages import tags_of
from rongmei.channels.types import Can, Seen, Sent
from rongmei.kernel import audit, db, events
from rongmei.monitoring import actions as monitoring
from rongmei.network import policy
from rongmei.network.actions import notify
from rongmei.planning import actions as planning
from rongmei.stories import selectors as stories
from rongmei.stories.errors import NotSigned

State = Delivery.State
LEASE: Final = timedelta(seconds=90)
MAX_ATTEMPTS: Final = 10
MAX_CHECKS: Final = 8
_LONGEST_WAIT: Final = 64 * 60.0
BATCH: Final = 20


def backoff(attempts: int) -> float:
    """Seconds to wait after this many attempts: 2^n minutes, at most 64."""
    return min(60.0 * 2.0 ** max(attempts - 1, 0), _LONGEST_WAIT)


def claim(states: tuple[str, ...], *, limit: int = BATCH) -> list[Delivery]:
    """Take due deliveries in these states, so that no other worker has them for the lease.

    Those to be sent become SENDING; checks and take-downs keep their state.
    """
    now = timezone.now()
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    with db.write():
        rows = list(
            Delivery.objects.select_for_update(skip_locked=db.is_postgresql(), of=("self",))
            .filter(free, state__in=states, due_at__lte=now, home=None, publication__home=None)
            .exclude(state=State.DELIVERED, checks__gte=MAX_CHECKS)
            .select_related("publication", "channel")
            .order_by("due_at", "id")[:limit]
        )
        for row in rows:
            row.leased_until = now + LEASE
            if row.state in (State.DUE, State.SENDING):
                row.state, row.attempts = State.SENDING, row.attempts + 1
            else:
                row.checks += 1
            row.save(update_fields=["state", "leased_until", "attempts", "checks", "updated_at"])
    return rows


@dataclass(frozen=True)
class _Turn:
    """Which claim a settlement belongs to."""

    delivery_id: uuid.UUID
    state: str
    attempts: int
    checks: int

    @classmethod
    def of(cls, row: Delivery) -> _Turn:
        return cls(row.pk, row.state, row.attempts, row.checks)


def _held(turn: _Turn) -> Delivery | None:
    """The locked row, if the claim is still the latest one and nobody changed the state."""
    return (
        Delivery.objects.select_for_update(of=("self",))
        .select_related("publication", "publication__story", "channel")
        .filter(pk=turn.delivery_id, state=turn.state, attempts=turn.attempts, checks=turn.checks)
        .first()
    )


def _save(row: Delivery, **fields: Any) -> None:
    for name, value in {"leased_until": None, **fields}.items():
        setattr(row, name, value)
    row.save(update_fields=["leased_until", *fields, "updated_at"])


def deliver_due() -> int:
    """Send what is due; return how many were tried."""
    rows = claim((State.DUE, State.SENDING))
    for row in rows:
        turn = _Turn.of(row)
        try:
            _still_signed(row)
            sent = selectors.adapter_of(row.channel).deliver(selectors.parcel_of(row))
        except DeliveryProblem as problem:
            with db.write():
                _settle_problem(turn, problem)
        else:
            with db.write():
                settle_delivered(turn, sent)
    return len(rows)


def _still_signed(row: Delivery) -> None:
    """What was scheduled must still be the signed text when its time comes."""
    if row.publication.public_at is not None:
        return
    try:
        package = stories.signed_package(row.publication.story_id)
    except NotSigned as error:
        raise NoLongerSigned(str(error)) from error
    if package.content_hash != row.publication.content_hash:
        raise NoLongerSigned


def settle_delivered(turn: _Turn, sent: Sent) -> Delivery | None:
    """Note that the channel has it; the first one makes the publication public. Inside a write."""
    row = _held(turn)
    if row is None:
        return None
    now = timezone.now()
    can_verify = selectors.can(row.channel, Can.VERIFY)
    _save(
        row, state=State.DELIVERED, url=sent.url, delivered_at=now, error="", due_at=now,
        checks=0 if can_verify else MAX_CHECKS,
        receipt={**row.receipt, "sent": sent.receipt}, verified_at=None,
    )  # fmt: skip
    made_public(row, at=now)
    audit.record(
        None, "delivery.delivered", row, channel=row.channel.name, url=sent.url, verify=can_verify
    )
    return row


def made_public(row: Delivery, *, at: datetime) -> None:
    """A channel has the publication: archive it, watch for reprints, tell planning and the author."""
    publication = row.publication
    changed = ["updated_at"]
    if row.channel.adapter == "site" and publication.on_site_at is None:
        publication.on_site_at = at
        publication.public_url = row.url
        changed += ["on_site_at", "public_url"]
    first = publication.public_at is None
    if first:
        publication.public_at = publication.published_at = at
        changed += ["public_at", "published_at"]
    if not publication.public_url:
        publication.public_url = row.url
        changed.append("public_url")
    publication.save(update_fields=changed)
    if first:
        keep(publication)
    task_id = publication.package.get("task_id")
    if first and task_id and not publication.story.is_replica:
        planning.task_published(task_id=uuid.UUID(task_id), url=row.url)
    exchange.announce(publication)
    events.publish(
        Delivered(
            subject_id=publication.pk, unit_id=publication.unit_id, title=publication.title,
            story_id=str(publication.story_id), channel=row.channel.name, url=row.url,
        )
    )  # fmt: skip


def keep(publication: Publication) -> None:
    """Keep the published text in the archive and watch for its reprints; inside a write."""
    package = publication.package
    document = archive.document_keep(
        kind="publication",
        identity=f"publication:{publication.pk}",
        unit_id=publication.unit_id,
        title=publication.title,
        body=publication.text,
        source_name=publication.source_name,
        published_at=publication.published_at,
        url=publication.public_url,
        summary=publication.summary,
        language=package.get("language") or "zh",
        tags=tags_of(publication.tag_line),
        authors=publication.byline,
        subject_id=publication.pk,
        image_url=absolute(publication.image_url),
    )
    monitoring.watch_register(
        subject_id=publication.pk,
        unit_id=publication.unit_id,
        title=publication.title,
        text=publication.text,
        since=publication.published_at,
        own_document_id=document.pk,
    )


def absolute(url: str) -> str:
    """The address with this node's own in front, when it has none."""
    return selectors.site_base() + url if url.startswith("/") else url


def _settle_problem(turn: _Turn, problem: DeliveryProblem) -> None:
    row = _held(turn)
    if row is None:
        return
    said = problem.message[:300]
    if isinstance(problem, Retriable) and row.attempts < MAX_ATTEMPTS:
        wait = problem.defer if problem.defer is not None else backoff(row.attempts)
        due = timezone.now() + timedelta(seconds=min(wait, _LONGEST_WAIT))
        _save(row, state=State.DUE, error=said, due_at=due)
        return
    by_hand = isinstance(problem, NeedsHuman)
    _save(row, state=State.BY_HAND if by_hand else State.FAILED, error="" if by_hand else said)
    audit.record(None, "delivery.by_hand" if by_hand else "delivery.failed", row, reason=said)
    _tell(row, "by_hand" if by_hand else "failed", row.attempts)


def _words(what: str) -> str:
    return {
        "by_hand": _("待人工发布：%(title)s → %(channel)s"),
        "failed": _("投递失败：%(title)s → %(channel)s"),
        "differs": _("页面与签发稿不一致：%(title)s → %(channel)s"),
        "withdraw": _("请到平台删除：%(title)s → %(channel)s"),
    }[what]


def _tell(row: Delivery, what: str, turn: int) -> None:
    permission = "channels.withdraw" if what == "withdraw" else "channels.publish"
    named = {"title": row.publication.title, "channel": row.channel.name}
    notify(
        policy.members_with(permission, row.unit_id),
        kind=f"delivery_{what}",
        title=_words(what) % named,
        url=f"/desk/channels/publications/{row.publication_id}/",
        body=row.error,
        urgent=what in ("differs", "withdraw"),
        subject_id=row.publication_id,
        key=f"delivery:{row.pk}:{what}:{row.publication.version}.{turn}",
    )


def verify_due() -> int:
    """Read back what channels took and compare; return how many were tried."""
    rows = claim((State.DELIVERED,))
    for row in rows:
        turn = _Turn.of(row)
        try:
            seen = selectors.adapter_of(row.channel).verify(selectors.parcel_of(row))
        except DeliveryProblem as problem:
            with db.write():
                _settle_unread(turn, problem)
        else:
            with db.write():
                _settle_seen(turn, seen)
    return len(rows)


def _settle_unread(turn: _Turn, problem: DeliveryProblem) -> None:
    row = _held(turn)
    if row is not None:
        due = timezone.now() + timedelta(seconds=backoff(row.checks))
        _save(row, error=problem.message[:300], due_at=due)


def _settle_seen(turn: _Turn, seen: Seen) -> None:
    row = _held(turn)
    if row is None:
        return
    state = State.VERIFIED if seen.same else State.DIFFERS
    _save(
        row, state=state, verified_at=timezone.now(), error=seen.difference[:300],
        receipt={**row.receipt, "seen": seen.receipt},
    )  # fmt: skip
    audit.record(None, f"delivery.{state}", row, difference=seen.difference)
    if not seen.same:
        _tell(row, "differs", row.attempts)


def withdraw_due() -> int:
    """Take down what is to be taken down; return how many were tried."""
    rows = claim((State.WITHDRAWING,))
    for row in rows:
        turn = _Turn.of(row)
        try:
            answer = selectors.adapter_of(row.channel).withdraw(selectors.parcel_of(row))
        except DeliveryProblem as problem:
            with db.write():
                _settle_not_withdrawn(turn, problem)
        else:
            with db.write():
                _settle_withdrawn(turn, answer)
    return len(rows)


def _settle_not_withdrawn(turn: _Turn, problem: DeliveryProblem) -> None:
    row = _held(turn)
    if row is None:
        return
    wait = timedelta(seconds=backoff(row.checks))
    if isinstance(problem, NeedsHuman):
        # A person confirms it; the row comes up daily so that nobody forgets.
        wait = timedelta(days=1)
        _tell(row, "withdraw", row.checks)
    _save(row, error=problem.message[:300], due_at=timezone.now() + wait)


def _settle_withdrawn(turn: _Turn, answer: dict[str, Any]) -> None:
    row = _held(turn)
    if row is None:
        return
    _save(row, state=State.WITHDRAWN, error="", receipt={**row.receipt, "withdrawn": answer})
    audit.record(None, "delivery.withdrawn", row, channel=row.channel.name)
