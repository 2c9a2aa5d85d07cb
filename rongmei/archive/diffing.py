"""What changed between two texts, for people: whole sentences stay, changed words are marked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_SENTENCE = re.compile(r"[^。！？!?;；\n]*[。！？!?;；\n]+|[^。！？!?;；\n]+")
MAX_SENTENCES = 2000
MAX_WORDS = 600


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text: `same`, `gone` or `new`."""

    kind: str
    text: str


def differences(old: str, new: str) -> Iterator[Piece]:
    """Pieces that, without the new ones, make `old` and, without the gone ones, make `new`."""
    before = _SENTENCE.findall(old)[:MAX_SENTENCES]
    after = _SENTENCE.findall(new)[:MAX_SENTENCES]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        gone, came = "".join(before[a:b]), "".join(after[c:d])
        if tag == "equal":
            yield Piece("same", gone)
        elif gone and came and len(gone) <= MAX_WORDS and len(came) <= MAX_WORDS:
            yield from _letters(gone, came)
        else:
            yield from (Piece(k, t) for k, t in (("gone", gone), ("new", came)) if t)


def _letters(gone: str, came: str) -> Iterator[Piece]:
    matcher = difflib.SequenceMatcher(None, gone, came, autojunk=False)
    if matcher.ratio() < 0.5:
        yield Piece("gone", gone)
        yield Piece("new", came)
        return
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            yield Piece("same", gone[a:b])
            continue
        if b > a:
            yield Piece("gone", gone[a:b])
        if d > c:
            yield Piece("new", came[c:d])
