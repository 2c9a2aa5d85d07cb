"""What of a document goes into an index, the same for every engine."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from rongmei.archive.analysis import MAX_INDEXED_CHARS, Analyser, fold
from rongmei.archive.query import Field
from rongmei.archive.types import IndexDocument

CONTAINS_FIELDS = ("source", "region")
"""Fields whose unquoted condition asks for a part of the name."""
_MAX_SUGGESTION = 40


def body_texts(document: IndexDocument) -> tuple[str, str]:
    """The searched text besides the title, cut to what is indexed: summary and body.

    A summary that is only the opening of the body is left out: it would be counted twice.
    """
    summary, body = document.summary[:MAX_INDEXED_CHARS], document.body
    opening = summary.rstrip("…")
    if body.startswith(opening) or " ".join(body[: 2 * len(summary)].split()).startswith(opening):
        summary = ""
    return summary, body[: MAX_INDEXED_CHARS - len(summary)]


def document_keys(document: IndexDocument) -> set[str]:
    """Every `field:value` that an exact condition on this document can ask for."""
    values = {
        "source": (document.source,),
        "region": (document.region,),
        "kind": (document.kind,),
        "unit": (document.unit_id,),
        "lang": (document.language,),
        "channel": (document.channel_class,),
        "tag": document.tags,
        "site": _sites(document.url),
        "family": (document.family_id or "",),
        "has": document.has,
    }
    return {_key(name, value) for name, texts in values.items() for value in texts if value}


def facet_values(document: IndexDocument, name: str) -> tuple[str, ...]:
    """The values that a document is counted under in a facet: each once, none empty."""
    value = getattr(document, name) or ()
    texts = value if isinstance(value, tuple) else (value,)
    return tuple(text for text in dict.fromkeys(texts) if text)


def field_key(field: Field) -> str:
    """The key that an exact condition asks for."""
    return _key(field.name, field.value)


@lru_cache(maxsize=4096)
def _key(name: str, value: str) -> str:
    return f"{name}:{fold(value).strip()}"


def _sites(url: str) -> tuple[str, ...]:
    """The host of a URL and its parent domains: a.b.example → a.b.example, b.example."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return ()
    labels = host.split(".")
    return tuple(".".join(labels[start:]) for start in range(max(1, len(labels) - 1)))


def suggestions(document: IndexDocument, analyser: Analyser) -> set[str]:
    """What completing a search may offer because of this document, in its original spelling."""
    found = {document.source, document.region, *document.tags}
    found.update(word for word in analyser.whole_words(fold(document.title)) if len(word) > 1)
    return {text.strip() for text in found if 0 < len(text.strip()) <= _MAX_SUGGESTION}
