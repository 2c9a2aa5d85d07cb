"""Verbs on people: accounts, passwords, sessions, their own settings."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from rongmei.kernel import audit, db, events
from rongmei.kernel.errors import BadInput, NotFound
from rongmei.network import policy
from rongmei.network.errors import LastAdmin, NotOneself, NotOurUnit, UsernameTaken
from rongmei.network.events import MemberAdded, MemberChanged, MemberDisabled, MemberEnabled
from rongmei.network.models import ApiToken, Member, RoleHolding, Unit
from rongmei.network.types import ADMIN_ROLES

# No 0/O, 1/l/I: it is read out over the telephone.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_PARTICULARS: Final = frozenset({"name", "name_en", "email", "phone", "unit_id"})
_OWN: Final = frozenset(
    {"name", "name_en", "email", "phone", "language", "quiet_from", "quiet_until", "notify_mail"}
)


@dataclass(frozen=True)
class OneTime:
    """A member and the password that is shown once and must be changed at first sign-in."""

    member: Member
    password: str


def one_time_password() -> str:
    """A random password of four groups, easy to read out (about 93 bits)."""
    return "-".join("".join(secrets.choice(_LETTERS) for _n in range(4)) for _g in range(4))


def _locked(member_id: uuid.UUID) -> Member:
    member = Member.objects.select_for_update().filter(pk=member_id).first()
    if member is None:
        raise NotFound
    return member


def local_unit(unit_id: uuid.UUID) -> Unit:
    """The unit, locked; refuse one that is hosted by another node."""
    unit = (
        Unit.objects.select_for_update(of=("self",))
        .filter(pk=unit_id)
        .select_related("node")
        .first()
    )
    if unit is None:
        raise NotFound
    if not unit.node.is_self:
        raise NotOurUnit
    return unit


def _clean(member: Member, *, fields: set[str]) -> None:
    skip = {field.name for field in Member._meta.fields} - fields
    try:
        member.clean_fields(exclude=skip)
    except ValidationError as error:
        words = "; ".join(" ".join(texts) for texts in error.message_dict.values())
        raise BadInput(words) from error


def member_add(
    *,
    by: Member,
    unit_id: uuid.UUID,
    username: str,
    name: str,
    name_en: str = "",
    email: str = "",
    phone: str = "",
    password: str = "",
    hashed: str = "",
) -> OneTime:
    """Make an account with a one-time password and no role at all.

    `password` and `hashed` let a caller that makes many hash before the write begins.
    """
    given = password or one_time_password()
    kept = hashed or make_password(given)
    with db.write():
        unit = local_unit(unit_id)
        policy.require(by, "network.manage_members", unit)
        if Member.objects.filter(username=username).exists():
            raise UsernameTaken
        member = Member(
            username=username, name=name, name_en=name_en, unit=unit, email=email, phone=phone,
            password=kept, must_change_password=True,
        )  # fmt: skip
        _clean(member, fields={"username", "name", "name_en", "email", "phone"})
        member.save(force_insert=True)
        audit.record(by, "member.added", member, username=username)
        events.publish(MemberAdded(subject_id=member.pk, unit_id=unit.pk))
    return OneTime(member, given)


def member_change(*, by: Member, member_id: uuid.UUID, fields: Mapping[str, Any]) -> Member:
    """Change a member's particulars (`name name_en email phone unit_id`)."""
    unknown = set(fields) - _PARTICULARS
    if unknown:
        raise BadInput(f"unknown fields: {sorted(unknown)}")
    with db.write():
        member = _locked(member_id)
        policy.require(by, "network.manage_members", member)
        if "unit_id" in fields and fields["unit_id"] != member.unit_id:
            policy.require(by, "network.manage_members", local_unit(fields["unit_id"]))
        changed = _change(member, fields)
        if changed:
            audit.record(by, "member.changed", member, fields=changed)
            events.publish(
                MemberChanged(
                    subject_id=member.pk, unit_id=member.unit_id, fields=",".join(changed)
                )
            )
    return member


def _change(member: Member, fields: Mapping[str, Any]) -> list[str]:
    changed = [name for name, value in fields.items() if getattr(member, name) != value]
    for name in changed:
        setattr(member, name, fields[name])
    if changed:
        _clean(member, fields=set(changed) - {"unit_id"})
        member.save(update_fields=[name.removesuffix("_id") for name in changed])
    return changed


