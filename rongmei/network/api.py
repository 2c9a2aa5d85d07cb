"""/api/v1/: me, units, members, notices, audit, tokens."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import paginate

from rongmei.kernel.models import AuditEntry
from rongmei.network import actions, auditing, policy, roadmap, selectors
from rongmei.network.actions import members, tokens
from rongmei.network.models import ApiToken, Member, Notice, Unit
from rongmei.network.tokens import member_of

me = Router(tags=["me"])
units = Router(tags=["units"])
people = Router(tags=["members"])
notices = Router(tags=["notices"])
audit = Router(tags=["audit"])
keys = Router(tags=["tokens"])


class UnitOut(Schema):
    """A unit and where it stands on the road map."""

    id: uuid.UUID
    code: str
    name: str
    name_en: str
    short_name: str
    kind: str
    parent_id: uuid.UUID | None
    node: str
    region: str
    milestone: str
    milestone_on: date | None
    milestone_due: date | None

    @staticmethod
    def resolve_node(unit: Unit) -> str:
        return unit.node.slug


class RoadStepOut(Schema):
    """A milestone: planned, reached; `state` is done, now, late or next."""

    milestone: str
    state: str
    planned_on: date | None
    reached_on: date | None
    note: str


class RoadFactOut(Schema):
    """Something that happened for the first time; null while it has not."""

    label: str
    at: datetime | None


class RoadOut(Schema):
    """A unit's construction road map."""

    unit_id: uuid.UUID
    code: str
    late: bool
    steps: list[RoadStepOut]
    facts: list[RoadFactOut]

    @staticmethod
    def resolve_unit_id(road: roadmap.Road) -> uuid.UUID:
        return road.unit.pk

    @staticmethod
    def resolve_code(road: roadmap.Road) -> str:
        return road.unit.code


class MeOut(Schema):
    """Who one is, and what one may do anywhere."""

    id: uuid.UUID
    username: str
    name: str
    unit: UnitOut
    permissions: list[str]
    unread: int


class MemberIn(Schema):
    """A new account."""

    username: str
    name: str
    unit_id: uuid.UUID
    name_en: str = ""
    email: str = ""
    phone: str = ""


class MemberOut(Schema):
    """An account as administrators see it."""

    id: uuid.UUID
    username: str
    name: str
    name_en: str
    unit_id: uuid.UUID
    email: str
    is_active: bool
    seen_at: datetime | None


class MemberMade(Schema):
    """A new account with the one-time password, which is not shown again."""

    member: MemberOut
    password: str


class ReasonIn(Schema):
    """Why."""

    reason: str


class NoticeOut(Schema):
    """One of one's own notices."""

    id: uuid.UUID
    kind: str
    title: str
    body: str
    url: str
    urgent: bool
    created_at: datetime
    due_at: datetime | None
    read_at: datetime | None


class IdsIn(Schema):
    """Which ones; None means all."""

    ids: list[uuid.UUID] | None = None


class CountOut(Schema):
    """How many were changed."""

    count: int


class AuditOut(Schema):
    """A line of the audit chain."""

    seq: int
    at: datetime
    actor_id: uuid.UUID | None
    actor: str
    action: str
    subject_type: str
    subject_id: str
    subject: str
    unit_id: uuid.UUID | None
    ip: str
    detail: dict[str, Any]
    previous: str
    hash: str


class VerdictOut(Schema):
    """What checking the chain found; `broken` is the number of the first bad entry."""

    ok: bool
    entries: int
    head: str
    broken: int | None
    reason: str


class TokenIn(Schema):
    """A new token."""

    name: str
    read_only: bool = True
    days: int = 90


class TokenOut(Schema):
    """A token without its secret."""

    id: uuid.UUID
    name: str
    prefix: str
    read_only: bool
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class TokenMade(Schema):
    """A new token with its secret, which is not shown again."""

    token: TokenOut
    secret: str


