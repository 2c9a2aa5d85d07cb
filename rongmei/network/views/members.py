"""People: list, add, change, close, one-time passwords; roles with a look at what they open."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network import policy, previews, selectors
from rongmei.network.actions import members, roles
from rongmei.network.forms import MemberForm, ReasonForm, RoleForm
from rongmei.network.guard import MemberRequest, page
from rongmei.network.models import Member
from rongmei.network.types import Role

_A_PAGE = 50


@page("network.manage_members", "network.grant_roles")
@require_safe
def member_list(request: MemberRequest) -> HttpResponse:
    """The people one looks after."""
    rows = selectors.members_administered_by(request.user)
    query = request.GET.get("q", "").strip()
    if query:
        rows = rows.filter(
            Q(username__icontains=query) | Q(name__icontains=query) | Q(name_en__icontains=query)
        )
    if request.GET.get("state") == "off":
        rows = rows.filter(is_active=False)
    elif request.GET.get("state") != "all":
        rows = rows.filter(is_active=True)
    unit = request.GET.get("unit", "")
    if unit:
        try:
            rows = rows.filter(unit=uuid.UUID(unit))
        except ValueError:
            rows = rows.none()
    if request.GET.get("role") in Role.values:
        rows = rows.filter(holdings__role=request.GET["role"]).distinct()
    found = Paginator(rows, _A_PAGE).get_page(request.GET.get("page"))
    held = selectors.roles_now(member.pk for member in found)
    shown = {
        "page": found,
        "rows": [(member, held.get(member.pk, [])) for member in found],
        "query": query,
        "roles": Role.choices,
        "may_add": policy.anywhere(request.user, "network.manage_members"),
    }
    return render(request, "network/members.html", shown)


def _shown(request: MemberRequest, member: Member) -> dict[str, Any]:
    return {
        "person": member,
        "holdings": selectors.roles_now([member.pk]).get(member.pk, []),
        "has_totp": is_mfa_enabled(member),
        "is_self": member.pk == request.user.pk,
        "may_manage": policy.allows(request.user, "network.manage_members", member),
        "may_grant": policy.allows(request.user, "network.grant_roles", member),
        "may_audit": policy.allows(request.user, "network.audit", member),
    }


@page("network.manage_members", "network.grant_roles")
@require_safe
def member_page(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """One member: account, roles, what one may do about them."""
    member = selectors.member_for(request.user, member_id)
    return render(request, "network/member.html", _shown(request, member))


def _password(request: MemberRequest, made: members.OneTime, *, new: bool) -> HttpResponse:
    shown = {"person": made.member, "password": made.password, "new": new}
    return render(request, "network/password.html", shown)


@page("network.manage_members")
def member_add(request: MemberRequest) -> HttpResponse:
    """Make an account; its one-time password is shown once."""
    reach = policy.units_for(request.user, "network.manage_members")
    initial = {"unit_id": request.GET.get("unit", "")}
    form = MemberForm(request.POST or None, initial=initial, reach=reach, new=True)
    if request.method == "POST" and form.is_valid():
        try:
            made = members.member_add(by=request.user, **form.cleaned_data)
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            return _password(request, made, new=True)
    shown = {"form": form, "person": None}
    return render(request, "network/member_form.html", shown, status=422 if form.errors else 200)


def _managed(request: MemberRequest, member_id: uuid.UUID) -> Member:
    member = selectors.member_for(request.user, member_id)
    policy.require(request.user, "network.manage_members", member)
    return member


@page("network.manage_members")
def member_change(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Change an account's particulars."""
    member = _managed(request, member_id)
    reach = policy.units_for(request.user, "network.manage_members")
    initial = {
        name: getattr(member, name) for name in ("name", "name_en", "email", "phone", "unit_id")
    }
    form = MemberForm(request.POST or None, initial=initial, reach=reach, new=False)
    if request.method == "POST" and form.is_valid():
        try:
            members.member_change(by=request.user, member_id=member_id, fields=form.cleaned_data)
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已保存"))
            return redirect("network:member", member_id)
    shown = {"form": form, "person": member}
    return render(request, "network/member_form.html", shown, status=422 if form.errors else 200)


