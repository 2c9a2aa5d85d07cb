"""Pages of the archive: search and what the search box offers, a document."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import (
    actions,
    dictionary,
    holds,
    retention,
    saved,
    selectors,
    snapshots,
    suggesting,
)
from rongmei.archive.errors import QueryError
from rongmei.archive.models import Document, SavedSearch, Term
from rongmei.archive.searching import CHIPS, Asked, asked_of
from rongmei.archive.types import MAX_OFFSET
from rongmei.kernel.errors import BadInput
from rongmei.kernel.ui.shapes import Bar
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources.selectors import media_classes

PER_PAGE = 20
DAYS_SHOWN = 30
FACET_SHOWN = 8
MAX_TABLE = 2_000_000


@page("archive.view")
@require_safe
def search(request: MemberRequest) -> HttpResponse:
    """Find documents: words, chips, days; newest or most relevant first."""
    asked = asked_of(dict(request.GET.lists()))
    sort: selectors.Sort = "relevant" if request.GET.get("sort") == "relevant" else "newest"
    number, one_each = _page_number(request), request.GET.get("each") == "1"
    shown: dict[str, Any] = {
        "asked": asked, "sort": sort, "one_each": one_each,
        "saved": saved.searches_visible_to(request.user),
        "saved_id": request.GET.get("saved", ""),
        "reaches": SavedSearch.Reach.choices, "notices": SavedSearch.Notify.choices,
        "may_export": policy.anywhere(request.user, "archive.export"),
    }  # fmt: skip
    try:
        found = selectors.find(
            request.user, asked.query(), sort=sort,
            offset=(number - 1) * PER_PAGE, limit=PER_PAGE, one_each=one_each,
            chosen=asked.chosen(),
        )  # fmt: skip
    except QueryError as error:
        shown |= {
            "problem": error,
            "before": asked.typed[: error.position],
            "at": asked.typed[error.position : error.position + 1] or " ",
            "after": asked.typed[error.position + 1 :],
            "caret": _caret(asked.typed[: error.position]),
        }
        return render(request, "archive/list.html", shown, status=422)
    more = number * PER_PAGE < min(found.total, MAX_OFFSET)
    if one_each:
        more = more and len(found.hits) == PER_PAGE
    shown |= {
        "found": found,
        "query_text": asked.text(),
        "facets": _facets(found, asked),
        "days": _days(request, found),
        "prev": _page_url(request, number - 1) if number > 1 else "",
        "next": _page_url(request, number + 1) if more else "",
        "classes": media_classes(),
    }
    return render(request, "archive/list.html", shown)


def _caret(before: str) -> str:
    """A caret under the character after `before`: a Han character is as wide as two blanks."""
    wide = sum(unicodedata.east_asian_width(one) in {"W", "F"} for one in before)
    return "\u3000" * wide + " " * (len(before) - wide) + "^"


def _page_number(request: MemberRequest) -> int:
    try:
        number = int(request.GET.get("page", "1"))
    except ValueError:
        return 1
    return max(1, min(number, MAX_OFFSET // PER_PAGE))


def _page_url(request: MemberRequest, number: int) -> str:
    values = request.GET.copy()
    values["page"] = str(number)
    return f"?{values.urlencode()}"


def _facets(found: selectors.SearchPage, asked: Asked) -> list[dict[str, Any]]:
    """The chips beside the hits; what is chosen stays shown, though nothing has it."""
    heads = {
        "source": _("来源"), "kind": _("类型"), "class": _("媒体类别"), "region": _("地区"),
        "lang": _("语种"), "tag": _("标签与实体"),
    }  # fmt: skip
    labels: dict[str, Mapping[str, object]] = {
        "kind": dict(Document.Kind.choices),
        "class": media_classes(),
        "lang": {"zh": _("中文"), "en": _("英文")},
    }
    shown = []
    for name, (_key, facet) in CHIPS.items():
        known = {value: n for value, n in found.facets.get(facet, ()) if value}
        chosen = asked.chips.get(name, ())
        values = dict.fromkeys([*list(known)[:FACET_SHOWN], *chosen])
        counts = [(value, known.get(value, 0)) for value in values]
        chips = [(value, labels.get(name, {}).get(value, value), n) for value, n in counts]
        if chips:
            shown.append({"name": name, "head": heads[name], "chips": chips})
    return shown


def _days(request: MemberRequest, found: selectors.SearchPage) -> list[Bar]:
    """The newest days with how many were found; each leads to that day."""
    zone = ZoneInfo(settings.TIME_ZONE)
    bars = []
    for start, count in found.histogram[-DAYS_SHOWN:][::-1]:
        day = datetime.fromtimestamp(start, UTC).astimezone(zone).date()
        values = request.GET.copy()
        values["day"] = day.isoformat()
        values.pop("page", None)
        bars.append(Bar(f"{day:%m-%d}", count, f"?{values.urlencode()}"))
    return bars


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
def suggest(request: MemberRequest) -> JsonResponse:
    """What the search box offers while somebody types."""
    typed = request.GET.get("q", "")[: suggesting.MAX_TYPED]
    at = request.GET.get("at", "")
    offers = suggesting.offers_for(request.user, typed, int(at) if at.isdecimal() else len(typed))
    return JsonResponse({"items": [one.as_dict() for one in offers]})


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
