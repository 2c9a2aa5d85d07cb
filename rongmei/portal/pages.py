"""What a public page is made of: who may cache it, what it is called, which sections there are. Reads only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar, cast
from urllib.parse import urljoin

from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.html import escape
from django.utils.http import http_date, quote_etag
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from rongmei import __version__
from rongmei.channels import selectors as channels
from rongmei.kernel.errors import NotFound

if TYPE_CHECKING:
    from rongmei.channels.models import Publication

P = ParamSpec("P")
PublicView = Callable[Concatenate[HttpRequest, P], HttpResponse]
V = TypeVar("V", bound=Callable[..., HttpResponse])
PUBLIC: Final = "public"
# Lists by what is read most move without a publication; look again after this many seconds.
_FRESH: Final = 300
_IMG: Final = re.compile(r'<img\b[^>]*?\bsrc="([^"]*)"[^>]*>')


def open_to_all(view: V) -> V:
    """Mark a view as meant for everybody, for the test that lists every address with its door."""
    view.rongmei_permission = PUBLIC  # type: ignore[attr-defined]
    return view


def public(view: PublicView[P]) -> PublicView[P]:
    """A page for everybody: conditional GET, no cookie, always revalidated.

    The ETag is known before the page is made, so a reader who has it costs two small queries. A
    withdrawn text must be gone at once: caches may keep a page but must ask before showing it.
    """

    @wraps(view)
    def shown(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        version, changed = channels.public_version()
        seed = "\n".join(
            (
                version, request.get_full_path(), get_language() or "", __version__,
                str(int(timezone.now().timestamp()) // _FRESH),
            )
        )  # fmt: skip
        etag = quote_etag(hashlib.sha256(seed.encode()).hexdigest()[:24])
        asked = request.headers.get("If-None-Match", "")
        if etag in {one.strip().removeprefix("W/") for one in asked.split(",")}:
            answer = HttpResponse(status=304)
        else:
            try:
                answer = view(request, *args, **kwargs)
            except NotFound:
                answer = render(request, "portal/missing.html", frame(None), status=404)
        if answer.status_code in (200, 304):
            answer.headers["ETag"] = etag
            if changed is not None:
                answer.headers["Last-Modified"] = http_date(changed.timestamp())
        answer.headers["Cache-Control"] = "no-cache"
        patch_vary_headers(answer, ["Accept-Language", "Cookie"])
        return answer

    return cast("PublicView[P]", open_to_all(shown))


def absolute(url: str) -> str:
    """The address with this site's own in front; "" stays empty."""
    return urljoin(channels.site_base() + "/", url) if url else ""


@dataclass(frozen=True)
class Section:
    """An entry of the site's sections."""

    label: str
    url: str
    active: bool = False


def sections(active: str = "") -> list[Section]:
    """Home, then the categories, the fullest first (one query)."""
    rows = (
        channels.live_publications()
        .exclude(category="")
        .order_by()
        .values_list("category")
        .annotate(n=Count("id"))
        .order_by("-n", "category")[:12]
    )
    return [
        Section(gettext("首页"), reverse("portal:home"), active == ""),
        *(
            Section(name, reverse("portal:category", args=[name]), name == active)
            for name, _n in rows
        ),
    ]


def frame(active: str | None = "") -> dict[str, Any]:
    """What every page of the site needs. `active` is the category one is in, None for none."""
    site = channels.site()
    english = (get_language() or "").startswith("en")
    return {
        "site": site,
        "site_name": site.name_en if english else site.name,
        "site_base": channels.site_base(),
        "sections": sections("\0" if active is None else active),
        "today": timezone.localtime(),
        "other_language": ("zh-hans", "中文") if english else ("en", "English"),
    }


def body_of(publication: Publication) -> SafeString:
    """The article's HTML, with the legal label on every generated picture.

    What is added carries data-added: the page is compared with the signed text, and this is no part
    of it.
    """
    labels = aigc_labels(publication)

    def label(found: re.Match[str]) -> str:
        words = labels.get(found.group(1))
        if not words or "aigc" in publication.html:
            return found.group(0)
        return f'{found.group(0)}<span class="aigc" data-added>{escape(words)}</span>'

    # Frozen HTML was cleaned to an article's own tags when it was published.
    return mark_safe(_IMG.sub(label, publication.html))  # noqa: S308


def aigc_words(value: object) -> str:
    """The words of a GB 45438-2025 label; "" for a picture that needs none."""
    return {
        "1": gettext("人工智能生成合成"),
        "2": gettext("可能为人工智能生成合成"),
        "3": gettext("疑似人工智能生成合成"),
    }.get(str(value), "")


def aigc_labels(publication: Publication) -> dict[str, str]:
    """Address (as it stands in HTML) → label, for the pictures that need one."""
    images = publication.package.get("images") or []
    found = {escape(str(one.get("url"))): aigc_words(one.get("aigc")) for one in images}
    return {url: words for url, words in found.items() if words}


def lead_of(publication: Publication) -> dict[str, Any] | None:
    """The lead picture with its label; None when there is none or the text begins with it."""
    lead = publication.package.get("lead_image")
    if not lead or not lead.get("url") or escape(str(lead["url"])) in publication.html:
        return None
    return {**lead, "label": aigc_words(lead.get("aigc"))}
