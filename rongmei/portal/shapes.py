"""A publication in the shapes that machines read: schema.org, ninjs, RSS, Atom, JSON Feed, sitemaps.

Reviewers, opinions and ids of people never leave the house.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast
from xml.etree.ElementTree import Element, SubElement, tostring

from django.http import HttpRequest
from django.urls import reverse
from django.utils import feedgenerator, timezone
from django.utils.safestring import SafeString, mark_safe
from typing_extensions import override

from rongmei.channels import selectors as channels
from rongmei.portal.pages import absolute

if TYPE_CHECKING:
    from rongmei.channels.models import Publication

_ESCAPES: Final = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}
_CONTENT: Final = "http://purl.org/rss/1.0/modules/content/"
_SITEMAP: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_NEWS: Final = "http://www.google.com/schemas/sitemap-news/0.9"
# GB 45438-2025 labels 1 to 3 in IPTC's vocabulary of digital sources.
_GENERATED: Final = {
    "name": "Created using Generative AI",
    "uri": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
}


def page_url(publication: Publication) -> str:
    """The full address of the article's page."""
    return channels.site_url(publication.slug)


def tags(publication: Publication) -> list[str]:
    """The article's tags."""
    return [tag for tag in publication.tag_line.split("|") if tag]


def changed_at(publication: Publication) -> Any:
    """When readers last saw a change."""
    return publication.corrected_at or publication.published_at


def as_script(value: object) -> SafeString:
    """JSON that is safe between script tags."""
    text = json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    # <, > and & are written as escapes, so the text cannot end the script element.
    return mark_safe(text)  # noqa: S308


def news_article(publication: Publication, site_name: str) -> dict[str, Any]:
    """schema.org NewsArticle."""
    url = page_url(publication)
    author = publication.byline or publication.source_name
    kind = "Person" if publication.byline else "Organization"
    item: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "@id": url,
        "mainEntityOfPage": {"@type": "WebPage", "@id": url},
        "headline": publication.title[:110],
        "description": publication.summary,
        "datePublished": publication.published_at.isoformat(),
        "dateModified": changed_at(publication).isoformat(),
        "author": [{"@type": kind, "name": author}],
        "publisher": {"@type": "NewsMediaOrganization", "name": site_name, "url": absolute("/")},
        "sourceOrganization": {"@type": "Organization", "name": publication.source_name},
        "inLanguage": _language(publication),
        "isAccessibleForFree": True,
        "url": url,
    }
    if publication.image_url:
        item["image"] = [absolute(publication.image_url)]
    if publication.category:
        item["articleSection"] = publication.category
    if publication.tag_line:
        item["keywords"] = tags(publication)
    if publication.correction:
        item["correction"] = {
            "@type": "CorrectionComment",
            "text": publication.correction,
            "datePublished": changed_at(publication).isoformat(),
        }
    return item


def _language(publication: Publication) -> str:
    held = str(publication.package.get("language") or "zh")
    return "zh-CN" if held == "zh" else held


def _picture(image: dict[str, Any], name: str) -> dict[str, Any]:
    rendition: dict[str, Any] = {"name": "main", "href": absolute(str(image.get("url") or ""))}
    for size in ("width", "height"):
        if isinstance(image.get(size), int):
            rendition[size] = image[size]
    item: dict[str, Any] = {
        "name": name,
        "uri": absolute(str(image.get("url") or "")),
        "type": "picture",
        "by": str(image.get("credit") or ""),
        "descriptions": [{"role": "caption", "value": str(image.get("caption") or "")}],
        "renditions": [rendition],
    }
    if image.get("aigc"):
        item["digitalSourceType"] = _GENERATED
    return item


def _clip(clip: dict[str, Any], name: str) -> dict[str, Any]:
    address = absolute(str(clip.get("url") or clip.get("elsewhere") or ""))
    rendition: dict[str, Any] = {"name": "main", "href": address, "contentType": str(clip["mime"])}
    if isinstance(clip.get("seconds"), int):
        rendition["duration"] = clip["seconds"]
    item: dict[str, Any] = {
        "name": name,
        "uri": address,
        "type": str(clip["kind"]),
        "by": str(clip.get("credit") or ""),
        "descriptions": [{"role": "caption", "value": str(clip.get("caption") or "")}],
        "renditions": [rendition],
    }
    if clip.get("aigc"):
        item["digitalSourceType"] = _GENERATED
    return item


