"""/api/v1/public/: the open interface. No token, no member; exactly what the site shows."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from ninja import Router, Schema
from ninja.pagination import LimitOffsetPagination, paginate

from rongmei.channels import selectors as channels
from rongmei.kernel.errors import NotFound
from rongmei.portal import shapes
from rongmei.portal.errors import Gone
from rongmei.portal.pages import absolute

router = Router(tags=["public"], auth=None)


class ItemOut(Schema):
    """An article in a list."""

    id: uuid.UUID
    slug: str
    url: str
    title: str
    summary: str
    byline: str
    source_name: str
    category: str
    tags: list[str]
    image: str
    published_at: datetime
    corrected_at: datetime | None
    correction: str

    @staticmethod
    def resolve_url(held: Any) -> str:
        """The page."""
        return shapes.page_url(held)

    @staticmethod
    def resolve_tags(held: Any) -> list[str]:
        """The tags."""
        return shapes.tags(held)

    @staticmethod
    def resolve_image(held: Any) -> str:
        """The lead picture's full address, or ""."""
        return absolute(held.image_url)


class ArticleOut(ItemOut):
    """An article with its text."""

    html: str
    text: str


class CategoryOut(Schema):
    """A category and how many articles it holds."""

    name: str
    articles: int


@router.get("/articles", response=list[ItemOut])
@paginate(LimitOffsetPagination)
def list_articles(request: HttpRequest, q: str = "", category: str = "", tag: str = "") -> Any:
    """Articles, newest first; `q` looks for words, `category` and `tag` narrow."""
    rows = channels.search_live(q.strip()[:60]) if q.strip() else channels.live_publications()
    if category:
        rows = rows.filter(category=category)
    if tag:
        rows = rows.filter(tag_line__contains=f"|{tag}|")
    return rows.defer("html", "text", "package")


@router.get("/articles/{slug}", response=ArticleOut)
def get_article(request: HttpRequest, slug: str) -> Any:
    """One article; 410 once it was withdrawn."""
    return _live(slug)


@router.get("/articles/{slug}/ninjs", response=dict[str, Any])
def get_ninjs(request: HttpRequest, slug: str) -> dict[str, Any]:
    """One article as IPTC ninjs 3.1."""
    return shapes.ninjs(_live(slug))


@router.get("/categories", response=list[CategoryOut])
def list_categories(request: HttpRequest) -> list[dict[str, Any]]:
    """Categories, the fullest first."""
    rows = channels.live_publications().exclude(category="").order_by().values_list("category")
    counted = rows.annotate(n=Count("id")).order_by("-n", "category")
    return [{"name": name, "articles": n} for name, n in counted]


def _live(slug: str) -> Any:
    if len(slug) > 24:
        raise NotFound
    held = channels.publication_by_slug(slug)
    if held.state == held.State.WITHDRAWN:
        raise Gone
    return held
