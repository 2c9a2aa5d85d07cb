"""Where a passage that somebody remarked on stands in the text as it is now.

A passage is kept as its words, a few characters on either side, and the part of the story it stood
in (a field, or the id of a block). Spaces and line ends do not count: what a reader selects on a page
and what is kept differ in them. When the words are no longer there, the stretch that has most in
common with them takes their place, if enough is left.
"""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from rongmei.stories import kinds
from rongmei.stories.models import Comment, Story

FIELDS: Final = ("kicker", "title", "subtitle", "summary")
MAX_QUOTE: Final = 500
AROUND: Final = 24
# How much of a passage must be left for a changed one to count as the same.
ENOUGH: Final = 0.5


@dataclass(frozen=True)
class Part:
    """A field or a block: its key, its words without spaces, and where each came from."""

    key: str
    text: str
    squeezed: str = field(compare=False)
    places: tuple[int, ...] = field(compare=False, repr=False)


@dataclass(frozen=True)
class Anchor:
    """Where a passage is: `state` is here, changed, gone, or whole for a remark on no passage.

    `quote` are its words now (the old ones when gone), `before` and `after` what stands around.
    """

    state: str
    part: str = ""
    quote: str = ""
    before: str = ""
    after: str = ""
    order: tuple[int, int] = (-1, -1)


WHOLE: Final = Anchor("whole")


def squeeze(text: str) -> str:
    """The text without spaces and line ends."""
    return "".join(text.split())


def _part(key: str, text: str) -> Part:
    places = tuple(at for at, sign in enumerate(text) if not sign.isspace())
    return Part(key, text, "".join(text[at] for at in places), places)


def parts(story: Story) -> list[Part]:
    """What of a story can be remarked on, in reading order."""
    found = [_part(name, getattr(story, name)) for name in FIELDS]
    for one in story.body.stream_block.get_prep_value(story.body):
        kind = kinds.KINDS[one["type"]]
        if not kind.empty(one["value"]):
            lines = kind.lines(kind.cover(one["value"], kinds.Held()))
            found.append(_part(str(one.get("id") or ""), "\n".join(lines)))
    return [one for one in found if one.squeezed]


def _common(one: str, two: str) -> int:
    """How many characters two texts begin with in common."""
    for at, (left, right) in enumerate(zip(one, two, strict=False)):
        if left != right:
            return at
    return min(len(one), len(two))


def _occurrences(text: str, quote: str) -> Iterable[int]:
    at = text.find(quote)
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def _anchor(state: str, found: Sequence[Part], at: int, start: int, end: int) -> Anchor:
    part = found[at]
    words = part.text[part.places[start] : part.places[end - 1] + 1]
    around = (part.squeezed[max(0, start - AROUND) : start], part.squeezed[end : end + AROUND])
    return Anchor(state, part.key, words, *around, order=(at, start))


class Passages:
    """The passages of one text; made once for all remarks on it."""

    def __init__(self, story: Story) -> None:
        self.parts = parts(story)
        self._pairs: dict[str, list[tuple[int, int]]] | None = None

    def anchor(self, quote: str, before: str = "", after: str = "", part: str = "") -> Anchor:
        """Where the passage is now; of several places the one whose surroundings fit best."""
        wanted = squeeze(quote)
        if not wanted:
            return WHOLE
        best: tuple[int, int, int, int] | None = None
        for at, one in enumerate(self.parts):
            for start in _occurrences(one.squeezed, wanted):
                left = _common(squeeze(before)[::-1], one.squeezed[:start][::-1])
                right = _common(squeeze(after), one.squeezed[start + len(wanted) :])
                fit = (int(one.key == part), left + right, -at, -start)
                best = fit if best is None else max(best, fit)
        if best is not None:
            at, start = -best[2], -best[3]
            return _anchor("here", self.parts, at, start, start + len(wanted))
        around = (squeeze(before), squeeze(after))
        return self._alike(wanted, around, part) or Anchor("gone", part, quote, before, after)

    def _pairs_at(self, pair: str) -> list[tuple[int, int]]:
        """Where two characters stand beside one another, in which part; at most 200 places."""
        if self._pairs is None:
            self._pairs = defaultdict(list)
            for at, one in enumerate(self.parts):
                for place in range(len(one.squeezed) - 1):
                    self._pairs[one.squeezed[place : place + 2]].append((at, place))
        return self._pairs.get(pair, [])[:200]

    def _alike(self, wanted: str, around: tuple[str, str], part: str) -> Anchor | None:
        """The stretch that shares most pairs of characters with the passage, in their order; what
        stood around it counts too, and the part it stood in."""
        if len(wanted) < 4:
            return None
        reach = len(wanted) // 2 + 8
        probe = around[0] + wanted + around[1]
        votes: Counter[tuple[int, int]] = Counter()
        for offset in range(len(probe) - 1):
            for at, place in self._pairs_at(probe[offset : offset + 2]):
                start = place - offset + len(around[0])
                votes[at, start // reach] += 2 if self.parts[at].key == part else 1
        if not votes:
            return None
        (at, bucket), _n = votes.most_common(1)[0]
        text = self.parts[at].squeezed
        low = max(0, bucket * reach - reach)
        window = text[low : low + len(wanted) + 3 * reach]
        matcher = difflib.SequenceMatcher(None, wanted, window, autojunk=False)
        runs = [run for run in matcher.get_matching_blocks() if run.size > 1]
        if sum(run.size for run in runs) < ENOUGH * len(wanted):
            return None
        start, end = low + runs[0].b, low + runs[-1].b + runs[-1].size
        return _anchor("changed", self.parts, at, start, end)


@dataclass(frozen=True)
class Thread:
    """A remark, its answers, and where the passage is."""

    remark: Comment
    answers: tuple[Comment, ...]
    anchor: Anchor

    @property
    def settled(self) -> bool:
        """Whether it needs nobody any more."""
        return self.remark.settled_at is not None


def threads(story: Story, rows: Iterable[Comment]) -> list[Thread]:
    """Remarks with their answers: open ones in the order of the text, then settled ones, newest first."""
    held = list(rows)
    answers: dict[Any, list[Comment]] = defaultdict(list)
    for one in held:
        if one.parent_id:
            answers[one.parent_id].append(one)
    roots = [one for one in held if not one.parent_id]
    passages = Passages(story) if any(one.quote for one in roots) else None
    found = [
        Thread(
            one, tuple(answers[one.pk]),
            passages.anchor(one.quote, one.before, one.after, one.part) if passages else WHOLE,
        )
        for one in roots
    ]  # fmt: skip
    open_ = sorted((one for one in found if not one.settled), key=lambda one: one.anchor.order)
    done = sorted(
        (one for one in found if one.settled), key=lambda one: one.remark.pk, reverse=True
    )
    return [*open_, *done]


def marks(found: Iterable[Thread]) -> list[dict[str, str]]:
    """What a page needs to mark the passages of open remarks in its text."""
    return [
        {
            "id": str(one.remark.pk), "quote": one.anchor.quote, "before": one.anchor.before,
            "after": one.anchor.after, "state": one.anchor.state,
        }
        for one in found
        if not one.settled and one.anchor.state in {"here", "changed"}
    ]  # fmt: skip