@me.get("", response=MeOut, url_name="me")
def get_me(request: HttpRequest) -> dict[str, Any]:
    """Who the token or session belongs to."""
    member = member_of(request)
    return {
        "id": member.pk,
        "username": member.username,
        "name": member.name,
        "unit": selectors.unit(member.unit_id),
        "permissions": sorted(policy.permissions_of(member)),
        "unread": selectors.unread_count(member),
    }


@units.get("", response=list[UnitOut], url_name="units")
@paginate
def list_units(request: HttpRequest) -> QuerySet[Unit]:
    """All units this node knows."""
    policy.require(member_of(request), "network.view")
    return selectors.units()


@units.get("/road", response=list[RoadOut], url_name="road")
def list_roads(request: HttpRequest) -> list[roadmap.Road]:
    """The construction road maps of all units, in the order of the tree."""
    policy.require(member_of(request), "network.view")
    return selectors.roads()


@people.get("", response=list[MemberOut], url_name="members")
@paginate
def list_members(request: HttpRequest) -> QuerySet[Member]:
    """The people one looks after as an administrator."""
    member = member_of(request)
    if not policy.anywhere(member, "network.grant_roles"):
        policy.require(member, "network.manage_members")
    return selectors.members_administered_by(member)


@people.post("", response={201: MemberMade}, url_name="member_add")
def add_member(request: HttpRequest, body: MemberIn) -> members.OneTime:
    """Make an account; it has no role yet."""
    return members.member_add(by=member_of(request), **body.dict())


@people.post("/{member_id}/disable", response=MemberOut, url_name="member_disable")
def disable_member(request: HttpRequest, member_id: uuid.UUID, body: ReasonIn) -> Member:
    """Close an account."""
    return members.member_disable(by=member_of(request), member_id=member_id, reason=body.reason)


@notices.get("", response=list[NoticeOut], url_name="notices")
@paginate
def list_notices(request: HttpRequest, unread: bool = False) -> QuerySet[Notice]:
    """One's own notices, newest first."""
    rows = selectors.notices_of(member_of(request))
    return rows.filter(read_at=None) if unread else rows


@notices.post("/read", response=CountOut, url_name="notices_read")
def read_notices(request: HttpRequest, body: IdsIn) -> dict[str, int]:
    """Mark one's own notices read."""
    return {"count": actions.notices_read(by=member_of(request), ids=body.ids)}


@audit.get("", response=list[AuditOut], url_name="audit")
def list_audit(
    request: HttpRequest, after: int = 0, limit: int = 100, action: str = "", person: str = ""
) -> list[AuditEntry]:
    """Lines after number `after`, oldest first, at most 500: go on from the last number."""
    member = member_of(request)
    policy.require(member, "network.audit")
    search = auditing.Search(action=action, person=person)
    rows = auditing.find(member, search).filter(seq__gt=after).order_by("seq")
    return list(rows[: max(1, min(limit, 500))])


@audit.post("/verify", response=VerdictOut, url_name="audit_verify")
def verify_audit(request: HttpRequest) -> Any:
    """Check the whole chain."""
    return auditing.verify(by=member_of(request))


@keys.get("", response=list[TokenOut], url_name="tokens")
@paginate
def list_tokens(request: HttpRequest) -> QuerySet[ApiToken]:
    """One's own tokens."""
    return selectors.tokens_of(member_of(request))


@keys.post("", response={201: TokenMade}, url_name="token_create")
def create_token(request: HttpRequest, body: TokenIn) -> tokens.NewToken:
    """Make a token for oneself."""
    made = tokens.token_create(
        by=member_of(request), name=body.name, read_only=body.read_only, days=body.days
    )
    return made


@keys.delete("/{token_id}", response={204: None}, url_name="token_revoke")
def revoke_token(request: HttpRequest, token_id: uuid.UUID) -> None:
    """Take a token back."""
    tokens.token_revoke(by=member_of(request), token_id=token_id)


routers = [
    ("/me", me),
    ("/units", units),
    ("/members", people),
    ("/notices", notices),
    ("/audit", audit),
    ("/tokens", keys),
]
