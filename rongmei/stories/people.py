"""Names, posts and order (人名、职务、排序) as a table of a unit: what a story says against what holds.

A row is a person at a post, with the days it holds and a place in the order. Rows come in versions
that two people make, like all lexicons. The table knows nobody by itself: a name that is not in it
is never spoken of.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from ahocorasick_rs import AhoCorasick, MatchKind
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from rongmei.stories.lexicon import excerpt
from rongmei.stories.models import LexiconVersion
from rongmei.stories.types import CheckedText, Finding, Level

KIND: Final = "people"
ADVICE: Final = {
    "wrong_post": _("职务与人名职务表不符，请核对。"),
    "old_post": _("按人名职务表，这一职务已不再担任，请核对。"),
    "early_post": _("按人名职务表，这一职务还没有开始担任，请核对。"),
    "person_order": _("几位的先后与人名职务表的排序不符，请核对。"),
}  # fmt: skip
# Posts that may stand before or after a name, besides those of the table itself: words of every
# house, no one's in particular. The longest wins, so that a deputy is not read as the head.
_HEADS: Final = (
    "董事长", "总经理", "书记", "主席", "主任", "部长", "处长", "局长", "厅长", "站长", "所长", "科长",
    "院长", "校长", "社长", "总编辑", "总工程师", "总会计师", "总经济师", "总监", "队长", "班长", "组长",
    "董事", "监事长", "巡视员", "秘书长", "会长", "理事长", "经理", "厂长", "台长",
)  # fmt: skip
_KINDS_OF_HEADS: Final = ("", "副", "常务副", "执行", "代理")
_BODIES: Final = ("党委", "党组", "党总支", "党支部", "纪委", "工会", "团委", "机关党委")
_GENERIC: Final = frozenset(
    f"{body}{kind}{head}"
    for head in _HEADS
    for kind in _KINDS_OF_HEADS
    for body in ("", *(_BODIES if head in {"书记", "主席"} else ()))
)
# What may stand between two posts of one person.
_JOINS: Final = re.compile(r"[、兼和]|兼任$")
# Said of a post, these make an old one right.
_FORMER: Final = re.compile(r"(?:原|前|时任|曾任|历任|原任|卸任)$")
_BETWEEN: Final = re.compile("[、，,和与及同志先生女士等以\\s]*")
_ORGANISATION: Final = re.compile(r"[\u4e00-\u9fff]{2,14}")
_SENTENCE: Final = re.compile(r"[^。！？；\n]+")
_MOST_TITLES: Final = 6


@dataclass(frozen=True)
class Post:
    """A person at a post, from a day until a day (either may be open)."""

    name: str
    post: str
    also: tuple[str, ...]
    order: int | None
    begins: date | None
    ends: date | None

    def holds(self, today: date) -> bool:
        """Whether it is held today."""
        return not self.over(today) and (self.begins is None or self.begins <= today)

    def over(self, today: date) -> bool:
        """Whether it was given up."""
        return self.ends is not None and self.ends < today

    def is_said(self, title: str) -> bool:
        """Whether a title names this post: in full, by another name of it, or without its house."""
        return any(
            one == title
            or (
                one.endswith(title)
                and not one[: -len(title)].endswith(("副", "代理", "执行", "原"))
            )
            for one in (self.post, *self.also)
        )


def post_of(entry: Mapping[str, Any]) -> Post:
    """A row of the table."""
    begins, ends = (
        date.fromisoformat(entry[name]) if entry[name] else None for name in ("from", "until")
    )
    return Post(entry["name"], entry["post"], tuple(entry["also"]), entry["order"], begins, ends)


@dataclass(frozen=True)
class Mention:
    """A known name in a text with the titles that stand beside it: (start, end) of each."""

    name: str
    start: int
    end: int
    titles: tuple[tuple[int, int], ...]
    former: bool = False

    @property
    def first(self) -> int:
        """Where the person's part of a list begins."""
        return min([self.start, *(start for start, _end in self.titles)])

    @property
    def last(self) -> int:
        """Where it ends."""
        return max([self.end, *(end for _start, end in self.titles)])


