"""The permission matrix, and grants between units (共享授权)."""

from __future__ import annotations

import uuid
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l
from django.views.decorators.http import require_safe

from rongmei.kernel.errors import NotFound, RongmeiError, words_at_form
from rongmei.network import policy, previews, selectors
from rongmei.network.actions import roles
from rongmei.network.forms import GrantForm, ReasonForm
from rongmei.network.guard import MemberRequest, page
from rongmei.network.matrix import MATRIX, PERMISSIONS
from rongmei.network.types import Role

ROOMS = {
    "sources": _l("采集"), "archive": _l("资料库"), "assets": _l("媒资"), "monitoring": _l("监测"),
    "planning": _l("策划"), "stories": _l("稿件"), "exemplars": _l("典型"), "channels": _l("发布"),
    "impact": _l("效果"), "screen": _l("大屏"), "network": _l("互联与系统"),
}  # fmt: skip


@page("network.view")
@require_safe
def matrix_page(request: MemberRequest) -> HttpResponse:
    """Which role may do what, and how far; what one may do oneself."""
    own = policy.permissions_of(request.user)
    groups = []
    for room, names in groupby(PERMISSIONS, key=lambda name: name.split(".")[0]):
        rows = [
            {
                "name": name,
                "label": PERMISSIONS[name],
                "own": name in own,
                "cells": [MATRIX[role].get(name, "") for role in Role],
            }
            for name in names
        ]
        groups.append((ROOMS[room], rows))
    return render(request, "network/matrix.html", {"groups": groups, "roles": list(Role)})


@page("network.manage_grants")
@require_safe
def grant_list(request: MemberRequest) -> HttpResponse:
    """Grants given and received, live ones first."""
    now = timezone.now()
    rows = [
        {
            "grant": grant,
            "label": PERMISSIONS.get(grant.permission, grant.permission),
            "live": grant.revoked_at is None and (grant.ends_at is None or grant.ends_at > now),
            "may_revoke": policy.allows(request.user, "network.manage_grants", grant.unit_id),
        }
        for grant in selectors.grants_visible_to(request.user)[:200]
    ]
    rows.sort(key=lambda row: not row["live"])
    return render(request, "network/grants.html", {"rows": rows})


@page("network.manage_grants")
def grant_give(request: MemberRequest) -> HttpResponse:
    """Share: first who would gain what, then the deed."""
    reach = policy.units_for(request.user, "network.manage_grants")
    form = GrantForm(request.POST or None, reach=reach)
    changes = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        ends_at = form.ends_at()
        assert ends_at is not None
        try:
            if request.POST.get("confirm") == "1":
                roles.grant_give(
                    by=request.user, unit_id=data["unit_id"], to_unit_id=data["to_unit_id"],
                    permission=data["permission"], reason=data["reason"], ends_at=ends_at,
                )  # fmt: skip
                messages.success(request, _("已共享，到期自动失效"))
                return redirect("network:grants")
            changes = previews.grant_give(data["unit_id"], data["to_unit_id"], data["permission"])
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
    shown = {"form": form, "changes": changes}
    return render(request, "network/grant_form.html", shown, status=422 if form.errors else 200)


@page("network.manage_grants")
def grant_revoke(request: MemberRequest, grant_id: uuid.UUID) -> HttpResponse:
    """Take a grant back, with a reason."""
    grant = selectors.grants_visible_to(request.user).filter(pk=grant_id).first()
    if grant is None:
        raise NotFound
    policy.require(request.user, "network.manage_grants", grant.unit_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        roles.grant_revoke(by=request.user, grant_id=grant_id, reason=form.cleaned_data["reason"])
        messages.success(request, _("已收回共享"))
        return redirect("network:grants")
    shown = {
        "form": form,
        "heading": _("收回共享：%(unit)s → %(to)s") % {"unit": grant.unit, "to": grant.to_unit},
        "words": _("立即生效。对方已经复制或引用的内容不受影响。"),
        "act": _("收回共享"),
    }
    return render(request, "network/reason.html", shown, status=422 if form.errors else 200)
