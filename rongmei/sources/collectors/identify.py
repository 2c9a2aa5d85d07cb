"""From what a collector read to an ``Item`` with an identity: the last pure stage."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache

from rongmei.sources.collectors.clean import (
    clean_html,
    content_hash,
    html_to_text,
    image_links,
    normal_title,
    one_line,
    paragraphs,
    plain,
    summary_of,
    text_of,
)
from rongmei.sources.collectors.urls import absolute, canonical, url_key
from rongmei.sources.types import Item, Remark, RemarkCode

MAX_TITLE = 500
MAX_HTML = 1_000_000
MAX_TEXT = 300_000
_MAX_NAMES = 30
_MAX_IMAGES = 50
# `plain` reads no more of a name or tag than this.
_LONGEST_NAME = 1600
_MAIL_AUTHOR = re.compile(r"^\S+@\S+\s*\(([^()]{1,80})\)$")
_KANA = re.compile("[\u3040-\u30fa\u30fc-\u30ff]+")
_HANGUL = re.compile("[\uac00-\ud7a3]+")
_HAN = re.compile("[\u4e00-\u9fff]+")
_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8})*$")


@dataclass(frozen=True, slots=True)
class Identity:
    """The names one item goes by: within its source, by address, by headline, by content."""

    entry_key: str
    url_key: str
    title_key: str
    content_hash: str


@dataclass(slots=True)
class Draft:
    """What was read, as it was written.

    ``body_text`` is used where no HTML was given; ``body_base`` is what links within the HTML are
    relative to, where that is not the item's own address.
    """

    entry_id: str = ""
    link: str = ""
    title: str = ""
    summary_html: str = ""
    body_html: str = ""
    body_base: str = ""
    body_text: str = ""
    authors: Iterable[str] = ()
    published_at: datetime | None = None
    updated_at: datetime | None = None
    language: str = ""
    images: Iterable[str] = ()
    tags: Iterable[str] = field(default_factory=list)
    medium: str = ""
    carrier: str = ""
    region: str = ""
    media_class: str = ""
    # What the file says is all there is: an empty summary or text is empty, not left out.
    complete: bool = False


def identify(item: Item) -> Identity:
    """Every key under which ``item`` may be known already."""
    return Identity(
        entry_key=item.entry_key,
        url_key=url_key(item.canonical_url) if item.canonical_url else "",
        title_key=hashlib.sha256(normal_title(item.title, site=item.medium).encode()).hexdigest(),
        content_hash=item.content_hash,
    )


def finish(draft: Draft, *, base: str, remarks: list[Remark]) -> Item | None:
    """Clean, resolve and identify; None when there is neither a headline nor an address."""
    url = absolute(draft.link, base) if draft.link.strip() else ""
    title = _cut(plain(draft.title, MAX_TITLE + 1), draft.title, remarks)
    has_text = bool(draft.body_text) or draft.complete
    source = draft.body_html or ("" if has_text else draft.summary_html)
    if len(source) > MAX_HTML:
        remarks.append(Remark(RemarkCode.BODY_CUT))
        source = source[:MAX_HTML]
    body_html = clean_html(source, draft.body_base or url or base) if source else ""
    body = text_of(body_html) if body_html else paragraphs(draft.body_text[:MAX_HTML])
    body = body[:MAX_TEXT]
    if not title:
        title = summary_of(body, 60)
    if not title and not url:
        return None
    given = draft.summary_html if draft.body_html or has_text else ""
    summary = html_to_text(given[:20_000]) if given or draft.complete else body
    pictures = [absolute(link, url or base) for link in draft.images] + image_links(body_html)
    names = map(_name, draft.authors)
    link = canonical(url)
    return Item(
        entry_key=entry_key(draft.entry_id, link, title, draft.published_at),
        url=url,
        canonical_url=link,
        title=title,
        summary=summary if draft.complete else summary_of(summary),
        body=body,
        body_html=body_html,
        authors=_few(names, _MAX_NAMES),
        published_at=draft.published_at,
        updated_at=draft.updated_at,
        language=language_of(draft.language, title + body[:2000]),
        images=_few(pictures, _MAX_IMAGES),
        tags=_few(map(_tag, draft.tags), _MAX_NAMES),
        medium=plain(draft.medium, 80),
        content_hash=content_hash(title, body),
        carrier=plain(draft.carrier, 80),
        region=plain(draft.region, 40),
        media_class=draft.media_class,
    )


# The same few names and tags stand in every entry of a feed.
@lru_cache(maxsize=1024)
def _name(written: str) -> str:
    return _MAIL_AUTHOR.sub(r"\1", plain(written[:_LONGEST_NAME], 80))


@lru_cache(maxsize=1024)
def _tag(written: str) -> str:
    return plain(written[:_LONGEST_NAME], 60)


def entry_key(entry_id: str, link: str, title: str, published_at: datetime | None) -> str:
    """A key stable within one source: its own id, else the address, else headline and time."""
    own = one_line(entry_id)
    if own:
        seed = f"id:{own}"
    elif link:
        seed = f"url:{url_key(link)}"
    else:
        when = published_at.isoformat() if published_at else ""
        seed = f"title:{normal_title(title)}|{when}"
    return hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()


def with_full_text(item: Item, article: Item) -> Item:
    """``item`` from a feed, completed by what its own page says; the feed's identity is kept."""
    if len(article.body) <= len(item.body):
        article = replace(article, body=item.body, body_html=item.body_html)
    return replace(
        item,
        body=article.body,
        body_html=article.body_html,
        summary=item.summary or article.summary,
        authors=item.authors or article.authors,
        published_at=item.published_at or article.published_at,
        images=tuple(dict.fromkeys(item.images + article.images))[:_MAX_IMAGES],
        tags=item.tags or article.tags,
        medium=item.medium or article.medium,
        content_hash=content_hash(item.title, article.body),
    )


def language_of(declared: str, sample: str) -> str:
    """The declared language in lower case, or the one the script gives away, or empty."""
    declared = declared.strip()
    if _LANGUAGE.match(declared):
        return declared.replace("_", "-").lower()
    letters = sum(map(str.isalpha, sample))
    if not letters:
        return ""
    if _count(_KANA, sample) > letters / 10:
        return "ja"
    if _count(_HANGUL, sample) > letters / 3:
        return "ko"
    return "zh" if _count(_HAN, sample) > letters / 4 else ""


def _count(script: re.Pattern[str], sample: str) -> int:
    return sum(map(len, script.findall(sample)))


def _cut(text: str, source: str, remarks: list[Remark]) -> str:
    if len(text) > MAX_TITLE or len(source) > MAX_TITLE * 20:
        remarks.append(Remark(RemarkCode.TITLE_CUT))
    return unicodedata.normalize("NFC", text[:MAX_TITLE].rstrip())


def _few(values: Iterable[str], limit: int) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if value))[:limit]
