"""Hot lists: a mapping written as data turns any platform's JSON or page into ranked entries.

Options of a JSON list: ``items`` (path to the list, such as ``data.list``), ``title``, ``url``,
``heat``, ``rank`` (paths within one entry). Options of a page: ``row`` (CSS selector of one entry),
``title``, ``url``, ``heat``, ``rank`` (selectors within it; ``a@href`` takes an attribute).
In both, ``link`` is an address with ``{title}`` or ``{url}`` in it, for platforms that give none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote

from selectolax.lexbor import LexborNode, SelectolaxError

from rongmei.sources.collectors.clean import plain
from rongmei.sources.collectors.json_feed import load_json, looks_like_json
from rongmei.sources.collectors.pages import open_html
from rongmei.sources.collectors.urls import absolute
from rongmei.sources.collectors.xml_text import unpacked
from rongmei.sources.errors import BadRule, Unreadable
from rongmei.sources.types import Collected, Fetched, HotEntry, Remark, SourceSpec

_MAX_ENTRIES = 200
_NUMBER = re.compile(r"(\d[\d,]{0,20}(?:\.\d{1,6})?)\s{0,2}([万亿wWkKmM]?)")
_UNITS = {"万": 1e4, "w": 1e4, "亿": 1e8, "k": 1e3, "m": 1e6}

_Reader = Callable[[str], str]


def parse_hotlist(spec: SourceSpec, fetched: Fetched) -> Collected:
    """The entries of a hot list in ``Collected.hot``; raises ``BadRule`` or ``Unreadable``."""
    if not _option(spec, "title"):
        raise BadRule(url=fetched.url, rule="title")
    remarks: list[Remark] = []
    if looks_like_json(unpacked(fetched)):
        data, remarks = load_json(fetched, override=spec.encoding)
        rows = list(_json_rows(data, spec, fetched))
    else:
        rows = list(_html_rows(spec, fetched))
    entries = [_entry(row, spec, fetched) for row in rows[: _MAX_ENTRIES * 2]]
    named = [entry for entry in entries if entry is not None]
    if not named:
        raise Unreadable(url=fetched.url, expected="榜单")
    hot = tuple(
        HotEntry(rank or place, title, url, heat)
        for place, (rank, title, url, heat) in enumerate(named[:_MAX_ENTRIES], start=1)
    )
    return Collected(hot=hot, warnings=tuple(remarks))


def parse_heat(text: str) -> float | None:
    """The figure in ``123.4万``, ``1,234,567`` or ``热度 98k``; None if there is none."""
    match = _NUMBER.search(text)
    if match is None:
        return None
    return float(match[1].replace(",", "")) * _UNITS.get(match[2].lower(), 1.0)


def _entry(
    read: _Reader, spec: SourceSpec, fetched: Fetched
) -> tuple[int, str, str, float | None] | None:
    title = plain(read(_option(spec, "title")), 200)
    if not title:
        return None
    link = read(_option(spec, "url")) if _option(spec, "url") else ""
    template = _option(spec, "link")
    if template:
        # Plain replacement: str.format would let a rule reach into objects.
        link = template.replace("{title}", quote(title, safe="")).replace(
            "{url}", quote(link, safe="")
        )
    rank = parse_heat(read(_option(spec, "rank"))) if _option(spec, "rank") else None
    heat = parse_heat(read(_option(spec, "heat"))) if _option(spec, "heat") else None
    place = int(rank) if rank and 1 <= rank <= 10_000 else 0
    return place, title, absolute(link, fetched.final_url) if link else "", heat


def _json_rows(data: object, spec: SourceSpec, fetched: Fetched) -> Iterator[_Reader]:
    listed = _walk(data, _option(spec, "items"))
    if not isinstance(listed, list):
        raise BadRule(url=fetched.url, rule="items")
    for row in listed:
        yield lambda path, row=row: _scalar(_walk(row, path))  # type: ignore[misc]


def _html_rows(spec: SourceSpec, fetched: Fetched) -> Iterator[_Reader]:
    _, tree, _ = open_html(fetched, spec.encoding)
    selector = _option(spec, "row")
    if not selector:
        raise BadRule(url=fetched.url, rule="row")
    try:
        rows = tree.css(selector)
    except SelectolaxError:
        raise BadRule(url=fetched.url, rule="row") from None
    for row in rows:
        yield lambda path, row=row: _node_text(row, path, fetched)  # type: ignore[misc]


def _node_text(row: LexborNode, path: str, fetched: Fetched) -> str:
    selector, _, attribute = path.partition("@")
    try:
        node = row.css_first(selector) if selector else row
    except SelectolaxError:
        raise BadRule(url=fetched.url, rule=path[:60]) from None
    if node is None:
        return ""
    return (node.attributes.get(attribute) or "") if attribute else (node.text() or "")


def _walk(data: object, path: str) -> object:
    """Follow ``a.b.0.c`` through objects and lists; None where it leads nowhere."""
    for step in path.split(".") if path else ():
        if isinstance(data, dict):
            data = data.get(step)
        elif isinstance(data, list) and step.isascii() and step.isdigit() and len(step) < 6:
            data = data[int(step)] if int(step) < len(data) else None
        else:
            return None
    return data


def _scalar(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    try:
        return str(value)
    except ValueError:
        return ""


def _option(spec: SourceSpec, name: str) -> str:
    value = spec.options.get(name)
    return value if isinstance(value, str) else ""