def ninjs(publication: Publication) -> dict[str, Any]:
    """IPTC ninjs 3.1, as a feed client reads it; body and pictures included."""
    package = publication.package
    url = page_url(publication)
    roles = (("main", "title"), ("kicker", "kicker"), ("subtitle", "subtitle"))
    headlines = [
        {"role": role, "value": str(package[key])} for role, key in roles if package.get(key)
    ]
    names = (publication.category, *tags(publication))
    item: dict[str, Any] = {
        "standard": {
            "name": "ninjs",
            "version": "3.1",
            "schema": "https://www.iptc.org/std/ninjs/ninjs-schema_3.1.json",
        },
        "uri": url,
        "type": "text",
        "pubStatus": "usable",
        "version": str(publication.version),
        "language": _language(publication),
        "firstCreated": str(package.get("signed_at") or publication.published_at.isoformat()),
        "versionCreated": changed_at(publication).isoformat(),
        "contentCreated": publication.published_at.isoformat(),
        "by": publication.byline,
        "headlines": headlines,
        "bodies": [
            {"role": "main", "contentType": "text/html", "value": publication.html},
            {"role": "plain", "contentType": "text/plain", "value": publication.text},
        ],
        "infoSources": [{"name": publication.source_name}],
        "subjects": [{"name": name} for name in names if name],
        "altIds": [{"role": "slug", "value": publication.slug}],
    }
    if publication.summary:
        item["descriptions"] = [{"role": "summary", "value": publication.summary}]
    if publication.correction:
        item["edNote"] = publication.correction
    if package.get("place"):
        item["places"] = [{"name": str(package["place"])}]
    pictures = [_picture(package["lead_image"], "lead")] if package.get("lead_image") else []
    images = package.get("images") or []
    pictures += [_picture(image, f"picture-{n}") for n, image in enumerate(images, 1)]
    beside = [
        {"name": f"{how}-{n}", "rel": how, "uri": page_url(one), "type": "text", "title": one.title, "language": _language(one)}
        for n, (how, one) in enumerate(channels.live_beside(publication), 1)
    ]  # fmt: skip
    clips = [_clip(clip, f"clip-{n}") for n, clip in enumerate(package.get("clips") or [], 1)]
    if pictures or clips or beside:
        item["associations"] = [*pictures, *clips, *beside]
    return item


class FullRss(feedgenerator.Rss201rev2Feed):
    """RSS 2.0 with the whole text in content:encoded."""

    @override
    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:content": _CONTENT}

    @override
    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["html"])


class FullAtom(feedgenerator.Atom1Feed):
    """Atom 1.0 with the whole text in content."""

    @override
    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["html"], {"type": "html"})


def _full_html(publication: Publication) -> str:
    """The body with addresses that work outside our site."""
    base = channels.site_base()
    return publication.html.replace('src="/', f'src="{base}/').replace('href="/', f'href="{base}/')


def feed(
    kind: type[feedgenerator.SyndicationFeed], rows: Iterable[Publication], *, name: str,
    about: str, self_url: str,
) -> str:  # fmt: skip
    """RSS or Atom as text."""
    made = kind(
        title=name, link=absolute("/"), description=about or name, language="zh-CN",
        feed_url=self_url, feed_guid=absolute("/"),
    )  # fmt: skip
    for one in rows:
        url = page_url(one)
        made.add_item(
            title=one.title, link=url, description=one.summary,
            author_name=one.byline or one.source_name, pubdate=one.published_at,
            updateddate=changed_at(one), unique_id=url, unique_id_is_permalink=True,
            categories=[name for name in (one.category, *tags(one)) if name], html=_full_html(one),
        )  # fmt: skip
    return made.writeString("utf-8")


def json_feed(
    rows: Iterable[Publication], *, name: str, about: str, self_url: str
) -> dict[str, Any]:
    """JSON Feed 1.1."""
    items = []
    for one in rows:
        url = page_url(one)
        item: dict[str, Any] = {
            "id": url,
            "url": url,
            "title": one.title,
            "summary": one.summary,
            "content_html": _full_html(one),
            "date_published": one.published_at.isoformat(),
            "date_modified": changed_at(one).isoformat(),
            "authors": [{"name": one.byline or one.source_name}],
            "tags": [tag for tag in (one.category, *tags(one)) if tag],
            "language": _language(one),
        }
        if one.image_url:
            item["image"] = absolute(one.image_url)
        items.append(item)
    return {
        "version": "https://jsonfeed.org/version/1.1",
        "title": name,
        "description": about or name,
        "home_page_url": absolute("/"),
        "feed_url": self_url,
        "language": "zh-CN",
        "items": items,
    }


def _xml(root: Element) -> bytes:
    return cast(bytes, tostring(root, encoding="utf-8", xml_declaration=True))


def sitemap(rows: Iterable[Publication], categories: Iterable[str]) -> bytes:
    """The sitemap: home, categories, articles."""
    root = Element("urlset", xmlns=_SITEMAP)
    places = [reverse("portal:home")]
    places += [reverse("portal:category", args=[name]) for name in categories]
    for place in places:
        SubElement(SubElement(root, "url"), "loc").text = absolute(place)
    for one in rows:
        entry = SubElement(root, "url")
        SubElement(entry, "loc").text = page_url(one)
        SubElement(entry, "lastmod").text = changed_at(one).isoformat(timespec="seconds")
    return _xml(root)


def news_sitemap(rows: Iterable[Publication], *, name: str) -> bytes:
    """The sitemap for news: what became public in the last two days."""
    root = Element("urlset", {"xmlns": _SITEMAP, "xmlns:news": _NEWS})
    since = timezone.now() - timedelta(days=2)
    for one in rows:
        if one.published_at < since:
            continue
        entry = SubElement(root, "url")
        SubElement(entry, "loc").text = page_url(one)
        news = SubElement(entry, "news:news")
        about = SubElement(news, "news:publication")
        SubElement(about, "news:name").text = name
        SubElement(about, "news:language").text = "zh-cn"
        SubElement(news, "news:publication_date").text = one.published_at.isoformat(
            timespec="seconds"
        )
        SubElement(news, "news:title").text = one.title
    return _xml(root)


def self_url(request: HttpRequest) -> str:
    """The full address of this very document."""
    return absolute(request.get_full_path())
