"""Verbs of the security administrator: roles of members, grants between units."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput, Conflict, NotFound
from rongmei.network import policy
from rongmei.network.actions.members import local_unit, refuse_last_admin
from rongmei.network.errors import RolesExclude, SelfGrant
from rongmei.network.events import GrantGiven, GrantRevoked, RolesChanged
from rongmei.network.matrix import PERMISSIONS
from rongmei.network.models import Grant, Member, RoleHolding
from rongmei.network.types import ADMIN_ROLES, Role

# What one unit may let another do. The network's own permissions stay where the roles are.
SHAREABLE: Final = tuple(
    name
    for name in PERMISSIONS
    if not name.startswith("network.") and name != "sources.mark_internal"
)


def check_role(*, by: Member, member: Member, role: Role, ends_at: datetime | None) -> None:
    """Raise what stands against this role for this member, before anything is written."""
    if member.pk == by.pk:
        raise SelfGrant
    if not member.is_active:
        raise Conflict(_("账号已停用，未授予角色。请先启用账号。"))
    if ends_at is not None and ends_at <= timezone.now():
        raise BadInput(_("到期时间已经过去，未授予角色。请选一个将来的日期。"))
    if role in ADMIN_ROLES:
        live = Q(ends_at=None) | Q(ends_at__gt=timezone.now())
        rival = RoleHolding.objects.filter(live, member=member, role__in=ADMIN_ROLES - {role})
        if rival.exists():
            raise RolesExclude


def role_grant(
    *,
    by: Member,
    member_id: uuid.UUID,
    unit_id: uuid.UUID,
    role: Role,
    ends_at: datetime | None = None,
) -> RoleHolding:
    """Give a member a role at a unit of this node, until `ends_at` or for good.

    Nobody grants to themselves, and the three administrators are three people. A role held already
    gets the new end.
    """
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.grant_roles", unit)
        # Locking the member makes two security administrators queue here.
        member = Member.objects.select_for_update().filter(pk=member_id).first()
        if member is None:
            raise NotFound
        policy.require(by, "network.grant_roles", member)
        check_role(by=by, member=member, role=role, ends_at=ends_at)
        holding, _made = RoleHolding.objects.update_or_create(
            member=member,
            unit=unit,
            role=role,
            defaults={"granted_by_id": by.pk, "starts_at": timezone.now(), "ends_at": ends_at},
        )
        audit.record(
            by,
            "role.granted",
            member,
            unit_id=unit.pk,
            role=role.value,
            at=str(unit),
            ends_at=ends_at,
        )
        events.publish(RolesChanged(subject_id=member.pk, unit_id=unit.pk))
    policy.forget(member)
    return holding


def role_revoke(*, by: Member, holding_id: uuid.UUID, reason: str) -> RoleHolding:
    """Take a role back; it ends now, and the row stays as history."""
    with db.write():
        holding = (
            RoleHolding.objects.select_for_update(of=("self",))
            .select_related("member", "unit")
            .filter(pk=holding_id)
            .first()
        )
        if holding is None:
            raise NotFound
        policy.require(by, "network.grant_roles", holding.unit_id)
        if holding.member_id == by.pk:
            raise SelfGrant
        refuse_last_admin(holding.member, role=holding.role)
        holding.ends_at = timezone.now()
        holding.save(update_fields=["ends_at", "updated_at"])
        audit.record(
            by, "role.revoked", holding.member, unit_id=holding.unit_id,
            role=holding.role, at=str(holding.unit), reason=reason,
        )  # fmt: skip
        events.publish(RolesChanged(subject_id=holding.member_id, unit_id=holding.unit_id))
    return holding


def grant_give(
    *,
    by: Member,
    unit_id: uuid.UUID,
    to_unit_id: uuid.UUID,
    permission: str,
    reason: str,
    ends_at: datetime,
) -> Grant:
    """Let another unit do something with this unit's records, with a reason and an end."""
    if permission not in SHAREABLE:
        raise BadInput(_("这项权限不能跨单位共享，未授权。请从列表中选择。"))
    if not reason.strip():
        raise BadInput(_("没有写明共享的理由，未授权。请补上理由。"))
    if ends_at <= timezone.now():
        raise BadInput(_("到期时间已经过去，未授权。请选一个将来的日期。"))
    if unit_id == to_unit_id:
        raise BadInput(_("共享给本单位没有意义，未授权。请另选单位。"))
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.manage_grants", unit)
        grant = Grant.objects.create(
            unit=unit, to_unit_id=to_unit_id, permission=permission,
            reason=reason.strip(), granted_by_id=by.pk, ends_at=ends_at,
        )  # fmt: skip
        audit.record(
            by, "grant.given", grant, unit_id=unit.pk,
            permission=permission, to=str(grant.to_unit), reason=grant.reason, ends_at=ends_at,
        )  # fmt: skip
        events.publish(
            GrantGiven(
                subject_id=grant.pk,
                unit_id=unit.pk,
                to_unit_id=str(to_unit_id),
                permission=permission,
            )
        )
    return grant


def grant_revoke(*, by: Member, grant_id: uuid.UUID, reason: str = "") -> Grant:
    """Take a grant back at once."""
    with db.write():
        grant = (
            Grant.objects.select_for_update(of=("self",))
            .select_related("unit", "to_unit")
            .filter(pk=grant_id)
            .first()
        )
        if grant is None:
            raise NotFound
        policy.require(by, "network.manage_grants", grant.unit_id)
        if grant.revoked_at is not None:
            return grant
        grant.revoked_at = timezone.now()
        grant.save(update_fields=["revoked_at", "updated_at"])
        audit.record(by, "grant.revoked", grant, unit_id=grant.unit_id, reason=reason)
        events.publish(
            GrantRevoked(
                subject_id=grant.pk, unit_id=grant.unit_id,
                to_unit_id=str(grant.to_unit_id), permission=grant.permission,
            )
        )  # fmt: skip
    return grant
