"""The public site's addresses: all of them are for everybody."""

from __future__ import annotations

from typing import Any

from rongmei.channels.tests.routes import publication
from rongmei.network.testing import Cast, Route

SITE = "the public site: it shows what was published and nothing else"


def slug(cast: Cast) -> dict[str, Any]:
    return {"slug": publication(cast).slug}


ROUTES = {
    **{
        f"portal:{name}": Route(public=SITE)
        for name in (
            "home",
            "search",
            "feeds",
            "rss",
            "atom",
            "json_feed",
            "sitemap",
            "news_sitemap",
            "robots",
        )
    },
    "portal:article": Route(args=slug, public=SITE),
    "portal:ninjs": Route(args=slug, public=SITE),
    "portal:category": Route(args=lambda cast: {"category": "示例"}, public=SITE),
    "portal:topic": Route(args=lambda cast: {"tag": "示例"}, public=SITE),
    "portal:language": Route(
        args=lambda cast: {"code": "en"}, public="readers choose the language of the site"
    ),
    "portal:read": Route(
        args=slug, method="POST", public="counts a read; keeps no address and answers nothing"
    ),
    "api:list_articles": Route(public=SITE),
    "api:get_article": Route(args=slug, public=SITE),
    "api:get_ninjs": Route(args=slug, public=SITE),
    "api:list_categories": Route(public=SITE),
}
