"""Web pages: an article page to one item, a list page to the addresses of its articles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

import trafilatura
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from rongmei.sources.collectors.clean import clean_html, html_to_text, plain, too_deep
from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.encoding import decode
from rongmei.sources.collectors.identify import Draft, finish
from rongmei.sources.collectors.tables import MEDIUM_META, PUBLISHED_META, SITE_RULES, SiteRule
from rongmei.sources.collectors.urls import absolute, canonical, host_of
from rongmei.sources.collectors.xml_text import remarks_on, unpacked
from rongmei.sources.errors import BadRule, Unreadable
from rongmei.sources.types import Collected, Fetched, Item, Remark, RemarkCode, SourceSpec

_MAX_LINKS = 300
_MAX_PAGE = 3_000_000
_MIN_BODY = 40
_MEDIUM = re.compile(
    r"(?:来\s{0,2}源|稿源|文章来源|转载自)\s{0,2}[:：]\s{0,3}([^\s|｜<>:：]{2,30})"
)
_STAMP = re.compile(
    r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}日?\s{0,3}\d{1,2}[:：]\d{2}(?:[:：]\d{2})?"
)
# A byline stands near the headline; further down, dates belong to the text or to other stories.
_BYLINE_REACH = 6_000
# lxml and trafilatura report broken trees with these.
_FAULTS = (AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class _Page:
    html: str
    tree: LexborHTMLParser
    url: str


def parse_page(spec: SourceSpec, fetched: Fetched) -> Collected:
    """An article page to one item; with the option ``links``, a list page to ``next_links``.

    Options: ``links`` (CSS selector of the links on a list page), ``match`` (pattern with ``*``
    that their addresses must fit), and ``title body published medium authors drop`` (CSS selectors
    of an article, in place of the built-in rule for the site).
    Raises ``Unreadable`` when there is no article and ``BadRule`` when a selector is wrong.
    """
    page, remarks = _open(fetched, spec.encoding)
    if spec.options.get("links"):
        return _list_page(spec, fetched, page, remarks)
    rule = _own_rule(spec) or rule_for(page.url)
    item = _article(page, rule, spec, fetched, remarks)
    if item is None:
        raise Unreadable(url=fetched.url, expected="HTML")
    return Collected(items=(item,), feed_title=_meta(page, "og:site_name"), warnings=tuple(remarks))


def rule_for(url: str) -> SiteRule | None:
    """The built-in rule for the site of ``url``, if there is one."""
    host = host_of(url)
    for rule in SITE_RULES:
        if host == rule.host or host.endswith(f".{rule.host}"):
            return rule
    return None


def page_links(tree: LexborHTMLParser, selector: str, base: str) -> Iterator[tuple[str, str]]:
    """Absolute address and text of every link that ``selector`` finds, directly or inside."""
    for node in tree.css(selector):
        for link in [node] if node.tag == "a" else node.css("a"):
            url = absolute(link.attributes.get("href") or "", base)
            if url:
                yield url, plain(link.text() or "", 200)


def open_html(fetched: Fetched, override: str = "") -> tuple[str, LexborHTMLParser, str]:
    """Text, tree and base address of a page, for everybody who reads pages."""
    page, _ = _open(fetched, override)
    return page.html, page.tree, page.url


def _open(fetched: Fetched, override: str) -> tuple[_Page, list[Remark]]:
    body = unpacked(fetched)
    if body.startswith((b"%PDF", b"\xff\xd8", b"\x89PNG", b"GIF8", b"PK\x03\x04")):
        raise Unreadable(url=fetched.url, expected="HTML")
    decoded = decode(body, content_type=fetched.content_type, override=override)
    remarks = remarks_on(decoded)
    html = decoded.text.replace("\0", "")
    if len(html) > _MAX_PAGE:
        html = html[:_MAX_PAGE]
        remarks.append(Remark(RemarkCode.BODY_CUT))
    if not html.strip() or too_deep(html):
        raise Unreadable(url=fetched.url, expected="HTML")
    tree = LexborHTMLParser(html)
    node = tree.css_first("base[href]")
    base = absolute(node.attributes.get("href") or "", fetched.final_url) if node else ""
    return _Page(html, tree, base or fetched.final_url), remarks


def _list_page(spec: SourceSpec, fetched: Fetched, page: _Page, remarks: list[Remark]) -> Collected:
    match = str(spec.options.get("match") or "*")
    try:
        links = list(page_links(page.tree, str(spec.options["links"]), page.url))
    except SelectolaxError:
        raise BadRule(url=fetched.url, rule="links") from None
    fitting = dict.fromkeys(canonical(url) for url, _ in links if _fits(url, match))
    fitting.pop("", None)
    found = tuple(fitting)
    if len(found) > _MAX_LINKS:
        remarks.append(Remark(RemarkCode.ITEMS_CUT, str(_MAX_LINKS)))
    title = page.tree.css_first("title")
    return Collected(
        feed_title=plain(title.text(), 300) if title else "",
        next_links=found[:_MAX_LINKS],
        warnings=tuple(remarks),
    )


def _fits(url: str, pattern: str) -> bool:
    # fnmatch turns the pattern into a regex; many stars would make that slow.
    return pattern.count("*") <= 5 and fnmatchcase(url, pattern.replace("[", "[[]"))


def _own_rule(spec: SourceSpec) -> SiteRule | None:
    given = {
        name: str(spec.options[name])
        for name in ("title", "body", "published", "medium", "authors", "drop")
        if spec.options.get(name)
    }
    return SiteRule(host="", **{"body": "", **given}) if given else None


def _article(
    page: _Page, rule: SiteRule | None, spec: SourceSpec, fetched: Fetched, remarks: list[Remark]
) -> Item | None:
    draft = _by_rule(page, rule, spec) if rule else Draft()
    linked = _json_ld(page)
    if len(html_to_text(draft.body_html)) < _MIN_BODY:
        _by_likeness(page, draft)
    node = page.tree.css_first("link[rel=canonical]")
    named = absolute(node.attributes.get("href") or "", page.url) if node else ""
    # A canonical link to another host is someone else's claim, and one to the front page a slip.
    draft.link = named if host_of(named) == host_of(page.url) and len(named) > 12 else page.url
    draft.title = draft.title or _meta(page, "og:title") or _headline(page)
    draft.summary_html = _meta(page, "description", "og:description")
    draft.language = spec.language or _language(page)
    draft.medium = draft.medium or _medium(page)
    draft.tags = draft.tags or _meta(page, "keywords").replace("，", ",").split(",")
    picture = _meta(page, "og:image")
    draft.images = [picture] if picture else []
    if not draft.authors:
        draft.authors = [
            name for name in (linked.get("author", ""), _meta(page, "author")) if name
        ][:1]
    for written in (_first(page, rule.published) if rule else "", *_stamps(page, linked)):
        when = parse_when(written, local=zone(spec.timezone))
        if when is not None and believable(when, fetched.fetched_at):
            draft.published_at = when
            break
    if not html_to_text(draft.body_html):
        return None
    return finish(draft, base=page.url, remarks=remarks)


def _by_rule(page: _Page, rule: SiteRule, spec: SourceSpec) -> Draft:
    """Read the parts that the rule names, from a tree of its own: dropping alters it."""
    tree = LexborHTMLParser(page.html)
    try:
        for node in tree.css(rule.drop) if rule.drop else ():
            node.decompose()
        body = tree.css_first(rule.body) if rule.body else None
        medium = tree.css_first(rule.medium) if rule.medium else None
        title = tree.css_first(rule.title) if rule.title else None
        authors = tree.css(rule.authors) if rule.authors else []
    except SelectolaxError:
        raise BadRule(url=spec.url, rule=rule.host or "CSS") from None
    return Draft(
        title=title.text() if title else "",
        body_html=(body.html or "") if body else "",
        medium=_after_colon(medium.text()) if medium else "",
        authors=[_after_colon(node.text()) for node in authors],
    )


def _by_likeness(page: _Page, draft: Draft) -> None:
    """Let trafilatura find the article in the page."""
    try:
        found = trafilatura.extract_with_metadata(
            page.html,
            url=page.url,
            output_format="html",
            include_comments=False,
            include_images=True,
            include_links=True,
        )
    except _FAULTS:
        return
    if found is None:
        return
    draft.body_html = clean_html(found.text or "", page.url)
    draft.title = draft.title or found.title or ""
    draft.authors = draft.authors or [
        name for name in (found.author or "").split(";") if name.strip()
    ]


def _stamps(page: _Page, linked: dict[str, str]) -> Iterator[str]:
    """Everything that may say when the page was published, the most trustworthy first."""
    yield linked.get("datePublished", "")
    for name in PUBLISHED_META:
        yield _meta(page, name)
    node = page.tree.css_first("article time[datetime], time[pubdate], time[datetime]")
    yield (node.attributes.get("datetime") or "") if node else ""
    stamp = _STAMP.search(_byline(page))
    yield stamp[0] if stamp else ""


def _medium(page: _Page) -> str:
    named = _meta(page, *MEDIUM_META)
    if named:
        return _after_colon(named)
    found = _MEDIUM.search(_byline(page))
    return found[1] if found else ""


def _byline(page: _Page) -> str:
    """Text around the headline, where Chinese sites write time and origin."""
    body = page.tree.body
    text = html_to_text(body.html or "") if body else ""
    headline = _headline(page)
    start = max(text.find(headline), 0) if headline else 0
    return text[start : start + _BYLINE_REACH]


def _headline(page: _Page) -> str:
    for selector in ("h1", "title"):
        text = _first(page, selector)
        if text:
            return text
    return ""


def _first(page: _Page, selector: str) -> str:
    if not selector:
        return ""
    try:
        node = page.tree.css_first(selector)
    except SelectolaxError:
        raise BadRule(url=page.url, rule=selector[:60]) from None
    return plain(node.text(), 600) if node else ""


def _meta(page: _Page, *names: str) -> str:
    wanted = {name: index for index, name in enumerate(names)}
    best: tuple[int, str] | None = None
    for node in page.tree.css("meta[content]"):
        held = node.attributes
        name = (held.get("name") or held.get("property") or held.get("itemprop") or "").lower()
        value = plain(held.get("content") or "", 1000)
        if name in wanted and value and (best is None or wanted[name] < best[0]):
            best = (wanted[name], value)
    return best[1] if best else ""


def _language(page: _Page) -> str:
    root = page.tree.root
    return (root.attributes.get("lang") or "") if root else ""


def _json_ld(page: _Page) -> dict[str, str]:
    """Date and author from the first schema.org article in the page."""
    for node in page.tree.css('script[type="application/ld+json"]')[:10]:
        try:
            data = json.loads(node.text()[:200_000])
        except (ValueError, RecursionError):
            continue
        for thing in _things(data):
            published = thing.get("datePublished")
            if isinstance(published, str):
                author = next(iter(_names(thing.get("author"))), "")
                return {"datePublished": published, "author": author}
    return {}


def _things(data: object) -> Iterator[dict[str, object]]:
    listed = data if isinstance(data, list) else [data]
    for thing in listed[:20]:
        if isinstance(thing, dict):
            yield thing
            graph = thing.get("@graph")
            if isinstance(graph, list):
                yield from (part for part in graph[:50] if isinstance(part, dict))


def _names(value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and name.strip():
            yield name


def _after_colon(text: str) -> str:
    flat = plain(text, 120)
    return re.split(r"[:：]", flat, maxsplit=1)[-1].strip()
