"""/api/v1/review: flows, trying them, delegation, the second reading."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from rongmei.network.tokens import member_of
from rongmei.stories import actions, flows, selectors, trial
from rongmei.stories.models import Delegation, ReviewFlow

router = Router(tags=["review"])


class FlowOut(Schema):
    """One version of a flow; `content` holds its steps."""

    id: uuid.UUID
    unit_id: uuid.UUID
    name: str
    category: str
    number: int
    state: str
    content: dict[str, Any]
    digest: str
    published_at: datetime | None
    retired_at: datetime | None


class NewFlow(Schema):
    """A draft, or with `flow_id` a draft written over. `content` is {steps, public, share}."""

    unit_id: uuid.UUID
    name: str
    content: dict[str, Any]
    category: str = ""
    flow_id: uuid.UUID | None = None


class TriedOut(Schema):
    """A step, who could sign it, and why the story would stop there ("" if it would not)."""

    step: str
    name: str
    people: list[str]
    stuck: str


class DelegationOut(Schema):
    """One seat lent."""

    id: uuid.UUID
    unit_id: uuid.UUID
    permission: str
    from_name: str
    to_name: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    revoked_at: datetime | None


class NewDelegation(Schema):
    """One's own review permission at a unit, to whom, until when, and why."""

    unit_id: uuid.UUID
    permission: str
    to_id: uuid.UUID
    ends_at: datetime
    reason: str


class Opinion(Schema):
    """What was found."""

    opinion: str


@router.get("/flows", response=list[FlowOut], url_name="review_flows")
def flow_list(request: HttpRequest) -> Any:
    """Versions of the units whose flows the member manages."""
    return selectors.flows_visible_to(member_of(request))[:200]


@router.post("/flows", response={201: FlowOut}, url_name="review_flows")
def draft(request: HttpRequest, new: NewFlow) -> Any:
    """Draft a version; 422 with every rule it breaks."""
    return 201, actions.flow_draft(by=member_of(request), **new.dict())


@router.post("/flows/{flow_id}/publish", response=FlowOut, url_name="review_flow_publish")
def publish(request: HttpRequest, flow_id: uuid.UUID) -> ReviewFlow:
    """Put a draft in force."""
    return actions.flow_publish(by=member_of(request), flow_id=flow_id)


@router.post("/flows/{flow_id}/retire", response=FlowOut, url_name="review_flow_retire")
def retire(request: HttpRequest, flow_id: uuid.UUID) -> ReviewFlow:
    """Take a version out of force for good."""
    return actions.flow_retire(by=member_of(request), flow_id=flow_id)


@router.get("/flows/{flow_id}/trial", response=list[TriedOut], url_name="review_flow_trial")
def try_flow(request: HttpRequest, flow_id: uuid.UUID, story: uuid.UUID | None = None) -> Any:
    """A dry run, over a story when one is named."""
    by = member_of(request)
    row = selectors.flow_for(by, flow_id)
    sample = selectors.story_for(by, story) if story else None
    tried = trial.dry_run(
        flows.of(row.content), sample.unit_id if sample else row.unit_id,
        sample.author_id if sample else None,
    )  # fmt: skip
    return [
        {
            "step": one.step.key, "name": one.step.label, "stuck": one.stuck,
            "people": [who.label for who in one.people],
        }
        for one in tried
    ]  # fmt: skip


@router.get("/delegations", response=list[DelegationOut], url_name="review_delegations")
def delegation_list(request: HttpRequest) -> Any:
    """What the member lends and is lent."""
    return selectors.delegations_visible_to(member_of(request))[:200]


@router.post("/delegations", response={201: DelegationOut}, url_name="review_delegations")
def lend(request: HttpRequest, new: NewDelegation) -> Any:
    """Lend a seat until a date."""
    return 201, actions.delegation_make(by=member_of(request), **new.dict())


@router.post(
    "/delegations/{delegation_id}/revoke",
    response=DelegationOut,
    url_name="review_delegation_revoke",
)
def revoke(request: HttpRequest, delegation_id: uuid.UUID) -> Delegation:
    """End it now."""
    return actions.delegation_revoke(by=member_of(request), delegation_id=delegation_id)


@router.post("/stories/{story_id}/reread", response={204: None}, url_name="review_reread")
def reread(request: HttpRequest, story_id: uuid.UUID, said: Opinion) -> Any:
    """Read once more what went out by the green channel."""
    actions.story_reread(by=member_of(request), story_id=story_id, opinion=said.opinion)
    return 204, None
