"""Where notices also go: webhooks and group robots, with a trial button and what became of them."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max, Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network import deliveries, policy, selectors
from rongmei.network.actions import routes
from rongmei.network.forms import RouteForm
from rongmei.network.guard import MemberRequest, page
from rongmei.network.models import NoticeDelivery, NoticeRoute

State = NoticeDelivery.State


@page("network.manage_notices")
@require_safe
def route_list(request: MemberRequest) -> HttpResponse:
    """The routes, how many notices went, wait, failed."""
    rows = selectors.routes_visible_to(request.user).annotate(
        sent=Count("deliveries", filter=Q(deliveries__state=State.SENT)),
        due=Count("deliveries", filter=Q(deliveries__state=State.DUE)),
        failed=Count("deliveries", filter=Q(deliveries__state=State.FAILED)),
        last=Max("deliveries__sent_at"),
    )
    failures = selectors.failed_deliveries_visible_to(request.user)[:10]
    shown = {"routes": rows, "failures": failures, "mail": deliveries.mail_is_set_up()}
    return render(request, "network/routes.html", shown)


def _fields(form: RouteForm) -> dict[str, Any]:
    return {name: value for name, value in form.cleaned_data.items() if name != "unit_id"}


@page("network.manage_notices")
def route_add(request: MemberRequest) -> HttpResponse:
    """A new route."""
    reach = policy.units_for(request.user, "network.manage_notices")
    form = RouteForm(request.POST or None, reach=reach, instance=NoticeRoute())
    if request.method == "POST" and form.is_valid():
        try:
            routes.route_add(
                by=request.user, unit_id=form.cleaned_data["unit_id"], fields=_fields(form)
            )
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已保存，可以先测试一下"))
            return redirect("network:routes")
    shown = {"form": form, "route": None}
    return render(request, "network/route_form.html", shown, status=422 if form.errors else 200)


@page("network.manage_notices")
def route_change(request: MemberRequest, route_id: uuid.UUID) -> HttpResponse:
    """Change a route; its secret is never shown."""
    route = selectors.route_for(request.user, route_id)
    reach = policy.units_for(request.user, "network.manage_notices")
    form = RouteForm(request.POST or None, reach=reach, instance=route)
    if request.method == "POST" and form.is_valid():
        try:
            routes.route_change(by=request.user, route_id=route_id, fields=_fields(form))
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已保存"))
            return redirect("network:routes")
    shown = {"form": form, "route": route}
    return render(request, "network/route_form.html", shown, status=422 if form.errors else 200)


@page("network.manage_notices")
@require_POST
def route_remove(request: MemberRequest, route_id: uuid.UUID) -> HttpResponse:
    """Take a route away."""
    selectors.route_for(request.user, route_id)
    routes.route_remove(by=request.user, route_id=route_id)
    messages.success(request, _("已删除，等待发送的通知不再从这里发出"))
    return redirect("network:routes")


@page("network.manage_notices")
@require_POST
def route_try(request: MemberRequest, route_id: uuid.UUID) -> HttpResponse:
    """Send one trial notice now and say what the other side answered."""
    route = selectors.route_for(request.user, route_id)
    answer = deliveries.try_route(route)
    if answer.ok:
        messages.success(request, _("“%(name)s”已收到测试消息") % {"name": route.name})
    else:
        words = _("“%(name)s”没有收到测试消息：%(why)s。设置没有改动。请核对地址和密钥后再试。")
        messages.error(request, words % {"name": route.name, "why": answer.why})
    return redirect("network:routes")
