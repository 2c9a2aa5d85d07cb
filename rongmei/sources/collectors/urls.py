"""Addresses as identities: the same page reached by different links is one page."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit, urlunsplit

from rongmei.sources.collectors.tables import TRACKING_PARAMS, TRACKING_PREFIXES

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FOLDED = re.compile(r"^(?!https?://)|[\t\r\n]")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_QUERY_SAFE = _PATH_SAFE + "?[]|"
_MAX_URL = 4096
# An address that is its own canonical spelling up to its query, as most are: nothing to resolve or
# decode. Of ports, those that are neither a scheme's own nor beyond the last one.
_SETTLED = re.compile(
    r"https?://(?=[a-z0-9])[a-z0-9.-]{1,250}[a-z0-9](?::(?!80/|443/)(?:[1-9][0-9]{1,3}|[1-5][0-9]{4}))?/"
    r"(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*/)*(?:[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)?"
    r"(?P<query>\?[A-Za-z0-9_.~=&/:,-]+)?"
)


def settled(link: str) -> bool:
    """Whether ``link`` is absolute and in its canonical spelling already, seen at a glance."""
    found = _glance(link)
    return found is not None and found["query"] is None


def _glance(link: str) -> re.Match[str] | None:
    return _SETTLED.fullmatch(link) if len(link) <= _MAX_URL else None


def absolute(link: str, base: str = "") -> str:
    """``link`` seen from ``base``; empty when the result is not an http(s) address."""
    if _glance(link):
        return link
    try:
        joined = urljoin(base, link.strip())
        parts = urlsplit(joined)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
        # Half a character (JSON can write one) makes no address: nobody could send it.
        joined.encode()
    except ValueError:
        return ""
    if not usable or len(joined) > _MAX_URL:
        return ""
    # Taking an address apart levels its scheme and drops the line breaks some feeds fold it with.
    return urlunsplit(parts) if _FOLDED.search(joined) else joined


def canonical(link: str, base: str = "") -> str:
    """The one spelling of an address: no fragment, tracking, default port or needless escapes.

    The query is sorted. Empty when ``link`` is not an http(s) address.
    """
    if found := _glance(link):
        query = found["query"]
        if query is None:
            return link
        head, kept = link[: -len(query)], _query(query[1:])
        return f"{head}?{kept}" if kept else head
    url = absolute(link, base)
    if not url:
        return ""
    parts = urlsplit(url)
    host = _host(parts)
    if not host:
        return ""
    path = _dots_removed(quote(_unescape(parts.path), safe=_PATH_SAFE)) or "/"
    # A fragment that begins like a path is the address itself in single-page sites.
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return urlunsplit((parts.scheme, host, path, _query(parts.query), fragment))


@lru_cache(maxsize=1024)
def url_key(link: str) -> str:
    """SHA-256 (hex) of the address without scheme, ``www.`` and closing slash.

    Sites answer under both schemes and with or without www for the same page.
    """
    bare = canonical(link).split("://", 1)[-1].removeprefix("www.")
    head, mark, query = bare.partition("?")
    return hashlib.sha256(f"{head.rstrip('/')}{mark}{query}".encode()).hexdigest()


def host_of(link: str) -> str:
    """The host name in lower case, without port; empty if there is none."""
    try:
        return (urlsplit(link.strip()).hostname or "").rstrip(".")
    except ValueError:
        return ""


def _host(parts: SplitResult) -> str:
    try:
        name, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return ""
    if not name.isascii():
        try:
            name = name.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    if ":" in name:
        name = f"[{name}]"
    return name if port in {None, _DEFAULT_PORTS[parts.scheme]} else f"{name}:{port}"


def _unescape(text: str) -> str:
    """Undo escapes of characters that never needed one; write the others in upper case."""

    def one(match: re.Match[str]) -> str:
        char = chr(int(match[1], 16))
        return char if char in _UNRESERVED else match[0].upper()

    return _ESCAPE.sub(one, text)


def _dots_removed(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if path.endswith(("/.", "/..")):
        kept.append("")
    return "/".join(kept)


def _query(query: str) -> str:
    pairs = [pair for pair in query.split("&") if pair and not _is_tracking(pair)]
    return "&".join(sorted(quote(_unescape(pair), safe=_QUERY_SAFE) for pair in pairs))


def _is_tracking(pair: str) -> bool:
    name = unquote(pair.split("=", 1)[0]).lower()
    return name in TRACKING_PARAMS or name.startswith(TRACKING_PREFIXES)
