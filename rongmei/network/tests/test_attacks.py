"""What administrators and token holders might try, and must not get."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from rongmei.kernel.errors import BadInput, Conflict, NotAllowed, NotFound
from rongmei.kernel.models import AuditEntry, Event
from rongmei.network import policy
from rongmei.network.actions import members, roles, tokens, units
from rongmei.network.errors import (
    LastAdmin,
    NotOneself,
    NotOurUnit,
    RolesExclude,
    SelfGrant,
    UnitCircle,
    UnitInUse,
)
from rongmei.network.models import ApiToken, Member, Node, RoleHolding
from rongmei.network.types import ADMIN_ROLES, Role


def test_nobody_grants_to_themselves(cast):
    by = cast["secadmin"]
    for role in (Role.PLANNER, Role.SECURITY_ADMIN):
        with pytest.raises(SelfGrant):
            roles.role_grant(by=by, member_id=by.pk, unit_id=by.unit_id, role=role)
    assert RoleHolding.objects.filter(member=by).count() == 1
    assert not AuditEntry.objects.filter(action="role.granted").exists()


def test_nobody_revokes_their_own(cast):
    holding = RoleHolding.objects.get(member=cast["secadmin"])
    with pytest.raises(SelfGrant):
        roles.role_revoke(by=cast["secadmin"], holding_id=holding.pk, reason="示例")


@pytest.mark.parametrize("held", sorted(ADMIN_ROLES))
@pytest.mark.parametrize("wanted", sorted(ADMIN_ROLES))
def test_three_administrators_are_three_people(cast, held, wanted):
    target = cast["yl.nobody"]
    unit = cast.unit("yunling")
    RoleHolding.objects.create(member=target, unit=unit, role=held)
    grant = {
        "by": cast["secadmin"],
        "member_id": target.pk,
        "unit_id": unit.pk,
        "role": Role(wanted),
    }
    if held == wanted:
        assert roles.role_grant(**grant).role == held
    else:
        with pytest.raises(RolesExclude):
            roles.role_grant(**grant)


def test_an_ended_admin_role_excludes_nothing(cast):
    target, unit = cast["yl.nobody"], cast.unit("yunling")
    RoleHolding.objects.create(
        member=target, unit=unit, role=Role.SYSTEM_ADMIN, ends_at=timezone.now() - timedelta(days=1)
    )
    roles.role_grant(
        by=cast["secadmin"], member_id=target.pk, unit_id=unit.pk, role=Role.AUDIT_ADMIN
    )
    assert policy.allows(cast["yl.nobody"], "network.audit", unit)


def test_a_role_cannot_be_granted_above_or_beside(cast):
    by = cast["yl.secadmin"]
    for code in ("hq", "jiangchuan"):
        with pytest.raises(NotAllowed):
            roles.role_grant(
                by=by,
                member_id=cast["yl.reporter"].pk,
                unit_id=cast.unit(code).pk,
                role=Role.PLANNER,
            )
    with pytest.raises(NotAllowed):
        roles.role_grant(
            by=by,
            member_id=cast["jc.reporter"].pk,
            unit_id=cast.unit("yunling").pk,
            role=Role.PLANNER,
        )


def test_the_system_administrator_grants_nothing(cast):
    with pytest.raises(NotAllowed):
        roles.role_grant(
            by=cast["sysadmin"], member_id=cast["yl.reporter"].pk,
            unit_id=cast.unit("yunling").pk, role=Role.PLANNER,
        )  # fmt: skip


def test_a_role_works_at_once_and_ends_at_once(cast):
    target, unit = cast["yl.nobody"], cast.unit("yunling")
    holding = roles.role_grant(
        by=cast["yl.secadmin"], member_id=target.pk, unit_id=unit.pk, role=Role.PLANNER
    )
    assert policy.allows(cast["yl.nobody"], "planning.decide", unit)
    roles.role_revoke(by=cast["yl.secadmin"], holding_id=holding.pk, reason="示例")
    assert not policy.allows(cast["yl.nobody"], "planning.decide", unit)
    assert Event.objects.filter(name="network.roles_changed").count() == 2


def test_a_role_may_not_end_in_the_past(cast):
    with pytest.raises(BadInput):
        roles.role_grant(
            by=cast["yl.secadmin"], member_id=cast["yl.nobody"].pk, unit_id=cast.unit("yunling").pk,
            role=Role.PLANNER, ends_at=timezone.now(),
        )  # fmt: skip


def test_the_last_administrator_stays(cast):
    RoleHolding.objects.filter(member=cast["yl.auditor"]).delete()
    holding = RoleHolding.objects.get(member=cast["auditor"])
    with pytest.raises(LastAdmin):
        roles.role_revoke(by=cast["secadmin"], holding_id=holding.pk, reason="示例")
    with pytest.raises(LastAdmin):
        members.member_disable(by=cast["sysadmin"], member_id=cast["auditor"].pk, reason="示例")


@pytest.mark.parametrize(
    "permission", ["network.audit", "network.grant_roles", "sources.mark_internal", "no.such"]
)
def test_the_networks_own_permissions_are_never_shared(cast, permission):
    with pytest.raises(BadInput):
        roles.grant_give(
            by=cast["yl.secadmin"], unit_id=cast.unit("yunling").pk, to_unit_id=cast.unit("hq").pk,
            permission=permission, reason="示例", ends_at=timezone.now() + timedelta(days=1),
        )  # fmt: skip


def test_a_grant_opens_and_its_end_shuts(cast):
    yunling = cast.unit("yunling")
    reader = "jc.reporter"
    assert not policy.allows(cast[reader], "stories.view", yunling)
    grant = roles.grant_give(
        by=cast["yl.secadmin"], unit_id=yunling.pk, to_unit_id=cast.unit("jiangchuan").pk,
        permission="stories.view", reason="联合报道", ends_at=timezone.now() + timedelta(days=1),
    )  # fmt: skip
    assert policy.allows(cast[reader], "stories.view", yunling)
    assert not policy.allows(cast[reader], "stories.write", yunling)
    roles.grant_revoke(by=cast["yl.secadmin"], grant_id=grant.pk)
    assert not policy.allows(cast[reader], "stories.view", yunling)


def test_units_of_other_nodes_are_read_only(cast):
    unit = cast.unit("shimenkan")
    unit.node = Node.objects.create(slug="far", name="远端", url="http://127.0.0.1:1")
    unit.save()
    with pytest.raises(NotOurUnit):
        units.unit_change(by=cast["sysadmin"], unit_id=unit.pk, fields={"name": "改名"})
    with pytest.raises(NotOurUnit):
        members.member_add(by=cast["sysadmin"], unit_id=unit.pk, username="x", name="甲")
    with pytest.raises(NotOurUnit):
        roles.role_grant(
            by=cast["secadmin"], member_id=cast["planner"].pk, unit_id=unit.pk, role=Role.ANALYST
        )


def test_a_unit_cannot_be_below_itself_nor_close_with_people(cast):
    with pytest.raises(UnitCircle):
        units.unit_change(
            by=cast["sysadmin"], unit_id=cast.unit("yunling").pk,
            fields={"parent_id": cast.unit("shimenkan").pk},
        )  # fmt: skip
    with pytest.raises(UnitInUse):
        units.unit_close(by=cast["sysadmin"], unit_id=cast.unit("shimenkan").pk, reason="示例")


def test_a_centre_cannot_move_itself_out_of_reach(cast):
    with pytest.raises(NotAllowed):
        units.unit_change(
            by=cast["yl.sysadmin"], unit_id=cast.unit("yunling").pk,
            fields={"parent_id": cast.unit("jiangchuan").pk},
        )  # fmt: skip


def test_nobody_resets_or_disables_themselves(cast):
    by = cast["sysadmin"]
    with pytest.raises(NotOneself):
        members.password_reset(by=by, member_id=by.pk)
    with pytest.raises(NotOneself):
        members.member_disable(by=by, member_id=by.pk, reason="示例")
    with pytest.raises(NotAllowed):
        members.factor_remove(by=by, member_id=cast["planner"].pk, reason="示例")


def test_a_closed_account_gets_no_role(cast):
    members.member_disable(by=cast["sysadmin"], member_id=cast["yl.nobody"].pk, reason="示例")
    with pytest.raises(Conflict):
        roles.role_grant(
            by=cast["secadmin"],
            member_id=cast["yl.nobody"].pk,
            unit_id=cast.unit("yunling").pk,
            role=Role.PLANNER,
        )


def bearer(secret: str) -> Client:
    return Client(headers={"authorization": f"Bearer {secret}"})


def test_a_read_only_token_reads_only(cast):
    made = tokens.token_create(by=cast["yl.sysadmin"], name="示例")
    client = bearer(made.secret)
    assert client.get("/api/v1/me").json()["username"] == "yl.sysadmin"
    answer = client.post("/api/v1/tokens", {"name": "更多"}, content_type="application/json")
    assert answer.status_code == 403
    assert ApiToken.objects.count() == 1


def test_a_writable_token_writes_as_its_member(cast):
    made = tokens.token_create(by=cast["yl.reporter"], name="示例", read_only=False)
    client = bearer(made.secret)
    body = {"username": "a.b", "name": "甲", "unit_id": str(cast.unit("yunling").pk)}
    assert client.post("/api/v1/members", body, content_type="application/json").status_code == 403
    assert (
        client.post("/api/v1/tokens", {"name": "b"}, content_type="application/json").status_code
        == 201
    )


@pytest.mark.parametrize("spoil", ["expired", "revoked", "disabled", "cut", "first"])
def test_dead_tokens_open_nothing(cast, spoil):
    member = cast["yl.reporter"]
    made = tokens.token_create(by=member, name="示例")
    secret = made.secret
    if spoil == "expired":
        ApiToken.objects.update(expires_at=timezone.now())
    elif spoil == "revoked":
        tokens.token_revoke(by=member, token_id=made.token.pk)
    elif spoil == "disabled":
        members.member_disable(by=cast["yl.sysadmin"], member_id=member.pk, reason="示例")
    elif spoil == "first":
        Member.objects.filter(pk=member.pk).update(must_change_password=True)
    else:
        secret = secret[:-1]
    assert bearer(secret).get("/api/v1/me").status_code in {401, 403}


def test_the_secret_is_not_kept(cast):
    made = tokens.token_create(by=cast["yl.reporter"], name="示例")
    kept = " ".join(map(str, ApiToken.objects.values_list().get()))
    assert made.secret not in kept
    assert made.secret.split("_", 2)[2] not in kept


def test_nobody_revokes_a_strangers_token(cast):
    made = tokens.token_create(by=cast["yl.reporter"], name="示例")
    with pytest.raises(NotFound):
        tokens.token_revoke(by=cast["jc.reporter"], token_id=made.token.pk)


def test_a_superuser_flag_opens_nothing(cast):
    member = cast["yl.nobody"]
    member.is_superuser = True
    assert not member.has_perm("network.audit")
    assert not member.has_perm("stories.change_story")
    assert policy.permissions_of(member) == frozenset()
