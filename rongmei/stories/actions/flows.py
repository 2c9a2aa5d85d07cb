"""Review flows: drafting a version, putting it in force, retiring it. No version that breaks the
rules is saved, and one that was in force is never changed again."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db
from rongmei.kernel.errors import BadInput, NotFound, RongmeiError
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.stories import flows
from rongmei.stories.errors import FlowBroken, FlowFixed
from rongmei.stories.models import ReviewFlow

if TYPE_CHECKING:
    from rongmei.network.models import Member

P = ParamSpec("P")
R = TypeVar("R")


def _refusals_kept(action: Callable[P, R]) -> Callable[P, R]:
    """Leave an audit line when the verb is refused."""

    @wraps(action)
    def tried(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return action(*args, **kwargs)
        except BadInput:
            raise
        except RongmeiError as refused:
            by: Any = kwargs.get("by")
            with db.write():
                audit.record(
                    by, "flow.refused", unit_id=getattr(by, "unit_id", None), verb=action.__name__,
                    reason=refused.code, flow=str(kwargs.get("flow_id") or kwargs.get("name") or ""),
                )  # fmt: skip
            raise

    return tried


def _locked(by: Member, flow_id: uuid.UUID) -> ReviewFlow:
    found = ReviewFlow.objects.select_for_update().filter(pk=flow_id, home=None).first()
    if found is None:
        raise NotFound
    policy.require(by, "stories.manage_flows", found)
    return found


def _checked(unit_id: uuid.UUID, content: Mapping[str, Any], **said: Any) -> flows.Flow:
    flow = flows.of({**content, **said, "green": False})
    problems = [*flows.flow_check(flow), *_places(unit_id, flow)]
    if problems:
        raise FlowBroken(f"{FlowBroken.words}{flows.words_of(problems)}")
    return flow


def _places(unit_id: uuid.UUID, flow: flows.Flow) -> Iterator[flows.Problem]:
    """Steps may go to units above only, and only where they can be reached."""
    placed = [one for one in flow.steps if one.unit_id]
    above = policy.tree().above(unit_id) if placed else []
    for step in placed:
        place = step.unit_id
        if place not in above:
            yield flows.Problem(
                "not_above", _("“%(step)s”只能交给本单位的上级单位审签。") % {"step": step.label}
            )
        elif not network.is_local(place) and network.peer_of_unit(place) is None:
            yield flows.Problem(
                "no_line",
                _("“%(step)s”的审签单位在别的节点上，还没有互联。请管理员先接通。")
                % {"step": step.label},
            )


@_refusals_kept
def flow_draft(
    *,
    by: Member,
    unit_id: uuid.UUID,
    name: str,
    content: Mapping[str, Any],
    category: str = "",
    flow_id: uuid.UUID | None = None,
) -> ReviewFlow:
    """Write a new draft, or over a draft. Raises FlowBroken with every rule it breaks, FlowFixed."""
    name, category = name.strip()[:40], category.strip()[:40]
    if not name:
        raise BadInput(_("请写流程名称，没有保存。"))
    with db.write():
        policy.require(by, "stories.manage_flows", unit_id)
        row = _locked(by, flow_id) if flow_id else ReviewFlow(unit_id=unit_id)
        if row.state != ReviewFlow.State.DRAFT:
            raise FlowFixed
        flow = _checked(unit_id, content, name=name)
        row.name, row.category, row.content = name, category, flow.as_json()
        row.made_by_id, row.made_by_name = by.pk, by.name
        row.version += 1 if flow_id else 0
        row.save()
        audit.record(by, "flow.drafted", row, category=category, steps=len(flow.steps))
    return row


@_refusals_kept
def flow_publish(*, by: Member, flow_id: uuid.UUID) -> ReviewFlow:
    """Put a draft in force; the version before it retires. Stories in review keep theirs.

    Raises FlowBroken, FlowFixed.
    """
    with db.write():
        row = _locked(by, flow_id)
        if row.state != ReviewFlow.State.DRAFT:
            raise FlowFixed
        now = timezone.now()
        alike = ReviewFlow.objects.filter(unit=row.unit_id, category=row.category)
        row.number = (alike.aggregate(most=Max("number"))["most"] or 0) + 1
        flow = _checked(
            row.unit_id, row.content, name=row.name, number=row.number, flow_id=str(row.pk)
        )
        for before in alike.select_for_update().filter(state=ReviewFlow.State.PUBLISHED):
            _retire(before)
            audit.record(by, "flow.retired", before, number=before.number, for_number=row.number)
        row.content, row.digest = flow.as_json(), flow.digest
        row.state, row.published_at = ReviewFlow.State.PUBLISHED, now
        row.version += 1
        row.save()
        audit.record(by, "flow.published", row, number=row.number, digest=row.digest)
    return row


@_refusals_kept
def flow_retire(*, by: Member, flow_id: uuid.UUID) -> ReviewFlow:
    """Take a version out of force for good: the unit above's, or the built-in one, holds again."""
    with db.write():
        row = _locked(by, flow_id)
        if row.state != ReviewFlow.State.PUBLISHED:
            raise FlowFixed
        _retire(row)
        audit.record(by, "flow.retired", row, number=row.number)
    return row


def _retire(row: ReviewFlow) -> None:
    # Named columns only: a version changed behind the rules must still be retirable.
    row.state, row.retired_at = ReviewFlow.State.RETIRED, timezone.now()
    row.version += 1
    ReviewFlow.objects.filter(pk=row.pk).update(
        state=row.state, retired_at=row.retired_at, version=row.version
    )
