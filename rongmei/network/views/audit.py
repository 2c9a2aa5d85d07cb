"""The audit log: search, check the chain, take a copy."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from rongmei.network import audit_words, auditing, policy, selectors
from rongmei.network.forms import AuditForm
from rongmei.network.guard import MemberRequest, page


def _search(request: MemberRequest) -> tuple[AuditForm, auditing.Search]:
    reach = policy.units_for(request.user, "network.audit")
    form = AuditForm(request.GET, reach=reach)
    if not form.is_valid():
        return form, auditing.Search()
    data = form.cleaned_data

    def start(day: Any) -> datetime | None:
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None

    until = data["until"] + timedelta(days=1) if data["until"] else None
    search = auditing.Search(
        person=data["person"], action=data["action"], subject=data["subject"], ip=data["ip"],
        unit_id=data["unit"], since=start(data["since"]), until=start(until),
    )  # fmt: skip
    return form, search


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdigit() and len(text) < 19 else None


@page("network.audit")
@require_safe
def audit_page(request: MemberRequest) -> HttpResponse:
    """Lines newest first."""
    form, search = _search(request)
    found = auditing.page(
        auditing.find(request.user, search),
        before=_number(request.GET.get("before")),
        after=_number(request.GET.get("after")),
    )
    labels = selectors.unit_labels(entry.unit_id for entry in found.entries if entry.unit_id)
    names = selectors.member_names(one.actor_id for one in found.entries if one.actor_id)
    shown = {
        "form": form,
        "rows": audit_words.tell(found.entries, labels, names),
        "found": found,
        "searching": any(request.GET.get(name) for name in form.fields),
    }
    return render(request, "network/audit.html", shown)


@page("network.audit")
@require_POST
def audit_verify(request: MemberRequest) -> HttpResponse:
    """Check the chain and say what was found; a broken entry is named and shown."""
    verdict = auditing.verify(by=request.user)
    broken = auditing.entry(verdict.broken)
    shown = {
        "verdict": verdict,
        "broken": audit_words.tell([broken])[0] if broken else None,
        "reason": auditing.REASONS.get(verdict.reason, verdict.reason),
        "at": timezone.now(),
    }
    template = "network/_verdict.html" if request.htmx else "network/verdict.html"
    return render(request, template, shown)


@page("network.audit")
@require_POST
def audit_export(request: MemberRequest) -> HttpResponseBase:
    """The lines found, as CSV; taking them leaves a line of its own."""
    _form, search = _search(request)
    rows = auditing.find(request.user, search)
    auditing.note_export(by=request.user, count=rows.count())
    answer = StreamingHttpResponse(auditing.csv_lines(rows), content_type="text/csv; charset=utf-8")
    day = timezone.localdate().isoformat()
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{day}.csv"'
    return answer
