"""The search page of the archive, and what its search box offers."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.http import HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from rongmei.archive import looks, saved, selectors, suggesting, timeline
from rongmei.archive.errors import QueryError
from rongmei.archive.models import Document, SavedSearch
from rongmei.archive.query import to_string
from rongmei.archive.searching import CHIPS, Asked, asked_of
from rongmei.archive.types import MAX_OFFSET
from rongmei.kernel.ui.query import with_values
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources.selectors import media_classes

PER_PAGE = 20
FACET_SHOWN = 8
LEAST_COLUMNS = 14


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
        "step": request.GET.get("by", ""),
        "steps": (("day", _("日")), ("week", _("周")), ("month", _("月"))),
    }  # fmt: skip
    try:
        if "from" in request.GET or "to" in request.GET:
            return redirect(_chosen_days(request.GET, asked))
        found = selectors.find(
            request.user, asked.query(), sort=sort,
            offset=(number - 1) * PER_PAGE, limit=PER_PAGE, one_each=one_each,
            chosen=asked.chosen(),
        )  # fmt: skip
        shown |= {
            "found": found,
            "query_text": asked.text(),
            "facets": (facets := _facets(found, asked)),
            "chosen": _chosen(facets, asked),
            "chart": _chart(request, asked, found),
            "news": _news(request, asked),
            "prev": _page_url(request, number - 1) if number > 1 else "",
            "next": _page_url(request, number + 1) if _more(found, number, one_each) else "",
        }
    except QueryError as error:
        shown |= _pointed_at(asked.typed, error)
        return render(request, "archive/list.html", shown, status=422)
    return render(request, "archive/list.html", shown)


def _pointed_at(typed: str, error: QueryError) -> dict[str, Any]:
    """The words as typed, parted at the character that is wrong."""
    at = error.position
    return {
        "problem": error, "before": typed[:at], "at": typed[at : at + 1] or " ",
        "after": typed[at + 1 :], "caret": _caret(typed[:at]),
    }  # fmt: skip


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
    return with_values(request.GET, {"page": number})


def _more(found: selectors.SearchPage, number: int, one_each: bool) -> bool:
    more = number * PER_PAGE < min(found.total, MAX_OFFSET)
    return more and (not one_each or len(found.hits) == PER_PAGE)


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


def _chosen(facets: list[dict[str, Any]], asked: Asked) -> list[dict[str, Any]]:
    """What is chosen among the facets, to be seen above the hits where a phone is."""
    return [
        {"name": facet["name"], "value": value, "label": label}
        for facet in facets
        for value, label, _n in facet["chips"]
        if value in asked.chips.get(facet["name"], ())
    ]


def _chosen_days(asked_for: QueryDict, asked: Asked) -> str:
    """The address of the same search within the days that were chosen, or within none."""
    first, last = _as_day(asked_for.get("from")), _as_day(asked_for.get("to"))
    changes = {
        "q": timeline.limited(asked.typed, first, last), "day": None, "from": None, "to": None,
    }  # fmt: skip
    return reverse("archive:list") + with_values(asked_for, changes)


def _as_day(typed: str | None) -> date | None:
    try:
        return parse_date(typed or "")
    except ValueError:
        return None


def _chart(
    request: MemberRequest, asked: Asked, found: selectors.SearchPage
) -> timeline.Timeline | None:
    """The chart of the whole search, with the days that it is limited to marked."""
    days = timeline.asked_days(asked.typed, timezone.now())
    if asked.day:
        chosen = _as_day(asked.day)
        days = (chosen, chosen)
    counts = found.histogram
    if any(days):
        whole = Asked(timeline.limited(asked.typed, None, None), asked.chips)
        counts = timeline.counted(request.user, whole.query())
    return timeline.drawn(
        counts, asked.typed, step=request.GET.get("by", ""), days=days, least=LEAST_COLUMNS
    )


def _news(request: MemberRequest, asked: Asked) -> dict[str, Any] | None:
    """What came in since the member last opened this saved search."""
    since = looks.since_of(request.GET.get("since", ""))
    if since is None:
        return None
    query = asked.query()
    only = to_string(looks.only_since(query, since))
    return {
        "since": since, "count": looks.count_since(request.user, query, since),
        "only": with_values(QueryDict(), {"q": only}),
    }  # fmt: skip


@page("archive.view")
@require_safe
def suggest(request: MemberRequest) -> JsonResponse:
    """What the search box offers while somebody types."""
    typed = request.GET.get("q", "")[: suggesting.MAX_TYPED]
    at = request.GET.get("at", "")
    offers = suggesting.offers_for(request.user, typed, int(at) if at.isdecimal() else len(typed))
    return JsonResponse({"items": [one.as_dict() for one in offers]})