@page("network.manage_members")
@require_POST
def password_reset(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """A new one-time password, shown once."""
    _managed(request, member_id)
    return _password(
        request, members.password_reset(by=request.user, member_id=member_id), new=False
    )


@page("network.manage_members")
def member_disable(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Close an account, with a reason."""
    member = _managed(request, member_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        members.member_disable(
            by=request.user, member_id=member_id, reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("已停用，此人在各处的登录都已失效"))
        return redirect("network:member", member_id)
    shown = {
        "form": form,
        "heading": _("停用账号：%(name)s") % {"name": member.label},
        "words": _(
            "停用后立即在各处退出登录，接口令牌一并失效。写过的稿件、审核签名和日志都保留。"
        ),
        "act": _("停用账号"),
    }
    return render(request, "network/reason.html", shown, status=422 if form.errors else 200)


@page("network.manage_members")
@require_POST
def member_enable(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Open a closed account again."""
    _managed(request, member_id)
    members.member_enable(by=request.user, member_id=member_id)
    messages.success(request, _("已启用，下次登录须修改密码"))
    return redirect("network:member", member_id)


@page("network.grant_roles")
def factor_remove(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Take away the second factor of somebody who lost their phone."""
    member = selectors.member_for(request.user, member_id)
    policy.require(request.user, "network.grant_roles", member)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        members.factor_remove(
            by=request.user, member_id=member_id, reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("已解除动态验证码，此人须重新登录"))
        return redirect("network:member", member_id)
    shown = {
        "form": form,
        "heading": _("解除动态验证码：%(name)s") % {"name": member.label},
        "words": _(
            "请先当面或电话核实是本人，并写明核实方式。解除后只凭密码就能登录，请提醒本人尽快重新绑定。"
        ),
        "act": _("解除"),
    }
    return render(request, "network/reason.html", shown, status=422 if form.errors else 200)


@page("network.grant_roles")
def role_grant(request: MemberRequest, member_id: uuid.UUID) -> HttpResponse:
    """Give a role: first what it would open, then the deed."""
    member = selectors.member_for(request.user, member_id)
    policy.require(request.user, "network.grant_roles", member)
    reach = policy.units_for(request.user, "network.grant_roles")
    initial = {"unit_id": str(member.unit_id)}
    form = RoleForm(request.POST or None, initial=initial, reach=reach)
    changes = None
    if request.method == "POST" and form.is_valid():
        role, unit_id = Role(form.cleaned_data["role"]), form.cleaned_data["unit_id"]
        try:
            if request.POST.get("confirm") == "1":
                roles.role_grant(
                    by=request.user,
                    member_id=member_id,
                    unit_id=unit_id,
                    role=role,
                    ends_at=form.ends_at(),
                )
                messages.success(request, _("已授予“%(role)s”") % {"role": role.label})
                return redirect("network:member", member_id)
            roles.check_role(by=request.user, member=member, role=role, ends_at=form.ends_at())
            changes = previews.role_grant(member, unit_id, role)
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
    shown = {
        "form": form,
        "person": member,
        "changes": changes,
        "is_self": member.pk == request.user.pk,
    }
    return render(request, "network/role_form.html", shown, status=422 if form.errors else 200)


@page("network.grant_roles")
def role_revoke(request: MemberRequest, holding_id: uuid.UUID) -> HttpResponse:
    """Take a role back: what it would shut, a reason, then the deed."""
    holding = selectors.holding_for(request.user, holding_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        roles.role_revoke(
            by=request.user, holding_id=holding_id, reason=form.cleaned_data["reason"]
        )
        messages.success(request, _("已收回“%(role)s”") % {"role": holding.get_role_display()})
        return redirect("network:member", holding.member_id)
    shown = {
        "form": form,
        "heading": _("收回角色：%(name)s · %(role)s")
        % {"name": holding.member.label, "role": holding.get_role_display()},
        "words": _("立即生效。此人正在写的稿件、待办的任务不会丢失，但不能再处理。"),
        "act": _("收回角色"),
        "changes": previews.role_revoke(holding),
    }
    return render(request, "network/reason.html", shown, status=422 if form.errors else 200)
