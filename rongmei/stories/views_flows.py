"""Pages of the flow designer, of delegation, and of the second reading after the green channel."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import NotFound, RongmeiError
from rongmei.network import policy
from rongmei.network import selectors as network
from rongmei.network.guard import MemberRequest, page
from rongmei.stories import actions, flow_forms, flows, selectors, trial
from rongmei.stories import policy as rules
from rongmei.stories.models import Delegation, ReviewFlow

BADGES = {"draft": "", "published": "done", "retired": ""}
SAMPLES = 20


@page("stories.manage_flows")
def flow_list(request: MemberRequest) -> HttpResponse:
    """Versions, in force first; the built-in flow holds where there is none."""
    rows = sorted(
        selectors.flows_visible_to(request.user)[:200],
        key=lambda one: ("published", "draft", "retired").index(one.state),
    )
    shown = {"rows": rows, "badges": BADGES, "built_in": flows.BUILT_IN}
    return render(request, "stories/flows.html", shown)


def _uuid(value: str) -> uuid.UUID:
    try:
        return uuid.UUID(value)
    except ValueError as error:
        raise NotFound from error


@page("stories.manage_flows")
def flow_detail(request: MemberRequest, flow_id: uuid.UUID) -> HttpResponse:
    """One version: its steps, and a dry run over a story (`?story=`)."""
    row = selectors.flow_for(request.user, flow_id)
    flow = flows.of(row.content)
    units = policy.tree().below(row.unit_id)
    samples = list(selectors.stories_listed_to(request.user).filter(unit__in=units)[:SAMPLES])
    asked = request.GET.get("story", "")
    story = selectors.story_for(request.user, _uuid(asked)) if asked else None
    tried = trial.dry_run(
        flow, story.unit_id if story else row.unit_id, story.author_id if story else None
    )
    shown = {
        "row": row, "flow": flow, "badge": BADGES[row.state], "samples": samples, "story": story,
        "tried": tried, "stuck": any(one.stuck for one in tried),
        "problems": flows.flow_check(flow), "percent": f"{flow.share:.1%}",
    }  # fmt: skip
    return render(request, "stories/flow.html", shown)


def _reviewers(unit_id: uuid.UUID) -> list[Any]:
    found = {
        one.pk: one
        for name in rules.REVIEWS
        for one in policy.members_with(name, unit_id, lent=True)
    }
    return list(found.values())


@page("stories.manage_flows")
def flow_edit(request: MemberRequest, flow_id: uuid.UUID | None = None) -> HttpResponse:
    """Draft a version; what breaks a rule is said above the form and nothing is saved."""
    row = selectors.flow_for(request.user, flow_id) if flow_id else None
    flow = flows.of(row.content) if row else flows.BUILT_IN
    units = network.units_in_reach(request.user, "stories.manage_flows")
    first = row.unit_id if row else getattr(units.first(), "pk", None)
    start = {"unit": first, "share": round(flow.share * 100, 1), "public": flow.public}
    if row:
        start |= {"name": row.name, "category": row.category}
    given = request.POST or None
    form = flow_forms.FlowForm(given, units=units, initial=start)
    reviewers = _reviewers(first) if first else []
    kwargs = {"reviewers": reviewers, "above": network.units_above(first) if first else []}
    steps = flow_forms.Steps(given, initial=flow_forms.initial_of(flow), form_kwargs=kwargs)
    refused = ""
    if request.method == "POST" and form.is_valid() and steps.is_valid():
        draft = row.pk if row and row.state == ReviewFlow.State.DRAFT else None
        try:
            made = actions.flow_draft(
                by=request.user, unit_id=form.cleaned_data["unit"].pk, flow_id=draft,
                name=form.cleaned_data["name"], category=form.cleaned_data["category"],
                content=flow_forms.content_of(form, steps),
            )  # fmt: skip
        except RongmeiError as error:
            if error.status != 422:
                raise
            refused = error.message
        else:
            messages.success(request, _("已存为草案。试跑没有问题就可以施行。"))
            return redirect("review:flow", made.pk)
    status = 422 if refused or form.errors else 200
    shown = {"form": form, "steps": steps, "row": row, "refused": refused}
    return render(request, "stories/flow_form.html", shown, status=status)


@require_POST
@page("stories.manage_flows")
def flow_publish(request: MemberRequest, flow_id: uuid.UUID) -> HttpResponse:
    """施行."""
    actions.flow_publish(by=request.user, flow_id=flow_id)
    messages.success(request, _("已施行。之后送审的稿件走这一版，在审稿件仍走原来的。"))
    return redirect("review:flow", flow_id)


@require_POST
@page("stories.manage_flows")
def flow_retire(request: MemberRequest, flow_id: uuid.UUID) -> HttpResponse:
    """废止."""
    actions.flow_retire(by=request.user, flow_id=flow_id)
    messages.success(request, _("已废止。之后送审的稿件走上级单位的流程或内置流程。"))
    return redirect("review:flow", flow_id)


def _seats(request: MemberRequest) -> list[tuple[str, str]]:
    units = network.units_in_reach(request.user, "stories.view")
    return [
        (f"{name}|{unit.pk}", f"{unit.label} · {stage}")
        for name, (_key, stage) in zip(rules.REVIEWS, flow_forms.STAGES, strict=True)
        for unit in units
        if policy.allows(request.user, name, unit.pk)
    ]


def _colleagues(request: MemberRequest, seats: list[tuple[str, str]]) -> list[tuple[str, str]]:
    units = {uuid.UUID(key.partition("|")[2]) for key, _label in seats}
    found = {one.pk: one for unit in units for one in policy.members_with("stories.view", unit)}
    return [(str(one.pk), one.label) for one in found.values() if one.pk != request.user.pk]


@page("stories.view")
def delegations(request: MemberRequest) -> HttpResponse:
    """代审: what I lend and am lent, and lending."""
    seats = _seats(request)
    form = flow_forms.DelegationForm(
        request.POST or None, seats=seats, people=_colleagues(request, seats)
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        permission, _bar, unit_id = said["seat"].partition("|")
        try:
            actions.delegation_make(
                by=request.user, unit_id=uuid.UUID(unit_id), permission=permission,
                to_id=uuid.UUID(said["to"]), ends_at=said["ends_at"], reason=said["reason"],
            )  # fmt: skip
        except RongmeiError as error:
            if error.status != 422:
                raise
            form.add_error(None, error.message)
        else:
            messages.success(request, _("已委托。到时自动结束，也可以提前收回。"))
            return redirect("review:delegations")
    rows = selectors.delegations_visible_to(request.user)[:100]
    live = rules.live_among(rows)
    shown = {
        "form": form, "seats": seats, "rows": [(one, _standing(one, live)) for one in rows],
    }  # fmt: skip
    status = 422 if form.errors else 200
    return render(request, "stories/delegations.html", shown, status=status)


def _standing(one: Delegation, live: set[uuid.UUID]) -> str:
    if one.revoked_at:
        return "revoked"
    return "live" if one.pk in live else "ended"


@require_POST
@page("stories.view")
def delegation_revoke(request: MemberRequest, delegation_id: uuid.UUID) -> HttpResponse:
    """收回."""
    actions.delegation_revoke(by=request.user, delegation_id=delegation_id)
    messages.success(request, _("已收回代审。"))
    return redirect("review:delegations")


@require_POST
@page("stories.view")
def reread(request: MemberRequest, story_id: uuid.UUID) -> HttpResponse:
    """补审."""
    actions.story_reread(
        by=request.user, story_id=story_id, opinion=request.POST.get("opinion", "")
    )
    messages.success(request, _("已补审。"))
    return redirect("stories:story", story_id)
