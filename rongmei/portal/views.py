"""Pages of the public site. Nothing here needs a member, and nothing sets a cookie unasked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.feedgenerator import SyndicationFeed
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET

from rongmei.channels import selectors as channels
from rongmei.impact import actions as impact
from rongmei.impact import selectors as impact_figures
from rongmei.kernel.errors import NotFound
from rongmei.portal import pages, shapes
from rongmei.portal.pages import public

if TYPE_CHECKING:
    from rongmei.channels.models import Publication

_PER_PAGE: Final = 20
_FRONT: Final = 80
_TEASERS: Final = 4
_IN_FEED: Final = 30
_IN_SITEMAP: Final = 20_000
_LANGUAGE_DAYS: Final = 365
_SLUG: Final = re.compile(r"[0-9a-z-]{1,24}")


def _light(rows: QuerySet[Publication]) -> QuerySet[Publication]:
    return rows.defer("html", "text", "package")


def _front(rows: list[Publication]) -> dict[str, Any]:
    """Arrange the newest articles: a lead with a picture, teasers, the latest, and one block a category."""
    lead = next((one for one in rows[:10] if one.image_url), rows[0] if rows else None)
    rest = [one for one in rows if one is not lead]
    with_picture = [one for one in rest if one.image_url][:_TEASERS]
    teasers = with_picture if len(with_picture) == _TEASERS else rest[:_TEASERS]
    used = {lead, *teasers}
    latest = [one for one in rest if one not in used][:8]
    by_category: dict[str, list[Publication]] = {}
    for one in rest:
        if one.category and one not in teasers:
            by_category.setdefault(one.category, []).append(one)
    blocks = [
        {"name": name, "url": reverse("portal:category", args=[name]), "rows": held[:5]}
        for name, held in by_category.items()
        if len(held) > 1
    ]
    return {"lead": lead, "teasers": teasers, "latest": latest, "blocks": blocks[:6]}


@public
def home(request: HttpRequest) -> HttpResponse:
    """The front page."""
    rows = list(_light(channels.live_publications())[:_FRONT])
    ids = impact_figures.most_read(6) if rows else []
    known = {one.pk: one for one in rows}
    missing = [one for one in ids if one not in known]
    if missing:
        known.update(_light(channels.live_publications()).in_bulk(missing))
    ranked = [known[one] for one in ids if one in known]
    return render(request, "portal/home.html", {**pages.frame(), **_front(rows), "ranked": ranked})


def _listing(
    request: HttpRequest, rows: QuerySet[Publication], context: dict[str, Any]
) -> HttpResponse:
    listed = Paginator(_light(rows), _PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "portal/listing.html", {**context, "page": listed})


@public
def category(request: HttpRequest, category: str) -> HttpResponse:
    """The articles of one category."""
    rows = channels.live_publications().filter(category=category)
    if not rows.exists():
        raise NotFound
    return _listing(
        request, rows, {**pages.frame(category), "heading": category, "kind": "category"}
    )


@public
def topic(request: HttpRequest, tag: str) -> HttpResponse:
    """The articles that carry a tag."""
    rows = channels.with_tag(tag)
    if not rows.exists():
        raise NotFound
    return _listing(request, rows, {**pages.frame(None), "heading": tag, "kind": "topic"})


@public
def search(request: HttpRequest) -> HttpResponse:
    """Find in what we have published."""
    words = request.GET.get("q", "").strip()[:60]
    rows = channels.search_live(words) if words else channels.live_publications().none()
    return _listing(request, rows, {**pages.frame(None), "q": words, "kind": "search"})


def _related(publication: Publication) -> list[Publication]:
    """The newest articles that share tags or the category, most tags first."""
    mine = set(shapes.tags(publication))
    newest = _light(channels.live_publications())[:60]
    scored = [
        (len(mine & set(shapes.tags(one))) * 2 + (one.category == publication.category), one)
        for one in newest
        if one.pk != publication.pk
    ]
    best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
    return [one for _score, one in best[:6]]


@public
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """One article; 410 with a short note once it was withdrawn."""
    held = channels.publication_by_slug(slug)
    frame = pages.frame(held.category or None)
    if held.state == held.State.WITHDRAWN:
        return render(request, "portal/gone.html", {**frame, "publication": held}, status=410)
    context = {
        **frame,
        "publication": held,
        "package": held.package,
        "body": pages.body_of(held),
        "lead": pages.lead_of(held),
        "tags": shapes.tags(held),
        "url": shapes.page_url(held),
        "image": pages.absolute(held.image_url),
        "changed_at": shapes.changed_at(held),
        "json_ld": shapes.as_script(shapes.news_article(held, frame["site"].name)),
        "related": _related(held),
        "beside": channels.live_beside(held),
    }
    return render(request, "portal/article.html", context)


@public
def ninjs_item(request: HttpRequest, slug: str) -> HttpResponse:
    """One article as IPTC ninjs."""
    held = channels.publication_by_slug(slug)
    if held.state == held.State.WITHDRAWN:
        return JsonResponse({"uri": shapes.page_url(held), "pubStatus": "canceled"}, status=410)
    return JsonResponse(shapes.ninjs(held), json_dumps_params={"ensure_ascii": False})


@public
def feeds_page(request: HttpRequest) -> HttpResponse:
    """How to subscribe, and the open interface."""
    return render(request, "portal/feeds.html", pages.frame(None))


def _feed_rows(request: HttpRequest) -> list[Publication]:
    rows = channels.live_publications().defer(None).defer("text")
    wanted = request.GET.get("category", "")
    if wanted:
        rows = rows.filter(category=wanted[:40])
    return list(rows[:_IN_FEED])


def _feed(request: HttpRequest, kind: type[SyndicationFeed], media_type: str) -> HttpResponse:
    site = channels.site()
    text = shapes.feed(
        kind, _feed_rows(request), name=site.name, about=site.about,
        self_url=shapes.self_url(request),
    )  # fmt: skip
    return HttpResponse(text, content_type=f"{media_type}; charset=utf-8")


@public
def feed_rss(request: HttpRequest) -> HttpResponse:
    """RSS 2.0."""
    return _feed(request, shapes.FullRss, "application/rss+xml")


@public
def feed_atom(request: HttpRequest) -> HttpResponse:
    """Atom 1.0."""
    return _feed(request, shapes.FullAtom, "application/atom+xml")


@public
def feed_json(request: HttpRequest) -> HttpResponse:
    """JSON Feed 1.1."""
    site = channels.site()
    made = shapes.json_feed(
        _feed_rows(request), name=site.name, about=site.about, self_url=shapes.self_url(request)
    )
    return JsonResponse(
        made, content_type="application/feed+json", json_dumps_params={"ensure_ascii": False}
    )


@public
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every article for search engines."""
    rows = _light(channels.live_publications())[:_IN_SITEMAP]
    names = [one.label for one in pages.sections("\0")[1:]]
    return HttpResponse(shapes.sitemap(rows, names), content_type="application/xml; charset=utf-8")


