"""Telling the people who look after sources what went quiet or fails for long; each once."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import db
from rongmei.network import policy
from rongmei.network.actions import notices_settle, notify
from rongmei.sources.models import FetchState

if TYPE_CHECKING:
    from rongmei.network.models import Member

# A source that has failed for so long will not come back by itself today.
FAILING_LONG: Final = timedelta(hours=24)
FEW: Final = 5
_MOST: Final = 500
QUIET, FAILING = "source_quiet", "source_failing"


def tell() -> int:
    """Give the notices that are due and take back those that no longer hold; how many sources.

    Sources of one unit beyond a few at the same time (a line that is down) come in one notice.
    """
    now = timezone.now()
    watched = FetchState.objects.filter(source__enabled=True).select_related("source")
    quiet = list(watched.filter(quiet_since__isnull=False, quiet_told_at=None)[:_MOST])
    long = watched.filter(failing_since__lt=now - FAILING_LONG, failing_told_at=None)
    failing = list(long[:_MOST])
    over = FetchState.objects.filter(
        Q(quiet_told_at__isnull=False, quiet_since=None)
        | Q(failing_told_at__isnull=False, failing_since=None)
    )
    mended = list(over[:_MOST])
    for kind, states in ((QUIET, quiet), (FAILING, failing)):
        for unit_id, some in _by_unit(states).items():
            _tell(kind, unit_id, some)
    if mended:
        _settle(mended)
    return len(quiet) + len(failing) + len(mended)


def _by_unit(states: Sequence[FetchState]) -> dict[uuid.UUID, list[FetchState]]:
    found = defaultdict(list)
    for one in states:
        found[one.source.unit_id].append(one)
    return found


def _tell(kind: str, unit_id: uuid.UUID, states: Sequence[FetchState]) -> None:
    told = "quiet_told_at" if kind == QUIET else "failing_told_at"
    members = policy.members_with("sources.manage", unit_id)
    with db.write():
        if len(states) <= FEW:
            for one in states:
                _notice(kind, members, one)
        else:
            _notice_of_many(kind, members, unit_id, states)
        FetchState.objects.filter(pk__in=[one.pk for one in states]).update(
            **{told: timezone.now()}
        )


def _since(kind: str, state: FetchState) -> str:
    at = state.quiet_since if kind == QUIET else state.failing_since
    return at.isoformat(timespec="seconds") if at else ""


def _notice(kind: str, members: Sequence[Member], state: FetchState) -> None:
    words = _("信源“%(name)s”很久没有新内容") if kind == QUIET else _("信源“%(name)s”连续读取失败")
    body = (
        _("按它自己的节奏，早该有新内容了。已采集的内容不受影响。请看看网站是否改版或停更。")
        if kind == QUIET
        else state.message
    )
    notify(
        members, kind=kind, title=words % {"name": state.source.name}, body=body,
        url=reverse("sources:detail", args=[state.pk]), subject_id=state.pk,
        key=f"{kind}:{state.pk}:{_since(kind, state)}"[:120],
    )  # fmt: skip


def _notice_of_many(
    kind: str, members: Sequence[Member], unit_id: uuid.UUID, states: Sequence[FetchState]
) -> None:
    words = _("%(n)s 个信源很久没有新内容") if kind == QUIET else _("%(n)s 个信源连续读取失败")
    names = _("、").join(one.source.name for one in states[:FEW])
    state = "quiet" if kind == QUIET else "failing"
    notify(
        members, kind=kind, title=words % {"n": len(states)},
        body=_("其中有：%(names)s。已采集的内容不受影响。") % {"names": names},
        url=f"{reverse('sources:list')}?state={state}",
        key=f"{kind}:{unit_id}:{max(_since(kind, one) for one in states)}"[:120],
    )  # fmt: skip


def _settle(states: Sequence[FetchState]) -> None:
    """What was told of these sources no longer waits for anybody."""
    quiet = [one.pk for one in states if one.quiet_told_at and not one.quiet_since]
    mended = [one.pk for one in states if one.failing_told_at and not one.failing_since]
    with db.write():
        notices_settle(kind=QUIET, subject_ids=quiet)
        notices_settle(kind=FAILING, subject_ids=mended)
        FetchState.objects.filter(pk__in=quiet, quiet_since=None).update(quiet_told_at=None)
        FetchState.objects.filter(pk__in=mended, failing_since=None).update(failing_told_at=None)