def profile_change(*, by: Member, fields: Mapping[str, Any]) -> Member:
    """Change one's own settings."""
    unknown = set(fields) - _OWN
    if unknown:
        raise BadInput(f"unknown fields: {sorted(unknown)}")
    with db.write():
        member = _locked(by.pk)
        changed = _change(member, fields)
        if changed:
            audit.record(by, "member.profile_changed", member, fields=changed)
            events.publish(
                MemberChanged(
                    subject_id=member.pk, unit_id=member.unit_id, fields=",".join(changed)
                )
            )
    return member


def member_disable(*, by: Member, member_id: uuid.UUID, reason: str) -> Member:
    """Close an account: its sessions and tokens die at once, its history stays."""
    with db.write():
        member = _locked(member_id)
        policy.require(by, "network.manage_members", member)
        if member.pk == by.pk:
            raise NotOneself
        refuse_last_admin(member)
        member.is_active = False
        member.save(update_fields=["is_active"])
        end_sessions(member)
        ApiToken.objects.filter(member=member, revoked_at=None).update(revoked_at=timezone.now())
        audit.record(by, "member.disabled", member, reason=reason)
        events.publish(MemberDisabled(subject_id=member.pk, unit_id=member.unit_id))
    return member


def member_enable(*, by: Member, member_id: uuid.UUID) -> Member:
    """Open a closed account again; its old password must be changed."""
    with db.write():
        member = _locked(member_id)
        policy.require(by, "network.manage_members", member)
        member.is_active, member.must_change_password = True, True
        member.save(update_fields=["is_active", "must_change_password"])
        audit.record(by, "member.enabled", member)
        events.publish(MemberEnabled(subject_id=member.pk, unit_id=member.unit_id))
    return member


def refuse_last_admin(member: Member, *, role: str = "") -> None:
    """Refuse what would leave the node without one of its three administrators."""
    now = timezone.now()
    live = Q(ends_at=None) | Q(ends_at__gt=now)
    roles = [role] if role else sorted(ADMIN_ROLES)
    held = RoleHolding.objects.filter(live, member=member, role__in=roles, starts_at__lte=now)
    for held_role in set(held.values_list("role", flat=True)) & set(ADMIN_ROLES):
        others = RoleHolding.objects.filter(
            live, role=held_role, starts_at__lte=now, member__is_active=True
        ).exclude(member=member)
        if not others.exists():
            raise LastAdmin


def password_reset(*, by: Member, member_id: uuid.UUID) -> OneTime:
    """Give a member a new one-time password and sign them out everywhere."""
    given = one_time_password()
    kept = make_password(given)
    with db.write():
        member = _locked(member_id)
        policy.require(by, "network.manage_members", member)
        if member.pk == by.pk:
            raise NotOneself
        member.password, member.must_change_password = kept, True
        member.save(update_fields=["password", "must_change_password"])
        end_sessions(member)
        audit.record(by, "member.password_reset", member)
    return OneTime(member, given)


def password_was_changed(*, by: Member, keep_session: str | None) -> None:
    """Note that a member gave themselves a new password; end their other sessions."""
    with db.write():
        member = _locked(by.pk)
        member.must_change_password = False
        member.save(update_fields=["must_change_password"])
        end_sessions(member, keep=keep_session)
        audit.record(by, "member.password_changed", member)
    by.must_change_password = False


def factor_remove(*, by: Member, member_id: uuid.UUID, reason: str) -> None:
    """Take away the second factor of somebody who lost their phone.

    The security administrator's: the system administrator resets passwords, so that neither alone
    can take over an account that has a second factor.
    """
    with db.write():
        member = _locked(member_id)
        policy.require(by, "network.grant_roles", member)
        if member.pk == by.pk:
            raise NotOneself
        Authenticator.objects.filter(user_id=member.pk).delete()
        end_sessions(member)
        audit.record(by, "member.totp_off", member, reason=reason)


def end_sessions(member: Member, *, keep: str | None = None) -> int:
    """End the member's sessions (all but `keep`); inside a write. Return how many."""
    rows = UserSession.objects.filter(user_id=member.pk).exclude(session_key=keep or "")
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)


def sessions_end_others(*, by: Member, keep_session: str | None) -> int:
    """Sign out everywhere but here."""
    with db.write():
        ended = end_sessions(by, keep=keep_session)
        audit.record(by, "member.sessions_ended", by, count=ended)
    return ended


def seen(member: Member, session_key: str | None) -> None:
    """Note that a member is at work; every few minutes, not on every page."""
    now = timezone.now()
    with db.write():
        Member.objects.filter(pk=member.pk).update(seen_at=now)
        UserSession.objects.filter(session_key=session_key or "").update(last_seen_at=now)
    member.seen_at = now
