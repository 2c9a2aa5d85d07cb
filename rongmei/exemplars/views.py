"""Pages of the exemplars room."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.exemplars import actions, selectors
from rongmei.exemplars.forms import ClearanceForm, ExemplarForm
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page


@page("exemplars.view")
def exemplar_list(request: MemberRequest) -> HttpResponse:
    """Exemplars with their clearances."""
    return render(
        request,
        "exemplars/list.html",
        {
            "exemplars": selectors.exemplars_visible_to(request.user)[:200],
            "may_recommend": policy.anywhere(request.user, "exemplars.manage"),
            "may_clear": selectors.may_clear(request.user),
            "clearance_form": ClearanceForm(),
        },
    )


@page("exemplars.manage")
def exemplar_new(request: MemberRequest) -> HttpResponse:
    """Recommend an exemplar."""
    units = network.units_in_reach(request.user, "exemplars.manage")
    form = ExemplarForm(request.POST or None, units=units)
    if request.method == "POST" and form.is_valid():
        fields = dict(form.cleaned_data)
        unit = fields.pop("unit")
        actions.exemplar_recommend(by=request.user, unit_id=unit.pk, **fields)
        messages.success(request, _("已推荐，等待总部核准。"))
        return redirect("exemplars:list")
    return render(request, "exemplars/new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
@page("exemplars.manage")
def clearance_issue(request: MemberRequest, exemplar_id: uuid.UUID) -> HttpResponse:
    """Issue a clearance."""
    form = ClearanceForm(request.POST)
    if form.is_valid():
        issued = actions.clearance_issue(
            by=request.user, exemplar_id=exemplar_id, **form.cleaned_data
        )
        messages.success(request, _("已发准宣证 %(number)s。") % {"number": issued.number})
    else:
        messages.error(request, _("范围或有效期没有填对，没有发证。"))
    return redirect("exemplars:list")


@require_POST
@page("exemplars.manage")
def clearance_suspend(request: MemberRequest, clearance_id: uuid.UUID) -> HttpResponse:
    """Suspend a clearance."""
    actions.clearance_suspend(
        by=request.user, clearance_id=clearance_id, reason=request.POST.get("reason", "")
    )
    messages.success(request, _("已中止，相关稿件从现在起不能签发。"))
    return redirect("exemplars:list")
