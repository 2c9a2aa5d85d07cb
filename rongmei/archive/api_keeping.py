"""/api/v1/archive: what is kept how long, and legal holds."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from rongmei.archive import holds, keeping, retention
from rongmei.archive.models import Hold, RetentionRule
from rongmei.network import policy
from rongmei.network.tokens import member_of

router = Router(tags=["archive"])


class RulingOut(Schema):
    """A rule that counts today; `days` null is for ever, `rule_id` null came with the program."""

    rule_id: uuid.UUID | None
    kind: str
    media_class: str
    unit_id: uuid.UUID | None
    days: int | None
    effective_on: date | None


class ProposalOut(Schema):
    """A rule as somebody proposed it: `state` is proposed, in_force or withdrawn."""

    id: uuid.UUID
    kind: str
    media_class: str
    unit_id: uuid.UUID | None
    keep: str
    days: int | None
    effective_on: date
    reason: str
    state: str
    proposed_by_name: str
    decided_by_name: str
    decided_at: datetime | None


class GroupOut(Schema):
    """How many documents of a class and kind."""

    media_class: str
    kind: str
    count: int


class PreviewOut(Schema):
    """A proposal, with what it would remove and what of that a hold keeps; nothing once decided."""

    rule: ProposalOut
    would_remove: int
    held: int
    oldest: datetime | None
    groups: list[GroupOut]


class RuleIn(Schema):
    """A rule to be proposed: `keep` is days (with `days`), forever or general (the wider rule counts)."""

    keep: str = Field(pattern="^(days|forever|general)$")
    days: int | None = None
    effective_on: date
    reason: str = Field(min_length=1, max_length=300)
    media_class: str = Field("", max_length=10)
    kind: str = Field("", max_length=12)
    unit_id: uuid.UUID | None = None


class DecisionIn(Schema):
    """`agree` to a proposal that somebody else made, or `withdraw` it."""

    act: str = Field(pattern="^(agree|withdraw)$")


class HoldOut(Schema):
    """A legal hold: `state` is active, asked (its lifting) or lifted."""

    id: uuid.UUID
    unit_id: uuid.UUID
    name: str
    reason: str
    scope: str
    query: str
    source_id: uuid.UUID | None
    count: int
    state: str
    placed_by_name: str
    created_at: datetime
    asked_by_name: str
    lift_reason: str
    lifted_by_name: str
    lifted_at: datetime | None


class HoldIn(Schema):
    """A hold to be placed; exactly one of the last three. `source` is a name, address or id."""

    name: str = Field(min_length=1, max_length=80)
    reason: str = Field(min_length=1, max_length=500)
    document_ids: list[uuid.UUID] = Field([], max_length=holds.MAX_HELD)
    query: str = Field("", max_length=500)
    source: str = Field("", max_length=500)


class LiftIn(Schema):
    """`ask` with a reason, then by another person `agree`, or `keep` to leave the hold in place."""

    act: str = Field(pattern="^(ask|agree|keep)$")
    reason: str = Field("", max_length=500)


@router.get("/retention", response=list[RulingOut])
def archive_retention(request: HttpRequest) -> list[dict[str, Any]]:
    """What counts today; the first that fits a document decides."""
    policy.require(member_of(request), "archive.retention")
    return [
        {
            "rule_id": one.rule.pk if one.rule else None, "kind": one.kind,
            "media_class": one.media_class, "unit_id": one.unit_id, "days": one.days,
            "effective_on": one.rule.effective_on if one.rule else None,
        }
        for one in retention.rulings(timezone.localdate())
    ]  # fmt: skip


@router.get("/retention/proposals", response=list[ProposalOut])
def archive_retention_proposals(request: HttpRequest) -> list[RetentionRule]:
    """Proposals that wait for a second person, newest first."""
    policy.require(member_of(request), "archive.retention")
    return list(retention.rules_of([RetentionRule.State.PROPOSED]))


@router.post("/retention/proposals", response={201: ProposalOut})
def archive_retention_propose(request: HttpRequest, body: RuleIn) -> Status[RetentionRule]:
    """Propose how long something is kept; it counts once a second person has agreed."""
    return Status(201, keeping.rule_propose(by=member_of(request), **body.dict()))


@router.get("/retention/proposals/{rule_id}", response=PreviewOut)
def archive_retention_preview(request: HttpRequest, rule_id: uuid.UUID) -> dict[str, Any]:
    """A proposal, and what it would remove if it counted on its day."""
    policy.require(member_of(request), "archive.retention")
    rule = retention.rule_for(rule_id)
    would = retention.preview(rule) if rule.state == RetentionRule.State.PROPOSED else None
    groups = would.groups if would else ()
    return {
        "rule": rule,
        "would_remove": would.count if would else 0,
        "held": would.held if would else 0,
        "oldest": would.oldest if would else None,
        "groups": [
            {"media_class": media, "kind": kind, "count": count} for media, kind, count in groups
        ],
    }


@router.post("/retention/proposals/{rule_id}", response=ProposalOut)
def archive_retention_decide(
    request: HttpRequest, rule_id: uuid.UUID, body: DecisionIn
) -> RetentionRule:
    """Agree to what somebody else proposed, or take it back."""
    verb = keeping.rule_put_in_force if body.act == "agree" else keeping.rule_withdraw
    return verb(by=member_of(request), rule_id=rule_id)


@router.get("/holds", response=list[HoldOut])
def archive_holds(request: HttpRequest) -> list[Hold]:
    """Holds in reach, at most 200, open ones first."""
    member = member_of(request)
    policy.require(member, "archive.hold")
    return list(holds.holds_visible_to(member)[:200])


@router.post("/holds", response=HoldOut)
def archive_hold_place(request: HttpRequest, body: HoldIn) -> Hold:
    """Put documents, what a search finds now, or a source under a hold."""
    return keeping.hold_place(by=member_of(request), **body.dict())


@router.post("/holds/{hold_id}/lift", response=HoldOut)
def archive_hold_lift(request: HttpRequest, hold_id: uuid.UUID, body: LiftIn) -> Hold:
    """Ask for the lifting, agree to it, or leave the hold in place."""
    by = member_of(request)
    if body.act == "ask":
        return keeping.hold_lift_ask(by=by, hold_id=hold_id, reason=body.reason)
    if body.act == "agree":
        return keeping.hold_lift(by=by, hold_id=hold_id)
    return keeping.hold_lift_refuse(by=by, hold_id=hold_id)
