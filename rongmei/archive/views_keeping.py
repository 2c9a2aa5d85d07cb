"""Pages of keeping: rules of retention with what they would remove, and legal holds."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import holds, keeping, retention
from rongmei.archive.forms import HoldForm, LiftForm, RuleForm
from rongmei.archive.models import Document, RetentionRule
from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources.selectors import media_classes

SHOWN = 100


@page("archive.retention")
@require_safe
def rules(request: MemberRequest) -> HttpResponse:
    """What counts today, what waits for a second person, what counted before, the last passages."""
    decided = [RetentionRule.State.IN_FORCE, RetentionRule.State.WITHDRAWN]
    shown = {
        "rulings": retention.rulings(timezone.localdate()),
        "waiting": list(retention.rules_of([RetentionRule.State.PROPOSED])),
        "history": list(retention.rules_of(decided)[:SHOWN]),
        "runs": retention.runs(),
        "may_propose": policy.anywhere(request.user, "archive.manage"),
    }
    return render(request, "archive/retention.html", shown)


@page("archive.manage")
def rule_new(request: MemberRequest) -> HttpResponse:
    """Propose a rule; what it would do is shown next."""
    form = RuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rule = keeping.rule_propose(by=request.user, **form.cleaned_data)
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已提出，还没有生效；请另一位同事核准。"))
            return redirect("archive:rule", rule.pk)
    status = 422 if form.errors else 200
    return render(request, "archive/rule_form.html", {"form": form}, status=status)


@page("archive.retention")
@require_safe
def rule(request: MemberRequest, rule_id: uuid.UUID) -> HttpResponse:
    """One rule, and what it would remove."""
    held = retention.rule_for(rule_id)
    proposed = held.state == RetentionRule.State.PROPOSED
    would = retention.preview(held) if proposed else None
    kinds, classes = dict(Document.Kind.choices), media_classes()
    shown = {
        "rule": held,
        "preview": would,
        "groups": [
            (f"{classes.get(media, media) or '—'} · {kinds.get(kind, kind)}", n)
            for media, kind, n in (would.groups if would else ())
        ],
        "own": held.proposed_by_id == request.user.pk,
        "may_decide": retention.may_rule(request.user, held.unit_id, "archive.retention"),
    }
    return render(request, "archive/rule.html", shown)


@page("archive.retention")
@require_POST
def rule_decide(request: MemberRequest, rule_id: uuid.UUID) -> HttpResponse:
    """Put a proposal in force, or take it back."""
    if request.POST.get("act") == "put":
        keeping.rule_put_in_force(by=request.user, rule_id=rule_id)
        messages.success(request, _("已核准，从生效日期起执行"))
    else:
        keeping.rule_withdraw(by=request.user, rule_id=rule_id)
        messages.success(request, _("已撤回，没有生效"))
    return redirect("archive:retention")


@page("archive.hold")
def hold_list(request: MemberRequest) -> HttpResponse:
    """All holds in reach; a new one."""
    form = HoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            hold = keeping.hold_place(
                by=request.user, name=data["name"], reason=data["reason"], query=data["query"],
                source=data["source"], document_ids=holds.ids_in(data["documents"]),
            )  # fmt: skip
        except RongmeiError as error:
            form.add_error(None, words_at_form(error))
        else:
            messages.success(request, _("已保全，清理时不会动这些资料"))
            return redirect("archive:hold", hold.pk)
    shown = {"holds": list(holds.holds_visible_to(request.user)[:SHOWN]), "form": form}
    return render(request, "archive/holds.html", shown, status=422 if form.errors else 200)


@page("archive.hold")
@require_safe
def hold(request: MemberRequest, hold_id: uuid.UUID) -> HttpResponse:
    """One hold: why, by whom, what it covers, and how it is lifted."""
    held = holds.hold_for(request.user, hold_id)
    documents = holds.documents_under(held)
    shown = {
        "hold": held,
        "documents": list(documents[:SHOWN]),
        "count": documents.count(),
        "form": LiftForm(),
        "own_request": held.asked_by_id == request.user.pk,
        "may_view": policy.anywhere(request.user, "archive.view"),
    }
    return render(request, "archive/hold.html", shown)


@page("archive.hold")
@require_POST
def hold_lift(request: MemberRequest, hold_id: uuid.UUID) -> HttpResponse:
    """Ask for the lifting, agree to it, or leave the hold in place."""
    act = request.POST.get("act")
    if act == "ask":
        keeping.hold_lift_ask(
            by=request.user, hold_id=hold_id, reason=request.POST.get("reason", "")
        )
        messages.success(request, _("已申请解除，另一位同事同意后才解除"))
    elif act == "agree":
        keeping.hold_lift(by=request.user, hold_id=hold_id)
        messages.success(request, _("已解除保全"))
    else:
        keeping.hold_lift_refuse(by=request.user, hold_id=hold_id)
        messages.success(request, _("没有解除，保全照旧"))
    return redirect("archive:hold", hold_id)
