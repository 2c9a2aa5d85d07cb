"""Two texts of a story beside one another: which words changed, which paragraphs moved.

The body is taken apart into what a reader sees as pieces: paragraphs, items of lists, headings,
quotes, pictures. Pieces that are the same are found first; of the others those that are alike are
paired and compared word by word (Chinese by segmentation); a piece that is gone here and new there
has moved. Every stage has a bound, so a text of any make is compared in a time that follows its
length.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson
import rjieba

from rongmei.stories import kinds

# How many pairs of pieces are looked at for likeness, and how many words of two pieces at a time.
PAIRS: Final = 2_500
WORDS: Final = 400
ALIKE: Final = 0.5
MOVED: Final = 0.75
LONG_ENOUGH: Final = 8
_LINES = re.compile(r"(</p>|</li>|<br\s*/?>|<hr\s*/?>)", re.IGNORECASE)
_FRAME = re.compile(r"</?(?:p|ol|ul|li)>", re.IGNORECASE)
_SENTENCE = re.compile("(?<=[\u3002\uff01\uff1f\uff1b!?;\n])")
# Not words of the text: what a signature covers of a file, and what a block is.
_UNSAID: Final = frozenset({"type", "digest", "aigc"})
_NO_FIELDS: Final = frozenset({"form", "story", "unit", "body", "lead_picture"})


@dataclass(frozen=True)
class Segment:
    """A run of text: `kind` is same, gone or new."""

    kind: str
    text: str


@dataclass(frozen=True)
class Piece:
    """What a reader sees as one: `mark` is what differs besides words (emphasis, links, the file)."""

    kind: str
    text: str
    mark: str = ""
    picture: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Row:
    """One piece in both texts. `kind`: same, changed, marked (only emphasis or links), gone, new,
    moved (here now; `other` is its number before), left (it stood here; `other` is its number now).
    """

    kind: str
    before: Piece | None = None
    after: Piece | None = None
    segments: tuple[Segment, ...] = ()
    number: int = 0
    other: int = 0

    @property
    def piece(self) -> Piece:
        """The piece as it is now, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found


