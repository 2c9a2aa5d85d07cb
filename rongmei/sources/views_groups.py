"""Pages on many sources at once: the chosen rows of the list, and the groups they are in."""

from __future__ import annotations

import uuid
from typing import Final

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from rongmei.kernel.errors import RongmeiError, words_at_form
from rongmei.network import policy
from rongmei.network.guard import MemberRequest, page
from rongmei.sources import selectors
from rongmei.sources.actions import groups, many

# The parameter of the address that holds the chosen values of a filter.
PARAMS: Final = {
    "state": "states", "kind": "kinds", "class": "classes", "region": "regions", "tier": "tiers",
    "language": "languages", "unit": "units", "group": "groups",
}  # fmt: skip


def chosen_of(asked: QueryDict) -> selectors.SourceFilter:
    """The filter that an address describes."""
    lists = {field: tuple(asked.getlist(param)) for param, field in PARAMS.items()}
    return selectors.SourceFilter(
        **lists, text=asked.get("q", "").strip()[:200], sort=asked.get("sort", "")
    )


@page("sources.manage")
@require_POST
def bulk(request: MemberRequest) -> HttpResponse:
    """Do one thing to the chosen sources, or with `all` to everything the filter finds."""
    way, _mark, value = request.POST.get("do", "").partition(":")
    value = value or request.POST.get(way, "")
    back = QueryDict(request.POST.get("filter", "").removeprefix("?"))
    if request.POST.get("all"):
        limit = many.MOST_AT_ONCE + 1
        ids = selectors.matching_ids(request.user, chosen_of(back), limit)
    else:
        ids = []
        for one in request.POST.getlist("ids"):
            try:
                ids.append(uuid.UUID(one))
            except ValueError:
                continue
    try:
        done = many.sources_change_many(by=request.user, source_ids=ids, way=way, value=value)
    except RongmeiError as error:
        messages.error(request, words_at_form(error))
    else:
        words = ngettext("已改 %(n)s 个信源", "已改 %(n)s 个信源", done.changed) % {
            "n": done.changed
        }
        if done.left:
            words += _("，%(n)s 个不归你管理，没有改动") % {"n": done.left}
        messages.success(request, words)
    return redirect(f"{reverse('sources:list')}?{back.urlencode()}")


@page("sources.view")
def group_list(request: MemberRequest) -> HttpResponse:
    """The groups in reach; with leave to manage, also made and changed here."""
    if request.method == "POST":
        policy.require(request.user, "sources.manage")
        try:
            _group_verb(request)
        except RongmeiError as error:
            if error.status == 403:
                raise
            # A group that somebody else has removed meanwhile is no reason to leave the page.
            messages.error(request, error.message)
        else:
            messages.success(request, _("已保存"))
        return redirect("sources:groups")
    may = policy.units_for(request.user, "sources.manage")
    rows = [(one, one.unit_id in may) for one in selectors.groups_visible_to(request.user)]
    shown = {"rows": rows, "may_add": request.user.unit_id in may}
    return render(request, "sources/groups.html", shown)


def _group_verb(request: MemberRequest) -> None:
    given = request.POST
    name, shared = given.get("name", ""), given.get("shared") == "on"
    if given.get("do") == "add":
        groups.group_add(by=request.user, unit_id=request.user.unit_id, name=name, shared=shared)
        return
    try:
        group_id = uuid.UUID(given.get("group", ""))
    except ValueError:
        group_id = uuid.UUID(int=0)
    if given.get("do") == "remove":
        groups.group_remove(by=request.user, group_id=group_id)
    else:
        groups.group_change(by=request.user, group_id=group_id, name=name, shared=shared)
