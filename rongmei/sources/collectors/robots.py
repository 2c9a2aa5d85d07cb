"""robots.txt (RFC 9309, with Crawl-delay and Sitemap): what a site asks of programs like ours.

The standard library's parser knows neither ``*`` nor ``$`` within paths, and takes the first rule
that fits instead of the longest.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from rongmei.sources.collectors.encoding import decode

_MAX_BYTES = 500 * 1024
_MAX_RULES = 2000
_MAX_DELAY = 300.0
_KEEP_SECONDS = 24 * 3600.0
_KEEP_FAILURE = 600.0
_STARS = re.compile(r"\*+")


@dataclass(frozen=True, slots=True)
class Robots:
    """One site's wishes towards one user agent; ``delay`` in seconds, None when not asked for."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay: float | None = None
    sitemaps: tuple[str, ...] = ()

    def allows(self, url: str) -> bool:
        """Whether ``url`` may be fetched: the longest rule that fits decides, allow wins a tie."""
        parts = urlsplit(url)
        path = _tidy(parts.path or "/") + (f"?{_tidy(parts.query)}" if parts.query else "")
        if path == "/robots.txt":
            return True
        best = max(
            ((len(pattern), allow) for allow, pattern in self.rules if _fits(pattern, path)),
            default=(0, True),
        )
        return best[1]


EVERYTHING = Robots()
NOTHING = Robots(rules=((False, "/"),))


def parse_robots(body: bytes, agent: str) -> Robots:
    """The wishes towards ``agent`` (its product name, such as ``Rongmei``)."""
    text = decode(body[:_MAX_BYTES]).text
    groups: dict[str, list[tuple[str, str]]] = {}
    current: list[str] = []
    sitemaps: list[str] = []
    naming = False
    for line in text.splitlines():
        field, _, value = line.split("#", 1)[0].partition(":")
        field, value = field.strip().lower(), value.strip()
        if field == "user-agent" and value:
            current = [*current, value.lower()] if naming else [value.lower()]
            groups.setdefault(value.lower(), [])
            naming = True
        elif field == "sitemap" and value:
            sitemaps.append(value)
        elif field in {"allow", "disallow", "crawl-delay"}:
            naming = False
            for name in current:
                groups[name].append((field, value))
    own = agent.lower()
    lines = groups.get(own) if own in groups else groups.get("*", [])
    return Robots(
        rules=tuple(
            (field == "allow", _tidy(value))
            for field, value in (lines or [])[:_MAX_RULES]
            if field != "crawl-delay" and value
        ),
        delay=_delay(lines or []),
        sitemaps=tuple(dict.fromkeys(sitemaps))[:50],
    )


def robots_for_status(status: int, body: bytes, agent: str) -> Robots:
    """What an answer to ``/robots.txt`` means: none there allows all, a broken server nothing."""
    if 200 <= status < 300:
        return parse_robots(body, agent)
    return NOTHING if status >= 500 or status == 429 else EVERYTHING


class RobotsCache:
    """Remembers sites' wishes for a day, failures for ten minutes; ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float], *, limit: int = 10_000) -> None:
        self._clock = clock
        self._limit = limit
        self._held: dict[str, tuple[float, Robots]] = {}

    def get(self, url: str) -> Robots | None:
        """The wishes of the site of ``url``, or None when they have to be fetched."""
        held = self._held.get(_site(url))
        return held[1] if held and held[0] > self._clock() else None

    def put(self, url: str, robots: Robots, *, failed: bool = False) -> None:
        """Remember, shorter what came of a failure; the oldest is forgotten when there are too many."""
        if len(self._held) >= self._limit:
            self._held.pop(next(iter(self._held)))
        kept = _KEEP_FAILURE if failed or robots is NOTHING else _KEEP_SECONDS
        self._held[_site(url)] = (self._clock() + kept, robots)


def robots_url(url: str) -> str:
    """Where the site of ``url`` keeps its wishes."""
    return f"{_site(url)}/robots.txt"


def _site(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _fits(pattern: str, path: str) -> bool:
    """Match with ``*`` and a closing ``$``, by searching piece after piece: never exponential."""
    anchored = pattern.endswith("$")
    pieces = _STARS.split(pattern[:-1] if anchored else pattern)
    if not path.startswith(pieces[0]):
        return False
    position = len(pieces[0])
    for piece in pieces[1:-1] if len(pieces) > 1 else []:
        found = path.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    if len(pieces) == 1:
        return not anchored or len(path) == position
    last = pieces[-1]
    if anchored:
        return len(path) - len(last) >= position and path.endswith(last)
    return path.find(last, position) >= 0


def _tidy(path: str) -> str:
    """One spelling for escaped and unescaped forms of the same path."""
    return quote(unquote(path), safe="/*$?=&%:@!+,;~()'[]")


def _delay(lines: list[tuple[str, str]]) -> float | None:
    for field, value in lines:
        if field == "crawl-delay":
            try:
                return min(max(float(value), 0.0), _MAX_DELAY)
            except ValueError:
                return None
    return None