@dataclass(frozen=True)
class FieldChange:
    """A named part outside the body."""

    name: str
    segments: tuple[Segment, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that differs between two texts, and the pieces that do not, in reading order."""

    fields: tuple[FieldChange, ...]
    rows: tuple[Row, ...]

    @property
    def changes(self) -> int:
        """How many places differ."""
        moved = {"same", "left"}
        return len(self.fields) + sum(one.kind not in moved for one in self.rows)

    def count(self, kind: str) -> int:
        """Characters that came or went: `kind` is new or gone."""
        shown = [one.segments for one in self.fields]
        shown += [one.segments for one in self.rows if one.kind not in {"same", "left"}]
        return sum(len(run.text) for some in shown for run in some if run.kind == kind)


def _words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, Mapping):
        return [
            word for name, held in value.items() if name not in _UNSAID for word in _words(held)
        ]
    if isinstance(value, Iterable):
        return [word for held in value for word in _words(held)]
    return [] if value is None else [str(value)]


def said(value: Any) -> str:
    """The words of any value of a canonical text."""
    if isinstance(value, bool):
        return "✓" if value else ""
    return "、".join(_words(value))


def _paragraphs(source: str) -> Iterable[Piece]:
    parts = _LINES.split(source)
    for piece, end in zip(parts[::2], [*parts[1::2], ""], strict=True):
        mark = _FRAME.sub("", piece).strip()
        text = kinds.plain(mark)
        if text:
            yield Piece("item" if "</li" in end.lower() else "paragraph", text, mark)
        if end.lower().startswith("<hr"):
            yield Piece("rule", "———")


def _picture(kind: str, facts: Mapping[str, Any] | None, words: str, key: int) -> Piece:
    facts = facts or {}
    return Piece(kind, words or said(facts), orjson.dumps(facts).decode(), key)


def _table(block: Mapping[str, Any]) -> Iterable[Piece]:
    if block["caption"]:
        yield Piece("caption", block["caption"])
    for row in (block["head"], *block["rows"]):
        if row:
            yield Piece("row", " │ ".join(row))


def pieces(content: Mapping[str, Any], keys: Sequence[int] = ()) -> list[Piece]:
    """The pieces of a canonical text; `keys` are its pictures' keys, the lead first, for showing."""
    waiting = list(keys) or [0]
    found: list[Piece] = []
    lead = waiting.pop(0)
    if content["lead_picture"]:
        found.append(_picture("lead", content["lead_picture"], "", lead))
    for block in content["body"]:
        name = block["type"]
        kind = kinds.KINDS[name]
        if name == "paragraph":
            found += _paragraphs(block["html"])
        elif name == "table":
            found += _table(block)
        elif name == "picture":
            words = said([block["caption"], block["credit"]])
            found.append(_picture(name, block["picture"], words, waiting.pop(0) if waiting else 0))
        else:
            key = waiting.pop(0) if kind.picture and waiting else 0
            text = "".join(kind.lines(block)) or said(block)
            found.append(Piece(name, text, orjson.dumps(block).decode(), key))
    return found


def _tokens(text: str) -> list[str]:
    found: list[str] = rjieba.cut(text)
    return found if "".join(found) == text else list(text)


def _opcodes(old: Sequence[Any], new: Sequence[Any]) -> Iterable[tuple[str, int, int, int, int]]:
    # Above 200 items the matcher sets aside what is very frequent, which bounds its work.
    return difflib.SequenceMatcher(None, old, new).get_opcodes()


def _runs(old: list[str], new: list[str]) -> Iterable[Segment]:
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield Segment("same", "".join(old[:start]))
    a, b = old[start : len(old) - end], new[start : len(new) - end]
    if max(len(a), len(b)) <= WORDS:
        for tag, i, j, k, m in _opcodes(a, b):
            if tag == "equal":
                yield Segment("same", "".join(a[i:j]))
            else:
                yield Segment("gone", "".join(a[i:j]))
                yield Segment("new", "".join(b[k:m]))
    else:
        yield from _by_sentence("".join(a), "".join(b))
    yield Segment("same", "".join(old[len(old) - end :]))


def _by_sentence(old: str, new: str) -> Iterable[Segment]:
    """Long pieces sentence by sentence; sentences that differ by word, a bounded part at a time."""
    one, two = _SENTENCE.split(old), _SENTENCE.split(new)
    for tag, a, b, c, d in _opcodes(one, two):
        if tag == "equal":
            yield Segment("same", "".join(one[a:b]))
            continue
        left, right = _tokens("".join(one[a:b])), _tokens("".join(two[c:d]))
        for at in range(0, max(len(left), len(right)), WORDS):
            yield from _runs(left[at : at + WORDS], right[at : at + WORDS])


def _joined(found: Iterable[Segment]) -> tuple[Segment, ...]:
    """Runs of one kind together; a single character left between two changes changes with them."""
    groups: list[dict[str, str]] = []
    for run in found:
        if not run.text:
            continue
        if not groups or ("same" in groups[-1]) != (run.kind == "same"):
            groups.append({})
        groups[-1][run.kind] = groups[-1].get(run.kind, "") + run.text
    kept: list[dict[str, str]] = []
    for at, group in enumerate(groups):
        same = group.get("same", "")
        island = len(same) == 1 and same.isalnum() and 0 < at < len(groups) - 1
        if kept and "same" not in kept[-1] and (island or not same):
            for kind in ("gone", "new"):
                kept[-1][kind] = kept[-1].get(kind, "") + (same or group.get(kind, ""))
        else:
            kept.append(dict(group))
    return tuple(
        Segment(kind, one[kind])
        for one in kept
        for kind in ("same", "gone", "new")
        if one.get(kind)
    )


def runs(before: str, after: str) -> tuple[Segment, ...]:
    """How `after` came from `before`, word by word."""
    if before == after:
        return (Segment("same", before),) if before else ()
    return _joined(_runs(_tokens(before), _tokens(after)))


def _likeness(one: Piece, two: Piece) -> float:
    if one.kind != two.kind:
        return 0.0
    if one.kind in {"picture", "lead"} and one.mark == two.mark:
        return 1.0
    left, right = Counter(one.text), Counter(two.text)
    both = sum((left & right).values())
    return 2 * both / max(1, len(one.text) + len(two.text))


def _paired(old: Sequence[Piece], new: Sequence[Piece]) -> list[tuple[int, int]]:
    """Pieces of two stretches that are versions of one another, in order; the most alike in sum."""
    if len(old) * len(new) > PAIRS:
        return [(n, n) for n in range(min(len(old), len(new))) if _likeness(old[n], new[n]) > ALIKE]
    alike = [[_likeness(one, two) for two in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _n in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            pair = alike[i][j] + best[i + 1][j + 1] if alike[i][j] > ALIKE else 0.0
            best[i][j] = max(best[i + 1][j], best[i][j + 1], pair)
    found, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] > ALIKE and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _changed(one: Piece, two: Piece, number: int) -> Row:
    if one == two:
        return Row("same", one, two, number=number)
    if one.text == two.text:
        return Row("marked", one, two, runs(one.text, two.text), number)
    return Row("changed", one, two, runs(one.text, two.text), number)


def _gone(piece: Piece, number: int) -> Row:
    return Row("gone", piece, None, (Segment("gone", piece.text),), number)


def _new(piece: Piece, number: int) -> Row:
    return Row("new", None, piece, (Segment("new", piece.text),), number)


def _moves(rows: list[Row]) -> list[Row]:
    """Pair what is gone with what is new elsewhere: it has moved, perhaps changed on the way."""
    gone = [at for at, one in enumerate(rows) if one.kind == "gone"]
    new = [at for at, one in enumerate(rows) if one.kind == "new"]
    exact: dict[Piece | None, list[int]] = {}
    for at in new:
        exact.setdefault(rows[at].after, []).append(at)
    found = [(at, exact[rows[at].before].pop(0)) for at in gone if exact.get(rows[at].before)]
    taken = {at for pair in found for at in pair}
    gone = [at for at in gone if at not in taken and len(rows[at].piece.text) >= LONG_ENOUGH]
    new = [at for at in new if at not in taken and len(rows[at].piece.text) >= LONG_ENOUGH]
    if len(gone) * len(new) <= PAIRS:
        scored = sorted(
            ((_likeness(rows[a].piece, rows[b].piece), a, b) for a in gone for b in new),
            key=lambda one: -one[0],
        )
        for likeness, a, b in scored:
            if likeness >= MOVED and a not in taken and b not in taken:
                found.append((a, b))
                taken |= {a, b}
    for a, b in found:
        left, here = rows[a], rows[b]
        rows[a] = replace(left, kind="left", other=here.number)
        rows[b] = Row(
            "moved", left.before, here.after, runs(left.piece.text, here.piece.text), here.number, left.number
        )  # fmt: skip
    return rows


def body_rows(old: Sequence[Piece], new: Sequence[Piece]) -> tuple[Row, ...]:
    """The pieces of both texts in one order."""
    rows: list[Row] = []
    long = len(old) * len(new) > 1_000_000
    matcher = difflib.SequenceMatcher(None, list(old), list(new), autojunk=long)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            rows += (Row("same", old[a + n], new[c + n], number=c + n + 1) for n in range(b - a))
            continue
        at, to = a, c
        for i, j in (*_paired(old[a:b], new[c:d]), (b - a, d - c)):
            rows += (_gone(old[n], n + 1) for n in range(at, a + i))
            rows += (_new(new[n], n + 1) for n in range(to, c + j))
            if i < b - a:
                rows.append(_changed(old[a + i], new[c + j], c + j + 1))
            at, to = a + i + 1, c + j + 1
    return tuple(_moves(rows))


def compare(
    before: Mapping[str, Any], after: Mapping[str, Any], keys: tuple[Sequence[int], Sequence[int]] = ((), ())
) -> Comparison:  # fmt: skip
    """Two canonical texts of one story."""
    names = [name for name in {**before, **after} if name not in _NO_FIELDS]
    fields = (
        FieldChange(name, runs(said(before.get(name)), said(after.get(name))))
        for name in names
        if before.get(name) != after.get(name)
    )
    return Comparison(
        tuple(one for one in fields if one.segments),
        body_rows(pieces(before, keys[0]), pieces(after, keys[1])),
    )
