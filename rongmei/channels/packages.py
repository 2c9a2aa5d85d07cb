"""Freezing: what a signed package becomes when it is published. Pure functions."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import nh3
import orjson
from django.utils.dateparse import parse_datetime

from rongmei.stories.types import SignedPackage

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_TAGS: Final = {
    "p", "h2", "h3", "h4", "blockquote", "cite", "footer", "figure", "figcaption", "img", "picture",
    "a", "strong", "b", "em", "i", "ul", "ol", "li", "hr", "br", "span", "div", "video", "audio",
    "table", "thead", "tbody", "tr", "th", "td", "time", "details", "summary",
}  # fmt: skip
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "loading"},
    "figure": {"class"},
    "span": {"class"},
    "div": {"class"},
    "p": {"class"},
    "th": {"scope"},
    "time": {"datetime"},
    "video": {"src", "controls", "poster", "preload"},
    "audio": {"src", "controls", "preload"},
}


def clean_html(html: str) -> str:
    """The body with nothing but what an article needs: a package may come from another node."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer",
    )


def freeze(package: SignedPackage) -> dict[str, Any]:
    """The package as JSON, without the body's HTML (which is kept beside it)."""
    held = dataclasses.asdict(package)
    held.pop("html")
    frozen: dict[str, Any] = orjson.loads(orjson.dumps(held, default=str))
    return frozen


def tag_line(tags: Iterable[str]) -> str:
    """Tags as |a|b|, so that one of them can be looked up as |a|; cut at whole tags."""
    line = "|"
    for tag in tags:
        piece = tag.replace("|", " ").strip()
        if piece and len(line) + len(piece) + 1 <= 500:
            line += piece + "|"
    return line if len(line) > 1 else ""


def tags_of(line: str) -> list[str]:
    """The tags of a tag line."""
    return [tag for tag in line.split("|") if tag]


def slug_for(publication_id: uuid.UUID, at: datetime) -> str:
    """A short, permanent address: the day and 40 random bits of the id."""
    bits = publication_id.int & ((1 << 40) - 1)
    letters = "".join(_BASE32[(bits >> shift) & 31] for shift in range(35, -5, -5))
    return f"{at:%Y%m%d}-{letters}"


def time_of(text: object) -> datetime | None:
    """A time out of a frozen package; None when there is none."""
    return parse_datetime(text) if isinstance(text, str) else None
