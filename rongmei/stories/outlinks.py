"""Links of a story: where they lead, whether that answers, and what to say of it.

Asking is the work of a sweep (`actions/outlinks.py`); a check only reads the answers that are kept.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext_noop as _

from rongmei.stories.lexicon import excerpt
from rongmei.stories.outlink_rows import Outlink
from rongmei.stories.types import CheckedText, Finding, Level, LinkSeen

UNCHECKED: Final = "link_unchecked"
ADVICE: Final = {
    "dead_link": _("链接打不开（%(why)s），请核对或去掉。"),
    "link_unsure": _("链接几次都没有核通（%(why)s），请人工打开看看。"),
    UNCHECKED: _("链接还没有核过，过几分钟会有结果。"),
}  # fmt: skip
_LEVELS: Final = {
    Outlink.State.DEAD: (Level.CAUTION, "dead_link"), Outlink.State.UNSURE: (Level.HINT, "link_unsure"),
    Outlink.State.UNCHECKED: (Level.HINT, UNCHECKED),
}  # fmt: skip
_ANCHOR: Final = re.compile(r'<a\b[^>]*\bhref="(https?://[^"]+)"[^>]*>(.*?)</a>', re.I | re.S)
_TAG: Final = re.compile(r"<[^>]+>")


def key_of(url: str) -> str:
    """What an address is found by, however long it is."""
    return hashlib.sha256(url.encode()).hexdigest()


def of_content(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(address, the words that lead there) of a canonical content, in order."""
    found: list[tuple[str, str]] = []
    for block in content["body"]:
        for value in block.values():
            if isinstance(value, str) and "<a" in value:
                found += [
                    (html.unescape(url), html.unescape(_TAG.sub("", words)).strip())
                    for url, words in _ANCHOR.findall(value)
                ]
        url = block.get("url")
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            found.append((url, str(block.get("title") or url)))
    return [(url, words) for url, words in found if len(url) <= 2000]


def seen(content: Mapping[str, Any], body: str) -> tuple[LinkSeen, ...]:
    """The links of a story with their places in the body's text and their answers (one query)."""
    links = of_content(content)
    if not links:
        return ()
    rows = {
        row.key: row for row in Outlink.objects.filter(key__in={key_of(url) for url, _w in links})
    }
    told, cursor = [], 0
    for url, words in links:
        at = body.find(words, cursor) if words else -1
        cursor = max(cursor, at + len(words)) if at >= 0 else cursor
        row = rows.get(key_of(url))
        state, why = (row.state, row.why) if row else (Outlink.State.UNCHECKED.value, "")
        told.append(LinkSeen(url, words if at >= 0 else "", max(at, 0), state, why))
    return tuple(told)


def remember(links: Iterable[tuple[str, str]]) -> None:
    """Note that a story leads there; new addresses are asked soon. Inside the save's write."""
    urls = {key_of(url): url for url, _words in links}
    if not urls:
        return
    now = timezone.now()
    Outlink.objects.filter(key__in=urls).update(used_at=now)
    Outlink.objects.bulk_create(
        (Outlink(key=key, url=url, due_at=now, used_at=now) for key, url in urls.items()),
        ignore_conflicts=True,
    )


def check(text: CheckedText) -> Iterator[Finding]:
    """The checker: links that do not answer, and those that were not asked yet."""
    body = text.part("body")
    for link in text.links:
        found = _LEVELS.get(Outlink.State(link.state))
        if found is None:
            continue
        level, code = found
        end = link.start + len(link.words)
        around = excerpt(body, link.start, end) if link.words else link.url[:80]
        yield Finding(
            level, code, "body", link.start, end, link.words or link.url, around, ADVICE[code],
            values={"why": link.why},
        )  # fmt: skip
