"""Saved searches: the list to look after them, running one by its address, feeds."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any
from urllib.parse import urlencode

import orjson
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import feedgenerator
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from rongmei.archive import looks, saved
from rongmei.archive.models import Document, SavedSearch
from rongmei.kernel.errors import NotFound, RongmeiError, words_at_form
from rongmei.network.guard import MemberRequest, page


@page("archive.view")
@require_safe
def saved_list(request: MemberRequest) -> HttpResponse:
    """One's own saved searches to look after, and those that others offer."""
    return _listed(request)


def _listed(request: MemberRequest, made: dict[str, str] | None = None) -> HttpResponse:
    rows = list(saved.searches_visible_to(request.user))
    shown: dict[str, Any] = {
        "mine": [one for one in rows if one.member_id == request.user.pk],
        "others": [one for one in rows if one.member_id != request.user.pk],
        "reaches": SavedSearch.Reach.choices,
        "notices": SavedSearch.Notify.choices,
        "made": made,
    }
    return render(request, "archive/saved.html", shown)


@page("archive.view")
@require_POST
def search_save(request: MemberRequest) -> HttpResponse:
    """Remember the present search."""
    query = request.POST.get("query", "")
    try:
        saved.search_save(
            by=request.user, name=request.POST.get("name", ""), query=query,
            reach=request.POST.get("reach", "own"), notify=request.POST.get("notify", ""),
        )  # fmt: skip
    except RongmeiError as error:
        messages.error(request, words_at_form(error))
    else:
        messages.success(request, _("已保存这个检索"))
    return redirect(f"{reverse('archive:list')}?{urlencode({'q': query})}")


@page("archive.view")
@require_safe
def search_run(request: MemberRequest, search_id: uuid.UUID) -> HttpResponse:
    """Run a saved search: its address stays the same when the query is changed."""
    held = saved.search_for(request.user, search_id)
    asked = {"q": held.query, "saved": str(held.pk)}
    before = looks.search_looked(by=request.user, search_id=search_id)
    if before is not None:
        asked["since"] = looks.since_words(before)
    return redirect(f"{reverse('archive:list')}?{urlencode(asked)}")


@page("archive.view")
@require_safe
def search_pulse(request: MemberRequest, search_id: uuid.UUID) -> HttpResponse:
    """A saved search at a glance, put beside its name: its last thirty days, and what is new."""
    held = saved.search_for(request.user, search_id)
    shown = {"search": held, "pulse": looks.pulse_of(request.user, held)}
    return render(request, "archive/_pulse.html", shown)


@page("archive.view")
@require_POST
def search_change(request: MemberRequest, search_id: uuid.UUID) -> HttpResponse:
    """Change name, words, reach or notice of one's own saved search, or move it."""
    way = request.POST.get("move", "")
    if way:
        saved.search_move(by=request.user, search_id=search_id, up=way == "up")
        return redirect("archive:saved")
    names = ("name", "query", "reach", "notify")
    fields = {name: request.POST[name] for name in names if name in request.POST}
    try:
        saved.search_change(by=request.user, search_id=search_id, **fields)
    except RongmeiError as error:
        messages.error(request, words_at_form(error))
    else:
        messages.success(request, _("已保存"))
    return redirect("archive:saved")


@page("archive.view")
@require_POST
def search_forget(request: MemberRequest, search_id: uuid.UUID) -> HttpResponse:
    """Remove one's own saved search."""
    saved.search_forget(by=request.user, search_id=search_id)
    messages.success(request, _("已删除这个检索"))
    return redirect("archive:saved")


@page("archive.view")
@require_POST
def search_feed(request: MemberRequest, search_id: uuid.UUID) -> HttpResponse:
    """Make the address of a saved search's feed, shown once; or shut the feed."""
    if request.POST.get("do") == "stop":
        saved.feed_stop(by=request.user, search_id=search_id)
        messages.success(request, _("订阅地址已停用"))
        return redirect("archive:saved")
    key = saved.feed_key_make(by=request.user, search_id=search_id)
    place = settings.RONGMEI_NODE.url
    made = {
        form: place + reverse("search_feed", args=[search_id, key, form])
        for form in ("rss", "json")
    }
    return _listed(request, {"id": str(search_id), **made})


@require_safe
def feed(request: HttpRequest, search_id: uuid.UUID, key: str, form: str) -> HttpResponse:
    """The newest finds of a saved search for a feed reader that holds its key."""
    held = saved.search_by_key(search_id, key)
    documents = saved.newest_of(held)
    if form not in {"rss", "json"}:
        raise NotFound
    marks = [(str(one.pk), one.version) for one in documents]
    seed = orjson.dumps([held.name, held.query, form, marks])
    etag = quote_etag(hashlib.sha256(seed).hexdigest()[:32])
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        answer = HttpResponse(status=304)
    elif form == "json":
        answer = HttpResponse(_json_feed(held, documents), content_type="application/feed+json")
    else:
        answer = HttpResponse(
            _rss(held, documents), content_type="application/rss+xml; charset=utf-8"
        )
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _home(held: SavedSearch) -> str:
    return settings.RONGMEI_NODE.url + reverse("archive:search_run", args=[held.pk])


def _address(one: Document) -> str:
    """Where a reader of the feed goes: the original, or our page where there is none."""
    if one.url.startswith(("http://", "https://")):
        return one.url
    return settings.RONGMEI_NODE.url + reverse("archive:document", args=[one.pk])


def _rss(held: SavedSearch, documents: list[Document]) -> str:
    made = feedgenerator.Rss201rev2Feed(
        title=held.name, link=_home(held), description=held.query, language=held.member.language
    )
    for one in documents:
        made.add_item(
            title=one.title, link=_address(one), description=one.summary or one.body[:300],
            unique_id=one.pk.urn, unique_id_is_permalink=False, pubdate=one.published_at,
            author_name=one.source_name, categories=[str(tag) for tag in one.tags],
        )  # fmt: skip
    return made.writeString("utf-8")


def _json_feed(held: SavedSearch, documents: list[Document]) -> bytes:
    items = [
        {
            "id": one.pk.urn, "url": _address(one), "title": one.title,
            "content_text": one.summary or one.body[:300],
            "date_published": one.published_at.isoformat(), "tags": one.tags,
            "language": one.language, "authors": [{"name": one.source_name}],
        }
        for one in documents
    ]  # fmt: skip
    return orjson.dumps({
        "version": "https://jsonfeed.org/version/1.1", "title": held.name,
        "home_page_url": _home(held), "description": held.query, "items": items,
    })  # fmt: skip