@public
def news_sitemap(request: HttpRequest) -> HttpResponse:
    """The last two days for news engines."""
    rows = _light(channels.live_publications())[:1000]
    made = shapes.news_sitemap(rows, name=channels.site().name)
    return HttpResponse(made, content_type="application/xml; charset=utf-8")


@public
def robots(request: HttpRequest) -> HttpResponse:
    """What programs may read: the public site, not the house."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in ("/desk/", "/accounts/", "/cms/", "/screen/", "/r/")),
        f"Sitemap: {pages.absolute(reverse('portal:sitemap'))}",
        f"Sitemap: {pages.absolute(reverse('portal:news_sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@pages.open_to_all
@require_GET
def language(request: HttpRequest, code: str) -> HttpResponse:
    """Remember the language a reader asked for (the site's only cookie), and go back."""
    if code not in dict(settings.LANGUAGES):
        raise NotFound
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    answer = redirect(target)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, code, max_age=_LANGUAGE_DAYS * 86400, samesite="Lax",
        httponly=True, secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return answer


@pages.open_to_all
@csrf_exempt
def read(request: HttpRequest, slug: str) -> HttpResponse:
    """The page says that somebody reads it; our own people do not count. Always an empty answer."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    if _SLUG.fullmatch(slug) and not _is_ours(request):
        impact.read_note(
            slug=slug,
            ip=request.META.get("REMOTE_ADDR", ""),
            user_agent=request.headers.get("User-Agent", "")[:400],
        )
    return HttpResponse(status=204)


def _is_ours(request: HttpRequest) -> bool:
    """Whether a signed-in member reads; without a session cookie nothing is looked up."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated
