"""Pages of the archive: a document, the dictionary."""

from __future__ import annotations

import re
import uuid

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import (
    actions,
    dictionary,
    holds,
    indexing,
    retention,
    selectors,
    snapshots,
)
from rongmei.archive.models import Term
from rongmei.kernel.errors import BadInput
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources.selectors import media_classes

MAX_TABLE = 2_000_000


@page("archive.view")
@require_safe
def document(request: MemberRequest, document_id: uuid.UUID) -> HttpResponse:
    """One document: its text, where it came from, what changed, what to do with it."""
    held = selectors.document_for(request.user, document_id)
    shown = {
        "document": held,
        "versions": selectors.versions_between(held) if held.version > 1 else [],
        "actions": [(one, one.url(held.pk)) for one in selectors.document_actions(request.user)],
        "class_label": media_classes().get(held.media_class, ""),
        "original": held.url.startswith(("http://", "https://")),
        "snapshots": snapshots.of_document(held),
        "panel": request.GET.get("panel", "facts"),
        "carriers": selectors.carriers_of(request.user, held),
        "entities": selectors.entities_of(held),
        "keywords": held.enriched.get("keywords", ()),
        "kept_until": retention.kept_until(held),
        "uses": retention.uses_of(held.pk),
        "held": holds.holds_on(held),
        "may_hold": policy.anywhere(request.user, "archive.hold"),
        "script": _scripts().get(held.enriched.get("script", ""), ""),
    }
    return render(request, "archive/document.html", shown)


def _scripts() -> dict[str, str]:
    return {"Hans": _("简体"), "Hant": _("繁体")}


@page("archive.view")
@require_safe
def terms(request: MemberRequest) -> HttpResponse:
    """The node's dictionary: what is found in every document, and who may add to it does."""
    typed, kind = request.GET.get("q", "").strip()[:60], request.GET.get("kind", "")
    shown = {
        "rows": selectors.terms(request.user, words=typed, kind=kind),
        "counts": selectors.term_counts(request.user),
        "shipped": dictionary.shipped_count(),
        "waiting": dictionary.waiting(),
        "words_wait": indexing.terms_wait(),
        "typed": typed,
        "kinds": Term.Kind.choices,
        "may_manage": policy.anywhere(request.user, "archive.manage_terms"),
    }
    return render(request, "archive/terms.html", shown)


@page("archive.manage_terms")
@require_POST
def term_add(request: MemberRequest) -> HttpResponse:
    """Put a name into the dictionary."""
    term = actions.term_add(
        by=request.user, kind=request.POST.get("kind", ""), name=request.POST.get("name", ""),
        variants=re.split(r"[/／、,，]", request.POST.get("variants", "")),
    )  # fmt: skip
    messages.success(request, _("已添加“%(name)s”，正在后台重新识别资料") % {"name": term.name})
    return redirect("archive:terms")


@page("archive.manage_terms")
@require_POST
def terms_import(request: MemberRequest) -> HttpResponse:
    """Put the names of a table into the dictionary."""
    given = request.FILES.get("table")
    if given is None or not given.size or given.size > MAX_TABLE:
        raise BadInput(_("请选一个不超过 2 MB 的 CSV 文件，没有导入。"))
    names = dictionary.read_csv(given.read())
    count = actions.terms_import(by=request.user, names=names)
    messages.success(
        request,
        _("新增 %(new)d 条，已有 %(known)d 条") % {"new": count, "known": len(names) - count},
    )
    return redirect("archive:terms")


@page("archive.manage_terms")
@require_POST
def term_remove(request: MemberRequest, term_id: uuid.UUID) -> HttpResponse:
    """Take a name out of the dictionary."""
    actions.term_remove(by=request.user, term_id=term_id)
    messages.success(request, _("已从词表里删除"))
    return redirect("archive:terms")