class Table:
    """The rows of all tables that hold for a text, and what finds their names and titles."""

    def __init__(self, rows: Iterable[Post]) -> None:
        self.posts: dict[str, list[Post]] = {}
        for row in rows:
            self.posts.setdefault(row.name, []).append(row)
        self._names = list(self.posts)
        self._by_name = AhoCorasick(self._names, matchkind=MatchKind.LeftmostLongest)
        said = {
            word for rows in self.posts.values() for row in rows for word in (row.post, *row.also)
        }
        # Longest first, so that the alternation reads the longest title there is.
        titles = sorted(said | _GENERIC, key=len, reverse=True)
        joined = "|".join(map(re.escape, titles))
        self._after = re.compile(f"(?:同志)?({joined})")
        self._title = re.compile(joined)

    def mentions(self, text: str) -> Iterator[Mention]:
        """Every known name, with its titles."""
        for number, start, end in self._by_name.find_matches_as_indexes(text):
            titles, former = self._before(text, start)
            after = self._after.match(text, end)
            if after:
                titles.append(after.span(1))
            yield Mention(self._names[number], start, end, tuple(sorted(titles)), former)

    def _before(self, text: str, end: int) -> tuple[list[tuple[int, int]], bool]:
        """The titles that stand directly before a name, one after the other."""
        titles: list[tuple[int, int]] = []
        at = end
        while len(titles) < _MOST_TITLES:
            found = self._ending(text, at)
            if found is None:
                break
            titles.append((found, at))
            at = found
            if not _JOINS.match(text[at - 1 : at]):
                break
            at -= 1
        begin = titles[-1][0] if titles else end
        return titles, self._former(text, begin)

    @staticmethod
    def _former(text: str, begin: int) -> bool:
        """原总经理, and 原云岭公司总经理: the mark may stand before the house."""
        if _FORMER.search(text[max(0, begin - 2) : begin]):
            return True
        around = re.split("[，、。；：\\s“”]", text[max(0, begin - 16) : begin])[-1]
        return around.startswith(("原", "前任", "时任", "曾任"))

    def _ending(self, text: str, end: int) -> int | None:
        """Where the longest title that ends here begins."""
        for start in range(max(0, end - 30), end - 1):
            if self._title.fullmatch(text, start, end):
                return start
        return None


def look(table: Table, text: str, today: date) -> Iterator[tuple[str, tuple[int, int], str]]:
    """(code, place, what to write instead) of titles and lists that the table contradicts."""
    mentions = list(table.mentions(text))
    for mention in mentions:
        yield from _titles(table, mention, text, today)
    yield from _orders(table, mentions, text, today)


def _titles(
    table: Table, mention: Mention, text: str, today: date
) -> Iterator[tuple[str, tuple[int, int], str]]:
    rows = table.posts[mention.name]
    held = [one for one in rows if one.holds(today)]
    for start, end in mention.titles:
        title = text[start:end]
        if any(one.is_said(title) for one in held):
            continue
        said = [one for one in rows if one.is_said(title)]
        old = any(one.over(today) for one in said)
        if mention.former and old:
            continue
        code = "old_post" if old else "early_post" if said else "wrong_post"
        yield code, (start, end), held[0].post if len(held) == 1 else ""


def _orders(
    table: Table, mentions: list[Mention], text: str, today: date
) -> Iterator[tuple[str, tuple[int, int], str]]:
    places: dict[str, int] = {}
    for name, rows in table.posts.items():
        orders = [one.order for one in rows if one.order is not None and one.holds(today)]
        if orders:
            places[name] = min(orders)
    for listed in _lists([one for one in mentions if one.name in places], text):
        order = [places[one.name] for one in listed]
        if order == sorted(order):
            continue
        chunks = [text[one.first : one.last] for one in listed]
        between = [text[one.last : two.first] for one, two in pairwise(listed)]
        # Sorting is stable: people of one rank stay as they were written.
        right = [chunks[at] for at in sorted(range(len(listed)), key=order.__getitem__)]
        words = "".join(one + gap for one, gap in zip(right, [*between, ""], strict=True))
        yield "person_order", (listed[0].first, listed[-1].last), words


def _lists(mentions: list[Mention], text: str) -> Iterator[list[Mention]]:
    """Runs of people who are named one after the other in one sentence, with nothing but titles,
    houses and signs between them."""
    run: list[Mention] = []
    for mention in mentions:
        if run and _beside(text[run[-1].last : mention.first], bool(mention.titles)):
            if mention.name not in {one.name for one in run}:
                run.append(mention)
            continue
        if len(run) > 1:
            yield run
        run = [mention]
    if len(run) > 1:
        yield run


def _beside(gap: str, titled: bool) -> bool:
    """Whether what stands between two people leaves them one list."""
    if not gap or len(gap) > 20 or re.search("[。！？；\\n]", gap):
        return False
    head = _BETWEEN.match(gap)
    rest = gap[head.end() :] if head else gap
    if not head or not head[0]:
        return False
    return not rest or (titled and bool(_ORGANISATION.fullmatch(rest)))


@lru_cache(maxsize=16)
def _table(versions: tuple[str, ...]) -> Table:
    """Made once for each set of versions; versions never change, so it never has to be dropped."""
    rows = LexiconVersion.objects.filter(pk__in=versions).order_by("pk")
    return Table(post_of(entry) for row in rows for entry in row.entries)


def check(checked: CheckedText) -> Iterator[Finding]:
    """The checker: every table in force, at once."""
    keys = tuple(one.key for one in checked.rules if one.kind == KIND)
    if not keys:
        return
    table, today = _table(keys), timezone.localtime(checked.today).date()
    for part, text in checked.parts:
        for code, (start, end), instead in look(table, text, today):
            yield Finding(
                Level.CAUTION, code, part, start, end, text[start:end], excerpt(text, start, end),
                ADVICE[code], instead,
            )  # fmt: skip
