"""RSS and Atom to items; JSON Feed is in ``json_feed``.

bytes → tree (``xml_tree``) → what the feed says (``feed_tree``) → judged and finished here. When the
XML is broken beyond mending, a second and very lenient parser (``feed_lenient``) is asked too, and
the answer with more entries is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

from rongmei.sources.collectors.clean import plain
from rongmei.sources.collectors.dates import believable, parse_when, zone
from rongmei.sources.collectors.entries import Entry, Feed
from rongmei.sources.collectors.feed_lenient import read_lenient
from rongmei.sources.collectors.feed_tree import read_tree
from rongmei.sources.collectors.identify import finish
from rongmei.sources.collectors.json_feed import is_self, looks_like_json, parse_json_feed
from rongmei.sources.collectors.urls import absolute
from rongmei.sources.collectors.xml_text import unpacked
from rongmei.sources.collectors.xml_tree import Tree, tree_of
from rongmei.sources.errors import Unreadable
from rongmei.sources.types import Collected, Fetched, Item, Remark, RemarkCode, SourceSpec

MAX_ITEMS = 1000


def parse_feed(spec: SourceSpec, fetched: Fetched) -> Collected:
    """The items of a feed, in the feed's order.

    Raises ``Unreadable`` when it is no feed and ``EntityRefused`` when it is a bomb. Options: none.
    """
    if looks_like_json(unpacked(fetched)):
        return parse_json_feed(spec, fetched)
    tree = tree_of(fetched, override=spec.encoding)
    remarks = tree.remarks
    feed, second = _feed_in(tree, fetched.final_url)
    if feed is None:
        raise Unreadable(url=fetched.url, expected="RSS / Atom")
    if second:
        remarks.append(Remark(RemarkCode.SECOND_PARSER))
    if len(feed.entries) > MAX_ITEMS:
        remarks.append(Remark(RemarkCode.ITEMS_CUT, str(MAX_ITEMS)))
    items = _Judge(spec, fetched, feed, remarks).items(feed.entries[:MAX_ITEMS])
    following = [absolute(link, feed.base) for link in feed.next_links if link.strip()]
    return Collected(
        items=items,
        feed_title=plain(feed.title, 300),
        next_links=tuple(
            dict.fromkeys(link for link in following if link and not is_self(link, fetched))
        ),
        warnings=tuple(dict.fromkeys(remarks)),
        hints=feed.hints,
    )


def _feed_in(tree: Tree, url: str) -> tuple[Feed | None, bool]:
    """The better of the two readers' answers, and whether it was the second's."""
    first = read_tree(tree.root, url, broken=tree.broken) if tree.root is not None else None
    if not tree.broken:
        return first, False
    second = read_lenient(tree.text, url)
    if second is None or _worth(second) <= _worth(first):
        return first, False
    return second, True


def _worth(feed: Feed | None) -> tuple[int, int]:
    """How much of a feed was understood: entries first, then what they say."""
    if feed is None:
        return (-1, 0)
    named = sum(bool(one.draft.title and one.draft.link) for one in feed.entries)
    return (len(feed.entries), named)


class _Judge:
    """Turns entries into items, collecting remarks on the way."""

    def __init__(
        self, spec: SourceSpec, fetched: Fetched, feed: Feed, remarks: list[Remark]
    ) -> None:
        self._now = fetched.fetched_at
        self._base = feed.base
        self._remarks = remarks
        self._zone: tzinfo = zone(spec.timezone)
        self._language = spec.language or feed.language

    def items(self, entries: Sequence[Entry]) -> tuple[Item, ...]:
        """One item an entry; identities that several entries share identify nothing."""
        seen = Counter(one.draft.entry_id for one in entries)
        found: dict[str, Item] = {}
        skipped = 0
        for entry in entries:
            draft = entry.draft
            if seen[draft.entry_id] > 1:
                draft.entry_id = ""
            draft.language = draft.language or self._language
            draft.published_at = self._when(entry.published)
            draft.updated_at = self._when(entry.updated)
            item = finish(draft, base=self._base, remarks=self._remarks)
            if item is None:
                skipped += 1
            else:
                found.setdefault(item.entry_key, item)
        if skipped:
            self._remarks.append(Remark(RemarkCode.ITEM_SKIPPED, str(skipped)))
        return tuple(found.values())

    def _when(self, written: Sequence[str]) -> datetime | None:
        for text in written:
            when = parse_when(text, local=self._zone)
            if when is None:
                continue
            if believable(when, self._now):
                return when
            self._remarks.append(Remark(RemarkCode.DATE_DROPPED, text[:60]))
        return None
