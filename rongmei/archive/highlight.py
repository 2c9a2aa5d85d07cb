"""Marks what was searched for in a text, as safe HTML.

Works on the original text: terms are looked for in its folded form, which has the same length, so
特高壓 is marked when 特高压 was asked, and marks or spaces may stand between the characters.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.utils.safestring import SafeString

from rongmei.archive.analysis import Analyser, fold, units
from rongmei.archive.query import Phrase, Query, searched_texts
from rongmei.archive.types import Hit, TextSource

ELLIPSIS = "…"
_MAX_SCANNED = 50_000
_SENTENCE_ENDS = "。！？；\n"


def highlight_terms(query: Query, analyser: Analyser) -> tuple[str, ...]:
    """What to mark for a query, longest first."""
    terms: set[str] = set()
    for searched in searched_texts(query):
        if isinstance(searched, Phrase):
            terms.add(" ".join(units(searched.text)))
        else:
            terms.update(" ".join(piece.units) for piece in analyser.pieces(searched.text))
    return tuple(sorted(terms - {""}, key=lambda term: (-len(term), term)))


def highlight(text: str, terms: Iterable[str], width: int | None = None) -> SafeString:
    """The text, or the part of about `width` characters with most terms, escaped and marked.

    `terms` are texts as typed or as `highlight_terms` gives them. Everything but the <mark> tags
    is escaped, so the text may be hostile. Only the first 50,000 characters are looked at.
    """
    text = text[:_MAX_SCANNED]
    spans = _spans(text, [units(term) for term in terms])
    start, end = (0, len(text)) if width is None else _window(text, spans, width)
    parts = [ELLIPSIS] if start else []
    at = start
    for first, last in _merged(spans):
        first, last = max(first, at), min(last, end)
        if first < last:
            parts += [
                html.escape(text[at:first]),
                "<mark>",
                html.escape(text[first:last]),
                "</mark>",
            ]
            at = last
    parts.append(html.escape(text[at:end]))
    if end < len(text):
        parts.append(ELLIPSIS)
    return SafeString("".join(parts))


def _spans(text: str, terms: Sequence[Sequence[str]]) -> list[tuple[int, int, int]]:
    """(start, end, which term) of every place, in order."""
    folded = fold(text)
    found: list[tuple[int, int, int]] = []
    for number, term in enumerate(terms):
        if term:
            between = r"[\W_]{0,3}"
            pattern = between.join(re.escape(unit) for unit in term)
            before = r"(?<![a-z0-9])" if term[0].isascii() else ""
            after = r"(?![a-z0-9])" if term[-1].isascii() else ""
            places = re.finditer(before + pattern + after, folded)
            found.extend((place.start(), place.end(), number) for place in places)
    return sorted(found)


def _merged(spans: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end, _number in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _window(text: str, spans: Sequence[tuple[int, int, int]], width: int) -> tuple[int, int]:
    """Where to cut: most different terms, then most places, then earliest."""
    if len(text) <= width:
        return 0, len(text)
    best, best_value = 0, (0, 0)
    for index, (start, _end, _number) in enumerate(spans):
        inside = []
        for span in spans[index:]:
            if span[1] > start + width:
                break
            inside.append(span[2])
        value = (len(set(inside)), len(inside))
        if value > best_value:
            best, best_value = start, value
    begin = _readable_start(text, best, width // 4)
    begin = max(0, min(begin, len(text) - width))
    return begin, min(len(text), begin + width)


def _readable_start(text: str, at: int, back: int) -> int:
    """The start of the sentence that `at` is in, if it is near, else a little before `at`."""
    for position in range(at - 1, max(-1, at - back), -1):
        if text[position] in _SENTENCE_ENDS:
            return position + 1
    return 0 if at < back else max(0, at - back // 2)


def mark_hits(
    hits: Sequence[Hit], terms: Sequence[str], texts: TextSource, width: int = 160
) -> tuple[Hit, ...]:
    """The hits with title and a snippet marked; a hit whose text is gone stays as it is."""
    found = texts([hit.id for hit in hits]) if hits else {}
    return tuple(
        replace(
            hit,
            title_html=highlight(text.title, terms),
            snippet_html=highlight(text.body, terms, width),
        )
        if (text := found.get(hit.id))
        else hit
        for hit in hits
    )
