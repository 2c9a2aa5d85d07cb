"""The one tag library of the kit, and what its parts share: icons, attributes, the query."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal, Protocol

from django import template
from django.http import QueryDict
from django.template.context import Context
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from heroicons.templatetags import heroicons

register = template.Library()

Kind = Literal["primary", "plain", "quiet", "final"]
MICRO, SMALL = 16, 20


class HasQuery(Protocol):
    @property
    def GET(self) -> QueryDict: ...


def held_query(context: Context) -> QueryDict:
    request: HasQuery | None = context.get("request")
    return request.GET if request is not None else QueryDict()


def attributes(attrs: Mapping[str, object]) -> SafeString:
    """Keyword arguments as HTML attributes: `hx_post=…` is hx-post, True is bare, None is left out."""
    return format_html_join(
        "",
        ' {}="{}"',
        (
            (name.rstrip("_").replace("_", "-"), "" if value is True else value)
            for name, value in attrs.items()
            if value is not None and value is not False
        ),
    )


def classes(*names: str) -> str:
    return " ".join(name for name in names if name)


@lru_cache(maxsize=512)
def svg(name: str, size: int) -> SafeString:
    draw = heroicons.heroicon_micro if size <= MICRO else heroicons.heroicon_outline
    # heroicons builds its own markup from its own files; `name` only picks one.
    return mark_safe(draw(name, size=size, **{"class": "icon"}))  # noqa: S308


@register.simple_tag
def icon(name: str, size: int = SMALL) -> SafeString:
    """A heroicon by name. 16 and below is drawn solid, larger as an outline. Decorative."""
    return svg(str(name), int(size))
