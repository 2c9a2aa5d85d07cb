"""/api/v1/archive: what is kept how long, and legal holds."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router, Schema
from pydantic import Field

from rongmei.archive import holds, keeping, retention
from rongmei.archive.models import Hold
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
